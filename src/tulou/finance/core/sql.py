"""The SQL executors: the same score as one SELECT for DuckDB, PostgreSQL or Spark.

Every literal is typed (`CAST('0.94' AS DOUBLE)`): an untyped 0.94 is a DECIMAL to DuckDB, which is ten times slower
and rounds elsewhere. The statement is a stack of SELECTs: items as typed values, derived values, groups of pairs, the
score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tulou.finance.core.artefact import Feature, Item, Pair, Scorecard
from tulou.finance.core.cells import (
    BLANKS,
    FULL_WIDTH,
    LARGEST,
    MULTIPLIERS,
    ORNAMENTS,
    PLAIN_NUMBER,
    SMALLEST,
)
from tulou.kernel.errors import Text, Where, refuse, wrong_use

DialectName = Literal["duckdb", "postgres", "spark"]
Storage = Literal["number", "text", "decimal", "boolean", "date"]
STORAGES: tuple[Storage, ...] = ("number", "text", "decimal", "boolean", "date")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the three engines differ."""

    name: DialectName
    double: str
    text: str
    quote: str
    trim: str
    matches: str
    remove: str
    number_in_text: str
    days: str

    def identifier(self, name: str) -> str:
        """A quoted name."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def string(self, value: str) -> str:
        """A text literal; Spark reads backslashes in it, the others do not."""
        if self.name == "spark":
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + value.replace("'", "''") + "'"

    def number(self, value: float) -> str:
        """A typed literal that is `value` to the last bit."""
        shown = {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))
        return f"CAST('{shown}' AS {self.double})"


DIALECTS: dict[str, Dialect] = {
    "duckdb": Dialect(
        "duckdb",
        "DOUBLE",
        "VARCHAR",
        '"',
        "trim({}, {blanks})",
        "regexp_matches({}, {pattern})",
        "regexp_replace({}, {pattern}, '', 'g')",
        "TRY_CAST({} AS DOUBLE)",
        "CAST(CAST({} AS DATE) - DATE '1970-01-01' AS DOUBLE)",
    ),
    "postgres": Dialect(
        "postgres",
        "DOUBLE PRECISION",
        "TEXT",
        '"',
        "btrim({}, {blanks})",
        "{} ~ {pattern}",
        "regexp_replace({}, {pattern}, '', 'g')",
        "CAST({} AS DOUBLE PRECISION)",
        "CAST(CAST({} AS DATE) - DATE '1970-01-01' AS DOUBLE PRECISION)",
    ),
    "spark": Dialect(
        "spark",
        "DOUBLE",
        "STRING",
        "`",
        "trim(BOTH {blanks} FROM {})",
        "{} RLIKE {pattern}",
        "regexp_replace({}, {pattern}, '')",
        "try_cast({} AS DOUBLE)",
        "CAST(datediff({}, DATE '1970-01-01') AS DOUBLE)",
    ),
}


def to_sql(
    card: Scorecard,
    dialect: str,
    *,
    table: str = "firms",
    keep: Sequence[str] = (),
    storage: Mapping[str, Storage] | None = None,
) -> str:
    """A SELECT that answers the columns `keep`, `score` and `probability` for each row of `table`.

    `storage` says how the table holds a column where that is not what the scorecard expects: a number as text or
    DECIMAL, a category as a number. Dates are expected as DATE. Raises WrongUse for a dialect or storage that there is
    not.
    """
    if dialect not in DIALECTS:
        raise wrong_use("finance.sql.dialect", f"未知的 SQL 方言: {dialect}", f"No dialect {dialect}: {[*DIALECTS]}")
    return _Statement(card, DIALECTS[dialect], dict(storage or {})).text(table, keep)


class _Statement:
    def __init__(self, card: Scorecard, dialect: Dialect, storage: dict[str, Storage]) -> None:
        self.card, self.sql, self.storage = card, dialect, storage
        for column, kind in storage.items():
            if kind not in STORAGES:
                raise wrong_use(
                    "finance.sql.storage", f"未知的列类型: {kind}", f"No storage {kind}: {[*STORAGES]}",
                    where=Where(column=column),
                )  # fmt: skip

    def text(self, table: str, keep: Sequence[str]) -> str:
        card, sql = self.card, self.sql
        layers: list[dict[str, str]] = [{}, {}, {}, {}]
        for i, feature in enumerate(card.features):
            for k, item in enumerate(feature.items):
                self._item(layers, f"_i{i}_{k}", feature, item)
        layers.append({f"_v{i}": self._value(i, feature) for i, feature in enumerate(card.features)})
        layers.append(
            {f"_g{p}_{k}": self._group(pair, k) for p, pair in enumerate(card.pairs) for k in (0, 1)},
        )
        kept = [sql.identifier(name) for name in keep]
        query = ".".join(sql.identifier(part) for part in table.split("."))
        carried = list(kept)
        columns = [sql.identifier(column) for column in card.columns]
        source: Iterable[str] = dict.fromkeys([*kept, *columns])
        for layer in layers:
            if not layer:
                continue
            lines = [*source, *(f"{expression} AS {alias}" for alias, expression in layer.items())]
            query = "(\nSELECT\n  " + ",\n  ".join(lines) + f"\nFROM {query}) AS _t"
            source = dict.fromkeys([*source, *layer])
        terms = [str(card.base), *map(self._points, range(len(card.features)), card.features)]
        terms += [self._pair_points(p, pair) for p, pair in enumerate(card.pairs)]
        score = "\n  + ".join(terms)
        query = "(\nSELECT\n  " + ",\n  ".join([*carried, f"{score} AS score"]) + f"\nFROM {query}) AS _s"
        logit = f"({sql.number(card.calibration.intercept)} + {sql.number(card.calibration.slope)} * score)"
        chance = f"{sql.number(1.0)} / ({sql.number(1.0)} + exp(-{logit}))"
        return "SELECT " + ", ".join([*carried, "score", f"{chance} AS probability"]) + f"\nFROM {query}\n"

    def _item(self, layers: list[dict[str, str]], alias: str, feature: Feature, item: Item) -> None:
        """Put the typed value of an item, NULL where it is missing, under `alias` in the last of the item layers."""
        column, held = self.sql.identifier(item.column), self._storage(feature, item)
        if feature.kind == "category":
            layers[3][alias] = self._key(column, held)
        elif held == "text" and item.form == "written":
            self._written(layers, alias, column)
        else:
            layers[3][alias] = f"NULLIF({self._number(column, held, item)}, {self._nan()})"

    def _storage(self, feature: Feature, item: Item) -> Storage:
        if item.column in self.storage:
            return self.storage[item.column]
        if feature.kind == "category":
            return "text"
        if feature.kind == "date" or item.form.startswith("%"):
            return "date"
        return "number" if item.form == "plain" else "text"

    def _nan(self) -> str:
        return f"CAST('NaN' AS {self.sql.double})"

    def _number(self, column: str, held: Storage, item: Item) -> str:
        sql = self.sql
        if held == "date":
            return sql.days.format(column)
        if held == "boolean":
            return f"CASE WHEN {column} THEN {sql.number(1.0)} WHEN NOT {column} THEN {sql.number(0.0)} END"
        if held == "decimal":
            return f"CAST(CAST({column} AS {sql.text}) AS {sql.double})"
        if held == "number":
            return f"CAST({column} AS {sql.double})"
        if item.form.startswith("%"):
            raise refuse(
                "finance.sql.text_date",
                f"列 {item.column} 是文本日期, SQL 执行需要 DATE 类型",
                f"The column {item.column} holds dates as text; SQL needs a DATE",
                where=Where(column=item.column),
                remedy=Text(zh="请先转换为 DATE", en="Convert it to DATE first"),
            )
        text = self._trimmed(column)
        if item.form == "comma":
            text = f"replace(replace({text}, '.', ''), ',', '.')"
        return self._parsed(text)

    def _trimmed(self, column: str) -> str:
        return self.sql.trim.format(column, blanks=self.sql.string(BLANKS))

    def _parsed(self, text: str) -> str:
        fits = self.sql.matches.format(text, pattern=self.sql.string(PLAIN_NUMBER))
        return f"CASE WHEN {fits} THEN {self.sql.number_in_text.format(text)} END"

    def _key(self, column: str, held: Storage) -> str:
        if held == "number":
            return f"NULLIF(CAST({column} AS {self.sql.double}), {self._nan()})"
        if held == "decimal":
            return f"CAST(CAST({column} AS {self.sql.text}) AS {self.sql.double})"
        if held == "boolean":
            return f"CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' END"
        return f"NULLIF({self._trimmed(column)}, '')"

    def _written(self, layers: list[dict[str, str]], alias: str, column: str) -> None:
        """An amount as people write it, in three steps: ornaments off, brackets off, multiplier off."""
        sql = self.sql
        ascii_text = f"translate({column}, {sql.string(FULL_WIDTH[0])}, {sql.string(FULL_WIDTH[1])})"
        layers[0][f"{alias}a"] = sql.remove.format(ascii_text, pattern=sql.string(ORNAMENTS))
        a, b, c = f"{alias}a", f"{alias}b", f"{alias}c"
        layers[1][b] = f"CASE WHEN {a} LIKE '(%)' THEN substr({a}, 2, length({a}) - 2) ELSE {a} END"
        endings = " OR ".join(f"{b} LIKE '%{sign}'" for sign in MULTIPLIERS)
        layers[2][c] = f"CASE WHEN {endings} THEN substr({b}, 1, length({b}) - 1) ELSE {b} END"
        times = " ".join(f"WHEN {b} LIKE '%{sign}' THEN {sql.number(by)}" for sign, by in MULTIPLIERS.items())
        sign = f"CASE WHEN {a} LIKE '(%)' THEN {sql.number(-1.0)} ELSE {sql.number(1.0)} END"
        layers[3][alias] = f"{self._parsed(c)} * CASE {times} ELSE {sql.number(1.0)} END * {sign}"

    def _value(self, i: int, feature: Feature) -> str:
        if feature.operation == "value":
            return f"_i{i}_0"
        a, b = (self._tame(f"_i{i}_{k}") for k in (0, 1))
        if feature.operation == "over":
            return f"{a} / NULLIF({b}, {self.sql.number(0.0)})"
        return f"{a} {({'minus': '-', 'plus': '+', 'times': '*'})[feature.operation]} {b}"

    def _tame(self, name: str) -> str:
        number = self.sql.number
        return (
            f"CASE WHEN abs({name}) < {number(SMALLEST)} THEN {number(0.0)} WHEN {name} > {number(LARGEST)} "
            f"THEN {number(LARGEST)} WHEN {name} < {number(-LARGEST)} THEN {number(-LARGEST)} ELSE {name} END"
        )

    def _by_cell(self, i: int, feature: Feature, answers: Sequence[int]) -> str:
        """A CASE that answers `answers[cell]`; neighbouring cells with the same answer are one branch."""
        value = f"_v{i}"
        branches = [f"WHEN {value} IS NULL THEN {answers[feature.missing_cell]}"]
        if feature.kind == "category":
            otherwise = answers[feature.missing_cell - 1]
            for group, answer in zip(feature.levels, answers, strict=False):
                if answer != otherwise and group:
                    branches.append(f"WHEN {value} IN ({self._levels(feature, group)}) THEN {answer}")
        else:
            otherwise = answers[len(feature.cuts)]
            for cut, answer, following in zip(feature.cuts, answers, answers[1:], strict=False):
                if answer != following or cut == feature.cuts[-1]:
                    branches.append(f"WHEN {value} < {self.sql.number(cut)} THEN {answer}")
        return f"CASE {' '.join(branches)} ELSE {otherwise} END"

    def _levels(self, feature: Feature, group: Sequence[str]) -> str:
        if self._storage(feature, feature.items[0]) in ("number", "decimal"):
            return ", ".join(self.sql.number(float(level)) for level in group)
        return ", ".join(map(self.sql.string, group))

    def _points(self, i: int, feature: Feature) -> str:
        return self._by_cell(i, feature, feature.by_cell)

    def _group(self, pair: Pair, k: int) -> str:
        i = next(i for i, feature in enumerate(self.card.features) if feature.name == pair.features[k])
        return self._by_cell(i, self.card.features[i], pair.groups[k])

    def _pair_points(self, p: int, pair: Pair) -> str:
        lines = []
        for row, points in enumerate(pair.points):
            cases = " ".join(f"WHEN {column} THEN {value}" for column, value in enumerate(points))
            lines.append(f"WHEN {row} THEN CASE _g{p}_1 {cases} END")
        return f"CASE _g{p}_0 {' '.join(lines)} END"
