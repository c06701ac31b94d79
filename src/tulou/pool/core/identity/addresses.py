"""The parts of a Chinese address: division, town, street, house, building and room, however they are written.

福建省厦门市思明区 | 莲前街道 | 湖滨南路 | 78号 | 3栋 | 501室. Numbers may be full-width or Chinese, units have
synonyms (幢/栋/座/号楼/#楼, 室/房/单元), every part may be missing. Where no road is named the village, park or
building before the number is the street.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tulou.pool.core.identity.brackets import without_brackets
from tulou.pool.core.identity.numerals import with_digits
from tulou.pool.core.identity.places import Regions, region_name, strip_places
from tulou.pool.core.identity.signs import Marks, Places, Signs, is_in, joined

_BUILDING = "幢栋座#"
_ROOM = "室房"
_FLOOR = "楼层"
_NO_HOUSE = "幢栋座#室房楼层组单队期区门铺"


@dataclass(frozen=True)
class Addresses:
    """The parts of a column of addresses, one row an address. Parts that are not there are empty.

    region: division of GB/T 2260 (0: none or unclear); town: 镇, 乡 or 街道; street: road, village or park; house,
    building, room: numbers as text; rest: everything after the division, folded, for addresses that no pattern fits.
    """

    region: Regions
    town: pa.Array
    street: pa.Array
    house: pa.Array
    building: pa.Array
    room: pa.Array
    rest: pa.Array


def parse_addresses(values: pa.Array | pa.ChunkedArray | list[str | None], *, home: int = 0) -> Addresses:
    """The parts of every address of a column. `home` is the province (two digits) whose places are looked for first.

    >>> parts = parse_addresses(["厦门市思明区莲前街道湖滨南路七十八号3#楼５０１室（邮局旁）"])
    >>> [part[0].as_py() for part in (parts.street, parts.house, parts.building, parts.room)]
    ['湖滨南路', '78', '3', '501']
    """
    return joined([_parse(piece, home) for piece in Signs.of(values).folded().pieces()])


def normal_form(parts: Addresses) -> pa.Array:
    """Every address written one way: 福建省厦门市思明区湖滨南路78号3栋501室."""
    codes, back = np.unique(parts.region, return_inverse=True)
    regions = Signs.of([region_name(int(code)) if code else "" for code in codes])
    units = [("house", "号"), ("building", "栋"), ("room", "室")]
    written = [regions.cut(regions.starts[back], regions.ends[back]).strings(), parts.town, parts.street]
    for name, unit in units:
        column = getattr(parts, name)
        numbered = pc.binary_join_element_wise(column, _text(unit), _text(""))
        written.append(pc.if_else(pc.equal(column, ""), _text(""), numbered))
    return pc.binary_join_element_wise(*written, _text(""))


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, type=pa.large_string())


def _parse(column: Signs, home: int) -> Addresses:
    body = _without_number_sign(without_brackets(column)[0])
    places = strip_places(body, body.starts, body.ends, home=home, address=True)
    body, starts = with_digits(body, places.starts)
    numbers = _numbers(body, starts)
    text_ends = body.ends.copy()
    rows, first = np.unique(numbers.rows, return_index=True)
    text_ends[rows] = numbers.firsts[first]
    town_ends = _after_town(body, starts, text_ends)
    road_starts, road_ends = _road(body, town_ends, text_ends)
    with_road = road_ends > road_starts
    street_starts, street_ends = np.where(with_road, road_starts, town_ends), np.where(with_road, road_ends, text_ends)
    houses = numbers.first_house(np.where(with_road, road_ends, starts), len(body))
    buildings = numbers.pick(numbers.building, len(body), last=False)
    rooms = numbers.last_room(houses, len(body))
    return Addresses(
        region=places.region,
        town=body.cut(starts, town_ends).strings(),
        street=body.cut(street_starts, street_ends).strings(),
        house=numbers.texts(body, houses),
        building=numbers.texts(body, buildings),
        room=numbers.texts(body, rooms),
        rest=body.cut(starts, body.ends).strings(),
    )


def _without_number_sign(column: Signs) -> Signs:
    """The addresses without the English `No.` before numbers."""
    codes = column.codes
    if len(codes) < 3 or not ((codes[:-1] == ord("n")) & (codes[1:] == ord("o"))).any():
        return column
    padded = np.append(codes, [0, 0])
    sign = (codes == ord("n")) & (padded[1:-1] == ord("o")) & (padded[2:] == ord("."))
    gone = sign | np.append(False, sign[:-1]) | np.append([False, False], sign[:-2])
    return column.keep(~gone)


def _after_town(body: Signs, starts: Places, ends: Places) -> Places:
    """Where each address goes on after its town (镇, 乡, 街道), which has two to six signs before its generic part."""
    codes = body.codes
    following = np.append(codes[1:], 0)
    street = (codes == ord("街")) & (following == ord("道"))
    spots = np.flatnonzero(is_in(codes, "镇乡") | street)
    rows = body.rows[spots]
    inside = (spots >= starts[rows] + 2) & (spots <= starts[rows] + 6) & (spots < ends[rows])
    inside &= ~(street[spots] & (spots + 1 >= ends[rows])) & ~is_in(body.at(spots + 1), "路村大")
    spots, rows = spots[inside], rows[inside]
    rows, first = np.unique(rows, return_index=True)
    after = starts.copy()
    after[rows] = spots[first] + 1 + street[spots[first]]
    return after


def _road(body: Signs, starts: Places, ends: Places) -> tuple[Places, Places]:
    """The span of the last road between `starts` and `ends`; empty where no road is named."""
    codes = body.codes
    following = np.append(codes[1:], 0)
    town = (codes == ord("街")) & (following == ord("道"))
    road = (is_in(codes, "路街道巷弄") & ~town).astype(np.bool_)
    road &= ~((codes == ord("道")) & np.concatenate(([False], town[:-1])))
    spots = np.flatnonzero(road)
    rows = body.rows[spots]
    spots = spots[(spots > starts[rows]) & (spots < ends[rows])]
    road_ends, road_starts = starts.copy(), starts.copy()
    rows = body.rows[spots]
    road_ends[rows] = spots + 1
    breaks = np.flatnonzero(is_in(codes, "镇乡村区园城社期路街巷,"))
    breaks = breaks[(breaks >= starts[body.rows[breaks]]) & (breaks < road_ends[body.rows[breaks]] - 2)]
    road_starts[body.rows[breaks]] = breaks + 1
    return road_starts, road_ends


@dataclass(frozen=True)
class _Numbers:
    """The numbers in a column of addresses, in order: where each stands and what its unit makes it."""

    rows: Places
    firsts: Places
    lasts: Places
    building: Marks
    room: Marks
    floor: Marks
    house: Marks

    def pick(self, wanted: Marks, size: int, *, last: bool) -> Places:
        """The index of the first (or last) wanted number of each row, -1 where there is none."""
        chosen = np.full(size, -1, dtype=np.int64)
        index = np.flatnonzero(wanted)
        ordered = index if last else index[::-1]
        chosen[self.rows[ordered]] = ordered
        return chosen

    def first_house(self, after: Places, size: int) -> Places:
        """The house number of each row: the first number after the street that counts no building, floor or room."""
        return self.pick(self.house & (self.firsts >= after[self.rows]), size, last=False)

    def last_room(self, houses: Places, size: int) -> Places:
        """The room of each row: the last number behind the house that counts no building and no floor."""
        behind = np.arange(len(self.rows)) > houses[self.rows]
        return self.pick(behind & ~self.building & ~self.floor & (self.room | self.house), size, last=True)

    def texts(self, body: Signs, chosen: Places) -> pa.Array:
        """The chosen numbers as text."""
        there = chosen >= 0
        if not there.any():
            return body.cut(there.astype(np.int64), there.astype(np.int64)).strings()
        firsts = np.where(there, self.firsts[chosen], 0)
        return body.cut(firsts, np.where(there, self.lasts[chosen], 0)).strings()


def _numbers(body: Signs, starts: Places) -> _Numbers:
    codes, rows = body.codes, body.rows
    digit = (codes >= 48) & (codes <= 57)
    letter = (codes >= 97) & (codes <= 122)
    part = digit | letter
    joins = np.concatenate(([False], part[:-1] & (rows[1:] == rows[:-1]))) if len(codes) else part
    firsts = np.flatnonzero(part & ~joins)
    lasts = np.flatnonzero(part & ~np.append(joins[1:] & part[1:], False)) + 1 if len(codes) else firsts
    digits = np.concatenate(([0], np.cumsum(digit)))
    of_row = rows[firsts]
    unit = np.where(lasts < body.ends[of_row], body.at(lasts), 0).astype(np.uint32)
    second = np.where(lasts + 1 < body.ends[of_row], body.at(lasts + 1), 0).astype(np.uint32)
    before = np.where(firsts > body.starts[of_row], body.at(firsts - 1), 0).astype(np.uint32)
    numeric = digits[lasts] - digits[firsts] > 0
    lettered = ~numeric & (lasts - firsts == 1) & is_in(unit, "座栋幢区楼馆")
    kept = (numeric | lettered) & (unit != ord("期")) & (before != ord("-")) & (firsts >= starts[of_row])
    building = is_in(unit, _BUILDING) | ((unit == ord("号")) & is_in(second, _FLOOR)) | lettered
    wide = (unit == ord("单")) & (lasts - firsts >= 3)
    room = (is_in(unit, _ROOM) | wide) & ~building
    floor = is_in(unit, _FLOOR) & ~building
    house = ~building & ~room & ~floor & ~is_in(unit, _NO_HOUSE)
    arrays = (of_row, firsts, lasts, building, room, floor, house)
    return _Numbers(*(np.asarray(values[kept]) for values in arrays))
