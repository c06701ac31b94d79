"""How clerks write addresses: shorter than the register, of the other place, with what else they know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tulou.simulate import places
from tulou.simulate.chance import Booleans
from tulou.simulate.dirt import texts
from tulou.simulate.dirt.naming import Written
from tulou.simulate.vocabulary import gathered

ADDRESS_RATES: Mapping[str, float] = {
    "missing": 0.05,
    "street_typo": 0.08,
    "remark": 0.08,
    "full_width": 0.05,
    "traditional": 0.03,
    "wrong_number": 0.04,
    "no_number": 0.04,
}

_REMARKS = ["（原粮站旁）", "(一楼店面)", "（加油站对面）", "二楼", "1-3层", "（集群注册）", "后座", "（自主申报）"]


@dataclass(frozen=True, slots=True)
class AddressHabit:
    """How a department keeps addresses: `careless` of its clerks write otherwise than the register, `work` of the
    records hold the place of work, where that is another one."""

    careless: float = 0.45
    work: float = 0.5


def write_addresses(
    rng: np.random.Generator, firms: pl.DataFrame, habit: AddressHabit, rates: Mapping[str, float] = ADDRESS_RATES
) -> Written:
    """The addresses of `firms` as a department has them."""
    size = len(firms)
    hits: dict[str, Booleans] = {kind: rng.random(size) < rate for kind, rate in rates.items()}
    at_work = (rng.random(size) < habit.work) & firms["elsewhere"].to_numpy()
    parts = _parts(firms, at_work)
    parts = parts.with_columns(
        street=texts.altered(parts["street"], hits["street_typo"], lambda c: texts.homophone(rng, c))
    )
    wrong = pl.Series(hits["wrong_number"])
    shift = pl.Series(rng.integers(1, 9, size))
    parts = parts.with_columns(number=pl.when(wrong).then(pl.col("number") + shift).otherwise("number"))
    style = places.styles(rng, size, habit.careless)
    values = places.write_addresses(parts, style)
    values = texts.altered(values, hits["no_number"], lambda c: c.str.replace(r"\d+号?.*$", ""))
    remark = gathered(_REMARKS, rng.integers(0, len(_REMARKS), size))
    values = texts.altered(values, hits["remark"], lambda c: c + remark.filter(pl.Series(hits["remark"])))
    values = texts.altered(values, hits["full_width"], texts.full_width)
    values = texts.altered(values, hits["traditional"], texts.traditional)
    values = pl.select(pl.when(~pl.Series(hits["missing"])).then(values)).to_series()
    hits |= {"other_address": at_work, "abbreviated": (style != 0).any(axis=1)}
    return Written(values, {kind: mask for kind, mask in hits.items() if mask.any()})


def _parts(firms: pl.DataFrame, at_work: Booleans) -> pl.DataFrame:
    mask = pl.Series(at_work)
    own = [name for name in places.PARTS if name not in ("region", "city", "district")]
    return firms.select(
        "city", "district", *(pl.when(mask).then(f"work_{name}").otherwise(name).alias(name) for name in own)
    )
