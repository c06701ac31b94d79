"""People at work: which professions a firm employs, what it pays them, whom it looks for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl

from tulou.simulate.activity import HISTORY
from tulou.simulate.chance import Array, Floats, Indices, stream, whole
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window

_GROUPS = ("farm", "works", "build", "trade", "freight", "dining", "office", "software", "care", "school")


@dataclass(frozen=True, slots=True)
class Professions:
    """Professions of the national classification (GB/T 6565 by its 2022 edition), one row each.

    wage: against the firm's mean; staffing: persons of each profession among a hundred, by kind of firm.
    """

    codes: tuple[str, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]
    wage: Floats
    staffing: Floats


@cache
def professions() -> Professions:
    """The table of professions."""
    with (files("tulou.simulate") / "facts" / "professions.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    staffing = np.array([[float(row[group]) for row in rows] for group in _GROUPS])
    return Professions(
        tuple(row["code"] for row in rows),
        tuple(row["zh"] for row in rows),
        tuple(row["en"] for row in rows),
        np.array([float(row["wage"]) for row in rows]),
        staffing / staffing.sum(axis=1, keepdims=True),
    )


def kinds_of(divisions: Array) -> Indices:
    """The row of the staffing table for each division of GB/T 4754."""
    number = divisions.astype(np.int64)
    edges = [(5, 0), (46, 1), (50, 2), (52, 3), (60, 4), (62, 5), (63, 7), (65, 7), (75, 6), (81, 6), (82, 9), (84, 8)]
    conditions = [number <= edge for edge, _ in edges]
    return np.select(conditions, [kind for _, kind in edges], 6).astype(np.int64)


def employed(ledger: Ledger, at: int) -> pl.DataFrame:
    """Who works for a block's firms in the column `at`: firm, profession, persons, and their mean monthly wage."""
    rng = stream(ledger.seed, "professions", ledger.block)
    heads = ledger.sheet("headcount")[:, at].astype(np.int64)
    table = professions()
    mix = table.staffing[kinds_of(ledger.firms["division"].to_numpy())]
    mix = mix * np.exp(0.5 * rng.standard_normal(mix.shape))
    persons = rng.multinomial(heads, mix / mix.sum(axis=1, keepdims=True))
    firm, profession = np.nonzero(persons)
    mean = (persons * table.wage).sum(axis=1) / np.maximum(persons.sum(axis=1), 1)
    wage = ledger.trait("wage")[firm] * table.wage[profession] / np.maximum(mean[firm], 0.1)
    return pl.DataFrame(
        {
            "firm": ledger.firms["firm"].to_numpy()[firm],
            "profession": np.array(table.codes)[profession],
            "persons": persons[firm, profession],
            "wage": np.round(wage * np.exp(0.04 * rng.standard_normal(len(firm)))),
        }
    )


def postings(ledger: Ledger, window: Window) -> pl.DataFrame:
    """The jobs that a block's firms advertised in the window: firm, profession, month, vacancies, monthly wage."""
    rng = stream(ledger.seed, "postings", ledger.block)
    table = professions()
    mix = np.cumsum(table.staffing[kinds_of(ledger.firms["division"].to_numpy())], axis=1)
    parts = []
    for at in range(HISTORY, HISTORY + window.months):
        wanted = whole(rng, 0.7 * ledger.sheet("hires")[:, at])
        firm = np.flatnonzero(wanted)
        profession = (rng.random(len(firm))[:, None] > mix[firm]).sum(axis=1).clip(max=len(table.codes) - 1)
        wage = ledger.trait("wage")[firm] * table.wage[profession] * np.exp(0.12 * rng.standard_normal(len(firm)))
        month = window.month(at - HISTORY)
        parts.append(
            pl.DataFrame(
                {
                    "firm": ledger.firms["firm"].to_numpy()[firm],
                    "profession": np.array(table.codes)[profession],
                    "month": pl.Series([month], dtype=pl.Date).new_from_index(0, len(firm)),
                    "vacancies": wanted[firm],
                    "wage": np.round(wage / 100) * 100,
                }
            )
        )
    return pl.concat(parts)
