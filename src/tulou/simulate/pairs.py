"""Two registers that speak of the same firms, with dirt and with the truth: what a linkage engine is measured on."""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from tulou.kernel.errors import wrong_use
from tulou.simulate import identifiers
from tulou.simulate.chance import stream
from tulou.simulate.dirt import addressing, naming, texts
from tulou.simulate.population import Window, populate

Mode = Literal["full", "name_address"]

SHARED = 0.75
"""The share of each register that the other knows too."""


class Pairs(NamedTuple):
    """`left`: the register; `right`: a department's clients; `truth`: `left_id`, `right_id` of the same firm.

    Both have id, name, address; in mode `full` also phone, person and established (ISO text).
    """

    left: pl.DataFrame
    right: pl.DataFrame
    truth: pl.DataFrame


def pairs(n: int, mode: Mode = "full", seed: int = 0) -> Pairs:
    """Two registers of `n` records each, three quarters of them in both, in no order.

    The left one writes as the register of firms does. On the right, names lack their place or legal form, are
    former, abbreviated, misspelt or in traditional characters; addresses are those of the work place, cut short or
    written another way; phones and people are missing, old or somebody else's. No key stands on both sides.
    """
    if n < 4 or mode not in ("full", "name_address"):
        raise wrong_use(
            "simulate.pairs",
            f"记录数至少为 4, 方式为 full 或 name_address; 得到 {n}, {mode}",
            f"At least 4 records, in mode full or name_address; this is {n}, {mode}",
        )
    rng = stream(seed, "pairs")
    shared = round(n * SHARED)
    total = 2 * n - shared
    everybody = populate(total, Window(dt.date(2020, 12, 1), 24), seed).filter("registered")
    firms = everybody.gather(pl.Series(rng.permutation(total)))
    left = _register(firms.head(n))
    clients = firms.tail(n)
    right = _clients(rng, clients)
    place = rng.permutation(n)
    right = right.gather(pl.Series(place)).with_columns(id=pl.Series([f"R{i}" for i in range(n)]))
    left = left.with_columns(id=pl.Series([f"L{i}" for i in range(n)]))
    truth = pl.DataFrame({"left_id": left["id"], "firm": left["firm"]}).join(
        pl.DataFrame({"right_id": right["id"], "firm": right["firm"]}), on="firm"
    )
    columns = ["id", "name", "address", *(["phone", "person", "established"] if mode == "full" else [])]
    return Pairs(left.select(columns), right.select(columns), truth.select("left_id", "right_id"))


def _register(firms: pl.DataFrame) -> pl.DataFrame:
    return firms.select(
        "firm", "name", "address", "phone", person="owner", established=pl.col("established").cast(pl.String)
    )


def _clients(rng: np.random.Generator, firms: pl.DataFrame) -> pl.DataFrame:
    size = len(firms)
    name = naming.write_names(rng, firms, naming.NAME_RATES)
    address = addressing.write_addresses(rng, firms, addressing.AddressHabit(careless=0.65, work=0.8))
    person = naming.write_people(rng, firms["owner"])
    other, gone = rng.random(size) < 0.14, rng.random(size) < 0.07
    people = pl.select(
        pl.when(pl.Series(gone)).then(None).when(pl.Series(other)).then(firms["clerk"]).otherwise(person.values)
    ).to_series()
    return firms.select("firm").with_columns(
        name=name.values,
        address=address.values,
        phone=_phones(rng, firms["phone"]),
        person=people,
        established=_days(rng, firms["established"]),
    )


def _phones(rng: np.random.Generator, phones: pl.Series) -> pl.Series:
    size = len(phones)
    fate = rng.random(size)
    fresh = identifiers.text(identifiers.phones(rng, size))
    written = texts.altered(phones, rng.random(size) < 0.05, lambda c: "+86 " + c)
    written = texts.altered(
        written, rng.random(size) < 0.05, lambda c: c.str.replace(r"(\d{3})(\d{4})(\d{4})$", "$1-$2-$3")
    )
    return pl.select(
        pl.when(pl.Series(fate < 0.18)).then(fresh).when(pl.Series(fate > 0.86)).then(None).otherwise(written)
    ).to_series()


def _days(rng: np.random.Generator, established: pl.Series) -> pl.Series:
    size = len(established)
    fate = rng.random(size)
    late = established.dt.offset_by("1d")
    days = pl.select(pl.when(pl.Series(fate < 0.05)).then(late).otherwise(established)).to_series()
    iso, slashed = days.cast(pl.String), days.dt.strftime("%Y/%m/%d")
    return pl.select(
        pl.when(pl.Series(fate > 0.9)).then(None).when(pl.Series(rng.random(size) < 0.2)).then(slashed).otherwise(iso)
    ).to_series()
