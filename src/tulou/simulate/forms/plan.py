"""What moves each item of a form: a variable of the books, a bound, a list of codes; decided once, from its record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tulou.pool.core.contract import Column, LogicalType
from tulou.simulate.chance import share_of
from tulou.simulate.habits import drivers

When = Literal["now", "ytd", "lag", "lag_ytd", "begin"]
"""Which months an item speaks of: its period, the year until then, the same a year ago, or where the year began."""

_WHENS: tuple[tuple[When, str], ...] = (
    ("lag_ytd", r"上年(同期)?累计(金额|数)?|上年同期累计"),
    ("lag", r"上年同(月|期|季|期数)|去年同期|上年数|上期(金额|数)"),
    ("ytd", r"本年累计(金额|数)?|年初至今累计|（累计）"),
    ("begin", r"年初(余额|数|库存量)?|期初(余额|数)?"),
    ("now", r"期末(余额|数|库存量)?|年末(余额|数)?|本(月|期|季|年)(金额|数|应)?|当期"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one item is filled in.

    `stem` is what it has in common with the same line in other columns; `driver` the variable, of which it is `share`
    (divided by `scale` into its unit); `presence` the share of firms that have the line at all. `exact` items are the
    variable itself. `bounded` items stand around a middle, with a spread, and follow nothing.
    """

    column: Column
    stem: str
    when: When = "now"
    driver: str = "revenue"
    share: float = 0.0
    scale: float = 1.0
    presence: float = 1.0
    exact: bool = False
    bounded: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The column's technical name."""
        return self.column.name


def plan(dataset: str, column: Column) -> Plan:
    """How the column of a dataset is filled in."""
    when, stem = _when(column.title.zh)
    key = f"{dataset}/{stem}"
    presence = 0.3 + 0.7 * share_of(f"presence of {key}")
    if column.logical_type not in (LogicalType.INTEGER, LogicalType.NUMBER):
        certain = column.required or column.name in drivers()["days"].get(dataset, {})
        return Plan(column, key, when, presence=1.0 if certain else _kept(column, presence))
    unit = column.unit or "1"
    if unit == "a" and column.minimum is not None and float(column.minimum) >= 1900:
        return Plan(column, key, when, presence=presence, bounded=(2021.0, 1.5))
    scale = float(drivers()["scales"].get(unit, 1))
    if (explicit := _explicit(dataset, column.name)) is not None:
        driver, share = explicit
        return Plan(column, key, when, driver, share, scale, 1.0, exact=True)
    if (found := _by_title(stem, unit)) is not None:
        driver, low, high = found
        exact = low == high
        return Plan(column, key, when, driver, _share(key, low, high), scale, 1.0 if exact else presence, exact)
    if unit in drivers()["bounded"]:
        middle, spread = drivers()["bounded"][unit]
        middle *= 0.5 + share_of(f"middle of {key}")
        return Plan(column, key, when, presence=presence, bounded=(float(middle), float(spread)))
    driver, low, high = drivers()["units"].get(unit, ["headcount", 0.05, 0.5])
    return Plan(column, key, when, driver, _share(key, low, high), scale, presence)


def _kept(column: Column, presence: float) -> float:
    """Codes are hardly ever left out, dates and words are."""
    coded = column.codes or column.pattern is not None
    return 0.985 if coded and "隶属" not in column.title.zh else presence


def plans(dataset: str, columns: Iterable[Column]) -> list[Plan]:
    """How each column is filled in."""
    return [plan(dataset, column) for column in columns]


def _share(key: str, low: float, high: float) -> float:
    return float(low * (high / low) ** share_of(f"share of {key}"))


@lru_cache(maxsize=20_000)
def _when(title: str) -> tuple[When, str]:
    """Which months a title speaks of, and what is left of it without the words that say so."""
    for when, pattern in _WHENS:
        if match := re.search(pattern, title):
            stem = (title[: match.start()] + title[match.end() :]).replace("（）", "").strip()
            return when, stem or title
    return "now", title


@lru_cache(maxsize=20_000)
def _by_title(title: str, unit: str) -> tuple[str, float, float] | None:
    if unit in drivers()["bounded"]:
        return None
    fits = _FAMILIES.get(unit, _FAMILIES["CNY"] if "CNY" in unit or unit == "USD" else frozenset())
    for pattern, driver, low, high in drivers()["titles"]:
        if driver in fits and re.search(str(pattern), title):
            return str(driver), float(low), float(high)
    return None


def _explicit(dataset: str, name: str) -> tuple[str, float] | None:
    """The variable, and its factor, that `facts/drivers.yaml` names for an item."""
    entry = drivers().get("exact", {}).get(dataset, {}).get(name)
    if entry is None:
        return None
    driver, _, factor = str(entry).partition("*")
    return driver.strip(), float(factor or 1)


_MONEY = frozenset(
    [
        "revenue",
        "domestic",
        "cost",
        "overheads",
        "purchases",
        "payroll",
        "interest",
        "profit",
        "exports",
        "imports",
        "vat_output",
        "vat_input",
        "vat",
        "cit",
        "iit",
        "taxes",
        "power_charge",
        "water",
        "telecom_charge",
        "online",
        "research",
        "investment",
        "insurance",
        "deposits",
        "receivables",
        "payables",
        "inventory",
        "fixed",
        "cash",
        "assets",
        "debts",
        "equity",
        "loans",
        "capital",
    ]
)
_PEOPLE = frozenset(["headcount", "insured", "hires", "leavers"])
_FAMILIES: dict[str, frozenset[str]] = {
    "CNY": _MONEY,
    "{person}": _PEOPLE,
    "{count}": frozenset({"calls", "hires"}),
    "kW.h": frozenset({"kwh"}),
    "10*4.kW.h": frozenset({"kwh"}),
    "kW": frozenset({"peak_load"}),
    "kV.A": frozenset({"capacity"}),
    "m3": frozenset({"water", "sewage"}),
    "m2": frozenset({"floor"}),
    "t": frozenset({"freight"}),
    "GBy": frozenset({"data"}),
    "min": frozenset({"calls"}),
}
"""By unit, the variables that may move an item: money does not follow kilowatt-hours."""
