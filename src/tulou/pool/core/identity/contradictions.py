"""Codes that somebody else bears: a right code on the wrong record, found by the name beside it.

A clerk who copies the code of the line above writes a code whose check digits hold. Where the name beside a code has
nothing in common with any name of its bearer, and is the full name of one other enterprise alone, the name is believed
and not the code. A changed name is not caught by this: it belongs to no other enterprise.
"""

from __future__ import annotations

import polars as pl

from tulou.pool.core.identity.firms import prepare_firms
from tulou.pool.core.identity.matching import with_whole_names

_CODES = ("uscc", "org", "inner")


def contradicted(numbers: pl.DataFrame, traits: pl.DataFrame, enterprises: pl.DataFrame) -> pl.DataFrame:
    """The subjects (dataset, subject_key) whose codes are not theirs.

    `numbers` and `traits` as observed; `enterprises` (org_code, name) are those in being.
    """
    keys = ["dataset", "subject_key"]
    coded = numbers.filter(pl.col("kind").is_in(["org", "inner"])).select(*keys, org="value").unique(keys, keep="any")
    told = traits.drop_nulls("name").join(coded, on=keys)
    bearers = pl.concat(
        [
            told.filter("register").select("org", "name"),
            enterprises.select(org="org_code", name="name").drop_nulls(),
        ]
    ).unique()
    claims = told.select("org", "name").unique().join(bearers, on=["org", "name"], how="anti")
    if not len(claims) or not len(bearers):
        return coded.head(0).select(keys)
    sides = prepare_firms([{"name": table["name"].to_arrow()} for table in (claims, bearers)])
    claim, bearer = (
        with_whole_names(side, table).hstack(table.select("org"))
        for side, table in zip(sides, (claims, bearers), strict=True)
    )
    strange = _strangers(claim, bearer)
    others = bearer.select("whole_name", other="org").unique()
    found = strange.join(others, on="whole_name").filter(pl.col("org") != pl.col("other"))
    sure = found.filter(pl.col("other").n_unique().over("row") == 1).select("row").unique()
    wrong = claims.with_row_index("row").join(sure.cast({"row": pl.UInt32}), on="row", how="semi").select("org", "name")
    return told.filter(~pl.col("register")).join(wrong, on=["org", "name"]).select(keys).unique()


def _strangers(claim: pl.DataFrame, bearer: pl.DataFrame) -> pl.DataFrame:
    """Claims whose trade name has no sign in common with any trade name of the code's bearer."""
    known = bearer.select("org", theirs="signs")
    pairs = claim.select("row", "org", "signs", "whole_name", "legal", "place").join(known, on="org")
    near = pairs.filter((pl.col("signs") & pl.col("theirs")) != 0).select("row").unique()
    named = (pl.col("place") != 0) | pl.col("legal").is_not_null()
    return pairs.join(near, on="row", how="anti").filter(named).unique("row", keep="any")
