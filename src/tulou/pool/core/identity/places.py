"""Places at the beginning of names and addresses: divisions of GB/T 2260 by their full and short names."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tulou.kernel.regions import ALIASES, Region, current_region, regions
from tulou.kernel.regions import region as region_of
from tulou.pool.core.identity.signs import Lexicon, Marks, Places, Signs, is_in

Regions = NDArray[np.int32]
DEPTH = 5
SINCE = 1996
"""Registers of today hold firms, and addresses, from about this year on."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one name of a place may mean: `codes` of divisions in force, each with whether it is the full name."""

    name: str
    codes: tuple[tuple[int, bool], ...]


@cache
def gazetteer() -> tuple[Lexicon, tuple[Place, ...]]:
    """The names of all divisions and what each may mean: those in force, then past ones as what they have become.

    A past name means something only where no division in force in that province is called so, and where it was in force
    within the lifetime of today's registers.
    """
    meanings: dict[str, dict[int, bool]] = defaultdict(dict)
    for each in regions():
        if not each.grouping:
            for name, full in _names(each):
                meanings[name][int(each.code)] = meanings[name].get(int(each.code), False) or full
    for alias, alias_code in ALIASES.items():
        meanings[alias][int(alias_code)] = True
    known = {(name, code // 10000) for name, codes in meanings.items() for code in codes}
    for each in _past():
        now = current_region(each.successor or each.code)
        for name, full in _names(each):
            if now is not None and now.current and (name, int(now.code) // 10000) not in known:
                meanings[name].setdefault(int(now.code), full)
    places = tuple(Place(name, tuple(sorted(codes.items()))) for name, codes in sorted(meanings.items()))
    return Lexicon({place.name: number for number, place in enumerate(places)}), places


def _past() -> list[Region]:
    years = range(SINCE, 2027)
    found = {(each.code, each.name.zh): each for year in years for each in regions(on=year) if not each.current}
    return [each for each in found.values() if not each.grouping and each.successor]


def _names(each: Region) -> list[tuple[str, bool]]:
    """The names of a division, each with whether it says what kind of division it is."""
    names = [(each.name.zh, True), (each.short, False), *((word, True) for word in _colloquial(each))]
    return [(name, full) for name, full in names if len(name) >= 2]


def _colloquial(each: Region) -> tuple[str, ...]:
    """A city's name under another generic part: 长乐区 is still called 长乐市, 沙县区 沙县."""
    if each.level == "county" and each.name.zh.endswith("区") and not each.short.endswith(("市", "县")):
        return (each.short + "市", each.short + "县")
    return ()


@dataclass(frozen=True, slots=True)
class Stripped:
    """Where each span begins after its places, the division they name (0: none, or unclear), and what was taken.

    `weak` marks spans whose last place is the short name of a county, which may as well be a trade name (永安, 华安);
    `before_weak` is where the span would begin without it, `region_before` the division without it.
    """

    starts: Places
    region: Regions
    named: Marks
    weak: Marks
    before_weak: Places
    region_before: Regions


def strip_places(column: Signs, starts: Places, ends: Places, *, home: int = 0, address: bool = False) -> Stripped:
    """Take the names of places off the beginning of spans, from the province down.

    `home` is the province (two digits) in which a name that could mean several places is looked for first. In an
    `address` a short name before the generic part of a road or village is the name of that (长乐路, 石狮村).
    """
    lexicon, _ = gazetteer()
    starts = starts.copy()
    region = np.zeros(len(starts), dtype=np.int32)
    named = np.zeros(len(starts), dtype=np.bool_)
    weak = np.zeros(len(starts), dtype=np.bool_)
    before, region_before = starts.copy(), region.copy()
    active = np.arange(len(starts))
    for _ in range(DEPTH):
        lengths, words = lexicon.at_start(column, starts[active], ends[active])
        active, lengths, words = active[lengths > 0], lengths[lengths > 0], words[lengths > 0]
        if not len(active):
            break
        codes, verdicts = _meanings(words, region[active], home)
        taken = verdicts > 0
        if address:
            taken &= ~(_short()[words] & _names_a_road(column, starts[active] + lengths, ends[active]))
        active, lengths, codes, verdicts = active[taken], lengths[taken], codes[taken], verdicts[taken]
        before[active], region_before[active] = starts[active], region[active]
        starts[active] += lengths
        region[active] = np.where(codes > 0, codes, region[active])
        named[active] = True
        weak[active] = verdicts == _WEAK
    return Stripped(starts, region, named, weak, before, region_before)


@cache
def _short() -> Marks:
    """Which names of the gazetteer are never a full name."""
    return np.array([not any(full for _, full in place.codes) for place in gazetteer()[1]], dtype=np.bool_)


def _names_a_road(column: Signs, after: Places, ends: Places) -> Marks:
    """Whether what follows a place's short name makes it the name of a road, a village or a town."""
    first = np.where(after < ends, column.at(after), np.uint32(0))
    second = np.where(after + 1 < ends, column.at(after + 1), np.uint32(0))
    plain = is_in(first, "路街巷弄道村镇乡里")
    directed = is_in(first, "大东西南北中一二三") & is_in(second, "路街道巷村")
    return np.asarray(plain | directed)


_SURE, _WEAK = 2, 1


def _meanings(words: NDArray[np.int32], context: Regions, home: int) -> tuple[Regions, NDArray[np.int8]]:
    """The division and the verdict (0: no place here) for every word in its context; each combination is asked once."""
    combined = words.astype(np.int64) * 1_000_000 + context
    distinct, back = np.unique(combined, return_inverse=True)
    answers = [meaning_of(int(key // 1_000_000), int(key % 1_000_000), home) for key in distinct]
    table = np.array(answers, dtype=np.int32).reshape(-1, 2)
    return table[back, 0], table[back, 1].astype(np.int8)


@cache
def meaning_of(word: int, context: int, home: int) -> tuple[int, int]:
    """What a place's name means after the places before it: (division, verdict)."""
    codes = dict(gazetteer()[1][word].codes)
    full = any(codes.values())
    if context:
        inside = {code: sure for code, sure in codes.items() if within(code, context)}
        if inside:
            return _choice(inside), _SURE
        if any(within(context, code) for code in codes):
            return context, _SURE
        if not full:
            return 0, 0
        return 0, _SURE
    best = {code: sure for code, sure in codes.items() if home and code // 10000 == home} or codes
    chosen = _choice(best)
    if not full and chosen % 100 and (not home or chosen // 10000 != home):
        return 0, 0
    return (chosen if _agrees(best) else 0), (_SURE if full or chosen % 100 == 0 else _WEAK)


def _choice(codes: dict[int, bool]) -> int:
    """The division that a name means most: named in full before in short, the larger before the smaller."""
    return min(codes, key=lambda code: (not codes[code], level(code), code))


def _agrees(codes: dict[int, bool]) -> bool:
    """Whether one division stands out: alone at its level, or alone by its full name."""
    chosen = _choice(codes)
    rivals = [code for code in codes if codes[code] == codes[chosen] and level(code) == level(chosen)]
    return len(rivals) == 1


def level(code: int) -> int:
    """0 for a province, 1 for a prefecture, 2 for a county."""
    return 0 if code % 10000 == 0 else 1 if code % 100 == 0 else 2


def within(code: int, outer: int) -> bool:
    """Whether the division `code` is `outer` or lies in it.

    >>> within(350203, 350200), within(350200, 350203)
    (True, False)
    """
    size = (10000, 100, 1)[level(outer)]
    return code // size == outer // size


def narrower(one: Regions, other: Regions) -> Regions:
    """Of two divisions the one that says more; where they contradict each other, the first."""
    inside = (one == 0) | ((one % 10000 == 0) & (other // 10000 == one // 10000))
    inside |= (one % 100 == 0) & (other // 100 == one // 100)
    return np.where(inside, other, one).astype(np.int32)


def home_province(*columns: Signs) -> int:
    """The province (two digits) that most of the columns' places lie in; 0 where no province has half of them."""
    counts: Counter[int] = Counter()
    for column in columns:
        found = strip_places(column, column.starts, column.ends).region
        for province, count in zip(*np.unique(found[found > 0] // 10000, return_counts=True), strict=True):
            counts[int(province)] += int(count)
    if not counts:
        return 0
    province, most = counts.most_common(1)[0]
    return province if 2 * most > sum(counts.values()) else 0


def region_name(code: int) -> str:
    """The full name of a division with those around it, as an address writes it: 福建省厦门市思明区."""
    parts = [region_of(f"{each:06d}") for each in dict.fromkeys((code // 10000 * 10000, code // 100 * 100, code))]
    return "".join(part.name.zh for part in parts if part is not None and not part.grouping)
