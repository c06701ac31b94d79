"""A draft contract from a real file, each guess with its evidence; an officer reads it, corrects it and signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from tulou.kernel.errors import Language, Text, Where, refuse, wrong_use
from tulou.pool.core.contract.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.contract.inference.column_sample import ColumnSample
from tulou.pool.core.contract.inference.guesses import Guess, figure, sureness
from tulou.pool.core.contract.inference.keys import guess_keys
from tulou.pool.core.contract.inference.kinds import YEAR_HINT, Kind, guess_kind
from tulou.pool.core.contract.inference.naming import technical_names
from tulou.pool.core.contract.inference.roles import guess_role
from tulou.pool.core.contract.inference.sampling import Sample, take_sample
from tulou.pool.core.contract.odcs_columns import technical_name
from tulou.pool.core.contract.yaml_form import contract_to_yaml
from tulou.pool.core.intake import open_sources

MOST_CODES = 20
MOST_NUMBER_CODES = 10
FEWEST_FOR_RULES = 30
_LENGTHS = (20, 50, 100, 200, 500, 1000, 4000)
_UNIT = re.compile(r"[（(\[]\s*(.+?)\s*[）)\]]\s*$")
_UNITS = {
    "元": "CNY",
    "人民币元": "CNY",
    "万元": "10*4.CNY",
    "千元": "10*3.CNY",
    "亿元": "10*8.CNY",
    "美元": "USD",
    "万美元": "10*4.USD",
    "%": "%",
    "人": "{person}",
    "户": "{enterprise}",
    "千瓦时": "kW.h",
    "万千瓦时": "10*4.kW.h",
    "吨": "t",
    "公斤": "kg",
    "千克": "kg",
    "立方米": "m3",
    "平方米": "m2",
    "公顷": "har",
    "公里": "km",
    "天": "d",
    "日": "d",
    "小时": "h",
    "usd": "USD",
    "cny": "CNY",
}
_EPOCH_DAYS = (3_000, 60_000)
_DATE_HINT = re.compile(r"(?i)date|日期")


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted contract, what it rests on, and how many records were looked at."""

    contract: Contract
    guesses: tuple[Guess, ...]
    records: int
    looked_at: int

    def to_yaml(self, language: Language) -> str:
        """The contract as YAML, with every guess as a comment over its column."""
        remarks: dict[str, list[str]] = {"": [note.render(language) for note in self._notes()]}
        for guess in self.guesses:
            sure = f"{guess.confidence:.0%}" if guess.confidence < 0.995 else "99%+"
            value = f" = {guess.value}" if guess.value else ""
            line = f"{guess.about}{value} ({sure}): {guess.evidence.render(language)}"
            remarks.setdefault(guess.column, []).append(line)
        return contract_to_yaml(self.contract, remarks)

    def _notes(self) -> list[Text]:
        count, total = figure(self.looked_at), figure(self.records)
        return [
            Text(
                zh=f"草稿: 由 {total} 条记录中的 {count} 条推断, 请核对后使用; 注释说明每项推断的依据和把握。",
                en=f"A draft from {count} of {total} records: check it before use. Comments say what guesses rest on.",
            ),
            Text(
                zh="检查: tulou pool contract check 本文件; 入池: tulou pool ingest 数据 --contract 本文件 --pool DIR",
                en="Check: tulou pool contract check THIS; pool: tulou pool ingest DATA --contract THIS --pool DIR",
            ),
        ]


def infer_contract(
    file: Path,
    folder: Path,
    *,
    dataset: str | None = None,
    department: str = "draft",
    known_names: Mapping[str, str] | None = None,
    report: Callable[[int, int], None] = lambda *_: None,
) -> Draft:
    """Draft a contract from the records of `file`; `folder` takes what must be unpacked meanwhile.

    `known_names` are technical names by header, from the catalogue. `report` is told how many columns are done, of how
    many. Raises WrongUse where there is no file, Refused where it is no table or holds no record.
    """
    if not file.is_file():
        raise wrong_use("file.none", f"没有文件 {file}", f"There is no file {file}", where=Where(file=str(file)))
    sample = take_sample(open_sources(file, folder).sources)
    if sample.frame.height == 0:
        raise refuse(
            "file.no_records",
            "文件只有表头, 没有记录, 无法推断",
            "The file has a header and no records: nothing can be concluded",
            where=Where(file=file.name),
            remedy=Text(zh="请提供有数据的文件", en="Give a file with records"),
        )
    names = technical_names(sample.frame.columns, known_names or {})
    columns: list[Column] = []
    guesses: list[Guess] = []
    for number, (header, name) in enumerate(zip(sample.frame.columns, names, strict=True), 1):
        column, found = _column(ColumnSample.of(sample.frame[header]), name, sample)
        columns.append(column)
        guesses += found
        report(number, len(names))
    title = file.name.split(".")[0]
    called = dataset or technical_names([title], {})[0]
    headers = dict(zip(names, sample.frame.columns, strict=True))
    keys = guess_keys(sample.frame, columns, headers)
    if not sample.complete and keys.primary_key:
        columns = [replace(column, unique=False) for column in columns]
    contract = Contract(
        dataset=technical_name(called),
        department=technical_name(department),
        version="0.1.0",
        title=Text(zh=title, en=title.replace("_", " ")),
        columns=tuple(columns),
        grain=keys.grain,
        primary_key=keys.primary_key,
        period_column=keys.period_column,
        delivery_mode="merge" if keys.primary_key else "append",
        update_cycle="irregular",
    )
    return Draft(contract, (*keys.guesses, *guesses), sample.records, sample.frame.height)


def _column(column: ColumnSample, name: str, sample: Sample) -> tuple[Column, list[Guess]]:
    kind = guess_kind(column)
    role = guess_role(column, kind, name)
    header = column.header
    guesses = [Guess(name, "type", kind.logical_type.value, sureness(kind.agreeing, column.present), kind.evidence)]
    guesses += [Guess(name, "note", "", 0.5, remark) for remark in (*kind.remarks, *_hints(column, kind))]
    if kind.wrong:
        text = Text(zh=f"这些值不符合类型, 入池时会被拒绝: {kind.wrong}", en=f"ingest will reject these: {kind.wrong}")
        guesses.append(Guess(name, "wrong values", "", 0.9, text))
    if role:
        guesses.append(role)
    known = column.without(column.texts.str.strip_chars().is_in(list(kind.null_tokens)))
    if kind.null_tokens:
        shown = ", ".join(repr(token) for token in kind.null_tokens)
        text = Text(zh="这些文本表示未知", en="these texts stand for a value that is not known")
        guesses.append(Guess(name, "null_tokens", shown, 0.8, text))
    codes = _codes(known, kind, role, sample, guesses, name)
    required = known.blanks == 0 and column.records >= FEWEST_FOR_RULES
    if required:
        text = Text(zh="没有空值", en="there is no blank")
        guesses.append(Guess(name, "required", "yes", sureness(column.records, column.records), text))
    elif known.blanks:
        blanks, total = figure(known.blanks), figure(column.records)
        text = Text(zh=f"{total} 条记录中 {blanks} 条为空", en=f"{blanks} of {total} records have no value")
        guesses.append(Guess(name, "required", "no", 0.99, text))
    least, most = (None, None) if codes else _limits(column, kind)
    unit = _unit(header)
    text_kind = kind.logical_type is LogicalType.STRING
    return Column(
        name=name,
        logical_type=kind.logical_type,
        title=Text(zh=header, en=header),
        required=required,
        precision=kind.precision,
        scale=kind.scale,
        max_length=_length(column) if text_kind and not codes and kind.pattern is None else None,
        unit=unit,
        minimum=least,
        maximum=most,
        pattern=kind.pattern if text_kind and not codes else None,
        codes=codes,
        formats=kind.formats,
        null_tokens=kind.null_tokens,
        key_role=KeyRole(role.value) if role else KeyRole.NONE,
    ), guesses


def _hints(column: ColumnSample, kind: Kind) -> list[Text]:
    """What an officer should look at: numbers that may be days, amounts that are written as text."""
    if kind.logical_type is LogicalType.INTEGER and _DATE_HINT.search(column.header):
        inside = column.matching(r"\d{4,5}")
        if inside.all():
            return [
                Text(
                    zh="可能是以天数表示的日期 (Excel 从 1899-12-30, SAS 从 1960-01-01 起), 建议改为导出日期",
                    en="these may be dates as day numbers (Excel from 1899-12-30, SAS from 1960-01-01): export dates",
                )
            ]
    if kind.logical_type is LogicalType.STRING and column.share(r"[$￥¥]\s*-?[\d,]+(\.\d+)?|-?[\d.,]+\s*%") > 0.9:
        return [
            Text(
                zh="像带货币符号或百分号的数字, 建议导出时去掉符号",
                en="these look like numbers with a currency or percent sign: export them without the sign",
            )
        ]
    return []


def _codes(
    column: ColumnSample, kind: Kind, role: Guess | None, sample: Sample, guesses: list[Guess], name: str
) -> tuple[str, ...]:
    """The codes of a column that has few values, each of them often."""
    most = {LogicalType.STRING: MOST_CODES, LogicalType.INTEGER: MOST_NUMBER_CODES}.get(kind.logical_type, 0)
    few = 1 < column.distinct <= most and column.distinct * 10 <= column.present
    if not few or role is not None or column.present < FEWEST_FOR_RULES or kind.wrong or not sample.complete:
        return ()
    if kind.logical_type is LogicalType.INTEGER and not column.matching(r"-?\d{1,2}").all():
        return ()
    codes = tuple(sorted(column.texts.to_list()))
    rare = int(column.counts.min() or 0)  # type: ignore[arg-type]
    text = Text(
        zh=f"只有 {len(codes)} 个取值, 最少的出现 {rare} 次; 可能还有文件中没有的代码",
        en=f"there are only {len(codes)} values, the rarest {rare} times; there may be codes that the file lacks",
    )
    guesses.append(
        Guess(name, "codes", ", ".join(codes[:8]), sureness(column.present - len(codes), column.present), text)
    )
    return codes


def _limits(column: ColumnSample, kind: Kind) -> tuple[Decimal | None, Decimal | None]:
    """Limits that a later file will keep too: not the least and greatest seen, but what the figures mean."""
    year = kind.logical_type is LogicalType.INTEGER and YEAR_HINT.search(column.header) is not None
    return (Decimal(1900), Decimal(2100)) if year and column.matching(r"(19|20)\d\d").all() else kind.limits


def _unit(header: str) -> str | None:
    match = _UNIT.search(header)
    return _UNITS.get(match[1].lower()) if match else None


def _length(column: ColumnSample) -> int:
    longest = int(column.texts.str.len_chars().max() or 1)  # type: ignore[arg-type]
    return next((length for length in _LENGTHS if length >= longest * 1.5), max(longest * 2, 4000))
