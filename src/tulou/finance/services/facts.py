"""What the pool holds about a firm, as the facts that products' rules ask for. The firm reads it, about itself.

The reading goes through the pool's gate and stands in the firm's own log, like any other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Refused
from tulou.kernel.periods import period_of
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.records import new_public_id
from tulou.pool.core.consent import Granularity
from tulou.pool.queries.own import items_of
from tulou.pool.services.reading import Asked, read_own
from tulou.registry.models import Organisation

EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))
LEGAL_FORMS = {"171": "sole_proprietorship", "172": "partnership", "410": "individual_business", "420": "cooperative"}
NATURAL = frozenset({"sole_proprietorship", "individual_business"})
"""Legal forms behind which a person answers with all that she has: a score about them is a score about her."""

Values = Mapping[tuple[str, str, str], Any]
"""Dataset, column and kind of value -> value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts by attribute, which dataset each comes from, and the day as of which they hold."""

    facts: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    as_of: dt.date | None = None
    until: str = ""
    """The first month after the newest sum of twelve months (ISO day); empty where there is none."""

    @property
    def natural_person(self) -> bool:
        """Whether the firm is a sole trader."""
        return self.facts.get("legal_form") in NATURAL


@dataclass(frozen=True, slots=True)
class Source:
    """How one fact is had from the values of one dataset. `register`: no row there means that the answer is no."""

    attribute: str
    dataset: str
    fact: Callable[[Values], Any]
    register: bool = False


def _latest(dataset: str, column: str) -> Callable[[Values], Any]:
    return lambda values: values.get((dataset, column, "latest"))


def _legal_form(values: Values) -> Any:
    code = values.get(("market_register", "entity_type", "latest"))
    return None if code is None else LEGAL_FORMS.get(str(code), "company")


def _tax_credit(values: Values) -> Any:
    adjusted = values.get(("tax_credit", "adjusted_grade", "latest"))
    return adjusted or values.get(("tax_credit", "grade", "latest"))


def _revenue(values: Values) -> Any:
    total = values.get(("invoice_monthly", "out_total_amount", "sum12"))
    return None if total is None else str(Decimal(str(total)).quantize(Decimal("0.01")))


def _power_growth(values: Values) -> Any:
    now = values.get(("power_monthly", "total_energy", "sum12"))
    before = values.get(("power_monthly", "total_energy", "prior12"))
    if now is None or not before or Decimal(str(before)) == 0:
        return None
    return str((Decimal(str(now)) / Decimal(str(before)) - 1).quantize(Decimal("0.0001")))


def _arrears(values: Values) -> Any:
    balance = values.get(("tax_arrears", "balance", "latest"))
    cleared = values.get(("tax_arrears", "cleared_on", "latest"))
    return balance is not None and Decimal(str(balance)) > 0 and cleared is None


def _dishonest(values: Values) -> Any:
    listed = values.get(("court_enforcement", "discredited_on", "latest"))
    return listed is not None and values.get(("court_enforcement", "discredited_off_on", "latest")) is None


SOURCES = (
    Source("region", "market_register", _latest("market_register", "district_code")),
    Source("industry", "market_register", _latest("market_register", "industry_code")),
    Source("legal_form", "market_register", _legal_form),
    Source("registered_on", "market_register", _latest("market_register", "established_on")),
    Source("headcount", "market_register", _latest("market_register", "headcount")),
    Source("tax_credit", "tax_credit", _tax_credit),
    Source("revenue", "invoice_monthly", _revenue),
    Source("insured_headcount", "social_insurance_monthly", _latest("social_insurance_monthly", "pension_heads")),
    Source("power_growth", "power_monthly", _power_growth),
    Source("tax_arrears", "tax_arrears", _arrears, register=True),
    Source("dishonest", "court_enforcement", _dishonest, register=True),
)
DATASETS = tuple(dict.fromkeys(source.dataset for source in SOURCES))


def own_facts(actor: Actor, firm: Organisation) -> Facts:
    """The facts about the actor's own firm; none where the pool does not know it, or does not let her read."""
    asked = Asked(items_of(DATASETS), *EVER, Granularity.RAW)
    try:
        page = read_own(actor, firm, asked, key=new_public_id())
    except Refused:
        return Facts()
    return facts_of(page.values)


def facts_of(read: Mapping[str, Iterable[Mapping[str, Any]]]) -> Facts:
    """The facts that the values of a reading come to."""
    values = values_of(read)
    here = {dataset for dataset, _column, _kind in values}
    facts: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source in SOURCES:
        if source.dataset not in here and not (source.register and here):
            continue
        value = source.fact(values)
        if value is not None:
            facts[source.attribute] = value
            sources[source.attribute] = source.dataset
    return Facts(facts, sources, clock.today() if facts else None, _until(read))


def _until(read: Mapping[str, Iterable[Mapping[str, Any]]]) -> str:
    ends = [str(row["period"]) for rows in read.values() for row in rows if row["kind"] == "sum12" and row["period"]]
    return (period_of(dt.date.fromisoformat(max(ends))) + 1).start.isoformat() if ends else ""


def values_of(read: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[tuple[str, str, str], Any]:
    """The values of a reading by dataset, column and kind."""
    return {
        (str(row["dataset"]), str(row["column"]), str(row["kind"])): row["value"]
        for rows in read.values()
        for row in rows
        if row["value"] is not None
    }
