"""Whose record it is: the columns of a dataset that name its firm, as the department's archive has them."""

from __future__ import annotations

import numpy as np
import polars as pl

from tulou.pool.core.catalogue import Dataset
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.simulate.activity import HISTORY
from tulou.simulate.chance import share_of
from tulou.simulate.forms.rows import Rows
from tulou.simulate.identifiers import digits, text

_ROLES: dict[KeyRole, str] = {
    KeyRole.USCC: "uscc",
    KeyRole.ORG_CODE: "org_code",
    KeyRole.TAX_NO: "tax_no",
    KeyRole.NAME: "name",
    KeyRole.ADDRESS: "address",
    KeyRole.PHONE: "phone",
    KeyRole.PERSON: "person",
    KeyRole.DISTRICT: "district",
    KeyRole.ESTABLISHED: "established",
}


def subject(contract: Contract, rows: Rows) -> dict[str, pl.Series]:
    """The key columns of the records."""
    return {column.name: _key(column, rows) for column in contract.columns if column.key_role is not KeyRole.NONE}


def _key(column: Column, rows: Rows) -> pl.Series:
    if column.key_role is KeyRole.LOCAL_ID:
        return account(column, rows)
    if column.key_role is KeyRole.REG_NO:
        return (
            rows.clients["reg_no"].fill_null(rows.clients["uscc"])
            if (column.max_length or 0) >= 18
            else rows.clients["reg_no"]
        )
    return rows.clients[_ROLES[column.key_role]]


def account(column: Column, rows: Rows) -> pl.Series:
    """The number under which a department knows the client; other numbers in other columns, the same in all files."""
    client = rows.clients["client"].to_numpy().astype(np.int64)
    offset = int(share_of(f"account {column.name}") * 10**8)
    return text(digits((client * 7_368_787 + offset) % 10**10, 10))


def period(dataset: Dataset, contract: Contract, rows: Rows) -> dict[str, pl.Series]:
    """The column that says which period a record is of: a year, a month, or a quarter's first or last month."""
    if dataset.period_column is None:
        return {}
    column = contract.column(dataset.period_column)
    size = len(rows)
    if column.logical_type is LogicalType.INTEGER:
        return {column.name: pl.Series(np.full(size, rows.month.year, dtype=np.int64))}
    first = rows.books.window.month(rows.span.start - HISTORY)
    month = first if "首月" in column.title.zh else rows.month
    return {column.name: pl.Series([month], dtype=pl.Date).new_from_index(0, size)}


def numbered(contract: Contract) -> list[str]:
    """The columns in which each record has a number, or a day, of its own: those of its key that name nobody."""
    names = []
    for name in contract.primary_key:
        column = contract.column(name)
        standard = column.logical_type is LogicalType.STRING and (column.codes or column.pattern)
        if column.key_role is KeyRole.NONE and name != contract.period_column and not standard:
            names.append(name)
    return names


def own_numbers(contract: Contract, rows: Rows) -> dict[str, pl.Series]:
    """The values of the `numbered` columns."""
    made = {}
    for name in numbered(contract):
        kind = contract.column(name).logical_type
        if kind is LogicalType.INTEGER:
            made[name] = pl.Series(rows.serial % 97 + 1)
        elif kind is LogicalType.DATE:
            made[name] = pl.Series(rows.day.astype("datetime64[D]"))
        else:
            mark = pl.Series([f"{contract.dataset[:2].upper()}{rows.month:%Y}"])
            made[name] = mark.new_from_index(0, len(rows)) + text(digits(rows.serial, 12))
    return made
