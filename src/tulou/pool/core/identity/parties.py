"""Parties to be matched: what is known of a subject or an enterprise, in one row and some other names and addresses."""

from __future__ import annotations

import numpy as np
import polars as pl

from tulou.pool.core.identity.observing import TRAITS

OTHER_NAMES, OTHER_ADDRESSES = 3, 2
"""How many further names and addresses of an enterprise are compared."""

_TOLD = list(TRAITS)


def main_rows(told: pl.DataFrame) -> pl.DataFrame:
    """One row a party with its best known traits: a register's word before others, fuller records before thinner ones.

    `told`: party, uscc, the traits, known, register.
    """
    ordered = told.sort("register", "known", "name", "address", descending=[True, True, False, False], nulls_last=True)
    return ordered.group_by("party", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in ("uscc", *_TOLD))
    )


def with_others(main: pl.DataFrame, told: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray]:
    """The main rows and further rows with a party's other names and addresses, and the number of the party of each."""
    places = main.select("party").with_row_index("owner")
    rows = [main.join(places, on="party", maintain_order="left")]
    for trait, most in (("name", OTHER_NAMES), ("address", OTHER_ADDRESSES)):
        counted = told.drop_nulls(trait).group_by("party", trait).len("times")
        others = counted.join(main.select("party", trait), on=["party", trait], how="anti")
        others = others.sort("party", "times", trait, descending=[False, True, False]).group_by("party").head(most)
        other = others.select("party", pl.col(trait).alias("other"))
        more = rows[0].join(other, on="party").with_columns(pl.col("other").alias(trait)).drop("other")
        rows.append(more.select(rows[0].columns))
    every = pl.concat(rows)
    return every, every["owner"].to_numpy().astype(np.int64)
