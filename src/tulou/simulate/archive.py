"""The clients of a department as its own archive has them: names, addresses and codes with the errors of years."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from tulou.simulate import names
from tulou.simulate.chance import Booleans, stream
from tulou.simulate.dirt import addressing, naming, texts
from tulou.simulate.dirt.naming import Written
from tulou.simulate.habits import Habit
from tulou.simulate.identifiers import phones, text
from tulou.simulate.vocabulary import gathered

FORMER_REGIONS = {
    "350112": "350182",
    "350404": "350403",
    "350405": "350427",
    "350604": "350681",
    "350605": "350625",
    "350703": "350784",
    "350803": "350822",
}
"""Districts of Fujian that were renumbered since 2014 (GB/T 2260): code of today -> code before."""

_PHONE_RATES = {"other": 0.16, "missing": 0.12}


def archive(firms: pl.DataFrame, habit: Habit, seed: int) -> pl.DataFrame:
    """A department's clients, one row each, ordered by firm.

    client, firm, weight (of the firm's whole that this account stands for), name, address, phone, person, district,
    established, uscc, org_code, reg_no, tax_no; and a column for everything that was changed, `name_former` or
    `uscc_missing`, true where it was.
    """
    rng = stream(seed, "archive", habit.department)
    rows, weight = _members(rng, firms, habit)
    known = firms.gather(pl.Series(rows, dtype=pl.UInt32))
    rates = {kind: rate * habit.careless for kind, rate in naming.NAME_RATES.items()}
    name = naming.write_names(rng, known, rates)
    place = addressing.AddressHabit(0.65 * min(habit.careless * 1.3, 1.0), habit.work)
    address = addressing.write_addresses(rng, known, place, _scaled(addressing.ADDRESS_RATES, habit.careless))
    person = naming.write_people(rng, known["owner"], _scaled(naming.PERSON_RATES, habit.careless))
    columns: dict[str, Written] = {
        "name": name,
        "address": address,
        "person": _person(rng, known, person, habit.careless),
        "phone": _phone(rng, known["phone"], habit.careless),
        "district": _district(rng, known["region"], habit.careless),
        **_codes(rng, known, firms, habit),
    }
    changes = {f"{column}_{kind}": mask for column, w in columns.items() for kind, mask in w.changed.items()}
    return pl.DataFrame(
        {
            "client": np.arange(len(known)),
            "firm": known["firm"],
            "weight": weight,
            "established": known["established"],
            **{column: written.values for column, written in columns.items()},
            **{name: mask for name, mask in changes.items() if mask.any()},
        }
    )


def _members(
    rng: np.random.Generator, firms: pl.DataFrame, habit: Habit
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    registered = firms["registered"].to_numpy()
    member = rng.random(len(firms)) < np.where(registered, habit.share, habit.outsiders)
    double = member & (rng.random(len(firms)) < habit.second)
    rows = np.sort(np.concatenate([np.flatnonzero(member), np.flatnonzero(double)]))
    second = np.concatenate([[False], rows[1:] == rows[:-1]])
    weight = np.where(second, 0.25, np.where(double[rows], 0.75, 1.0))
    return rows.astype(np.int64), weight


def _scaled(rates: Mapping[str, float], careless: float) -> dict[str, float]:
    return {kind: rate * careless for kind, rate in rates.items()}


def _person(rng: np.random.Generator, known: pl.DataFrame, written: Written, careless: float) -> Written:
    """Departments note the owner, or the clerk who came; some nobody."""
    size = len(known)
    clerk, gone = rng.random(size) < 0.3 * careless, rng.random(size) < 0.10 * careless
    values = pl.select(
        pl.when(pl.Series(gone)).then(None).when(pl.Series(clerk)).then(known["clerk"]).otherwise(written.values)
    ).to_series()
    return Written(values, {**written.changed, "clerk": clerk, "missing": gone})


def _phone(rng: np.random.Generator, values: pl.Series, careless: float) -> Written:
    size = len(values)
    other, gone = (
        rng.random(size) < _PHONE_RATES["other"] * careless,
        rng.random(size) < _PHONE_RATES["missing"] * careless,
    )
    led = rng.random(size) < 0.05 * careless
    written = texts.altered(values, led, lambda column: "+86 " + column)
    fresh = text(phones(rng, size))
    chosen = pl.select(
        pl.when(pl.Series(gone)).then(None).when(pl.Series(other)).then(fresh).otherwise(written)
    ).to_series()
    return Written(chosen, {"other": other, "missing": gone, "prefixed": led})


def _district(rng: np.random.Generator, values: pl.Series, careless: float) -> Written:
    old = values.is_in(list(FORMER_REGIONS)).to_numpy() & (rng.random(len(values)) < 0.5 * careless)
    written = texts.altered(values, old, lambda column: column.replace_strict(FORMER_REGIONS, default=None))
    return Written(written, {"old": old})


def _codes(rng: np.random.Generator, known: pl.DataFrame, firms: pl.DataFrame, habit: Habit) -> dict[str, Written]:
    """Codes: some are missing, some mistyped, some belong to the head office or to a stranger."""
    size = len(known)
    branch = known["form"].to_numpy() == names.BRANCH
    foreign = np.where(branch, rng.random(size) < habit.foreign * 60, rng.random(size) < habit.foreign)
    stranger = np.where(branch, known["head"].to_numpy(), rng.integers(0, len(firms), size))
    owner = pl.Series(np.where(foreign, stranger, known["firm"].to_numpy()))
    written = {}
    for column in ("uscc", "org_code", "reg_no", "tax_no"):
        values = gathered(firms[column], owner.to_numpy())
        mistyped = rng.random(size) < habit.mistyped
        values = texts.altered(values, mistyped, lambda c: _mistyped(rng, c))
        hyphen = (rng.random(size) < 0.3) if column == "org_code" else np.zeros(size, bool)
        values = texts.altered(values, hyphen, lambda c: c.str.slice(0, 8) + "-" + c.str.slice(8))
        missing = (rng.random(size) < habit.missing) | ~known["registered"].to_numpy()
        values = pl.select(pl.when(~pl.Series(missing)).then(values)).to_series()
        written[column] = Written(values, _marks(foreign, mistyped & ~missing, missing))
    return written


def _marks(foreign: Booleans, mistyped: Booleans, missing: Booleans) -> dict[str, Booleans]:
    return {"foreign": foreign & ~missing, "mistyped": mistyped, "missing": missing}


def _mistyped(rng: np.random.Generator, codes: pl.Series) -> pl.Series:
    """One of the last nine characters typed wrongly; the code keeps its form but not its check character."""
    length = codes.str.len_chars().fill_null(1)
    at = pl.Series("at", (length.to_numpy() - 1 - rng.integers(0, 6, len(codes))).clip(0))
    digit = pl.Series("digit", rng.integers(1, 9, len(codes)))
    frame = pl.DataFrame({"t": codes, "at": at, "digit": digit})
    old = pl.col("t").str.slice(pl.col("at"), 1)
    fresh = pl.when(old == pl.col("digit").cast(pl.String)).then(pl.lit("9")).otherwise(pl.col("digit").cast(pl.String))
    return frame.select(
        pl.col("t").str.slice(0, pl.col("at")) + fresh + pl.col("t").str.slice(pl.col("at") + 1)
    ).to_series()
