"""From a question to what it reads: names of the catalogue resolved, every column traced to its dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from tulou.kernel.errors import Refused, Text, Where, refuse
from tulou.pool.core.query.guard import check_nodes, names_a_result, not_allowed, parse_question


@dataclass(frozen=True, slots=True, order=True)
class ItemRead:
    """One item that a question reads."""

    dataset: str
    column: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table that may be asked: its columns with their types, and the technical name of each title of a column."""

    name: str
    columns: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)


class Relations(Protocol):
    """What may be asked."""

    def find(self, written: str) -> Relation | None:
        """The table that a name means (its own, or its title), or None."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that may be run: its SQL, made anew from what was checked, and what it reads."""

    sql: str
    datasets: tuple[str, ...]
    items: tuple[ItemRead, ...]


def read_question(sql: str, relations: Relations) -> Question:
    """Check `sql` and tell exactly which items it reads.

    Tables are named by their dataset (`power_monthly`, `profile.enterprise`) or their title, columns by their technical
    name or their title; titles stand in double quotes. The answered SQL reads each table under its dataset's name, as
    one quoted identifier.

    Raises Refused where a part is not allowed, or a name is unknown or means several things.
    """
    query = parse_question(sql)
    named = _name_tables(query, relations)
    _name_columns(query, named)
    _name_results(query)
    try:
        qualified = qualify(
            query,
            schema={flat: dict(relation.columns) for flat, relation in named.items()},
            dialect="duckdb",
            identify=True,
        )
    except OptimizeError as error:
        raise _unknown(str(error)) from None
    check_nodes(qualified, expanded=True)
    scopes = list(traverse_scope(qualified))
    items = sorted({item for scope in scopes for item in _items(scope, named)})
    datasets = set()
    for table in _tables(scopes, named):
        datasets.add(named[table.name].name)
        table.set("this", exp.to_identifier(named[table.name].name, quoted=True))
    return Question(qualified.sql(dialect="duckdb"), tuple(sorted(datasets)), tuple(items))


def _flat(name: str) -> str:
    """A table's name as one identifier: what sqlglot's schema knows it by."""
    return name.replace(".", "__dot__")


def _name_tables(query: exp.Expr, relations: Relations) -> dict[str, Relation]:
    """Give every table its flat name; what is neither known nor a CTE of the query is refused."""
    ctes = {cte.alias_or_name for cte in query.find_all(exp.CTE)}
    named: dict[str, Relation] = {}
    for table in list(query.find_all(exp.Table)):
        if table.catalog:
            raise not_allowed(table)
        written = f"{table.db}.{table.name}" if table.db else table.name
        relation = relations.find(written)
        if relation is None:
            if written in ctes and not table.db:
                continue
            raise refuse(
                "query.unknown_table",
                f"没有名为 {written} 的数据集",
                f"There is no dataset called {written}",
                where=Where(value=written),
                remedy=Text(zh="tulou pool history 会列出数据集", en="tulou pool history lists the datasets"),
            )
        named[_flat(relation.name)] = relation
        if written not in ctes:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("db", None)
            table.set("this", exp.to_identifier(_flat(relation.name), quoted=True))
    return named


def _name_columns(query: exp.Expr, named: Mapping[str, Relation]) -> None:
    """Replace titles of columns by technical names; in a result the title stays the column's name."""
    for scope in traverse_scope(query):
        for column in scope.columns:
            title = column.name
            candidates = {
                relation.titles[title]
                for relation in _relations_of(column, scope, named)
                if title not in relation.columns and title in relation.titles
            }
            if len(candidates) > 1:
                raise _several(title, candidates)
            if candidates:
                column.set("this", exp.to_identifier(candidates.pop(), quoted=True))
                if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
                    column.replace(exp.alias_(column.copy(), title, quoted=True))


def _name_results(query: exp.Expr) -> None:
    """Name the results of expressions as they are written."""
    for select in query.find_all(exp.Select):
        for each in list(select.expressions):
            if not isinstance(each, (exp.Alias, exp.Column, exp.Star)):
                each.replace(exp.alias_(each.copy(), each.sql(dialect="duckdb").lower(), quoted=True))


def _tables(scopes: Sequence[Scope], named: Mapping[str, Relation]) -> list[exp.Table]:
    """The places where tables are read. Raises Refused where one is neither known nor a CTE that is visible there."""
    found: dict[int, exp.Table] = {}
    for scope in scopes:
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                if source.name not in named or source.db or source.catalog:
                    raise not_allowed(source)
                found[id(source)] = source
    return list(found.values())


def _relations_of(column: exp.Column, scope: Scope, named: Mapping[str, Relation]) -> Iterator[Relation]:
    for alias, source in scope.sources.items():
        if isinstance(source, exp.Table) and source.name in named and column.table in ("", alias):
            yield named[source.name]


def _items(scope: Scope, named: Mapping[str, Relation]) -> Iterator[ItemRead]:
    """Every column of a table that a part of the query names, wherever it stands."""
    for column in scope.columns:
        source = None if names_a_result(column) and not column.table else _source(column, scope)
        if isinstance(source, exp.Table):
            yield ItemRead(named[source.name].name, column.name)


def _source(column: exp.Column, scope: Scope) -> object:
    """What a column's table name means: in its own query, or in one around it."""
    around: Scope | None = scope
    while around is not None:
        if column.table in around.sources:
            return around.sources[column.table]
        around = around.parent
    raise not_allowed(column)


def _unknown(message: str) -> Refused:
    return refuse(
        "query.unknown_column",
        "查询中有不存在或有歧义的数据项",
        "The query names an item that is not there, or that could be several",
        where=Where(value=message.splitlines()[0][:200]),
        remedy=Text(
            zh="请核对名称; 多个数据集有同名数据项时写成 数据集.数据项",
            en="Check the name; write dataset.item where needed",
        ),
    )


def _several(title: str, names: set[str]) -> Refused:
    return refuse(
        "query.ambiguous_title",
        f"“{title}”是多个数据项的名称: {sorted(names)}",
        f"{title!r} is the title of several items: {sorted(names)}",
        where=Where(value=title),
        remedy=Text(zh="请写成 数据集.数据项", en="Write dataset.item"),
    )
