"""The tree of a rule from its JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any as Anything
from typing import Literal

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import ORDERED, Attribute, Catalogue, Kind
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.firms.facts import EXPECTED, fen, ordinal, real, whole
from tulou.policies.core.rule.tree import (
    About,
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Bound,
    Citation,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Node,
    Not,
    Range,
    Unit,
    When,
    Window,
)

ABOUT_KEYS = frozenset({"id", "label", "citation", "source", "note", "hard", "effective_from", "effective_to"})
BOUNDS = frozenset({"ge", "gt", "le", "lt"})
UNITS: tuple[Unit, ...] = ("years", "months", "days")
GROUPS = ("all", "any", "not", "at_least", "when", "const")

Holder = Literal["root", "all", "any", "other"]
"""What a node stands in: soft rows may stand in `all` only, rows with effective dates in `all`, `any`, `at_least`."""


def read_citation(place: Place) -> Citation:
    """Where a criterion comes from."""
    place.only({"document", "article", "quote", "url"})
    article, quote, url = (place.maybe(key) for key in ("article", "quote", "url"))
    return Citation(
        document=place.at("document").both(),
        article=article.text() if article else None,
        quote=quote.text() if quote else None,
        url=url.text() if url else None,
    )


def read_about(place: Place, holder: Holder) -> About:
    """What a row carries beside its meaning."""
    parts = {key: place.maybe(key) for key in ABOUT_KEYS}
    label, citation, note, hard = parts["label"], parts["citation"], parts["note"], parts["hard"]
    since, until, ident, source = parts["effective_from"], parts["effective_to"], parts["id"], parts["source"]
    about = About(
        id=ident.text() if ident else None,
        label=label.both() if label else None,
        citation=read_citation(citation) if citation else None,
        source=source.text() if source else None,
        note=note.both() if note else None,
        hard=hard.boolean() if hard else True,
        effective_from=since.day() if since else None,
        effective_to=until.day() if until else None,
    )
    if not about.hard and holder != "all":
        raise place.fault("soft", "软性条件只能直接位于 all 之中", "a soft row may stand only directly inside an `all`")
    if about.dated and holder in ("root", "other"):
        raise place.fault(
            "effective",
            "生效日期只能用于 all、any、at_least 中的条件",
            "effective dates may stand only on the rows of an `all`, an `any` or an `at_least`",
        )
    if about.effective_from and about.effective_to and about.effective_from > about.effective_to:
        raise place.fault("effective_order", "生效日期晚于失效日期", "the row ends before it begins")
    return about


class NodeReader:
    """Reads nodes against a catalogue of attributes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def read(self, place: Place, holder: Holder = "root") -> Node:
        """The node at `place`. Raises Refused with the path of what is wrong."""
        row = place.mapping()
        found = [key for key in GROUPS if key in row]
        if "op" in row:
            found.append("op")
        if len(found) != 1:
            raise place.fault(
                "node",
                "节点必须恰好是 all、any、not、at_least、when、const 或一条带 op 的条件",
                "a node is exactly one of all, any, not, at_least, when, const, or a row with an op",
            )
        about = read_about(place, holder)
        if found[0] == "op":
            return self._leaf(place, about)
        return self._group(place, found[0], about)

    def _group(self, place: Place, key: str, about: About) -> Node:
        place.only(ABOUT_KEYS | {key, *({"of"} if key == "at_least" else {"then"} if key == "when" else ())})
        inner = place.at(key)
        if key == "const":
            return Const(inner.boolean(), about)
        if key == "not":
            return Not(self.read(inner, "other"), about)
        if key == "when":
            return When(self.read(inner, "other"), self.read(place.at("then"), "other"), about)
        if key == "at_least":
            parts = tuple(self.read(item, "any") for item in place.at("of").items())
            if not 1 <= inner.whole() <= len(parts):
                raise inner.fault(
                    "at_least", f"应在 1 和 {len(parts)} 之间", f"a number from 1 to {len(parts)} is expected"
                )
            return AtLeast(inner.whole(), parts, about)
        parts = tuple(self.read(item, "all" if key == "all" else "any") for item in inner.items())
        if not parts:
            raise inner.fault("empty", "列表不能为空", "the list must not be empty")
        return All(parts, about) if key == "all" else Any(parts, about)

    def _leaf(self, place: Place, about: About) -> Node:
        op = place.at("op").one_of(tuple(LEAVES))
        return LEAVES[op](self, place, about)

    def attribute(self, place: Place, *kinds: Kind) -> Attribute:
        """The attribute that the row speaks of, which must be of one of `kinds`."""
        inner = place.at("attr")
        name = inner.text()
        if name not in self.catalogue:
            near = [known for known in self.catalogue if known.rpartition(".")[2] == name or known.startswith(name)]
            raise inner.fault(
                "unknown_attribute",
                f"没有名为 {name} 的属性",
                f"there is no attribute {name}",
                remedy=Text(
                    zh=f"相近的属性: {', '.join(near)}" if near else "请在文件的 attributes 中定义它",
                    en=f"Near it: {', '.join(near)}" if near else "Define it under `attributes` of the file",
                ),
            )
        attribute = self.catalogue[name]
        if attribute.kind not in kinds:
            listed = ", ".join(kinds)
            raise inner.fault(
                "kind",
                f"{name} 的类型是 {attribute.kind}, 此运算需要 {listed}",
                f"{name} is of kind {attribute.kind}; this op needs {listed}",
            )
        return attribute

    def codes(self, place: Place, attribute: Attribute) -> frozenset[str]:
        """Codes; those that the dictionary does not know are kept, and found by the lint."""
        dictionary = self.catalogue.dictionary_of(attribute.name)
        codes = place.texts()
        if dictionary is None:
            return frozenset(codes)
        return frozenset(dictionary.codes[at] if (at := dictionary.position(code)) >= 0 else code for code in codes)

    def limits(self, place: Place, kind: Kind) -> Limits:
        """The bounds of a row, as the attribute's kind keeps them."""
        values: dict[str, Bound] = {}
        for key in BOUNDS & set(place.mapping()):
            inner = place.at(key)
            try:
                values[key] = BOUND_READERS[kind](inner.value)
            except (ValueError, TypeError, ArithmeticError) as error:
                expected = EXPECTED[kind]
                raise inner.fault("bound", f"应为{expected.zh}", f"{expected.en} is expected") from error
        if not values:
            raise place.fault(
                "no_bound", "至少需要一个界限: ge、gt、le、lt", "at least one of ge, gt, le, lt is needed"
            )
        if {"ge", "gt"} <= set(values) or {"le", "lt"} <= set(values):
            raise place.fault("two_bounds", "同一端有两个界限", "two bounds stand on the same end")
        limits = Limits(**values)
        if empty_limits(limits, whole_numbers=kind in (Kind.INTEGER, Kind.DATE, Kind.MONEY)):
            raise place.fault("empty_range", "没有任何值满足该区间", "no value lies in this range")
        return limits


def empty_limits(limits: Limits, *, whole_numbers: bool) -> bool:
    """Whether no value can satisfy `limits`."""
    low = limits.ge if limits.ge is not None else limits.gt
    high = limits.le if limits.le is not None else limits.lt
    if low is None or high is None:
        return False
    if whole_numbers:
        first = low if limits.ge is not None else low + 1
        last = high if limits.le is not None else high - 1
        return first > last
    return low > high or (low == high and (limits.gt is not None or limits.lt is not None))


def _number(value: Anything) -> Bound:
    return real(value if not isinstance(value, Decimal) else float(value))


BOUND_READERS: Mapping[Kind, Callable[[Anything], Bound]] = {
    Kind.INTEGER: whole,
    Kind.NUMBER: _number,
    Kind.MONEY: fen,
    Kind.DATE: ordinal,
}


def _in(reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | {"op", "attr", "include", "exclude"})
    attribute = reader.attribute(place, Kind.CODE)
    include = reader.codes(place.at("include"), attribute)
    exclude = reader.codes(inner, attribute) if (inner := place.maybe("exclude")) else frozenset()
    if both := include & exclude:
        raise place.fault(
            "both", f"代码同时被包含和排除: {sorted(both)}", f"codes are both included and excluded: {sorted(both)}"
        )
    return In(attribute.name, include, exclude, place.mapping()["op"] == "not_in", about)


def _range(reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | BOUNDS | {"op", "attr"})
    attribute = reader.attribute(place, *sorted(ORDERED))
    return Range(attribute.name, reader.limits(place, attribute.kind), about)


def _is(reader: NodeReader, place: Place, about: About) -> Node:
    declared = place.mapping()["op"] == "declared"
    place.only(ABOUT_KEYS | {"op", "attr", "value", *({"question"} if declared else ())})
    attribute = reader.attribute(place, Kind.FLAG)
    question = place.maybe("question")
    return Is(attribute.name, place.at("value").boolean(), declared, question.both() if question else None, about)


def _intersects(reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | {"op", "attr", "any_of"})
    attribute = reader.attribute(place, Kind.SET)
    return Intersects(attribute.name, frozenset(place.at("any_of").texts()), about)


def _age(reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | BOUNDS | {"op", "attr", "unit"})
    attribute = reader.attribute(place, Kind.DATE)
    unit = place.maybe("unit")
    limits = reader.limits(place, Kind.INTEGER)
    if min(limits.ends()) < 0:
        raise place.fault("age", "年龄不能为负", "an age is not negative")
    return Age(attribute.name, _unit(unit) if unit else "years", limits, about)


def _window(reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | BOUNDS | {"op", "attr", "measure", "length", "unit", "schemes"})
    attribute = reader.attribute(place, Kind.LEDGER)
    measure: Literal["sum", "count"] = "sum" if place.at("measure").one_of(("sum", "count")) == "sum" else "count"
    schemes, unit = place.maybe("schemes"), place.maybe("unit")
    return Window(
        attribute.name,
        measure,
        place.at("length").whole(1),
        _unit(unit) if unit else "years",
        reader.limits(place, Kind.MONEY if measure == "sum" else Kind.INTEGER),
        frozenset(schemes.texts()) if schemes else frozenset(),
        about,
    )


def _attested(_reader: NodeReader, place: Place, about: About) -> Node:
    place.only(ABOUT_KEYS | {"op", "key", "question"})
    question = place.maybe("question")
    return Attested(place.at("key").text(), question.both() if question else None, about)


def _unit(place: Place) -> Unit:
    word = place.one_of(UNITS)
    return next(unit for unit in UNITS if unit == word)


LEAVES: Mapping[str, Callable[[NodeReader, Place, About], Node]] = {
    "in": _in,
    "not_in": _in,
    "range": _range,
    "is": _is,
    "declared": _is,
    "intersects": _intersects,
    "age": _age,
    "window": _window,
    "attested": _attested,
}
