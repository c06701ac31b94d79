"""What data items mean to people: a table of column, labels, departments, units, directions, as-of rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tulou.finance.core.artefact import AsOf, Meaning
from tulou.finance.core.files import read_table
from tulou.finance.core.kinds import Derivation, Reading
from tulou.kernel.errors import Refused, Text, Where, refuse

YES = frozenset(("1", "yes", "y", "true", "是"))
NO = frozenset(("", "0", "no", "n", "false", "否"))
KINDS = ("", "category", "exclude")
KNOWN = (
    "column",
    "label_zh",
    "label_en",
    "department_zh",
    "department_en",
    "unit",
    "unit_zh",
    "unit_en",
    "direction",
    "actionable",
    "as_of",
    "lag_days",
    "kind",
)


@dataclass(frozen=True)
class Mapped:
    """What a mapping says of the columns that it names."""

    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    as_of: Mapping[str, AsOf] = field(default_factory=dict)
    directions: Mapping[str, int] = field(default_factory=dict)
    categories: Collection[str] = ()
    leave_out: Collection[str] = ()

    def reading(
        self,
        *,
        leave_out: Sequence[str] = (),
        categories: Sequence[str] = (),
        derivations: Sequence[Derivation] = (),
        columns: Collection[str] = (),
    ) -> Reading:
        """How a table is to be read by this mapping and by what was said besides. A mapping may know more columns than
        the table has."""
        known = [name for name in self.categories if name in columns]
        return Reading(
            meanings=self.meanings,
            as_of=self.as_of,
            categories=[*known, *categories],
            derivations=derivations,
            leave_out={*self.leave_out, *leave_out},
        )


NOTHING_MAPPED = Mapped()


def read_mapping(path: Path) -> Mapped:
    """The mapping in a table with the column `column` and any of label_zh, label_en, department_zh, department_en, unit
    (or unit_zh, unit_en), direction (+ where more is better, -), actionable, as_of (the column with the day), lag_days,
    kind (category, exclude). Raises Refused where a word in it is not known."""
    table = read_table(path)
    if "column" not in table.columns:
        raise refuse(
            "finance.mapping.columns",
            "说明表需要列 column",
            "The table of meanings needs the column `column`",
            where=Where(file=path.name),
            remedy=Text(zh=f"可用的列: {', '.join(KNOWN)}", en=f"The columns that it may have: {', '.join(KNOWN)}"),
        )
    columns = {name: [str(value or "").strip() for value in cells.to_pylist()] for name, cells in table.columns.items()}
    rows = [{name: columns[name][place] if name in columns else "" for name in KNOWN} for place in range(table.rows)]
    for number, row in enumerate(rows, 1):
        _check(row, number, path.name)
    named = [row for row in rows if row["column"]]
    return Mapped(
        meanings={row["column"]: _meaning(row) for row in named},
        as_of={row["column"]: AsOf(row["as_of"] or None, int(row["lag_days"] or 0)) for row in named},
        directions={row["column"]: 1 if row["direction"] == "+" else -1 for row in named if row["direction"]},
        categories=[row["column"] for row in named if row["kind"] == "category"],
        leave_out=[row["column"] for row in named if row["kind"] == "exclude"],
    )


def _meaning(row: Mapping[str, str]) -> Meaning:
    direction = row["direction"]
    return Meaning(
        label=_both(row, "label") or Text(zh=row["column"], en=row["column"]),
        department=_both(row, "department"),
        unit=_both(row, "unit") or (Text(zh=row["unit"], en=row["unit"]) if row["unit"] else None),
        direction="+" if direction == "+" else "-" if direction == "-" else None,
        actionable=row["actionable"].casefold() in YES,
    )


def _both(row: Mapping[str, str], name: str) -> Text | None:
    zh, en = row[f"{name}_zh"], row[f"{name}_en"]
    return Text(zh=zh or en, en=en or zh) if zh or en else None


def _check(row: Mapping[str, str], record: int, file: str) -> None:
    rules = {
        "direction": row["direction"] in ("", "+", "-"),
        "actionable": row["actionable"].casefold() in YES | NO,
        "lag_days": row["lag_days"] == "" or row["lag_days"].isdecimal(),
        "kind": row["kind"] in KINDS,
    }
    for name, right in rules.items():
        if not right:
            raise _unknown(name, row[name], record, file)


def _unknown(name: str, value: str, record: int, file: str) -> Refused:
    expected = {
        "direction": "+, -",
        "actionable": "yes, no",
        "lag_days": "0, 1, 2, …",
        "kind": ", ".join(KINDS[1:]),
    }[name]
    return refuse(
        "finance.mapping.value",
        f"说明表第 {record} 行的 {name} 应为 {expected}",
        f"In row {record} of the table of meanings, {name} should be one of {expected}",
        where=Where(file=file, record=record, column=name, value=value),
    )
