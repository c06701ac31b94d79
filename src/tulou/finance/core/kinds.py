"""What each column of a table is: a number, a date, a category - or nothing to learn from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tulou.finance.core.artefact import AsOf, Feature, Item, Kind, Meaning, Operation
from tulou.finance.core.cells import BLANKS, DATE_FORMATS, day_of, number_of
from tulou.finance.core.columns import Columns, as_arrow, numbers
from tulou.kernel.errors import Finding, Text, Where, wrong_use

ENOUGH = 0.95
SAMPLE = 20_000
ABSENT = frozenset(("na", "n/a", "null", "none", "nan", "?", "-", "--", ".", "#n/a", "缺失", "无", "未知"))
ID_WORDS = frozenset(
    ("id", "no", "nr", "uuid", "guid", "uscc", "number", "rownames", "rowname", "index", "unnamed", "key")
)
ID_ENDINGS = ("编号", "序号", "代码", "号码", "主键")
DATE_WORDS = ("date", "day", "time", "日期", "时间", "日")
COMMA_NUMBER = re.compile(r"^[+-]?\d{1,3}(\.\d{3})*,\d+$|^[+-]?\d+,\d{1,2}$")


@dataclass(frozen=True, slots=True)
class Derivation:
    """A feature made of two items, such as debt over sales."""

    name: str
    first: str
    operation: Operation
    second: str


@dataclass(frozen=True)
class Reading:
    """How the columns of a table are to be read: what they mean, which are categories, what is derived, what is left
    out."""

    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    as_of: Mapping[str, AsOf] = field(default_factory=dict)
    categories: Collection[str] = ()
    derivations: Sequence[Derivation] = ()
    leave_out: Collection[str] = ()


def features_of(columns: Columns, reading: Reading) -> tuple[list[Feature], list[Finding]]:
    """A feature without cells for each column that can be learned from, and findings about the others."""
    features, findings = [], []
    for name, column in columns.items():
        if name in reading.leave_out:
            continue
        kind, form, reason = _kind(name, column, forced=name in reading.categories)
        if reason is not None:
            findings.append(_left_out(name, *reason))
            continue
        meaning = reading.meanings.get(name, Meaning(Text(zh=name, en=name)))
        features.append(_blank(name, kind, (Item(name, form),), meaning, reading.as_of.get(name, AsOf())))
    by_name = {feature.name: feature for feature in features}
    features += [_derived(derivation, by_name, reading) for derivation in reading.derivations]
    return features, findings


def _blank(
    name: str, kind: Kind, items: tuple[Item, ...], meaning: Meaning, as_of: AsOf, operation: Operation = "value"
) -> Feature:
    unseen = 0 if kind == "category" else None
    points = () if kind == "category" else (0,)
    return Feature(name, kind, items, meaning, points, 0, unseen, operation, as_of=as_of)


def _derived(derivation: Derivation, by_name: Mapping[str, Feature], reading: Reading) -> Feature:
    parts = []
    for name in (derivation.first, derivation.second):
        if name not in by_name or by_name[name].kind == "category":
            raise wrong_use(
                "finance.derive.no_number",
                f"派生特征 {derivation.name} 需要数值或日期列 {name}",
                f"The derived feature {derivation.name} needs a column {name} of numbers or dates",
                where=Where(column=name),
            )
        parts.append(by_name[name])
    sign = {"minus": "-", "plus": "+", "times": "×", "over": "÷"}[derivation.operation]
    labels = [part.meaning.label for part in parts]
    label = Text(zh=f"{labels[0].zh} {sign} {labels[1].zh}", en=f"{labels[0].en} {sign} {labels[1].en}")
    meaning = reading.meanings.get(derivation.name, Meaning(label, department=parts[0].meaning.department))
    items = (parts[0].items[0], parts[1].items[0])
    return _blank(derivation.name, "number", items, meaning, parts[0].as_of, derivation.operation)


def parse_derivation(text: str) -> Derivation:
    """A derivation as it is written on the command line.

    >>> parse_derivation("gearing = debt / sales")
    Derivation(name='gearing', first='debt', operation='over', second='sales')
    """
    operations: dict[str, Operation] = {"-": "minus", "+": "plus", "*": "times", "/": "over"}
    match = re.fullmatch(r"\s*(.+?)\s*=\s*(.+?)\s+([-+*/])\s+(.+?)\s*", text)
    if match is None:
        raise wrong_use(
            "finance.derive.syntax",
            f"无法理解派生特征 {text!r}",
            f"The derived feature {text!r} is not understood",
            remedy=Text(
                zh="请写作: 名称 = 列甲 / 列乙 (可用 + - * /)", en="Write it as: name = first / second (+ - * /)"
            ),
        )
    return Derivation(match[1], match[2], operations[match[3]], match[4])


Reason = tuple[str, str, str]


def _kind(name: str, column: object, *, forced: bool) -> tuple[Kind, str, Reason | None]:
    array = as_arrow(column)
    if array is None:
        array = pa.array([None if value is None else str(value) for value in column])  # type: ignore[attr-defined]
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_nested(array.type) or pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return "number", "plain", ("nested", "不是单个值", "its cells are no single values")
    there = array.drop_null()
    if len(there) == 0:
        return "number", "plain", ("empty", "全部为空", "it is empty")
    distinct = len(there.unique())
    if distinct == 1 and len(there) == len(array):
        return "number", "plain", ("constant", "只有一种取值", "it has one value only")
    kind: Kind = "category"
    form = "plain"
    if not forced:
        kind, form = _typed_or_text(name, there)
    return kind, form, _identifier(name, there, distinct, kind, forced)


def _typed_or_text(name: str, there: pa.Array) -> tuple[Kind, str]:
    kind = there.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "date", "%Y-%m-%d"
    if pa.types.is_integer(kind) and _says_date(name) and _share_of_days(there.slice(0, SAMPLE), "%Y%m%d") >= ENOUGH:
        return "date", "%Y%m%d"
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return "number", "plain"
    texts = [text.strip(BLANKS) for text in there.unique().slice(0, SAMPLE).to_pylist()]
    texts = [text for text in texts if text and text.casefold() not in ABSENT]
    if not texts:
        return "category", "plain"
    return _text_kind(name, texts)


def _text_kind(name: str, texts: Sequence[str]) -> tuple[Kind, str]:
    if _says_date(name) and _share(day_of(text, "%Y%m%d") for text in texts) >= ENOUGH:
        return "date", "%Y%m%d"
    if float(np.mean(~np.isnan(numbers(pa.array(texts, type=pa.string()))))) >= ENOUGH:
        return "number", "plain"
    for form in DATE_FORMATS:
        if form != "%Y%m%d" and _share(day_of(text, form) for text in texts) >= ENOUGH:
            return "date", form
    comma = sum(bool(COMMA_NUMBER.match(text)) for text in texts) >= max(1, len(texts) // 4)
    for form in ("comma", "written") if comma else ("written",):
        if _share(number_of(text, form) for text in texts) >= ENOUGH:
            return "number", form
    return "category", "plain"


def _says_date(name: str) -> bool:
    return any(word in name.casefold() for word in DATE_WORDS)


def _share_of_days(there: pa.Array, form: str) -> float:
    return _share(day_of(str(value), form) if 19000101 <= value <= 21001231 else np.nan for value in there.to_pylist())


def _share(values: object) -> float:
    array = np.fromiter(values, dtype=np.float64)  # type: ignore[call-overload]
    return float(np.mean(~np.isnan(array))) if len(array) else 0.0


def _identifier(name: str, there: pa.Array, distinct: int, kind: Kind, forced: bool) -> Reason | None:
    """Why a column is a name of the row and not a property of it."""
    if forced or kind == "date" or distinct < 0.98 * len(there) or len(there) < 50:
        return None
    if kind == "category":
        return (
            "identifier",
            "几乎每行取值都不同, 像是编号或名称",
            "nearly every row has its own value, like a name",
        )
    values = numbers(there)
    whole = bool(np.all(values == np.floor(values)))
    if whole and (says_identifier(name) or bool(np.all(np.diff(values) > 0))):
        return "identifier", "每行取值不同的整数, 像是编号", "whole numbers, each once: a number of the row"
    return None


def says_identifier(name: str) -> bool:
    """Whether the name of a column says that it numbers the rows.

    >>> says_identifier("LoanNr_ChkDgt"), says_identifier("企业编号"), says_identifier("profit")
    (True, True, False)
    """
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return any(word.casefold() in ID_WORDS for word in words) or name.endswith(ID_ENDINGS)


def _left_out(name: str, code: str, zh: str, en: str) -> Finding:
    return Finding(
        f"finance.column.{code}",
        Text(zh=f"列 {name} 未用于建模: {zh}", en=f"The column {name} was left out: {en}"),
        Where(column=name),
        None,
        "warn",
    )
