"""What everybody sees: the policies that can be had, found by words and narrowed by facets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.clock import EPOCH
from tulou.platform.search.queries import search
from tulou.platform.web.middleware import tongue
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Policy as CorePolicy
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.program import Program, compile_policies
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.standards import divisions, industry_classes, short_lists
from tulou.policies.models import Policy, PolicyVersion, Theme
from tulou.policies.queries.documents import as_set
from tulou.policies.queries.policies import public_policies, published

PROVINCE = "350000"
KIND = "policy"
SOON = (
    ("7", _("Within a week")),
    ("30", _("Within a month")),
    ("90", _("Within three months")),
    ("none", _("No deadline")),
)
AMOUNTS = (("1", _("CNY 10,000 and more")), ("10", _("CNY 100,000 and more")), ("100", _("CNY 1 million and more")))
TEN_THOUSAND = 1_000_000
"""Fen in 10,000 yuan."""
FACETS = ("region", "sector", "size", "theme", "department", "deadline", "amount", "way")
SORTS = (("deadline", _("Deadline first")), ("amount", _("Largest amount first")), ("new", _("Newest first")))


@dataclass(frozen=True)
class Card:
    """A policy as lists show it, with the engine's own value and what each facet says of it."""

    version: PolicyVersion
    core: CorePolicy
    regions: frozenset[str]
    sectors: frozenset[str]
    sizes: frozenset[str]

    @property
    def policy(self) -> Policy:
        """The policy of the version."""
        return self.version.policy

    @property
    def ceiling(self) -> int | None:
        """The most that one firm gets, in fen, where the policy fixes an amount."""
        return self.version.benefit_ceiling_fen

    @property
    def deadline(self) -> dt.date | None:
        """The last day to apply."""
        return self.version.deadline

    @property
    def last_day(self) -> dt.date | None:
        """The day after which nothing can be had: the deadline, else the end of the validity."""
        return self.version.deadline or self.version.valid_to

    def days_left(self, today: dt.date) -> int | None:
        """Days to the deadline, today included as 0."""
        return None if self.deadline is None else (self.deadline - today).days

    @cached_property
    def over(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.deadline < clock.today()


@dataclass(frozen=True)
class Shelf:
    """Every policy that can be had on a day, compiled once for everybody who asks on that day."""

    day: dt.date
    cards: tuple[Card, ...]
    policies: PolicySet

    @cached_property
    def program(self) -> Program:
        """All rules, compiled for the day."""
        return compile_policies({each.id: each.rule for each in self.policies}, self.policies.catalogue, self.day)

    @cached_property
    def by_id(self) -> Mapping[str, Card]:
        """The cards by the policy's public id."""
        return {card.core.id: card for card in self.cards}


def shelf(day: dt.date | None = None) -> Shelf:
    """The policies that are published and not over, as they stand now."""
    state = public_policies().aggregate(n=Count("pk"), last=Max("changed_at"), version=Max("current_id"))
    return _shelf(day or clock.today(), (state["n"], state["last"], state["version"]))


@lru_cache(maxsize=4)
def _shelf(day: dt.date, _state: tuple[Any, ...]) -> Shelf:
    versions = [each for each in published() if each.valid_to is None or each.valid_to >= day]
    found = as_set(versions)
    return Shelf(day, tuple(_card(v, p, found.catalogue, day) for v, p in zip(versions, found, strict=True)), found)


def _card(version: PolicyVersion, core: CorePolicy, catalogue: Catalogue, day: dt.date) -> Card:
    def admitted(attr: str, codes: Iterable[str]) -> frozenset[str]:
        return frozenset(c for c in codes if evaluate(core.eligibility, {attr: c}, day, catalogue).truth != "F")

    return Card(
        version,
        core,
        admitted("region", divisions().children(PROVINCE)),
        admitted("industry", industry_classes().children(None)),
        admitted("size", short_lists()["enterprise_size"].codes),
    )


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a facet: how many policies it would leave, and whether it is chosen."""

    value: str
    label: Any
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A way to narrow the list."""

    key: str
    label: Any
    options: tuple[Option, ...]

    @property
    def chosen(self) -> Option | None:
        """The value that is chosen."""
        return next((option for option in self.options if option.chosen), None)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the cards in order, and the facets with their counts."""

    cards: tuple[Card, ...]
    facets: tuple[Facet, ...]
    chosen: Mapping[str, str]
    question: str
    sort: str


Test = Callable[[Card, str], bool]


def _deadline(card: Card, value: str) -> bool:
    left = card.days_left(clock.today())
    if value == "none":
        return left is None
    return left is not None and 0 <= left <= int(value)


TESTS: Mapping[str, Test] = {
    "region": lambda card, value: value in card.regions,
    "sector": lambda card, value: value in card.sectors,
    "size": lambda card, value: value in card.sizes,
    "theme": lambda card, value: card.version.theme == value,
    "department": lambda card, value: card.policy.department.public_id == value,
    "deadline": _deadline,
    "amount": lambda card, value: (card.ceiling or 0) >= int(value) * TEN_THOUSAND,
    "way": lambda card, value: card.version.no_application is (value == "none"),
}


def _labelled(codes: Sequence[str], label: Callable[[str], Text]) -> list[tuple[str, Any]]:
    return [(code, said(label(code))) for code in codes]


def said(text: Text) -> str:
    """A text in the reader's language."""
    return text.render(tongue())


def options(cards: Sequence[Card]) -> dict[str, tuple[Any, list[tuple[str, Any]]]]:
    """Each facet's name and its values."""
    departments = {card.policy.department.public_id: card.policy.department for card in cards}
    sizes = short_lists()["enterprise_size"]
    return {
        "region": (_("Place"), _labelled(divisions().children(PROVINCE), divisions().label)),
        "sector": (_("Sector"), _labelled(industry_classes().children(None), industry_classes().label)),
        "size": (_("Size"), _labelled(sizes.codes, sizes.label)),
        "theme": (_("Kind of help"), list(Theme.choices)),
        "department": (
            _("Department"),
            sorted(((key, each.name) for key, each in departments.items()), key=lambda r: r[1]),
        ),
        "deadline": (_("Deadline"), list(SOON)),
        "amount": (_("Amount"), list(AMOUNTS)),
        "way": (_("How you get it"), [("none", _("No application needed")), ("apply", _("By application"))]),
    }


def find(wished: Mapping[str, str], shown: Shelf | None = None) -> Found:
    """The policies that fit `wished`: words `q`, one value a facet, an order. What no facet knows is left out."""
    stock = shown or shelf()
    known = options(stock.cards)
    chosen = {
        key: wished[key] for key in FACETS if wished.get(key) and wished[key] in {value for value, _ in known[key][1]}
    }
    question = " ".join(wished.get("q", "").split())[:100]
    asked = stock.cards if not question else ranked(question, stock)
    facets = []
    for key, (label, values) in known.items():
        rest = [card for card in asked if all(TESTS[k](card, v) for k, v in chosen.items() if k != key)]
        counted = [
            Option(value, name, sum(TESTS[key](card, value) for card in rest), chosen.get(key) == value)
            for value, name in values
        ]
        facets.append(Facet(key, label, tuple(option for option in counted if option.count or option.chosen)))
    left = [card for card in asked if all(TESTS[key](card, value) for key, value in chosen.items())]
    sort = wished.get("sort", "")
    if sort not in dict(SORTS):
        sort = "" if question else "deadline"
    return Found(tuple(ordered(left, sort)), tuple(facets), chosen, question, sort)


def ranked(question: str, stock: Shelf) -> list[Card]:
    """The policies that fit some words, best first."""
    keys = [hit.document.key for hit in search(question, kinds=[KIND], limit=500)]
    return [stock.by_id[key] for key in keys if key in stock.by_id]


def ordered(cards: Sequence[Card], sort: str) -> list[Card]:
    """The cards in the wished order; as they come where none is wished. What is over stands last."""
    far = dt.date.max
    if sort == "deadline":
        return sorted(cards, key=lambda c: (c.over, c.deadline or far, -(c.ceiling or 0), c.version.pk))
    if sort == "amount":
        return sorted(cards, key=lambda c: (c.over, -(c.ceiling or 0), c.deadline or far, c.version.pk))
    if sort == "new":
        return sorted(cards, key=lambda c: (c.version.published_at or EPOCH, c.version.pk), reverse=True)
    return list(cards)
