"""The firms of the province, as nobody but the simulator sees them: one row each, all registers' truth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tulou.kernel.industries import children
from tulou.kernel.industries import industry as kernel_industry
from tulou.simulate import identifiers, names, places
from tulou.simulate.chance import Array, Booleans, Floats, Indices, pick, stream
from tulou.simulate.vocabulary import districts, from_lists, gathered, industries

OUTSIDERS = 0.006
"""Firms that work without being registered, as a share of the registered; utilities and platforms know them."""

_BRANCHES, _SUBSIDIARIES, _SHARED_OWNERS = 0.025, 0.035, 0.07
_RENAMED, _MOVED, _AGENTS = 0.08, 0.16, 0.06
_LIFETIME_YEARS = 7.5
_USCC_ERA = dt.date(2015, 10, 1)
"""From this day on one code replaced the numbers of market regulation, quality supervision and the tax bureau."""

_CAPITAL_STEPS = np.array([3, 5, 10, 30, 50, 100, 200, 300, 500, 1000, 1200, 2000, 3000, 5000, 10_000, 20_000])


@dataclass(frozen=True, slots=True)
class Window:
    """The months that departments deliver: `months` of them, the last one being `last` (its first day)."""

    last: dt.date
    months: int

    @property
    def first(self) -> dt.date:
        """The first day of the first month."""
        return add_months(self.last, 1 - self.months)

    @property
    def end(self) -> dt.date:
        """The first day after the last month."""
        return add_months(self.last, 1)

    def month(self, at: int) -> dt.date:
        """The first day of the month at `at`, counted from 0; earlier months are negative."""
        return add_months(self.first, at)


def add_months(day: dt.date, months: int) -> dt.date:
    """The first day of the month that lies `months` after that of `day`."""
    at = day.year * 12 + day.month - 1 + months
    return dt.date(at // 12, at % 12 + 1, 1)


def populate(firms: int, window: Window, seed: int) -> pl.DataFrame:
    """Every firm that exists in some month of the window: `firms` registered ones, then the outsiders.

    Days of birth, former names and moves lie in the past of `window.end`; who closes when is up to the activity.
    """
    total = firms + max(round(firms * OUTSIDERS), 1)
    rng = stream(seed, "population")
    frame = _grounds(rng, total, window)
    frame = frame.with_columns(registered=pl.Series(np.arange(total) < firms))
    frame = names.named(seed, _owned(rng, frame))
    frame = _related(seed, frame)
    frame = _dwelling(seed, frame)
    frame = _renamed(seed, frame, window)
    return _numbered(seed, frame)


def _grounds(rng: np.random.Generator, total: int, window: Window) -> pl.DataFrame:
    table = industries()
    division_at = pick(rng, table.number("weight"), total)
    division = np.array(table.division)[division_at]
    manufacturing = (division >= "13") & (division <= "43")
    region_at = _settled(rng, manufacturing)
    form = names.farm_forms(rng, division)
    age_days = np.minimum(rng.exponential(_LIFETIME_YEARS * 365, total), 34 * 365).astype(np.int64)
    established = np.datetime64(window.end, "D") - 1 - age_days
    quality = rng.standard_normal(total)
    heads = _headcounts(rng, table.number("headcount")[division_at], form, age_days / 365, quality)
    regions = districts()
    return pl.DataFrame(
        {
            "firm": np.arange(total),
            "division_at": division_at,
            "division": division,
            "industry": _classes(rng, division_at),
            "region_at": region_at,
            "region": gathered(regions["region"], region_at),
            "city": gathered(regions["city"], region_at),
            "district": gathered(regions["district"], region_at),
            "form": form,
            "established": established,
            "quality": quality,
            "headcount": heads,
            "capital": _capital(rng, heads, form),
            "works": manufacturing,
        }
    )


def _classes(rng: np.random.Generator, division_at: Indices) -> pl.Series:
    """The four digits of each firm's class of GB/T 4754; within a division some classes are far more common."""
    classes = [_classes_of(division) for division in industries().division]
    return from_lists(classes, division_at, rng.random(len(division_at)) ** 2.0)


def _classes_of(division: str) -> list[str]:
    found = kernel_industry(division)
    groups = children(found.code) if found else ()
    return [each.code[1:] for group in groups for each in children(group.code) or (group,)]


def _settled(rng: np.random.Generator, works: Booleans) -> Indices:
    """The district of each firm; workshops gather where industry is strong."""
    table = districts()
    weight, strength = table["weight"].to_numpy(), table["works"].to_numpy()
    size = len(works)
    workshops, offices = pick(rng, weight * strength, size), pick(rng, weight * (1.4 - 0.3 * strength), size)
    return np.where(works, workshops, offices).astype(np.int64)


def _headcounts(rng: np.random.Generator, median: Floats, form: Indices, age: Floats, quality: Floats) -> Indices:
    by_form = np.array([1.0, 1.2, 6.0, 0.45, 0.7, 0.28, 0.9, 0.5])[form]
    spread = np.where(form == names.SOLE_TRADER, 0.45, 1.02)
    grown = 0.55 + 0.65 * (1 - np.exp(-age / 4))
    heads = median * by_form * grown * np.exp(spread * rng.standard_normal(len(form)) + 0.12 * quality)
    rounded: Indices = np.clip(np.rint(heads), 1, 1800).astype(np.int64)
    return rounded


def _capital(rng: np.random.Generator, heads: Indices, form: Indices) -> Floats:
    """Registered capital in 10,000 yuan; people write round figures."""
    wish = 14.0 * heads * np.exp(0.9 * rng.standard_normal(len(heads))) * np.where(form == names.STOCK, 4.0, 1.0)
    step = _CAPITAL_STEPS[np.clip(np.searchsorted(_CAPITAL_STEPS, wish), 0, len(_CAPITAL_STEPS) - 1)]
    return np.where(form == names.SOLE_TRADER, np.minimum(step, 30), step).astype(np.float64)


def _owned(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    """Owners and telephones: some people own several firms, some agents answer for dozens of clients."""
    total = len(frame)
    owner_of = np.arange(total)
    shared = rng.random(total) < _SHARED_OWNERS
    owner_of[shared] = rng.integers(0, total, int(shared.sum()))
    agents = np.arange(max(total // 900, 1))
    phone_of = np.where(shared & (rng.random(total) < 0.5), owner_of, np.arange(total))
    through = rng.random(total) < _AGENTS
    phone_of[through] = agents[rng.integers(0, len(agents), int(through.sum()))]
    owners, numbers = names.people(rng, total), identifiers.text(identifiers.phones(rng, total))
    return frame.with_columns(
        owner_at=pl.Series(owner_of),
        owner=gathered(owners, owner_of),
        phone=gathered(numbers, phone_of),
        contact=pl.Series(np.where(rng.random(total) < 0.55, 1, 0)).cast(pl.Boolean),
        clerk=names.people(rng, total),
    )


def _related(seed: int, frame: pl.DataFrame) -> pl.DataFrame:
    """Branches, which bear their head's name, and subsidiaries, which bear its trade name and have its owner."""
    rng = stream(seed, "groups")
    total = len(frame)
    form = frame["form"].to_numpy()
    company = np.isin(form, [names.LIMITED, names.LIABILITY, names.STOCK])
    heads = np.flatnonzero(company & (frame["headcount"].to_numpy() >= 8) & frame["registered"].to_numpy())
    kind = np.where(company & frame["registered"].to_numpy(), rng.random(total), 1.0)
    branch, subsidiary = kind < _BRANCHES, (kind >= _BRANCHES) & (kind < _BRANCHES + _SUBSIDIARIES)
    if len(heads) == 0:
        branch, subsidiary = np.zeros(total, bool), np.zeros(total, bool)
    head = np.full(total, -1)
    related = branch | subsidiary
    if related.any():
        head[related] = heads[rng.integers(0, len(heads), int(related.sum()))]
    own_child = related[np.maximum(head, 0)] | (head == np.arange(total))
    branch, subsidiary = branch & ~own_child, subsidiary & ~own_child
    head = np.where(branch | subsidiary, head, -1)
    return names.unlike(rng, _renamed_after(frame, head, branch, subsidiary))


def _renamed_after(frame: pl.DataFrame, head: Indices, branch: Booleans, subsidiary: Booleans) -> pl.DataFrame:
    at = np.maximum(head, 0)
    of_head = frame.select("name", "trade", "owner", "division", "division_at").select(pl.all().gather(pl.Series(at)))
    is_branch, is_child = pl.Series(branch), pl.Series(branch | subsidiary)
    place = frame["district"].str.replace("[市县区]$", "")
    frame = frame.with_columns(
        head=pl.Series(head),
        form=pl.when(is_branch).then(pl.lit(names.BRANCH)).otherwise("form"),
        trade=pl.when(is_child).then(of_head["trade"]).otherwise("trade"),
        owner=pl.when(pl.Series(subsidiary)).then(of_head["owner"]).otherwise("owner"),
        division=pl.when(is_branch).then(of_head["division"]).otherwise("division"),
        division_at=pl.when(is_branch).then(of_head["division_at"]).otherwise("division_at"),
    )
    # A branch is called by its head's whole name; as parts: the head's name is the place, its own place the trade name.
    frame = frame.with_columns(
        place=pl.when(is_branch).then(of_head["name"]).otherwise("place"),
        trade=pl.when(is_branch).then(place).otherwise("trade"),
        word=pl.when(is_branch).then(pl.lit("")).otherwise("word"),
        form_word=pl.when(is_branch).then(pl.lit(names.FORMS[names.BRANCH])).otherwise("form_word"),
        bracketed=pl.when(is_branch).then(pl.lit(False)).otherwise("bracketed"),
    )
    return frame.with_columns(name=names.written(frame))


def _dwelling(seed: int, frame: pl.DataFrame) -> pl.DataFrame:
    rng = stream(seed, "addresses")
    region_at, works = frame["region_at"].to_numpy(), frame["works"].to_numpy()
    registered = places.addresses(rng, region_at, works)
    working, elsewhere = places.moved(rng, registered, region_at, works, _MOVED)
    parts = [name for name in places.PARTS if name not in ("region", "city", "district")]
    return frame.with_columns(
        *(registered[name] for name in parts),
        *(working[name].alias(f"work_{name}") for name in parts),
        address=places.whole_address(registered),
        elsewhere=pl.Series(elsewhere),
    )


def _renamed(seed: int, frame: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Former names, and since when they are former."""
    rng = stream(seed, "former names")
    total = len(frame)
    born = frame["established"].to_numpy().astype("datetime64[D]").astype(np.int64)
    end = np.datetime64(window.end, "D").astype(np.int64) - 1
    lived = end - born
    renamed = (rng.random(total) < _RENAMED) & (lived > 400) & (frame["form"].to_numpy() != names.BRANCH)
    recent = rng.random(total) < 0.5
    share = np.where(recent, 1 - 0.9 * rng.random(total) * np.minimum(1, 730 / np.maximum(lived, 1)), rng.random(total))
    changed_on = born + 200 + ((lived - 200) * share).astype(np.int64)
    how = pick(rng, [0.5, 0.3, 0.2], total)
    division, form = frame["division_at"].to_numpy(), frame["form"].to_numpy()
    former = frame.with_columns(
        trade=pl.when(pl.Series(how == 0)).then(names.trade_names(rng, total)).otherwise("trade"),
        word=pl.when(pl.Series(how == 1)).then(names.trade_words(rng, division, form)).otherwise("word"),
        place=pl.when(pl.Series(how == 2))
        .then(names.place_words(rng, frame["city"], frame["district"], np.zeros(total, bool)))
        .otherwise("place"),
    )
    old = names.written(former)
    mask = pl.Series(renamed) & (old != frame["name"])
    return frame.with_columns(
        former_name=pl.when(mask).then(old),
        renamed_on=pl.when(mask).then(pl.Series(changed_on.astype("datetime64[D]"))),
    )


def _numbered(seed: int, frame: pl.DataFrame) -> pl.DataFrame:
    total = len(frame)
    rng = stream(seed, "numbers")
    offset = int(rng.integers(0, 10**7))
    number = np.arange(total, dtype=np.int64)
    recent = frame["established"].to_numpy() >= np.datetime64(_USCC_ERA)
    codes = identifiers.org_codes(number, recent, offset)
    form = frame["form"].to_numpy()
    kinds = np.select([form == names.SOLE_TRADER, form == names.COOPERATIVE], [92, 93], 91).astype(np.int64)
    registry = _registry(rng, frame)
    uscc = identifiers.text(identifiers.usccs(kinds, registry, codes))
    org = identifiers.text(codes)
    reg_no = identifiers.text(identifiers.reg_nos(registry, _reg_class(form), number * 7 + offset % 1000))
    keeps = pl.Series(~recent | (rng.random(total) < 0.7))
    old_tax = frame["region"] + org
    head = pl.Series(np.maximum(frame["head"].to_numpy(), 0), dtype=pl.UInt32)
    return frame.with_columns(
        uscc=uscc,
        org_code=org,
        head_uscc=pl.when(frame["form"] == names.BRANCH).then(uscc.gather(head)),
        reg_no=pl.when(keeps).then(reg_no),
        tax_no=pl.when(pl.Series(~recent)).then(old_tax).otherwise(uscc),
    )


def _registry(rng: np.random.Generator, frame: pl.DataFrame) -> Indices:
    """The register that gave the number: the district's, the city's (4 of 10 companies) or the province's."""
    region = frame["region"].cast(pl.Int64).to_numpy()
    company = np.isin(frame["form"].to_numpy(), [names.LIMITED, names.LIABILITY, names.STOCK])
    level = np.where(company, pick(rng, [0.58, 0.38, 0.04], len(frame)), 0)
    return np.select([level == 1, level == 2], [region // 100 * 100, np.full(len(frame), 350000)], region)


def _reg_class(form: Array) -> Indices:
    return np.select([form == names.SOLE_TRADER, form == names.COOPERATIVE], [6, 3], 1).astype(np.int64)
