"""The type of a column: its logical type, precision, formats, words for not known, and how sure that is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

import polars as pl

from tulou.kernel.errors import Text
from tulou.pool.core.contract.contract import LogicalType
from tulou.pool.core.contract.inference.column_sample import ColumnSample
from tulou.pool.core.contract.inference.days import COMPACT_MONTH, DayGuess, guess_days
from tulou.pool.core.contract.inference.guesses import figure

ENOUGH = 0.995
"""The share of records that must have the form of a type; the rest are values that ingest will reject."""

_INTEGER = r"[-+]?(?:\d{1,18}|\d{1,3}(?:,\d{3})+)(?:\.0*)?"
_NUMBER = r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?"
_POWER = r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d{1,3}"
_PAIRS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("是", "否"), ("有", "无"), ("真", "假"))
_CODE_HINT = re.compile(
    r"(?i)code|district|zip|postal|naics|\bsic\b|代码|编码|编号|号码|证号|邮编|账号|户号|区划|电话|手机|phone|mobile"
)
ID_HINT = re.compile(
    r"(^|[_\W])(?i:id|no|nr|num|number|key|rownames?)s?($|[_\W])|[a-z](Id|ID|No|Nr)([A-Z_]|$)|编号|号$|序号"
)
"""Headers of columns that number or name things."""

YEAR_HINT = re.compile(r"(?i)year|fy$|年度|年份")
"""Headers of columns of years."""

_YEARS = r"(?:19|20)\d\d"
_MONTH_HINT = re.compile(r"(?i)month|period|yyyymm|月|期")
_FLAG_HINT = re.compile(r"(?i)^(is|has)[_A-Z]|flag|是否")
MAX_SCALE = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """A type with what belongs to it. `agreeing` is the number of records whose value has it, `wrong` shows others."""

    logical_type: LogicalType
    agreeing: int
    evidence: Text
    precision: int | None = None
    scale: int | None = None
    formats: tuple[str, ...] = ()
    null_tokens: tuple[str, ...] = ()
    pattern: str | None = None
    limits: tuple[Decimal | None, Decimal | None] = (None, None)
    wrong: str = ""
    remarks: tuple[Text, ...] = field(default_factory=tuple)


def guess_kind(column: ColumnSample) -> Kind:
    """The type that fits the column's values; text where no other does."""
    words = column.null_words
    rest = column.without(words)
    tokens = tuple(dict.fromkeys(text.strip() for text in column.texts.filter(words).to_list()))
    if rest.present == 0:
        return _text(column)
    for guess in (_boolean, _days, _identifier, _number):
        kind = guess(rest)
        if kind is not None:
            return replace(kind, null_tokens=tokens)
    kind = _text(column)
    spaces = bool((column.tidy == "").any())
    return replace(kind, null_tokens=("",) if spaces else ())


def _enough(column: ColumnSample, agreeing: int) -> bool:
    return agreeing == column.present or (column.present >= 200 and agreeing >= ENOUGH * column.present)


def _boolean(column: ColumnSample) -> Kind | None:
    words = set(column.tidy.str.to_lowercase().unique().to_list())
    pairs = [pair for pair in _PAIRS if words <= set(pair)]
    if pairs and (len(words) == 2 or column.present >= 20):
        text = Text(zh=f"取值只有 {', '.join(sorted(words))}", en=f"the only values are {', '.join(sorted(words))}")
        return Kind(LogicalType.BOOLEAN, column.present, text)
    if words == {"0", "1"} and _FLAG_HINT.search(column.header):
        text = Text(
            zh="列名表示是否, 取值只有 0 和 1", en="the header asks a yes-no question and the values are 0 and 1"
        )
        return Kind(LogicalType.BOOLEAN, column.present, text)
    return None


def _days(column: ColumnSample) -> Kind | None:
    found = guess_days(column)
    if found is None or not _enough(column, found.records):
        return None
    compact = bool(column.matching(COMPACT_MONTH.shape).all())
    if found.kind is LogicalType.PERIOD and compact and not _MONTH_HINT.search(column.header):
        return None
    remarks = tuple(_day_remarks(found))
    forms = ", ".join(found.formats) or "ISO"
    shown = column.first(pl.Series([True] * column.distinct), 2)
    count = figure(found.records)
    text = Text(
        zh=f"{count} 个值都是日期或月份, 写法 {forms}, 如 {shown}",
        en=f"{count} values are dates or months, written {forms}, such as {shown}",
    )
    return Kind(found.kind, found.records, text, formats=found.formats, wrong=_wrong(column, found), remarks=remarks)


def _wrong(column: ColumnSample, found: DayGuess) -> str:
    if found.records == column.present:
        return ""
    return column.first(~column.matching(r".*\d.*\d.*\d.*\d.*"))


def _day_remarks(found: DayGuess) -> list[Text]:
    remarks = []
    if found.doubtful:
        remarks.append(
            Text(
                zh="无法判断日在前还是月在前, 暂按日/月/年; 请确认 formats",
                en="whether the day or the month comes first cannot be told; day first is assumed: check `formats`",
            )
        )
    if any("%y" in form for form in found.formats):
        remarks.append(
            Text(zh="两位年份: 69-99 视为 19xx, 00-68 视为 20xx", en="two-digit years: 69-99 are 19xx, 00-68 are 20xx")
        )
    return remarks


def _identifier(column: ColumnSample) -> Kind | None:
    """Digits that are a name and not a number: leading zeros, or all of one length under a header that says so."""
    digits = column.matching(r"\d+")
    if not digits.all() or column.matching(_YEARS).all():
        return None
    lengths = column.tidy.str.len_chars()
    zeros = bool(column.matching(r"0\d+").any())
    shortest, longest = _span(lengths)
    one_length = shortest == longest >= 4
    many = column.present >= 20 and column.distinct >= 0.9 * column.present and shortest >= 6
    hinted = bool(_CODE_HINT.search(column.header) or ID_HINT.search(column.header))
    if not (zeros or (one_length and hinted) or (one_length and many) or longest > 18):
        return None
    pattern = rf"\d{{{longest}}}" if one_length else None
    text = Text(
        zh="数字是编号而不是数量 (有前导零, 或长度一致), 按文本保存",
        en="the digits are an identifier and no quantity (leading zeros, or all of one length), so they are text",
    )
    return Kind(LogicalType.STRING, column.present, text, pattern=pattern)


def _number(column: ColumnSample) -> Kind | None:
    whole, plain, power = (column.matching(form) for form in (_INTEGER, _NUMBER, _POWER))
    plain = plain & column.matching(r".*\d.*")
    numeric = whole | plain | power
    agreeing = column.times(numeric)
    if not _enough(column, agreeing):
        return None
    wrong = "" if numeric.all() else column.first(~numeric)
    numbers = column.tidy.filter(numeric).str.replace_all(",", "").cast(pl.Float64, strict=False)
    least, most = numbers.min(), numbers.max()
    limits = (Decimal(0), None) if isinstance(least, float) and least >= 0 and column.present >= 30 else (None, None)
    low, high = figure(_tidy(least)), figure(_tidy(most))
    count = figure(agreeing)
    grouped = bool(column.tidy.str.contains(r"\d,\d").any())
    remarks = (Text(zh="有千分位逗号", en="thousands are separated by commas"),) if grouped else ()
    if column.times(whole) == agreeing:
        text = Text(
            zh=f"{count} 个值都是整数, {low} 至 {high}", en=f"{count} values are whole numbers, {low} to {high}"
        )
        return Kind(LogicalType.INTEGER, agreeing, text, limits=limits, wrong=wrong, remarks=remarks)
    precision, scale = _size(column.tidy.filter(numeric), power=bool(power.any()))
    text = Text(
        zh=f"{count} 个值都是数字, {low} 至 {high}, 最多 {_decimals(column, numeric)} 位小数",
        en=f"{count} values are numbers, {low} to {high}, with {_decimals(column, numeric)} or fewer decimals",
    )
    return Kind(LogicalType.NUMBER, agreeing, text, precision, scale, limits=limits, wrong=wrong, remarks=remarks)


def _span(lengths: pl.Series) -> tuple[int, int]:
    held = lengths.drop_nulls().to_numpy()
    return (int(held.min()), int(held.max())) if len(held) else (0, 0)


def _tidy(number: object) -> int | float:
    value = float(number) if isinstance(number, (int, float)) else 0.0
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _decimals(column: ColumnSample, mask: pl.Series) -> int:
    return max(_span(column.tidy.filter(mask).str.extract(r"\.(\d*)$").str.len_chars())[1], 0)


def _size(texts: pl.Series, *, power: bool) -> tuple[int | None, int | None]:
    """Precision and scale of a DECIMAL with room to grow; none where the numbers are measured rather than counted."""
    scale = max(_span(texts.str.extract(r"\.(\d*)$").str.len_chars())[1], 0)
    digits = max(_span(texts.str.extract(r"^[-+]?([\d,]*)").str.replace_all(",", "").str.len_chars())[1], 1)
    if power or scale > MAX_SCALE or digits + scale > 35:
        return None, None
    scale = max(scale, 2)
    return (18 if digits + scale + 3 <= 18 else 38), scale


def _text(column: ColumnSample) -> Kind:
    count = figure(column.distinct)
    text = Text(zh=f"{count} 个不同的文本", en=f"{count} different text{'s' if column.distinct > 1 else ''}")
    return Kind(LogicalType.STRING, column.present, text)
