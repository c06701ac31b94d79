"""The books of each firm: everything that any department sees follows from its months of work, so that all agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from tulou.simulate.activity import Activity
from tulou.simulate.chance import Booleans, Floats, stream
from tulou.simulate.names import BRANCH, SOLE_TRADER
from tulou.simulate.vocabulary import industries

Sheet = npt.NDArray[np.float64]
"""One row a firm, one column a month, as in `Activity`."""

STOCKS = frozenset(
    [
        "headcount",
        "insured",
        "assets",
        "debts",
        "equity",
        "receivables",
        "payables",
        "inventory",
        "fixed",
        "cash",
        "loans",
        "capacity",
        "floor",
        "capital",
        "one",
    ]
)
"""Variables that stand at a moment; all others flow through a month and add up."""


@dataclass
class Ledger:
    """What a block of firms did and owned, by variable and month; a sheet is worked out when it is first asked for."""

    firms: pl.DataFrame
    activity: Activity
    seed: int
    block: int
    _sheets: dict[str, Sheet] = field(default_factory=dict)
    _traits: dict[str, Floats] = field(default_factory=dict)

    @property
    def months(self) -> int:
        """How many months there are, history included."""
        return int(self.activity.level.shape[1])

    def sheet(self, name: str) -> Sheet:
        """The variable `name`. Raises KeyError for one that is not in `VARIABLES`."""
        if name not in self._sheets:
            self._sheets[name] = VARIABLES[name](self)
        return self._sheets[name]

    def forget(self) -> None:
        """Give the memory of all sheets back."""
        self._sheets.clear()

    def over(self, name: str, start: int, stop: int) -> Floats:
        """The variable over the columns `start` to `stop`: summed where it flows, as at the end where it stands."""
        sheet = self.sheet(name)
        start, stop = max(start, 0), min(max(stop, 1), self.months)
        if name in STOCKS:
            return sheet[:, stop - 1]
        return np.asarray(sheet[:, start:stop].sum(axis=1))

    def trait(self, name: str) -> Floats:
        """A number of each firm that does not change: see `TRAITS`."""
        if name not in self._traits:
            self._traits[name] = TRAITS[name](self, stream(self.seed, "trait", name, self.block))
        return self._traits[name]

    def column(self, name: str) -> Floats:
        """A column of the frame of firms as numbers."""
        return self.firms[name].cast(pl.Float64).to_numpy()

    def by_industry(self, name: str) -> Floats:
        """A number of each firm's industry."""
        return np.asarray(industries().number(name)[self.firms["division_at"].to_numpy()])

    @property
    def alive(self) -> Booleans:
        """Which firms work in which months."""
        return self.activity.alive


def _normal(ledger: Ledger, rng: np.random.Generator) -> Floats:
    return rng.standard_normal(len(ledger.firms))


TRAITS: dict[str, Callable[[Ledger, np.random.Generator], Floats]] = {
    "margin": lambda b, rng: np.clip(0.22 + 0.05 * b.column("quality") + 0.06 * _normal(b, rng), 0.04, 0.62),
    "overhead": lambda b, rng: np.clip(0.15 + 0.035 * _normal(b, rng) - 0.01 * b.column("quality"), 0.03, 0.4),
    "wage": lambda b, rng: b.by_industry("wage") * np.exp(0.18 * _normal(b, rng) + 0.05 * b.column("quality")),
    "vat_rate": lambda b, rng: rng.choice([0.13, 0.09, 0.06], len(b.firms), p=[0.55, 0.2, 0.25]),
    "leverage": lambda b, rng: 1 / (1 + np.exp(0.15 + 0.55 * b.column("quality") + 0.75 * _normal(b, rng))),
    "turnover": lambda b, rng: np.exp(0.15 + 0.45 * _normal(b, rng)),
    "exporter": lambda b, rng: _exporters(b, rng),
    "importer": lambda b, rng: np.where(rng.random(len(b.firms)) < 0.35, 0.5 * b.trait("exporter"), 0.0),
    "coverage": lambda b, rng: np.clip(0.72 + 0.1 * b.column("quality") + 0.16 * _normal(b, rng), 0.0, 1.0),
    "thirst": lambda b, rng: np.exp(0.7 * _normal(b, rng)),
    "reach": lambda b, rng: np.exp(0.8 * _normal(b, rng)),
    "invest": lambda b, rng: np.clip(0.03 * np.exp(0.9 * _normal(b, rng) + 0.2 * b.column("quality")), 0, 0.4),
    "research": lambda b, rng: _research(b, rng),
    "online": lambda b, rng: np.where(rng.random(len(b.firms)) < 0.22, rng.beta(1.2, 4, len(b.firms)), 0.0),
    "credit_line": lambda b, rng: np.where(
        rng.random(len(b.firms)) < 0.18 + 0.3 * (b.column("headcount") > 12), rng.beta(2, 4, len(b.firms)), 0.0
    ),
    "price": lambda b, rng: np.clip(0.68 + 0.06 * _normal(b, rng), 0.5, 1.1),
}
"""Traits of a firm by name: gross margin, overhead on revenue, monthly wage, share of debts, and so on."""


def _exporters(ledger: Ledger, rng: np.random.Generator) -> Floats:
    """The share of revenue that is sold abroad; none for most."""
    size = len(ledger.firms)
    chance = ledger.by_industry("exporters") * np.clip(0.35 + 0.25 * np.log(ledger.column("headcount")), 0.1, 2.2)
    form = ledger.firms["form"].to_numpy()
    sells = (rng.random(size) < chance) & ~np.isin(form, [SOLE_TRADER, BRANCH])
    return np.where(sells, rng.beta(1.6, 1.8, size), 0.0)


def _research(ledger: Ledger, rng: np.random.Generator) -> Floats:
    """What part of revenue goes into research; a tenth of firms in manufacturing, software and science do any."""
    division = ledger.firms["division"].cast(pl.Int64).to_numpy()
    able = ((division >= 13) & (division <= 43)) | (division == 65) | ((division >= 73) & (division <= 75))
    chance = np.where(able, 0.10 + 0.1 * (ledger.column("headcount") > 25), 0.004)
    return np.where(rng.random(len(division)) < chance, rng.beta(2, 40, len(division)), 0.0)


def _col(values: Floats) -> Sheet:
    return np.asarray(values[:, None])


def _stock(ledger: Ledger, flow: str, months: float, trait: str | None = None) -> Sheet:
    """A stock that is worth so many months of a flow, smoothed over the last half year."""
    sheet = ledger.sheet(flow)
    smooth = np.empty_like(sheet)
    current = sheet[:, 0].copy()
    for at in range(sheet.shape[1]):
        current = np.where(sheet[:, at] > 0, 0.8 * current + 0.2 * sheet[:, at], current)
        smooth[:, at] = current
    scale = _col(ledger.trait(trait)) if trait else 1.0
    return np.asarray(np.where(ledger.alive, smooth * months * scale, 0.0))


def _noise(ledger: Ledger, name: str, size: float) -> Sheet:
    rng = stream(ledger.seed, "noise", name, ledger.block)
    return np.asarray(np.exp(size * rng.standard_normal((len(ledger.firms), ledger.months), dtype=np.float32)))


def _profit(ledger: Ledger) -> Sheet:
    s = ledger.sheet
    return np.asarray(s("revenue") - s("cost") - s("overheads") - s("interest"))


def _vat(ledger: Ledger) -> Sheet:
    due = ledger.sheet("vat_output") - ledger.sheet("vat_input")
    return np.maximum(due, 0.004 * ledger.sheet("revenue"))


VARIABLES: dict[str, Callable[[Ledger], Sheet]] = {
    "one": lambda b: b.alive.astype(np.float64),
    "revenue": lambda b: b.activity.revenue.astype(np.float64),
    "headcount": lambda b: b.activity.headcount.astype(np.float64),
    "kwh": lambda b: b.activity.kwh.astype(np.float64),
    "trouble": lambda b: b.activity.trouble.astype(np.float64),
    "cost": lambda b: b.sheet("revenue") * _col(1 - b.trait("margin")) * _noise(b, "cost", 0.02),
    "overheads": lambda b: (
        b.sheet("revenue") * _col(b.trait("overhead")) * 0.7
        + 0.3 * _col(b.trait("overhead")) * _stock(b, "revenue", 1.0)
    ),
    "purchases": lambda b: b.sheet("cost") * 0.74 * _noise(b, "purchases", 0.05),
    "payroll": lambda b: b.sheet("headcount") * _col(b.trait("wage")) * _noise(b, "payroll", 0.015),
    "interest": lambda b: b.sheet("loans") * (0.052 / 12),
    "profit": _profit,
    "domestic": lambda b: b.sheet("revenue") - b.sheet("exports"),
    "exports": lambda b: b.sheet("revenue") * _col(b.trait("exporter")) * _noise(b, "exports", 0.12),
    "imports": lambda b: b.sheet("purchases") * _col(b.trait("importer")) * _noise(b, "imports", 0.25),
    "vat_output": lambda b: np.maximum(b.sheet("revenue") - b.sheet("exports"), 0) * _col(b.trait("vat_rate")),
    "vat_input": lambda b: b.sheet("purchases") * _col(b.trait("vat_rate")) * 0.94,
    "vat": _vat,
    "cit": lambda b: np.maximum(b.sheet("profit"), 0) * np.where(_col(b.column("headcount")) > 300, 0.25, 0.07),
    "iit": lambda b: b.sheet("payroll") * 0.018,
    "taxes": lambda b: b.sheet("vat") * 1.12 + b.sheet("cit") + b.sheet("iit") + 0.0012 * b.sheet("revenue"),
    "power_charge": lambda b: b.sheet("kwh") * _col(b.trait("price")),
    "power_paid": lambda b: b.sheet("power_charge") * (1 - b.sheet("trouble")),
    "power_owed": lambda b: b.sheet("power_charge") * b.sheet("trouble"),
    "peak_load": lambda b: b.sheet("kwh") / 260,
    "water": lambda b: (2.1 * b.sheet("headcount") + 0.011 * b.sheet("kwh")) * _col(b.trait("thirst")) * (b.alive),
    "sewage": lambda b: b.sheet("water") * 0.82,
    "data": lambda b: b.sheet("headcount") * 9.5 * _col(b.trait("reach")) * np.sqrt(b.activity.level),
    "telecom_charge": lambda b: (38 * b.sheet("headcount") + 90 * b.alive) * _col(b.trait("reach")) ** 0.5,
    "calls": lambda b: b.sheet("headcount") * 150 * np.sqrt(b.activity.level) * _noise(b, "calls", 0.1),
    "freight": lambda b: b.sheet("revenue") / 5200 * _col(b.trait("reach")) ** 0.4,
    "online": lambda b: b.sheet("revenue") * _col(b.trait("online")) * _noise(b, "online", 0.1),
    "research": lambda b: b.sheet("revenue") * _col(b.trait("research")),
    "investment": lambda b: b.sheet("revenue") * _col(b.trait("invest")) * _noise(b, "investment", 0.6),
    "insured": lambda b: np.floor(b.sheet("headcount") * _col(b.trait("coverage")) + 0.3),
    "insurance": lambda b: b.sheet("insured") * np.maximum(_col(b.trait("wage")) * 0.78, 3000) * 0.24,
    "deposits": lambda b: b.sheet("insured") * _col(b.trait("wage")) * 0.16,
    "insurance_paid": lambda b: b.sheet("insurance") * (1 - b.sheet("trouble")),
    "insurance_owed": lambda b: b.sheet("insurance") * b.sheet("trouble"),
    "deposits_owed": lambda b: b.sheet("deposits") * b.sheet("trouble"),
    "taxes_owed": lambda b: b.sheet("taxes") * b.sheet("trouble"),
    "water_owed": lambda b: b.sheet("water") * b.sheet("trouble"),
    "telecom_owed": lambda b: b.sheet("telecom_charge") * b.sheet("trouble"),
    "lawsuits": lambda b: _lawsuits(b),
    "enforcements": lambda b: _enforcements(b),
    "hires": lambda b: _turned(b, 1.0),
    "leavers": lambda b: _turned(b, -1.0),
    "receivables": lambda b: _stock(b, "revenue", 1.7, "turnover"),
    "inventory": lambda b: _stock(b, "purchases", 1.6, "turnover"),
    "fixed": lambda b: _stock(b, "revenue", 3.1, "turnover"),
    "cash": lambda b: _stock(b, "revenue", 0.9, "turnover"),
    "assets": lambda b: b.sheet("receivables") + b.sheet("inventory") + b.sheet("fixed") + b.sheet("cash"),
    "debts": lambda b: b.sheet("assets") * _col(b.trait("leverage")),
    "equity": lambda b: b.sheet("assets") - b.sheet("debts"),
    "payables": lambda b: b.sheet("debts") * 0.45,
    "loans": lambda b: b.sheet("debts") * _col(b.trait("credit_line")),
    "capacity": lambda b: np.repeat(_col(b.activity.kwh.max(axis=1).astype(np.float64) / 110 + 5), b.months, axis=1),
    "floor": lambda b: np.repeat(_col(b.column("headcount") * 14 * b.trait("thirst") ** 0.6), b.months, axis=1),
    "capital": lambda b: np.repeat(_col(b.column("capital") * 10_000), b.months, axis=1),
}
"""Every variable of the books. Money is in yuan, energy in kilowatt-hours, water in cubic metres, data in gigabytes."""


def _turned(ledger: Ledger, sign: float) -> Sheet:
    """Persons who came or went in a month: the change of the headcount, and those who only changed places."""
    heads = ledger.sheet("headcount")
    change = np.diff(heads, axis=1, prepend=heads[:, :1])
    rng = stream(ledger.seed, "turnover", ledger.block)
    changed_places = rng.poisson(0.022 * heads)
    return np.asarray(np.maximum(sign * change, 0) + changed_places)


def _lawsuits(ledger: Ledger) -> Sheet:
    """Cases in which each firm was sued; firms in trouble are sued more."""
    rng = stream(ledger.seed, "lawsuits", ledger.block)
    heads = np.log1p(ledger.sheet("headcount"))
    rate = 0.0035 * heads * np.exp(-0.6 * ledger.activity.health) * ledger.alive
    cases: Sheet = rng.poisson(np.clip(rate, 0, 2)).astype(np.float64)
    return cases


def _enforcements(ledger: Ledger) -> Sheet:
    """Lost cases that came to enforcement: two in five, some two to eleven months after the firm was sued."""
    rng = stream(ledger.seed, "enforcements", ledger.block)
    cases = rng.binomial(ledger.sheet("lawsuits").astype(np.int64), 0.4)
    firm, month = np.nonzero(cases)
    later = month + rng.integers(2, 12, len(month))
    seen = later < ledger.months
    sheet = np.zeros(cases.shape)
    np.add.at(sheet, (firm[seen], later[seen]), cases[firm[seen], month[seen]])
    return np.asarray(sheet)
