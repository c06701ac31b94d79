"""Addresses in parts, and the several ways in which clerks put the parts together."""

from __future__ import annotations

import numpy as np
import polars as pl

from tulou.simulate.chance import Booleans, Indices, pick
from tulou.simulate.vocabulary import districts, from_lists, gathered, words

PARTS = ("region", "city", "district", "town", "street", "number", "building", "block", "floor", "room")
_ROADS_OF_A_DISTRICT = 46
_BUILDINGS_OF_A_DISTRICT = 28
_CHINESE = "〇一二三四五六七八九"


def addresses(rng: np.random.Generator, region_at: Indices, works: Booleans) -> pl.DataFrame:
    """The parts of one address a row, in the districts at `region_at`; `works` marks those who need a hall, not a room.

    Firms crowd on the same streets and in the same buildings: a district has some dozens of either.
    """
    size = len(region_at)
    table = districts()
    frame = pl.DataFrame({name: gathered(table[name], region_at) for name in ("region", "city", "district")})
    town = from_lists([text.split() for text in table["towns"]], region_at, rng.random(size))
    site = np.where(works, pick(rng, [0.30, 0.42, 0.28], size), pick(rng, [0.86, 0.04, 0.10], size))
    number = 1 + (rng.random(size) ** 2.2 * 620).astype(np.int64)
    floor = 1 + (rng.random(size) ** 1.6 * 26).astype(np.int64)
    in_building = (site == 0) & (rng.random(size) < 0.62)
    return frame.with_columns(
        town=pl.select(
            pl.when(pl.Series((site == 2) | (rng.random(size) < 0.35))).then(town).otherwise(pl.lit(""))
        ).to_series(),
        street=_streets(rng, region_at, site),
        number=pl.Series(number),
        building=_buildings(rng, region_at, in_building),
        block=pl.Series(np.where(in_building & (rng.random(size) < 0.4), rng.integers(1, 13, size), 0)),
        floor=pl.Series(np.where(in_building, floor, 0)),
        room=pl.Series(np.where(in_building, rng.integers(1, 19, size), 0)),
    )


def _streets(rng: np.random.Generator, region_at: Indices, site: Indices) -> pl.Series:
    roads, parks, villages = (words().plain(name) for name in ("roads", "parks", "villages"))
    kinds, weights = words().weighted("road_kinds")
    size = len(region_at)
    slot = (rng.random(size) ** 1.5 * _ROADS_OF_A_DISTRICT).astype(np.int64)
    kind_of_slot = pick(np.random.default_rng(7), weights, 4096)
    road = gathered(roads, (region_at * 61 + slot * 17) % len(roads)) + gathered(
        kinds, kind_of_slot[(region_at * 97 + slot) % 4096]
    )
    village = gathered(villages, (region_at * 13 + slot * 7) % len(villages))
    park = village + gathered(parks, (region_at + slot) % len(parks))
    return pl.select(
        pl.when(pl.Series(site == 0)).then(road).when(pl.Series(site == 1)).then(park).otherwise(village + pl.lit("村"))
    ).to_series()


def _buildings(rng: np.random.Generator, region_at: Indices, wanted: Booleans) -> pl.Series:
    names = words().plain("buildings")
    kinds, weights = words().weighted("building_kinds")
    slot = (rng.random(len(region_at)) ** 1.4 * _BUILDINGS_OF_A_DISTRICT).astype(np.int64)
    kind_of_slot = pick(np.random.default_rng(11), weights, 4096)
    building = gathered(names, (region_at * 31 + slot * 5) % len(names)) + gathered(
        kinds, kind_of_slot[(region_at * 53 + slot) % 4096]
    )
    return pl.select(pl.when(pl.Series(wanted)).then(building).otherwise(pl.lit(""))).to_series()


def whole_address(parts: pl.DataFrame) -> pl.Series:
    """An address as the register writes it: from the province to the room.

    >>> from tulou.simulate.chance import stream
    >>> import numpy as np
    >>> parts = addresses(stream(1, "a"), np.array([0]), np.array([False]))
    >>> whole_address(parts)[0].startswith("福建省福州市鼓楼区")
    True
    """
    return write_addresses(parts, np.zeros((len(parts), 4), dtype=np.int64))


def write_addresses(parts: pl.DataFrame, style: Indices) -> pl.Series:
    """Addresses in the manner of `style`, one row of four numbers each: head, number, building, room.

    head: 0 province, city, district; 1 city, district; 2 district; 3 city's and district's short names; 4 nothing.
    number: 0 `12号`; 1 `12`; 2 `一二号`; 3 `No.12`; building: 0 named; 1 left out; room: 0 `3号楼12层1205室`; 1
    `3幢1205`; 2 `3#1205单元`; 3 `12F-05`; 4 left out.
    """
    frame = parts.with_columns(
        pl.Series("_head", style[:, 0]),
        pl.Series("_no", style[:, 1]),
        pl.Series("_bd", style[:, 2]),
        pl.Series("_rm", style[:, 3]),
    )
    return frame.select(
        pl.concat_str(
            _head(),
            pl.when(pl.col("_head") < 3).then("town").otherwise(pl.lit("")),
            "street",
            _number(),
            _building(),
            _room(),
        )
    ).to_series()


def _choice(column: str, choices: list[pl.Expr]) -> pl.Expr:
    return pl.coalesce(*(pl.when(pl.col(column) == n).then(text) for n, text in enumerate(choices)), pl.lit(""))


def _head() -> pl.Expr:
    city, district = pl.col("city"), pl.col("district")
    county = pl.when(district.str.ends_with("市")).then(district).otherwise(city + district)
    whole = pl.lit("福建省") + city + district
    short = city.str.replace("市$", "") + district.str.replace("[市县]$", "")
    return _choice("_head", [whole, county, district, short])


def _number() -> pl.Expr:
    number = pl.col("number").cast(pl.String)
    chinese = number.str.replace_many(list("0123456789"), list(_CHINESE))
    return _choice("_no", [number + "号", number, chinese + "号", pl.lit("No.") + number])


def _building() -> pl.Expr:
    return pl.when(pl.col("_bd") == 0).then("building").otherwise(pl.lit(""))


def _room() -> pl.Expr:
    block, floor = pl.col("block").cast(pl.String), pl.col("floor").cast(pl.String)
    number = (pl.col("floor") * 100 + pl.col("room")).cast(pl.String)
    room = pl.col("room").cast(pl.String).str.zfill(2)

    def led(mark: str) -> pl.Expr:
        return pl.when(pl.col("block") > 0).then(block + mark).otherwise(pl.lit(""))

    text = _choice(
        "_rm",
        [
            led("号楼") + floor + "层" + number + "室",
            led("幢") + number,
            led("#") + number + "单元",
            led("座") + floor + "F-" + room,
        ],
    )
    return pl.when(pl.col("room") > 0).then(text).otherwise(pl.lit(""))


def styles(rng: np.random.Generator, size: int, careless: float) -> Indices:
    """A manner of writing for each row; with `careless` 0 all write as the register does, with 1 hardly anybody."""
    changed = rng.random((size, 4)) < careless
    free = np.column_stack(
        [
            1 + pick(rng, [0.42, 0.22, 0.18, 0.18], size),
            1 + pick(rng, [0.6, 0.2, 0.2], size),
            pick(rng, [0.55, 0.45], size),
            1 + pick(rng, [0.4, 0.2, 0.15, 0.25], size),
        ]
    )
    return np.where(changed, free, 0)


def moved(
    rng: np.random.Generator, parts: pl.DataFrame, region_at: Indices, works: Booleans, share: float
) -> tuple[pl.DataFrame, Booleans]:
    """Where the firms work, against where they are registered: `share` of them have another address, and which."""
    other = addresses(rng, region_at, works)
    elsewhere = rng.random(len(parts)) < share
    mask = pl.Series(elsewhere)
    names = [name for name in PARTS if name in parts.columns]
    chosen = parts.select(pl.when(mask).then(other[name]).otherwise(parts[name]).alias(name) for name in names)
    return chosen, elsewhere
