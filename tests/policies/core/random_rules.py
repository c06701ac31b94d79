"""Random catalogues of facts, firms and rules, small enough to shrink."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import AS_OF_ATTRIBUTE, Attribute, Catalogue, Kind
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.firms.facts import EVERY, Firm, LedgerEntry, SetFact
from tulou.policies.core.rule.tree import (
    About,
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Node,
    Not,
    Range,
    When,
    Window,
)

TREE = Dictionary(
    "tree", "1", ["A", "A1", "A11", "A12", "A2", "B", "B1", "C"], [None, "A", "A1", "A1", "A", None, "B", None]
)
FLAT = Dictionary("flat", "1", ["x", "y", "z"], [None, None, None])
CODES = {"place": [*TREE.codes, "nowhere"], "grade": [*FLAT.codes], "word": ["p", "q", "r"]}
MEMBERS = ["one", "two", "three"]
DAYS = [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2025, 2, 28), dt.date(2025, 3, 31), dt.date(2026, 6, 12)]


def attribute(name: str, kind: Kind, dictionary: str | None = None) -> Attribute:
    return Attribute(name, kind, Text(zh=name, en=name), dictionary=dictionary)


CATALOGUE = Catalogue(
    {
        each.name: each
        for each in [
            AS_OF_ATTRIBUTE,
            attribute("place", Kind.CODE, "tree"),
            attribute("grade", Kind.CODE, "flat"),
            attribute("word", Kind.CODE),
            attribute("heads", Kind.INTEGER),
            attribute("ratio", Kind.NUMBER),
            attribute("money", Kind.MONEY),
            attribute("good", Kind.FLAG),
            attribute("born", Kind.DATE),
            attribute("marks", Kind.SET),
            attribute("aid", Kind.LEDGER),
        ]
    },
    {"tree": TREE, "flat": FLAT},
)

days = st.one_of(st.sampled_from(DAYS), st.dates(min_value=dt.date(2019, 1, 1), max_value=dt.date(2028, 12, 31)))
maybe_days = st.one_of(st.none(), days)
small = st.integers(0, 5)


@st.composite
def limits(draw: st.DrawFn, numbers: st.SearchStrategy[int] = small) -> Limits:
    one, two = sorted((draw(numbers), draw(numbers)))
    low, high = draw(st.sampled_from(["ge", "gt", ""])), draw(st.sampled_from(["le", "lt", ""]))
    found = {key: value for key, value in ((low, one), (high, two)) if key}
    return Limits(**found) if found else Limits(ge=one)


def codes(attr: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(CODES[attr]), min_size=1, max_size=3)


@st.composite
def sets_of_codes(draw: st.DrawFn) -> Node:
    attr = draw(st.sampled_from(list(CODES)))
    include = draw(codes(attr))
    exclude = draw(st.frozensets(st.sampled_from(CODES[attr]), max_size=2)) - include
    return In(attr, include, exclude, draw(st.booleans()))


day_numbers = days.map(dt.date.toordinal)
atoms = st.one_of(
    sets_of_codes(),
    st.builds(Range, st.sampled_from(["heads", "ratio", "money"]), limits()),
    st.builds(Range, st.sampled_from(["born", "as_of_date"]), limits(day_numbers)),
    st.builds(Is, st.just("good"), st.booleans()),
    st.builds(Intersects, st.just("marks"), st.frozensets(st.sampled_from(MEMBERS), min_size=1)),
    st.builds(Age, st.just("born"), st.sampled_from(["years", "months", "days"]), limits()),
    st.builds(
        Window,
        st.just("aid"),
        st.sampled_from(["sum", "count"]),
        st.integers(1, 3),
        st.sampled_from(["years", "months"]),
        limits(),
        st.frozensets(st.sampled_from(["s", "t"]), max_size=1),
    ),
    st.builds(Attested, st.just("seen")),
    st.builds(Const, st.booleans()),
)


@st.composite
def dated(draw: st.DrawFn, rows: st.SearchStrategy[Node], *, soft: bool) -> Node:
    """A row of a group, sometimes with dates of effect, sometimes soft."""
    node = draw(rows)
    kind = draw(st.sampled_from(["plain", "plain", "plain", "dated", *(["soft"] if soft else [])]))
    if kind == "plain":
        return node
    about = About(hard=False)
    if kind == "dated":
        since, until = sorted((draw(days), draw(days)))
        about = About(effective_from=draw(st.sampled_from([since, None])), effective_to=until)
    return type(node)(**{name: getattr(node, name) for name in node.__slots__ if name != "about"}, about=about)


def groups(rows: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    hard = st.lists(dated(rows, soft=False), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.lists(dated(rows, soft=True), min_size=1, max_size=3).map(tuple).map(All),
        hard.map(Any),
        st.builds(Not, rows),
        st.builds(When, rows, rows),
        hard.flatmap(lambda parts: st.integers(1, len(parts)).map(lambda n: AtLeast(n, parts))),
    )


rules = st.recursive(atoms, groups, max_leaves=8)

entries = st.builds(LedgerEntry, day_numbers, small, st.sampled_from(["s", "t"]))
facts = st.fixed_dictionaries(
    {},
    optional={
        "place": st.sampled_from([*CODES["place"], EVERY]),
        "grade": st.sampled_from([*CODES["grade"], "other", EVERY]),
        "word": st.sampled_from([*CODES["word"], "other", EVERY]),
        "heads": small,
        "ratio": st.sampled_from([0.0, 0.5, 1.0, 2.5, 3.0]),
        "money": small,
        "good": st.booleans(),
        "born": day_numbers,
        "marks": st.builds(
            SetFact,
            st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from([True, False, None]), max_size=3),
            st.sampled_from([None, False, True]),
        ),
        "aid": st.lists(entries, max_size=3).map(lambda each: tuple(sorted(each))),
    },
)
firms = st.lists(facts, min_size=1, max_size=5).map(lambda every: [Firm(f"F{i}", each) for i, each in enumerate(every)])
rule_sets = st.lists(rules, min_size=1, max_size=5).map(lambda each: {f"P{i}": rule for i, rule in enumerate(each)})
