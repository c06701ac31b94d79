"""Administrative divisions (GB/T 2260): every code since 1980 with the years in which it was in force.

The facts are in `data/regions.tsv` (see `data/README.md` for their sources). A record is in force at the end of every
year of the half-open span `valid_from <= year < valid_to`; an unknown beginning lies in or before 1980. A code that got
a new name has one record a name. Lines such as 市辖区 group counties in the standard and are no places: they are
`grouping`, and are passed over in `parent_of`, `ancestors` and `children`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from tulou.kernel.errors import Text

Level = Literal["province", "prefecture", "county"]

GROUPINGS = frozenset({"市辖区", "县", "市", "市区", "省直辖县级行政单位", "自治区直辖县级行政单位"})
"""Names of the standard's lines that only group counties."""

ALIASES = {"平潭综合实验区": "350128", "平潭实验区": "350128"}
"""Names that people use for a division and that no edition of the standard lists."""


@dataclass(frozen=True, slots=True)
class Region:
    """One division under one name. `short` is the name without its generic part (福州市: 福州)."""

    code: str
    name: Text
    short: str
    level: Level
    valid_from: int | None
    valid_to: int | None
    successor: str | None

    @property
    def grouping(self) -> bool:
        """Whether this line of the standard only groups counties."""
        return self.name.zh in GROUPINGS

    @property
    def current(self) -> bool:
        """Whether the division is in force today, as far as the data goes."""
        return self.valid_to is None

    def in_force(self, year: int) -> bool:
        """Whether the division was in force at the end of `year`."""
        return (self.valid_from is None or self.valid_from <= year) and (self.valid_to is None or year < self.valid_to)


def region(code: str, on: int | None = None) -> Region | None:
    """The division of a code at the end of the year `on`; without `on`, as it is or last was. None where unknown.

    Short forms (`35`, `3501`) and longer codes of towns and villages (9 or 12 digits) are understood as their division.

    >>> region("3501").name.en, region("350402").valid_to, region("350402", on=2022)
    ('Fuzhou', 2021, None)
    """
    records = _by_code().get(full_code(code), ())
    if on is None:
        return records[-1] if records else None
    return next((record for record in records if record.in_force(on)), None)


def full_code(code: str) -> str:
    """The six digits of a division's code given in 2, 4, 6, 9 or 12 digits.

    >>> full_code("35"), full_code("350203001000")
    ('350000', '350203')
    """
    return code[:6].ljust(6, "0")


def level_of(code: str) -> Level:
    """The level that a code's zeros say."""
    code = full_code(code)
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


def is_within(code: str, ancestor: str) -> bool:
    """Whether `code` is `ancestor` or lies inside it, by the code alone.

    >>> is_within("350203", "350000"), is_within("350203", "3502"), is_within("350203", "350100")
    (True, True, False)
    """
    outer = full_code(ancestor) if len(ancestor) < 6 else ancestor
    significant = {"province": outer[:2], "prefecture": outer[:4], "county": outer}[level_of(outer)]
    return code.startswith(significant)


def parent_of(code: str, on: int | None = None) -> Region | None:
    """The nearest division around `code` that is a place, or None for a province.

    >>> parent_of("350203").name.en, parent_of("110101").name.en
    ('Xiamen', 'Beijing')
    """
    code = full_code(code)
    outer = {"county": (code[:4], code[:2]), "prefecture": (code[:2],), "province": ()}[level_of(code)]
    around = (region(each, on) for each in outer)
    return next((found for found in around if found is not None and not found.grouping), None)


def ancestors(code: str, on: int | None = None) -> tuple[Region, ...]:
    """The divisions around `code`, from the nearest to the province.

    >>> [each.name.zh for each in ancestors("350203")]
    ['厦门市', '福建省']
    """
    nearest = parent_of(code, on)
    return () if nearest is None else (nearest, *ancestors(nearest.code, on))


def children(code: str | None = None, on: int | None = None) -> tuple[Region, ...]:
    """The divisions one level inside `code` (None: the provinces) that are in force, in the order of their codes.

    >>> len(children("350000")), [each.short for each in children("350200")][:2]
    (9, ['思明', '海沧'])
    """
    return _by_parent(on).get(None if code is None else full_code(code), ())


def regions(*, level: Level | None = None, on: int | None = None) -> tuple[Region, ...]:
    """Every division in force (today, or at the end of the year `on`) by code, groupings included."""
    every = _all()
    return tuple(
        each
        for each in every
        if (each.current if on is None else each.in_force(on)) and (level is None or each.level == level)
    )


def current_region(code: str) -> Region | None:
    """Where a code of any year lies today: the code itself while in force, else the last known successor.

    >>> current_region("350402").name.zh, current_region("350182").name.en
    ('三元区', 'Changle District')
    """
    seen: set[Region] = set()
    found = region(code)
    while found is not None and not found.current and found.successor and found not in seen:
        seen.add(found)
        found = region(found.successor, found.valid_to) or region(found.successor)
    return found


def find_regions(name: str, within: str | None = None, on: int | None = None) -> tuple[Region, ...]:
    """The divisions called `name` in full, in short or in English, inside the division `within`.

    Full names come before short ones, those in force before past ones, larger divisions before smaller ones.

    >>> [each.name.en for each in find_regions("鼓楼", within="35")]
    ['Gulou District']
    """
    wanted = name.strip().casefold()
    found = [each for each in _by_name().get(wanted, ()) if within is None or is_within(each.code, within)]
    if on is not None:
        found = [each for each in found if each.in_force(on)]
    order = {"province": 0, "prefecture": 1, "county": 2}
    full = {each: wanted in {each.name.zh, each.name.en.casefold()} for each in found}
    return tuple(sorted(found, key=lambda each: (not full[each], not each.current, order[each.level], each.code)))


def find_region(name: str, within: str | None = None, on: int | None = None) -> Region | None:
    """The one division that `name` means, or None where there is none or where it could mean several.

    A full name wins over a short one, a division in force over a past one, a larger one over a smaller one.

    >>> find_region("福州").code, find_region("福州市").code, find_region("朝阳区")
    ('350100', '350100', None)
    """
    found = find_regions(name, within, on)
    if not found:
        return None
    wanted = name.strip().casefold()

    def rank(each: Region) -> tuple[bool, bool, str]:
        return (wanted in {each.name.zh, each.name.en.casefold()}, each.current, each.level)

    best = [each for each in found if rank(each) == rank(found[0])]
    codes = {each.code if each.current else _present_code(each) for each in best}
    return best[-1] if len(codes) == 1 else None


def _present_code(past: Region) -> str:
    now = current_region(past.code)
    return now.code if now is not None else past.code


@cache
def _by_parent(on: int | None) -> dict[str | None, tuple[Region, ...]]:
    found: dict[str | None, list[Region]] = defaultdict(list)
    for each in regions(on=on):
        if not each.grouping:
            outer = parent_of(each.code, on)
            found[None if outer is None else outer.code].append(each)
    return {code: tuple(inner) for code, inner in found.items()}


@cache
def _all() -> tuple[Region, ...]:
    with (files("tulou.kernel") / "data" / "regions.tsv").open(encoding="utf-8") as file:
        return tuple(_record(row) for row in csv.DictReader(file, delimiter="\t"))


def _record(row: dict[str, str]) -> Region:
    return Region(
        code=row["code"],
        name=Text(zh=row["name_zh"], en=row["name_en"]),
        short=row["short_zh"],
        level=level_of(row["code"]),
        valid_from=int(row["valid_from"]) if row["valid_from"] else None,
        valid_to=int(row["valid_to"]) if row["valid_to"] else None,
        successor=row["successor"] or None,
    )


@cache
def _by_code() -> dict[str, tuple[Region, ...]]:
    found: dict[str, list[Region]] = defaultdict(list)
    for each in _all():
        found[each.code].append(each)
    return {code: tuple(records) for code, records in found.items()}


@cache
def _by_name() -> dict[str, tuple[Region, ...]]:
    found: dict[str, list[Region]] = defaultdict(list)
    for each in _all():
        if not each.grouping:
            for name in _names(each):
                found[name].append(each)
    for alias, code in ALIASES.items():
        found[alias].extend(_by_code()[code])
    return {name: tuple(records) for name, records in found.items()}


def _names(each: Region) -> Iterable[str]:
    english = each.name.en.casefold()
    plain = english.removesuffix(" city").removesuffix(" district").removesuffix(" county")
    return {each.name.zh, each.short, english, plain}
