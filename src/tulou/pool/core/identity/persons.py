"""Given name and surname of persons, compared together: they are swapped, shortened and garbled together."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from tulou.kernel.errors import Text
from tulou.pool.core.identity.comparison import BlockingKey, Comparison, Level, bucketed
from tulou.pool.core.identity.general import PAIR_LIMIT, RARE, hashed
from tulou.pool.core.identity.signs import Signs

SAME, ALIKE = 0.9, 0.75
"""Jaro-Winkler similarities from which two names count as nearly the same, and as alike."""


def prepare_person_names(given: pa.Array, surname: pa.Array) -> dict[str, pl.Series]:
    """The columns that the comparison reads; both names in either order have the same `whole`."""
    columns: dict[str, pl.Series] = {}
    for name, values in (("given", given), ("family", surname)):
        text = pl.Series(Signs.of(values).folded().strings())
        columns[f"{name}_text"] = pl.select(pl.when(text.str.len_bytes() > 0).then(text)).to_series()
        columns[name] = hashed(columns[f"{name}_text"])
    first, second = columns["given_text"], columns["family_text"]
    ordered = pl.select(pl.min_horizontal(first, second) + "|" + pl.max_horizontal(first, second)).to_series()
    both = pl.select(pl.when(first.is_not_null() & second.is_not_null()).then(ordered)).to_series()
    columns["whole"] = hashed(both)
    return columns


def person_comparison() -> Comparison:
    """How the names of two persons are compared, in either order."""
    # least() passes over NULL; the sum does not, so that a missing name makes the whole unknown.
    straight = "(least(given_like, family_like) + 0 * (given_like + family_like))"
    crossed = "(least(crossed_given, crossed_family) + 0 * (crossed_given + crossed_family))"
    whole = f"greatest({straight}, {crossed})"
    best_of_one = "greatest(given_like, family_like, crossed_given, crossed_family)"
    levels = (
        *bucketed(Text(zh="姓名相同", en="same name"), "whole_l = whole_r", "n_whole", (3, 9, 33), m=0.5, u=1e-5),
        Level(Text(zh="姓名极相近", en="name nearly the same"), f"{whole} >= {SAME}", 0.12, 1e-4),
        Level(
            Text(zh="姓或名相同, 另一个未写", en="one name the same, the other missing"),
            f"{best_of_one} = 1 AND (given_l IS NULL OR family_l IS NULL OR given_r IS NULL OR family_r IS NULL)",
            0.15,
            5e-3,
        ),
        Level(
            Text(zh="姓或名相同, 另一个相近", en="one name the same, the other alike"),
            f"{best_of_one} = 1 AND {whole} >= {ALIKE / 1.5}",
            0.08,
            1e-3,
        ),
        Level(Text(zh="姓名相近", en="names alike"), f"{whole} >= {ALIKE}", 0.04, 1e-3),
        Level(Text(zh="姓或名相同", en="one name the same"), f"{best_of_one} = 1", 0.05, 1e-2),
        Level(Text(zh="姓或名相近", en="one name alike"), f"{best_of_one} >= {SAME}", 0.04, 1e-2),
        Level(Text(zh="姓名不同", en="other names"), "ELSE", 0.02, 0.97),
    )
    null = "(given_l IS NULL AND family_l IS NULL) OR (given_r IS NULL AND family_r IS NULL)"
    derived = tuple(
        (name, f"jaro_winkler_similarity({one}_text_l, {other}_text_r)")
        for name, one, other in (
            ("given_like", "given", "given"),
            ("family_like", "family", "family"),
            ("crossed_given", "given", "family"),
            ("crossed_family", "family", "given"),
        )
    )
    return Comparison("persons", Text(zh="姓名", en="Name"), null, levels, None, derived)


def person_keys() -> list[BlockingKey]:
    """Keys for the names of persons."""
    return [
        BlockingKey("whole", ("whole",), PAIR_LIMIT),
        BlockingKey("family", ("family",), RARE),
        BlockingKey("given", ("given",), RARE),
    ]
