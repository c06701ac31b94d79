"""The parts of a Chinese firm's name: place, trade name (字号), trade, legal form, branch, and what stands in brackets.

A registered name is 行政区划 + 字号 + 行业 + 组织形式 (企业名称登记管理规定): 厦门 | 鑫源 | 机械制造 | 有限公司. The
trade name is what tells firms apart; the rest is often left out, shortened or written another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from tulou.pool.core.identity.brackets import bracketed, without_brackets
from tulou.pool.core.identity.places import Regions, gazetteer, narrower, strip_places
from tulou.pool.core.identity.signs import Lexicon, Marks, Places, Signs, joined, read_facts

LEGAL_CLASSES = ("", "company", "joint", "coop", "partners", "sole", "trader", "office")
_GENERIC_TRADE = 1
_ORDINALS = frozenset("第一二三四五六七八九十0123456789")


@dataclass(frozen=True)
class Names:
    """The parts of a column of names, one row a name.

    folded: the name as it compares. place: division of GB/T 2260 named in it (0: none or unclear). core: the trade
    name. trade: the words of the trade, as written; trades: their sectors as bits. legal: number of the legal form's
    class in LEGAL_CLASSES. branch: the part that names a branch. former: an earlier name, where brackets tell one.
    """

    folded: pa.Array
    place: Regions
    core: pa.Array
    trade: pa.Array
    trades: NDArray[np.int64]
    legal: NDArray[np.int8]
    branch: pa.Array
    former: pa.Array


@cache
def _legal_forms() -> Lexicon:
    lines = [line.split() for line in read_facts("legal_forms.txt")]
    return Lexicon({word: LEGAL_CLASSES.index(line[0]) for line in lines for word in line[1:]})


@cache
def _trade_words() -> Lexicon:
    words: dict[str, int] = {}
    for sector, line in enumerate(read_facts("trade_words.txt")):
        for word in line.split():
            words.setdefault(word, sector)
    return Lexicon(words)


@cache
def _branch_words() -> Lexicon:
    return Lexicon({word: 1 for line in read_facts("branch_words.txt") for word in line.split()})


@cache
def _aside_words() -> Lexicon:
    words = {"普通合伙": 4, "有限合伙": 4, "特殊普通合伙": 4, "个体工商户": 6, "个体户": 6, "个体": 6, "个人独资": 5}
    return Lexicon(words)


def parse_names(values: pa.Array | pa.ChunkedArray | list[str | None], *, home: int = 0) -> Names:
    """The parts of every name of a column. `home` is the province (two digits) whose places are looked for first.

    >>> names = parse_names(["福建省泉州市鑫源机械制造有限公司厦门分公司"])
    >>> names.core[0].as_py(), names.trade[0].as_py(), names.branch[0].as_py(), int(names.place[0])
    ('鑫源', '机械制造', '厦门分公司', 350500)
    """
    column = Signs.of(values).folded()
    return joined([_parse(piece, home) for piece in column.pieces()])


def _parse(column: Signs, home: int) -> Names:
    body, asides = without_brackets(column)
    starts, ends = body.starts.copy(), body.ends.copy()
    places = strip_places(body, starts, ends, home=home)
    starts = _strip_town(body, places.starts, ends, places.named)
    branch_starts, ends = _cut_branch(body, starts, ends)
    legal, ends_of_trade = _strip_legal(body, starts, ends)
    core_ends, trades = _strip_trade(body, starts, ends_of_trade)
    short = (places.weak | (starts > places.starts)) & _no_trade_name(body, starts, core_ends)
    if short.any():
        starts = np.where(short & places.weak, places.before_weak, np.where(short, places.starts, starts))
        again_ends, again = _strip_trade(body, starts, ends_of_trade)
        core_ends, trades = np.where(short, again_ends, core_ends), np.where(short, again, trades)
    place = np.where(short & places.weak, places.region_before, places.region).astype(np.int32)
    aside = _read_asides(asides, home)
    branch = body.cut(branch_starts, body.ends)
    return Names(
        folded=column.strings(),
        place=np.where(aside.place > 0, narrower(place, aside.place), place).astype(np.int32),
        core=body.cut(starts, core_ends).strings(),
        trade=body.cut(core_ends, ends_of_trade).strings(),
        trades=trades,
        legal=np.where(legal > 0, legal, aside.legal).astype(np.int8),
        branch=_either(branch, aside.branch),
        former=aside.former,
    )


def _no_trade_name(body: Signs, starts: Places, ends: Places) -> Marks:
    """Whether what is left for the trade name is none: a single sign, or a word of a trade."""
    lengths, _ = _trade_words().at_start(body, starts, ends)
    return np.asarray((ends - starts < 2) | (lengths == ends - starts))


def _either(branch: Signs, aside: pa.Array) -> pa.Array:
    """The branch that the name itself tells, else the one that its brackets tell."""
    own, other = pl.Series(branch.strings()), pl.Series(aside)
    chosen = pl.select(pl.when(own.str.len_bytes() > 0).then(own).otherwise(other)).to_series()
    return chosen.to_arrow().cast(pa.large_string())


def _strip_town(body: Signs, starts: Places, ends: Places, named: Marks) -> Places:
    """Take a town (陈埭镇, 东街街道) off after a place."""
    for length in (3, 4):
        last = body.at(starts + length - 1)
        town = ((last == ord("镇")) | (last == ord("乡"))) & named & (ends - starts > length + 3)
        starts = np.where(town, starts + length, starts)
    for length in (4, 5):
        end = starts + length
        town = (body.at(end - 2) == ord("街")) & (body.at(end - 1) == ord("道")) & named & (ends - starts > length + 3)
        starts = np.where(town, end, starts)
    return starts


def _cut_branch(body: Signs, starts: Places, ends: Places) -> tuple[Places, Places]:
    """Where the part that names a branch begins (the row's end where there is none), and the end of the firm's name."""
    company = (
        (body.codes[:-1] == ord("公")) & (body.codes[1:] == ord("司")) if len(body.codes) > 1 else np.zeros(0, bool)
    )
    spots = np.flatnonzero(company)
    spots = spots[spots >= starts[body.rows[spots]] + 2]
    spots = spots[body.rows[spots] == body.rows[spots + 1]]
    rows, first = np.unique(body.rows[spots], return_index=True)
    cut = ends.copy()
    cut[rows] = spots[first] + 2
    cut = np.where(ends - cut >= 2, cut, ends)
    lengths, _ = _branch_words().at_end(body, cut, ends)
    cut = np.where(lengths > 0, cut, ends)
    return _cut_ordinal_branch(body, starts, ends, cut)


def _cut_ordinal_branch(body: Signs, starts: Places, ends: Places, cut: Places) -> tuple[Places, Places]:
    """The same for branches of shops: 第二分店, 二店, 分店; a plain 店 or 部 is a legal form and no branch."""
    lengths, _ = _branch_words().at_end(body, starts, ends)
    rows = np.flatnonzero((cut == ends) & (lengths > 0) & (ends - starts > lengths + 2))
    for row in rows.tolist():
        spot = int(ends[row] - lengths[row])
        begin = spot
        while begin > starts[row] + 2 and chr(int(body.codes[begin - 1])) in _ORDINALS:
            begin -= 1
        if begin < spot or chr(int(body.codes[spot])) in "分支":
            cut[row] = begin
    return _take_place_of_branch(body, starts, ends, cut)


def _take_place_of_branch(body: Signs, starts: Places, ends: Places, cut: Places) -> tuple[Places, Places]:
    """Let a branch begin with the place that stands before it, as in 老小孩 | 三明分公司."""
    rows = np.flatnonzero((cut < ends) & (body.at(cut - 1) != ord("司")))
    lengths, _ = gazetteer()[0].at_end(body, starts[rows] + 2, cut[rows])
    cut = cut.copy()
    cut[rows] -= lengths
    return cut, cut.copy()


def _strip_legal(body: Signs, starts: Places, ends: Places) -> tuple[NDArray[np.int8], Places]:
    """The class of the legal form at the end (0: none), and where the name ends without it."""
    legal = np.zeros(len(starts), dtype=np.int8)
    ends = _mistyped_company(body, starts, ends, legal)
    for _ in range(2):
        lengths, classes = _legal_forms().at_end(body, starts + 2, ends)
        known = legal > 0
        again = known & ((legal >= LEGAL_CLASSES.index("trader")) | (classes >= LEGAL_CLASSES.index("trader")))
        found = (lengths > 0) & ~again
        legal = np.where(found & ~known, classes, legal).astype(np.int8)
        ends = np.where(found, ends - lengths, ends)
    return legal, ends


def _mistyped_company(body: Signs, starts: Places, ends: Places, legal: NDArray[np.int8]) -> Places:
    """有限公司 with one wrong sign or two signs swapped, which no list of forms can hold."""
    form = [ord(sign) for sign in "有限公司"]
    last = np.stack([body.at(ends - 4 + place) for place in range(4)], axis=1)
    agreeing = (last == np.array(form)).sum(axis=1)
    swapped = (np.sort(last, axis=1) == np.sort(form)).all(axis=1)
    company = (ends - starts >= 6) & ((agreeing == 3) | swapped) & (agreeing < 4)
    company &= (last[:, 0] == form[0]) | (last[:, 1] == form[1]) | swapped
    legal[company] = LEGAL_CLASSES.index("company")
    return np.where(company, ends - 4, ends)


def _strip_trade(body: Signs, starts: Places, ends: Places) -> tuple[Places, NDArray[np.int64]]:
    """Where the words of the trade begin, and their sectors as bits; at least two signs stay for the trade name."""
    ends = ends.copy()
    sectors = np.zeros(len(starts), dtype=np.int64)
    active = np.flatnonzero(ends - starts > 2)
    for _ in range(6):
        lengths, words = _trade_words().at_end(body, starts[active] + 2, ends[active])
        active, lengths, words = active[lengths > 0], lengths[lengths > 0], words[lengths > 0]
        if not len(active):
            break
        ends[active] -= lengths
        sectors[active] |= np.int64(1) << words.astype(np.int64)
    return ends, sectors


@dataclass(frozen=True, slots=True)
class _Asides:
    place: Regions
    legal: NDArray[np.int8]
    branch: pa.Array
    former: pa.Array


def _read_asides(asides: Signs, home: int) -> _Asides:
    """What brackets tell, row by row: (厦门), (个体工商户), (原福州鑫源贸易公司), (中山路店)."""
    size = len(asides)
    place = np.zeros(size, dtype=np.int32)
    legal = np.zeros(size, dtype=np.int8)
    branch, former = [""] * size, [""] * size
    rows, starts, ends = bracketed(asides)
    if len(rows):
        lengths, classes = _aside_words().at_start(asides, starts, ends)
        form = (lengths > 0) & (lengths == ends - starts)
        legal[rows[form]] = classes[form]
        found = strip_places(asides, starts, ends, home=home)
        whole = found.named & (found.starts == ends)
        place[rows[whole]] = found.region[whole]
        rest = np.flatnonzero(~form & ~whole & (ends - starts >= 2))
        texts = asides.cut(starts[rest], ends[rest]).strings().to_pylist()
        for row, text in zip(rows[rest].tolist(), texts, strict=True):
            if text.startswith(("原名", "原", "曾用名", "更名前")):
                former[row] = text.removeprefix("原名").removeprefix("曾用名").removeprefix("原").lstrip(":")
            elif text.endswith(("店", "分公司", "部", "厂", "站")):
                branch[row] = text
    return _Asides(place, legal, Signs.of(branch).strings(), Signs.of(former).strings())
