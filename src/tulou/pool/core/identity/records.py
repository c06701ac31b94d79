"""Records of any files made ready for linking: which columns speak of the same, how they are prepared and compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pyarrow as pa

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.identity.comparison import Scheme
from tulou.pool.core.identity.firm_scheme import firm_scheme
from tulou.pool.core.identity.firms import prepare_firms, with_counts
from tulou.pool.core.identity.general import (
    General,
    general_comparison,
    general_keys,
    prepare_general,
    with_pairs,
)
from tulou.pool.core.identity.persons import person_comparison, person_keys, prepare_person_names
from tulou.pool.core.identity.roles import Guess, Role

FIRM_ROLES = frozenset(
    {
        Role.FIRM_NAME,
        Role.ADDRESS,
        Role.DISTRICT,
        Role.PHONE,
        Role.PERSON,
        Role.ESTABLISHED,
        Role.USCC,
        Role.ORG_CODE,
    }
)
_PERSON_ROLES = frozenset({Role.GIVEN_NAME, Role.SURNAME})
_SHARED_CONTENT = 0.2


@dataclass(frozen=True, slots=True)
class Pairing:
    """Columns of the files that speak of the same: one name a file."""

    role: Role
    columns: tuple[str, ...]
    guess: Guess


def pair_columns(guesses: Sequence[Sequence[Guess]], tables: Sequence[pl.DataFrame]) -> list[Pairing]:
    """Which columns of two files (or of one) are compared with each other.

    Columns of the same role meet first, then those of the same header, then those that share many of their values.
    Raises Refused where nothing meets.
    """
    useful = [[guess for guess in side if guess.role not in (Role.ID, Role.CLUSTER, Role.EMPTY)] for side in guesses]
    if len(useful) == 1:
        found = [Pairing(guess.role, (guess.column,), guess) for guess in useful[0]]
    else:
        found = _across(useful, tables)
    if not found:
        raise refuse(
            "link.nothing_in_common",
            f"两个文件没有可以比较的共同列: {_listed(tables[0])} 与 {_listed(tables[-1])}",
            f"The files have no column in common to compare: {_listed(tables[0])} and {_listed(tables[-1])}",
            remedy=Text(
                zh="请统一列名, 或用 --config 指明哪些列相互对应",
                en="Give the columns the same names, or pair them with --config",
            ),
        )
    return found


def _listed(table: pl.DataFrame) -> str:
    return ", ".join(table.columns[:20])


def _across(guesses: Sequence[Sequence[Guess]], tables: Sequence[pl.DataFrame]) -> list[Pairing]:
    left, right = list(guesses[0]), list(guesses[1])
    found: list[Pairing] = []

    def take(one: Guess, other: Guess, role: Role) -> None:
        found.append(Pairing(role, (one.column, other.column), one))
        left.remove(one)
        right.remove(other)

    for one in list(left):
        twin = next((other for other in right if other.role is one.role and one.role is not Role.GENERAL), None)
        if twin is not None:
            take(one, twin, one.role)
    for one in list(left):
        twin = next((other for other in right if _header(other.column) == _header(one.column)), None)
        if twin is not None:
            take(one, twin, Role.GENERAL if Role.GENERAL in (one.role, twin.role) else one.role)
    for one in list(left):
        shares = [(_shared(tables[0][one.column], tables[1][other.column]), other) for other in right]
        best = max(shares, key=lambda share: share[0], default=None)
        if best is not None and best[0] >= _SHARED_CONTENT:
            take(one, best[1], Role.GENERAL)
    return found


def _header(name: str) -> str:
    return re.sub(r"[\W_]+|(?i:left|right)$", "", name.casefold())


def _shared(one: pl.Series, other: pl.Series) -> float:
    """The share of the values of the column with fewer of them that the other column has too."""
    values = [set(series.drop_nulls().head(20_000).unique().to_list()) for series in (one, other)]
    fewer = min(len(value) for value in values)
    return len(values[0] & values[1]) / fewer if fewer > 1 else 0.0


def prepare(tables: Sequence[pl.DataFrame], pairings: Sequence[Pairing]) -> tuple[list[pl.DataFrame], Scheme]:
    """The tables ready for linking, and how their records are compared and blocked."""
    roles = {pairing.role for pairing in pairings}
    firm = [pairing for pairing in pairings if pairing.role in FIRM_ROLES]
    persons = roles >= _PERSON_ROLES
    others = [
        pairing
        for pairing in pairings
        if pairing.role not in FIRM_ROLES and not (persons and pairing.role in _PERSON_ROLES)
    ]
    general = [
        General(f"x{number}", Text(zh=pairing.columns[0], en=pairing.columns[0]), pairing.guess.kind)
        for number, pairing in enumerate(others)
    ]
    if firm:
        frames = prepare_firms([_columns(table, firm, place) for place, table in enumerate(tables)])
    else:
        frames = [pl.DataFrame({"row": np.arange(len(table), dtype=np.int32)}) for table in tables]
    frames = [
        frame.hstack(_further(table, place, pairings if persons else [], others, general))
        for place, (table, frame) in enumerate(zip(tables, frames, strict=True))
    ]
    frames = with_counts(frames, [*(["whole"] if persons else []), *(column.name for column in general)])
    frames = [with_pairs(frame, general) for frame in frames]
    scheme = firm_scheme({str(pairing.role) for pairing in firm}) if firm else Scheme((), ())
    comparisons = [*scheme.comparisons, *([person_comparison()] if persons else []), *map(general_comparison, general)]
    keys = [*scheme.keys, *(person_keys() if persons else []), *general_keys(general)]
    return frames, replace(scheme, comparisons=tuple(comparisons), keys=tuple(keys))


def _columns(table: pl.DataFrame, pairings: Sequence[Pairing], place: int) -> dict[str, pa.Array]:
    return {str(pairing.role): table[pairing.columns[place]].to_arrow() for pairing in pairings}


def _further(
    table: pl.DataFrame, place: int, persons: Sequence[Pairing], others: Sequence[Pairing], general: Sequence[General]
) -> pl.DataFrame:
    """The prepared columns of what is not a firm's."""
    columns: dict[str, pl.Series] = {}
    named = {pairing.role: table[pairing.columns[place]].to_arrow() for pairing in persons}
    if named:
        columns |= prepare_person_names(named[Role.GIVEN_NAME], named[Role.SURNAME])
    for pairing, column in zip(others, general, strict=True):
        columns |= prepare_general(column, table[pairing.columns[place]].to_arrow())
    return pl.DataFrame(columns) if columns else pl.DataFrame()
