"""Datasets from the lines and columns of forms: a form's line that stands in several columns makes several items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import Dataset, Department, Identity, Item, OpenType, SourceLevel
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import KeyRole, LogicalType, Rule


class CatalogueSourceError(ValueError):
    """The reference catalogue's data files contradict themselves: a fault of Tulou, never of a user."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What all items of one kind share: money, kilowatt-hours, a head count, a company's name."""

    logical_type: LogicalType
    precision: int | None = None
    scale: int | None = None
    max_length: int | None = None
    unit: str | None = None
    code_set: str | None = None
    minimum: Decimal | str | None = None
    maximum: Decimal | str | None = None
    pattern: str | None = None
    key_role: KeyRole = KeyRole.NONE
    sensitivity: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a form, or one of its columns: technical name, title, kind, and what is particular to it."""

    name: str
    title: Text
    kind: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, row: str) -> Line:
        """A line as the data files write it: `name | zh | en | kind option option=value | meaning zh | meaning en`.

        >>> line = Line.parse("vat_due | 应纳税额 | Tax payable | money min=0 required")
        >>> line.title.zh, line.kind, line.options["min"], line.options["required"]
        ('应纳税额', 'money', '0', True)
        """
        name, zh, en, *rest = (part.strip() for part in row.split("|"))
        kind: str | None = None
        options: dict[str, Any] = {}
        for word in rest[0].split() if rest else ():
            key, sign, value = word.partition("=")
            if sign:
                options[key] = value
            elif key in _FLAGS:
                options[key] = True
            else:
                kind = key
        if len(rest) == _WITH_MEANING:
            options["means"] = Text(zh=rest[1], en=rest[2])
        return cls(name, Text(zh=zh, en=en), kind, options)


_FLAGS = frozenset({"required", "unique"})
_WITH_MEANING = 3


def parse_lines(block: str) -> list[Line]:
    """The lines of a block of text, one a row."""
    return [Line.parse(row) for row in block.splitlines() if row.strip()]


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes the datasets of one department. `codes` knows the number of every item: (dataset, technical name)."""

    department: Department
    defaults: Mapping[str, Any]
    kinds: Mapping[str, Kind]
    codes: Mapping[tuple[str, str], str]

    def dataset(self, body: Mapping[str, Any]) -> Dataset:
        """One dataset of the data files."""
        settings = {**self.defaults, **body}
        title, short = text(body["title"]), text(body.get("short", body["title"]))
        items = tuple(self._item(settings, short, line) for line in lines_of(body))
        names = {item.technical_name for item in items}
        period = body.get("period")
        return Dataset(
            id=body["id"],
            code=str(body["code"]),
            department=self.department.id,
            title=title,
            short=short,
            description=text(body["about"]) if "about" in body else _described(title, self.department),
            grain=body["grain"],
            items=items,
            primary_key=tuple(body.get("key", ())),
            period_column=Line.parse(period).name if period else None,
            update_cycle=settings["cycle"],
            max_delay_days=settings.get("delay"),
            delivery_mode=settings.get("mode", "merge"),
            identities=tuple(identities_of(body, names)),
            rules=tuple(rule_of(row) for row in body.get("rules", ())),
            legal_basis=tuple(settings.get("legal", ())),
        )

    def _item(self, settings: Mapping[str, Any], short: Text, line: Line) -> Item:
        dataset = settings["id"]
        if line.kind is None or line.kind not in self.kinds:
            raise CatalogueSourceError(f"{dataset}.{line.name}: there is no kind {line.kind!r}")
        kind = self.kinds[line.kind]
        options = line.options
        sensitivity = int(options.get("sensitivity", kind.sensitivity or settings.get("sensitivity", 3)))
        sharing = _sharing(settings, options, sensitivity)
        open_type = _opening(settings, options, sharing)
        keyed = line.name in settings.get("key", ())
        return Item(
            code=self.codes.get((dataset, line.name), ""),
            dataset=dataset,
            department=self.department.id,
            name=Text(zh=f"{short.zh} · {line.title.zh}", en=f"{short.en} · {line.title.en}"),
            title=line.title,
            technical_name=line.name,
            definition=_definition(settings, line),
            logical_type=kind.logical_type,
            precision=kind.precision,
            scale=kind.scale,
            max_length=int(options["length"]) if "length" in options else kind.max_length,
            unit=options.get("unit", kind.unit),
            code_set=options.get("codes", kind.code_set),
            minimum=_limit(options["min"]) if "min" in options else kind.minimum,
            maximum=_limit(options["max"]) if "max" in options else kind.maximum,
            pattern=options.get("pattern", kind.pattern),
            aliases=tuple(options["alias"].split(",")) if "alias" in options else (),
            required=bool(options.get("required", keyed)),
            unique=bool(options.get("unique", False)),
            key_role=KeyRole(options.get("role", kind.key_role)),
            sharing_type=sharing,
            sharing_condition=_condition(sharing, settings, options),
            purposes=tuple(settings.get("purposes", ())),
            consent_required=bool(settings.get("consent", sharing is not SharingType.UNCONDITIONAL)),
            open_type=open_type,
            open_condition=text(settings["open_condition"]) if open_type is OpenType.CONDITIONAL else None,
            sensitivity=sensitivity,
            retention_months=int(settings.get("retention", 120)),
            legal_basis=tuple(settings.get("legal", ())),
            steward=self.department.steward,
            source_system=settings["system"],
            source_level=SourceLevel(settings.get("level", self.department.level.value)),
        )


PERSONAL = 3
"""From this sensitivity on an item is neither shared without condition nor open, unless its line says so."""


def _sharing(settings: Mapping[str, Any], options: Mapping[str, Any], sensitivity: int) -> SharingType:
    sharing = SharingType(int(options.get("sharing", settings.get("sharing", 2))))
    if sharing is SharingType.UNCONDITIONAL and sensitivity >= PERSONAL and "sharing" not in options:
        return SharingType.CONDITIONAL
    return sharing


def _opening(settings: Mapping[str, Any], options: Mapping[str, Any], sharing: SharingType) -> OpenType:
    """What is not shared is not open; what is shared under a condition is not simply open."""
    stated = OpenType(options.get("open", settings.get("open", "closed")))
    if sharing is SharingType.NONE:
        return OpenType.CLOSED
    conditional = sharing is SharingType.CONDITIONAL and stated is OpenType.OPEN
    return OpenType.CLOSED if conditional else stated


def text(pair: Sequence[str] | Text) -> Text:
    """`[zh, en]` as a Text."""
    return pair if isinstance(pair, Text) else Text(zh=str(pair[0]), en=str(pair[1]))


def lines_of(body: Mapping[str, Any]) -> Iterator[Line]:
    """Every item of a dataset as a line of its own: subject, period, then each block's lines times its columns."""
    yield from parse_lines(body.get("subject", ""))
    if "period" in body:
        yield Line.parse(body["period"])
    for block in body.get("blocks", ()):
        columns = parse_lines(block.get("columns", ""))
        for line in parse_lines(block["lines"]):
            options = {**block.get("options", {}), **line.options}
            yield from _spread(replace(line, kind=line.kind or block.get("kind"), options=options), columns)


def _spread(line: Line, columns: Sequence[Line]) -> Iterator[Line]:
    """The items of one line: itself, or one for each column in which it stands (all, or those in `in`)."""
    if not columns:
        yield line
        return
    wanted = line.options.get("in")
    for column in columns:
        if wanted is not None and column.name not in wanted.split(","):
            continue
        yield Line(
            name=f"{line.name}_{column.name}",
            title=Text(zh=f"{line.title.zh}（{column.title.zh}）", en=f"{line.title.en}, {column.title.en}"),
            kind=column.kind or line.kind,
            options={**line.options, **column.options, "row": line, "column": column},
        )


def identities_of(body: Mapping[str, Any], names: set[str]) -> Iterator[Identity]:
    """The identities of a form, `total = part + part - part`, once for each column in which all of it stands.

    `across: total = a + b` adds up columns instead, once for each line that stands in all of them.
    """
    for block in body.get("blocks", ()):
        columns = [line.name for line in parse_lines(block.get("columns", ""))]
        lines = [line.name for line in parse_lines(block["lines"])]
        for formula in block.get("identities", ()):
            yield from _repeated(formula, [f"{{0}}_{column}" for column in columns] or ["{0}"], names, body["id"])
        for formula in block.get("across", ()):
            yield from _repeated(formula, [f"{line}_{{0}}" for line in lines], names, body["id"])
    for formula in body.get("identities", ()):
        yield from _repeated(formula, ["{0}"], names, body["id"])


def _repeated(formula: str, frames: Sequence[str], names: set[str], dataset: str) -> Iterator[Identity]:
    total, parts, severity = parse_formula(formula)
    found = False
    for frame in frames:
        identity = Identity(
            frame.format(total), tuple((sign, frame.format(part)) for sign, part in parts), severity=severity
        )
        if {identity.total, *(part for _, part in identity.parts)} <= names:
            found = True
            yield identity
    if not found:
        raise CatalogueSourceError(f"{dataset}: no column holds all of {formula!r}")


def parse_formula(formula: str) -> tuple[str, list[tuple[int, str]], Any]:
    """`total = a + b - c` in parts; a question mark at the end makes it a warning.

    >>> parse_formula("t = a - b ?")
    ('t', [(1, 'a'), (-1, 'b')], 'warn')
    """
    total, _, rest = formula.partition("=")
    severity = "warn" if rest.rstrip().endswith("?") else "reject"
    signed = re.findall(r"([+-]?)\s*([a-z]\w*)", rest)
    return total.strip(), [(-1 if sign == "-" else 1, name) for sign, name in signed], severity


def rule_of(row: Sequence[Any]) -> Rule:
    """`[name, predicate, zh, en, severity]` as a rule; the severity is optional."""
    name, predicate, zh, en, *rest = row
    columns = tuple(dict.fromkeys(re.findall(r'"([a-z]\w*)"', predicate)))
    return Rule(name, predicate, Text(zh=zh, en=en), columns, rest[0] if rest else "reject")


def _limit(value: Any) -> Decimal | str:
    return Decimal(value) if re.fullmatch(r"-?\d+(\.\d+)?", str(value)) else str(value)


def _described(title: Text, department: Department) -> Text:
    return Text(
        zh=f"{department.title.zh}按《{title.zh}》归集的企业数据。",
        en=f"What enterprises report, or are recorded with, in “{title.en}” ({department.title.en}).",
    )


def _definition(settings: Mapping[str, Any], line: Line) -> Text:
    if "means" in line.options:
        return text(line.options["means"])
    form = text(settings.get("form", settings["title"]))
    row, column = line.options.get("row"), line.options.get("column")
    if isinstance(row, Line) and isinstance(column, Line):
        means = text(row.options["means"]) if "means" in row.options else None
        zh = f"《{form.zh}》“{row.title.zh}”行“{column.title.zh}”栏的数值"
        en = f"The value of line “{row.title.en}” in column “{column.title.en}” of the {form.en}"
        return Text(zh=f"{zh}；{means.zh}", en=f"{en}; {means.en}") if means else Text(zh=f"{zh}。", en=f"{en}.")
    return Text(zh=f"《{form.zh}》中的“{line.title.zh}”。", en=f"“{line.title.en}” as given in the {form.en}.")


def _condition(sharing: SharingType, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Text | None:
    if sharing is SharingType.UNCONDITIONAL:
        return None
    name = "condition" if sharing is SharingType.CONDITIONAL else "basis"
    return text(options.get(name) or settings[name])
