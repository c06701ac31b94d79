"""The market for the province: needs met, time to an offer, first-time borrowers, rates, refusals, banks compared.

Two readers: officials named by role see exact figures with cells left out that would give a firm away; everybody sees
every cell with noise that is always the same. See `tulou.kernel.disclosure`.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db.models import Min

from tulou.finance.core.market.words import REFUSALS
from tulou.finance.models import Application, Contract, Need
from tulou.kernel.disclosure import Noise, Rules, Table, cell_keys, record_keys, suppress, tabulate
from tulou.kernel.errors import Text
from tulou.kernel.industries import ancestors, industry
from tulou.kernel.regions import region
from tulou.kernel.sizes import SIZES, size_class

RULES = Rules(least=5, protect=0.1)
NOISE = Noise(most=5, variance=4.0, least=3)
UNKNOWN = Text(zh="未知", en="Not known")
MET, OPEN = 0, 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A firm on the market: where it stands on each axis, whether it got money, what it asked for and what it pays."""

    firm: str
    places: dict[str, str]
    met: bool
    first_time: bool
    amount_fen: int
    aprs: tuple[Decimal, ...]
    hours: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; None is a figure that is not shown."""

    name: Text
    firms: int | None
    met: int | None
    amount_fen: int | None
    apr: Decimal | None

    @property
    def share(self) -> float | None:
        """The share of firms that got money."""
        return self.met / self.firms if self.firms and self.met is not None else None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the page."""

    firms: int | None
    met: int | None
    amount_fen: int | None
    first_time: int | None
    hours: float | None
    apr: Decimal | None
    tables: dict[str, list[Row]]
    refusals: list[tuple[Text, int | None]]
    banks: list[dict[str, Any]] = field(default_factory=list)


def province_board(*, exact: bool) -> Board:
    """The board for officials (`exact`), or for everybody."""
    seen = _seen()
    show = _suppressed if exact else _blurred
    axes: dict[str, Callable[[str], Text]] = {"sector": sector_name, "region": region_name, "size": size_name}
    tables = {name: _table(seen, name) for name in axes}
    shown = show(seen, tables)
    rows = {name: shown[name].rows(axes[name]) for name in axes}
    top = shown["size"].total()
    firsts = _few([each.firm for each in seen if each.met and each.first_time], exact=exact)
    hours = [each.hours for each in seen if each.hours is not None]
    return Board(
        firms=top.firms,
        met=top.met,
        amount_fen=top.amount_fen,
        first_time=None if top.met is None else firsts,
        hours=statistics.median(hours) if len(hours) >= RULES.least else None,
        apr=top.apr,
        tables=rows,
        refusals=_refusals(exact=exact),
        banks=_banks() if exact else [],
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A table with what of it may be shown: counts and amounts by line and by met or open, None where hidden."""

    keys: tuple[str, ...]
    counts: list[list[int | None]]
    amounts: list[int | None]
    aprs: list[list[Decimal]]

    def line(self, number: int, name: Text) -> Row:
        met, _open, firms = self.counts[number]
        rates = self.aprs[number]
        enough = met is not None and min(met, len(rates)) >= RULES.least
        apr = sum(rates, Decimal(0)) / len(rates) if enough else None
        return Row(name, firms, met, self.amounts[number], None if apr is None else round(apr, 3))

    def rows(self, name_of: Callable[[str], Text]) -> list[Row]:
        return [self.line(number, name_of(key)) for number, key in enumerate(self.keys)]

    def total(self) -> Row:
        return self.line(len(self.keys), UNKNOWN)


def _seen() -> list[Seen]:
    """One row a firm that stated a need."""
    contracts: dict[int, list[Contract]] = defaultdict(list)
    for contract in Contract.objects.exclude(state__in=["rescinded", "cancelled"]).order_by("id"):
        contracts[contract.firm_id].append(contract)
    first_offer = dict(
        Need.objects.filter(offers__approved_at__isnull=False)
        .annotate(offered=Min("offers__approved_at"))
        .values_list("id", "offered")
    )
    needs: dict[int, list[Need]] = defaultdict(list)
    for need in Need.objects.select_related("firm").order_by("id"):
        needs[need.firm_id].append(need)
    found = []
    for firm, stated in needs.items():
        had = contracts.get(firm, [])
        facts = stated[-1].known_facts
        waits = [(first_offer[n.pk] - n.created_at).total_seconds() / 3600 for n in stated if n.pk in first_offer]
        found.append(
            Seen(
                stated[-1].firm.public_id,
                {
                    "sector": sector_of(facts),
                    "region": str(facts.get("region") or stated[-1].firm.region or "")[:4],
                    "size": size_of(facts),
                },
                bool(had),
                bool(had) and any(need.first_time for need in stated),
                sum(c.principal_fen for c in had) if had else max(n.amount_fen for n in stated),
                tuple(c.apr for c in had),
                min(waits) if waits else None,
            )
        )
    return found


def _table(seen: Sequence[Seen], axis: str) -> tuple[tuple[str, ...], Table]:
    keys = tuple(sorted({each.places[axis] for each in seen}))
    at = {key: number for number, key in enumerate(keys)}
    places = [[at[each.places[axis]] for each in seen], [MET if each.met else OPEN for each in seen]]
    firms, amounts = [each.firm for each in seen], [each.amount_fen for each in seen]
    return keys, tabulate([list(keys), ["met", "open"]], places, firms, amounts)


@dataclass(frozen=True)
class _Figures:
    """A table that is the same as another one where all its figures are."""

    table: Table = field(compare=False)
    content: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        parts = (self.table.count, self.table.amount, self.table.largest, self.table.second)
        object.__setattr__(self, "content", (self.table.shape, *(part.tobytes() for part in parts)))


@lru_cache(maxsize=32)
def _hidden(figures: _Figures) -> npt.NDArray[np.bool_]:
    """Which cells are left out: found by linear programming, so once for the same figures."""
    return suppress(figures.table, RULES).hidden


def _suppressed(seen: Sequence[Seen], tables: dict[str, tuple[tuple[str, ...], Table]]) -> dict[str, _Shown]:
    """Exact figures; what is hidden of the margin that all tables share is hidden in all of them."""
    hidden = {name: _hidden(_Figures(table)).copy() for name, (_keys, table) in tables.items()}
    shared = np.logical_or.reduce([each[-1] for each in hidden.values()])
    shown = {}
    for name, (keys, table) in tables.items():
        hidden[name][-1] |= shared
        counts = [
            [None if hidden[name][line, column] else int(table.count[line, column]) for column in range(3)]
            for line in range(len(keys) + 1)
        ]
        amounts = [None if hidden[name][line, MET] else int(table.amount[line, MET]) for line in range(len(keys) + 1)]
        shown[name] = _Shown(keys, counts, amounts, _aprs(seen, name, keys))
    return shown


def _blurred(seen: Sequence[Seen], tables: dict[str, tuple[tuple[str, ...], Table]]) -> dict[str, _Shown]:
    """Every figure with the noise of its cell."""
    keys_of = record_keys(_secret(), [each.firm for each in seen])
    shown = {}
    for name, (keys, table) in tables.items():
        at = {key: number for number, key in enumerate(keys)}
        shape = table.shape
        cell_key = np.zeros(shape, np.uint64)
        lines = np.array([at[each.places[name]] for each in seen], dtype=np.int64)
        columns = np.array([MET if each.met else OPEN for each in seen], dtype=np.int64)
        for line in (lines, np.full(len(seen), len(keys))):
            for column in (columns, np.full(len(seen), 2)):
                cell_key += cell_keys((line * 3 + column).tolist(), keys_of, shape[0] * 3).reshape(shape)
        flat = NOISE.counts(table.count.reshape(-1).tolist(), cell_key.reshape(-1)).reshape(shape)
        money = NOISE.amounts(
            table.amount[:, MET].tolist(), table.largest[:, MET].tolist(), np.ascontiguousarray(cell_key[:, MET])
        )
        counts: list[list[int | None]] = [[int(value) for value in line] for line in flat]
        amounts = [int(value) if flat[n, MET] else None for n, value in enumerate(money)]
        shown[name] = _Shown(keys, counts, amounts, _aprs(seen, name, keys))
    return shown


def _aprs(seen: Sequence[Seen], axis: str, keys: Sequence[str]) -> list[list[Decimal]]:
    """The mean annual percentage rate of each firm that got money, by line; in the last line of all."""
    found: dict[str, list[Decimal]] = {key: [] for key in keys}
    for each in seen:
        if each.met and each.aprs:
            found[each.places[axis]].append(sum(each.aprs, Decimal(0)) / len(each.aprs))
    return [*(found[key] for key in keys), [apr for key in keys for apr in found[key]]]


def _few(firms: Iterable[str], *, exact: bool) -> int | None:
    """How many firms: hidden where too few, or with noise."""
    names = sorted(set(firms))
    if exact:
        return len(names) if len(names) >= RULES.least or not names else None
    keys = cell_keys([0] * len(names), record_keys(_secret(), names), 1)
    return int(NOISE.counts([len(names)], keys)[0])


def _refusals(*, exact: bool) -> list[tuple[Text, int | None]]:
    """How many firms were refused for each reason; the commonest first."""
    firms: dict[str, set[str]] = defaultdict(set)
    rows = Application.objects.filter(state__in=["refused", "objection", "upheld"]).select_related("need__firm")
    for row in rows:
        for code in row.refusals:
            firms[str(code)].add(row.need.firm.public_id)
    found = [(REFUSALS[code].text, _few(names, exact=exact)) for code, names in firms.items() if code in REFUSALS]
    return sorted(found, key=lambda pair: (-(pair[1] or 0), pair[0].en))


def _banks() -> list[dict[str, Any]]:
    """Each bank's applications, share answered, hours to the answer, contracts, mean rate; few firms hide them."""
    rows: dict[str, list[Application]] = defaultdict(list)
    for row in Application.objects.select_related("bank", "need").order_by("id"):
        rows[row.bank.name].append(row)
    lent: dict[str, list[Contract]] = defaultdict(list)
    for contract in Contract.objects.exclude(state__in=["rescinded", "cancelled"]).select_related("bank"):
        lent[contract.bank.name].append(contract)
    found = []
    for name, asked in sorted(rows.items()):
        answered = [row for row in asked if row.answered_at is not None]
        hours = [(row.answered_at - row.created_at).total_seconds() / 3600 for row in answered if row.answered_at]
        many = len({row.need.firm_id for row in asked}) >= RULES.least
        answers = len({row.need.firm_id for row in answered}) >= RULES.least
        borrowers = len({contract.firm_id for contract in lent[name]}) >= RULES.least
        aprs = [contract.apr for contract in lent[name]]
        found.append(
            {
                "name": name,
                "asked": len(asked) if many else None,
                "answered": len(answered) / len(asked) if many and (answers or not answered) else None,
                "hours": statistics.median(hours) if answers else None,
                "contracts": len(aprs) if borrowers else None,
                "apr": round(sum(aprs, Decimal(0)) / len(aprs), 3) if borrowers else None,
            }
        )
    return found


def _secret() -> bytes:
    return f"disclosure {settings.SECRET_KEY}".encode()


def sector_of(facts: Mapping[str, object]) -> str:
    """The section (A to T) of a firm's industry."""
    code = str(facts.get("industry") or "")
    found = industry(code) if code else None
    if found is None:
        return ""
    above = ancestors(found.code)
    return above[-1].code if above else found.code


def size_of(facts: Mapping[str, object]) -> str:
    """The place of a firm's size class in `SIZES`; empty where it is not known."""
    code, staff, revenue = str(facts.get("industry") or ""), facts.get("headcount"), facts.get("revenue")
    if not code or industry(code) is None:
        return ""
    found = size_class(
        code,
        employees=None if staff is None else int(str(staff)),
        revenue=None if revenue is None else Decimal(str(revenue)),
    )
    return "" if found is None else str(SIZES.index(found))


def sector_name(key: str) -> Text:
    """A section of industries in words."""
    found = industry(key) if key else None
    return UNKNOWN if found is None else found.name


def region_name(key: str) -> Text:
    """A prefecture by its four digits."""
    found = region(key + "00") if key else None
    return UNKNOWN if found is None else found.name


def size_name(key: str) -> Text:
    """A size class in words."""
    return SIZES[int(key)].text if key else UNKNOWN
