"""Scorecards of every kind of feature, and rows that lie on their edges: what all executors must agree about."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tulou.finance.core.artefact import Band, Calibration, Feature, Item, Meaning, Pair, Scorecard, Target
from tulou.finance.core.sql import Storage
from tulou.kernel.errors import Text

Row = dict[str, Any]
EDGES = (
    *(0.0, 0.1, 0.3, 0.30000000000000004, -1.5, 1.0, 2.5, 1e-310, 5e-324, 1e150, -1e308, 0.94, 1234.5, 300.0, 15000.0),
)
LEVELS = ("A01", "制造", "it's", 'a "b"', "x\\y", "2", "true", "  ", "%_", "A01 ", "零售", "w" * 300)
WRITTEN = (
    *("¥1,234.50", "(300)", "1.5万", "12%", "", "  7 ", "１，２３４．５", "+3", ".5", "5.", "-0", "abc", "1.2.3", "亿"),
    *(
        "2亿",
        "(1.5万)",
        "USD 15,000",
        "1e3",
        "9" * 60,
        "7" * 500,
        "( )",
        "$-300",
        "300元",
        "−5",
        "12 34",
        "1e400",
        None,
    ),
)
COMMA = ("1.234,50", "300", "0,1", "2,5", "-1,5", "", "abc", "1,2,3", "15.000,00", None)
PLAIN = (
    *("0.1", "0.30000000000000004", "-1.5", "-0.0", " 300 ", "1e150", "", "NaN", "inf", "+2.5", ".94", "5.", "x", None),
)
DECIMALS = (*map(Decimal, ("0.1", "0.94", "1234.5", "-1.5", "0.0", "300.00")), None)
DAYS = (*(dt.date(*day) for day in ((1970, 1, 1), (1969, 12, 31), (2020, 2, 29), (1900, 1, 1), (2100, 1, 1))), None)
KINDS = ("number", "plain", "written", "comma", "decimal", "boolean", "date", "category", "code")
OPERATIONS = ("minus", "plus", "times", "over")
STORAGE: dict[str, Storage] = {
    "number": "number",
    "plain": "text",
    "written": "text",
    "comma": "text",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "category": "text",
    "code": "number",
}


def around(cuts: tuple[float, ...]) -> list[float | None]:
    """Every cut, its neighbours on both sides, and what is no ordinary number."""
    near = [math.nextafter(cut, side) for cut in cuts for side in (-math.inf, math.inf)]
    return [*cuts, *near, -0.0, 0.0, math.inf, -math.inf, math.nan, None, 7.25]


def values_of(kind: str, feature: Feature) -> st.SearchStrategy[Any]:
    """Cells of a column of this kind, many of them on the edges of the feature."""
    written = tuple(repr(cut) for cut in feature.cuts)
    pools: dict[str, Any] = {
        "number": around(feature.cuts),
        "plain": (*PLAIN, *written),
        "written": WRITTEN,
        "comma": COMMA,
        "decimal": DECIMALS,
        "boolean": (True, False, None),
        "date": DAYS,
        "category": (*LEVELS, "unseen", "", None),
        "code": (2.0, 2.5, -0.0, 7.0, 532420.0, math.nan, None),
    }
    pool = st.sampled_from(pools[kind])
    return st.one_of(pool, st.floats(allow_nan=True)) if kind == "number" else pool


def points(size: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(-200, 200), min_size=size, max_size=size).map(tuple)


@st.composite
def features(draw: st.DrawFn, name: str, kind: str) -> Feature:
    """A feature over one column that is called like it."""
    form = {"written": "written", "comma": "comma", "date": "%Y-%m-%d"}.get(kind, "plain")
    meaning = Meaning(Text(zh=name, en=name))
    item = Item(name, form)
    if kind in ("category", "code"):
        known = ("2", "2.5", "0", "532420") if kind == "code" else tuple(level.strip() or "-" for level in LEVELS[:7])
        chosen = draw(st.lists(st.sampled_from(known), unique=True, min_size=1))
        groups = [tuple(chosen[k::2]) for k in (0, 1)]
        levels = tuple(group for group in groups if group)
        missing, unseen = draw(points(2))
        return Feature(
            name, "category", (item,), meaning, draw(points(len(levels))), missing, unseen, levels=levels
        )  # fmt: skip
    pool = st.integers(-40_000, 40_000).map(float) if kind == "date" else st.sampled_from(EDGES)
    cuts = tuple(sorted(draw(st.lists(pool, unique=True, max_size=6))))
    (missing,) = draw(points(1))
    return Feature(
        name, "date" if kind == "date" else "number", (item,), meaning, draw(points(len(cuts) + 1)), missing, cuts=cuts
    )


@st.composite
def derived(draw: st.DrawFn, name: str, parts: tuple[Feature, Feature]) -> Feature:
    cuts = tuple(sorted(draw(st.lists(st.sampled_from(EDGES), unique=True, max_size=4))))
    items = tuple(part.items[0] for part in parts)
    (missing,) = draw(points(1))
    return Feature(
        name,
        "number",
        items,
        Meaning(Text(zh=name, en=name)),
        draw(points(len(cuts) + 1)),
        missing,
        operation=draw(st.sampled_from(OPERATIONS)),  # type: ignore[arg-type]
        cuts=cuts,
    )


@st.composite
def pairs(draw: st.DrawFn, first: Feature, second: Feature) -> Pair:
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    groups = tuple(
        tuple(draw(st.lists(st.integers(0, size - 1), min_size=feature.cells, max_size=feature.cells)))
        for size, feature in zip(shape, (first, second), strict=True)
    )
    table = tuple(draw(points(shape[1])) for _ in range(shape[0]))
    return Pair((first.name, second.name), (groups[0], groups[1]), table, max(map(max, table)), 0)


@st.composite
def cards(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> tuple[Scorecard, dict[str, str], list[Row]]:
    """A scorecard, the kind of each column, and rows for it."""
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5))
    plain = [draw(features(f"column {i} {kind}", kind)) for i, kind in enumerate(chosen)]
    numeric = [feature for feature, kind in zip(plain, chosen, strict=True) if kind in ("number", "written", "date")]
    every = list(plain)
    if len(numeric) > 1 and draw(st.booleans()):
        every.append(draw(derived("derived", (numeric[0], numeric[1]))))
    found = tuple(draw(pairs(every[0], other)) for other in every[1:3])
    calibration = Calibration(draw(st.floats(-3, 3)), -0.017)
    card = Scorecard(
        name="random",
        target=Target("bad", "1", "0"),
        base=draw(st.integers(0, 900)),
        points_to_double=40,
        features=tuple(every),
        pairs=found,
        calibration=calibration,
        bands=(Band("A", 500, 1, 0, 0.0, 0.0, 1.0), Band("B", None, 1, 1, 1.0, 0.0, 1.0)),
    )
    cells = st.fixed_dictionaries(
        {feature.name: values_of(kind, feature) for feature, kind in zip(plain, chosen, strict=True)}
    )
    rows = draw(st.lists(cells, min_size=1, max_size=12))
    return card, dict(zip((feature.name for feature in plain), chosen, strict=True)), rows
