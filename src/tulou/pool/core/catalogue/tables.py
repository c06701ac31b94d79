"""A catalogue as eight plain tables of text, and back without loss: the common ground of CSV, Excel and the pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tulou.kernel.errors import Finding, Text, Where
from tulou.pool.core.catalogue.cells import CELLS, Cell, CellError
from tulou.pool.core.catalogue.table_columns import TABLES, TableColumn
from tulou.pool.core.catalogue.values import Catalogue, CodeSet, Dataset, Department, Identity, Item
from tulou.pool.core.contract import LogicalType, Rule
from tulou.pool.core.contract.faults import Faulty, place, raise_if_any

Row = dict[str, str]
Tables = Mapping[str, Sequence[Row]]
FIRST_ROW = 2
"""The line of the first record: the header is line 1."""


def to_tables(catalogue: Catalogue) -> dict[str, list[Row]]:
    """The catalogue as rows of text, by table."""
    datasets = list(catalogue.datasets.values())
    items = [item for dataset in datasets for item in dataset.items]
    codes = [(known, code, text) for known in catalogue.code_sets.values() for code, text in known.codes.items()]
    return {
        "departments": [_row("departments", department) for department in catalogue.departments.values()],
        "datasets": [_row("datasets", dataset) for dataset in datasets],
        "items": [_row("items", item) for item in items],
        "code_sets": [_row("code_sets", known) for known in catalogue.code_sets.values()],
        "codes": [{"code_set": s.id, "code": code, "text_zh": t.zh, "text_en": t.en} for s, code, t in codes],
        "rules": [{"dataset": d.id, **_row("rules", rule)} for d in datasets for rule in d.rules],
        "identities": [{"dataset": d.id, **_row("identities", one)} for d in datasets for one in d.identities],
        "extras": [*_extras("dataset", ((d.id, d) for d in datasets)), *_extras("item", ((i.code, i) for i in items))],
    }


def _row(table: str, value: object) -> Row:
    row = {}
    for column in TABLES[table]:
        if not hasattr(value, column.attribute):
            continue
        held = getattr(value, column.attribute)
        if column.language:
            row[column.name] = getattr(held, column.language) if held is not None else ""
        else:
            row[column.name] = CELLS[column.cell].write(held)
    return row


def _extras(of: str, owners: Iterable[tuple[str, Dataset | Item]]) -> Iterator[Row]:
    for key, owner in owners:
        for name, value in owner.extras.items():
            yield {"of": of, "key": key, "name": name, "value": value}


def from_tables(tables: Tables, file: str) -> Catalogue:
    """The catalogue of such tables. Raises Faulty with every cell that cannot be read, and where it is."""
    return _Reader(tables, file).catalogue()


@dataclass(slots=True)
class _Reader:
    tables: Tables
    file: str
    findings: list[Finding]

    def __init__(self, tables: Tables, file: str) -> None:
        self.tables, self.file, self.findings = tables, file, []

    def catalogue(self) -> Catalogue:
        extras = self._grouped_extras()
        codes = self._codes()
        rules = self._grouped("rules", Rule)
        identities = self._grouped("identities", Identity)
        departments = {d.id: d for d in self._values("departments", Department)}
        code_sets = {row["id"]: CodeSet(codes=codes.get(row["id"], {}), **row) for row in self._rows("code_sets")}
        raise_if_any(self.findings, self.file)
        items = self._items(extras)
        datasets = {}
        for row in self._rows("datasets"):
            name = row["id"]
            datasets[name] = Dataset(
                items=tuple(items.pop(name, ())),
                rules=tuple(rules.pop(name, ())),
                identities=tuple(identities.pop(name, ())),
                extras=extras.get(("dataset", name), {}),
                **row,
            )
        for name, left in items.items():
            self._fault("items", left[0].code, "dataset", name, Text(zh="已登记的数据集", en="a dataset that is there"))
        raise_if_any(self.findings, self.file)
        return Catalogue(departments, datasets, code_sets)

    def _items(self, extras: Mapping[tuple[str, str], dict[str, str]]) -> dict[str, list[Item]]:
        grouped: dict[str, list[Item]] = defaultdict(list)
        for row in self._rows("items"):
            limits = {side: self._limit(row, side) for side in ("minimum", "maximum")}
            item = Item(**{**row, **limits, "extras": extras.get(("item", row["code"]), {})})
            grouped[item.dataset].append(item)
        return grouped

    def _limit(self, row: Mapping[str, Any], side: str) -> Decimal | str | None:
        text = row[side]
        if text is None or row["logical_type"] not in (LogicalType.INTEGER, LogicalType.NUMBER):
            return text  # type: ignore[no-any-return]
        try:
            return Decimal(text)
        except InvalidOperation:
            self._fault("items", row["code"], side, text, Text(zh="数字", en="a number"))
            return None

    def _codes(self) -> dict[str, dict[str, Text]]:
        codes: dict[str, dict[str, Text]] = defaultdict(dict)
        for row in self._rows("codes"):
            codes[row["code_set"]][row["code"]] = row["text"]
        return codes

    def _grouped_extras(self) -> dict[tuple[str, str], dict[str, str]]:
        extras: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for row in self._rows("extras"):
            held = extras[row["of"], row["key"]]
            held[row["name"]] = held.get(row["name"], "") + row["value"]
        return dict(extras)

    def _grouped(self, table: str, kind: type[Any]) -> dict[str, list[Any]]:
        grouped: dict[str, list[Any]] = defaultdict(list)
        for row in self._rows(table):
            grouped[row.pop("dataset")].append(kind(**row))
        return grouped

    def _values(self, table: str, kind: type[Any]) -> Iterator[Any]:
        return (kind(**row) for row in self._rows(table))

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table as keyword arguments; a row with a fault is told of and passed over."""
        columns = TABLES[table]
        present = self.tables.get(table, ())
        if present:
            absent = [column.name for column in columns if column.name not in present[0] and not column.has_default]
            if absent:
                raise Faulty([_missing(self.file, table, name) for name in absent], self.file)
        for line, row in enumerate(present, FIRST_ROW):
            before = len(self.findings)
            values = self._row(table, columns, row, line)
            if len(self.findings) == before:
                yield values

    def _row(self, table: str, columns: Sequence[TableColumn], row: Row, line: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for column in columns:
            text = row.get(column.name)
            if text is None:
                continue
            if column.language == "zh":
                zh, en = text, row.get(column.name.removesuffix("zh") + "en", "")
                values[column.attribute] = Text(zh=zh, en=en) if zh or en or not column.nullable else None
            elif column.language is None:
                try:
                    values[column.attribute] = CELLS[column.cell].read(text)
                except CellError as error:
                    self._fault(table, line, column.name, text, error.expected)
        return values

    def _fault(self, table: str, row: int | str, column: str, value: str, expected: Text) -> None:
        line = row if isinstance(row, int) else None
        said = f"{column} = {value!r}"
        self.findings.append(
            Finding(
                "catalogue.cell",
                Text(zh=f"{said}: 应为{expected.zh}", en=f"{said}: expected {expected.en}"),
                Where(file=place(self.file, table), line=line, column=column, value=value),
            )
        )


def _missing(file: str, table: str, column: str) -> Finding:
    return Finding(
        "catalogue.column",
        Text(zh=f"表 {table} 缺少列 {column}", en=f"The table {table} lacks the column {column}"),
        Where(file=place(file, table), line=1, column=column),
    )


def cell_of(column: TableColumn) -> Cell:
    """The kind of cell of a column."""
    return CELLS[column.cell]
