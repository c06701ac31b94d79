"""Claims of firms on pots, with the line that stands before each pot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import Where, refuse

Whole = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Column: TypeAlias = Sequence[object] | Numbers | Whole
MOST_FEN = 10**17
"""A budget or claim above a quadrillion yuan is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Pot:
    """Scarce money: a budget, a number of places, or both."""

    name: str
    budget_fen: int | None = None
    places: int | None = None

    def __post_init__(self) -> None:
        if self.budget_fen is None and self.places is None:
            raise refuse(
                "finance.pot.endless",
                f"资金池 {self.name} 既没有预算也没有名额",
                f"Pot {self.name} has neither a budget nor a number of places",
                where=Where(value=self.name),
            )
        for what, value in (("budget_fen", self.budget_fen), ("places", self.places)):
            if value is not None and not 0 <= value <= MOST_FEN:
                raise refuse(
                    f"finance.pot.{what}",
                    f"资金池 {self.name} 的预算和名额不能为负或过大",
                    f"The budget and the places of pot {self.name} are not negative and not beyond any measure",
                    where=Where(column=what, value=str(value)),
                )


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims, sorted by firm and by the firm's own order; parallel arrays.

    `choice` counts a firm's claims from 0. `line` is the claim's place before its pot, 0 being the best claim. A claim
    that asks for more than the whole budget is not `eligible`: it stands in no line, so that it stops nobody.
    """

    firms: tuple[str, ...]
    pots: tuple[Pot, ...]
    firm: Whole
    pot: Whole
    choice: Whole
    strength: Numbers
    amount_fen: Whole
    benefit: Numbers
    eligible: npt.NDArray[np.bool_]
    line: Whole
    draw: Whole
    seed: str

    def __len__(self) -> int:
        return len(self.firm)

    @property
    def starts(self) -> Whole:
        """Where each firm's claims begin, and one more entry at the end."""
        return np.searchsorted(self.firm, np.arange(len(self.firms) + 1)).astype(np.int64)


def lottery(seed: str, firm: str) -> int:
    """The number that a firm draws: the first 8 bytes of the SHA-256 of seed, line feed and firm; the lower goes first.

    Anybody can draw it again once the seed is published. The seed should be fixed in public before claims are known, or
    come from a later public draw.

    >>> lottery("2026-06-12", "91350100M000100Y43")
    16235447558633591004
    """
    return int.from_bytes(hashlib.sha256(f"{seed}\n{firm}".encode()).digest()[:8], "big")


def make_claims(
    pots: Sequence[Pot],
    *,
    firm: Sequence[str],
    pot: Sequence[str],
    strength: Sequence[float] | Numbers,
    amount_fen: Sequence[int] | Whole,
    choice: Sequence[float] | Numbers | None = None,
    benefit: Sequence[float] | Numbers | None = None,
    seed: str = "",
) -> Claims:
    """Claims, one an entry of the sequences.

    `choice` orders a firm's claims (lower is liked better; without it their order here counts), `strength` orders a
    pot's (higher is better). Without `benefit`, strength is the benefit. Refused with the row: an unknown pot, two
    claims of a firm on one pot or with one choice, an amount not above zero, a number that is none.
    """
    names = {each.name: place for place, each in enumerate(pots)}
    if len(names) != len(pots):
        raise refuse("finance.pot.twice", "有两个同名的资金池", "Two pots have the same name")
    at_pot, named = _coded(pot)
    at_pot = np.array([names.get(name, -1) for name in named], dtype=np.int64)[at_pot]
    of_firm, called = _coded(firm)
    firms = tuple(sorted(called))
    places = {name: place for place, name in enumerate(firms)}
    of_firm = np.array([places[name] for name in called], dtype=np.int64)[of_firm]
    strong = np.asarray(strength, dtype=np.float64)
    asked = np.asarray(amount_fen, dtype=np.int64)
    wish = np.arange(len(of_firm), dtype=np.float64) if choice is None else np.asarray(choice, dtype=np.float64)
    good = strong if benefit is None else np.asarray(benefit, dtype=np.float64)
    _refuse_rows(at_pot < 0, "pot", "没有这个资金池", "There is no such pot", pot)
    _refuse_rows((asked <= 0) | (asked > MOST_FEN), "amount", "金额必须大于零", "An amount is above zero", asked)
    for name, column in (("claim", strong), ("choice", wish), ("benefit", good)):
        _refuse_rows(~np.isfinite(column), name, "不是数", "This is no number", column)
    _refuse_rows(
        _again(of_firm * (len(pots) + 1) + at_pot),
        "pot",
        "同一企业对同一资金池申请了两次",
        "A firm claims a pot twice",
        pot,
    )
    _refuse_rows(
        _again(of_firm + 1j * wish), "choice", "同一企业有两个相同的志愿顺序", "A firm has a choice twice", wish
    )
    order = np.lexsort((wish, of_firm))
    of_firm, at_pot, asked = of_firm[order], at_pot[order], asked[order]
    strong, good = strong[order], good[order]
    first = np.searchsorted(of_firm, np.arange(len(firms)))
    budgets = np.array([MOST_FEN if each.budget_fen is None else each.budget_fen for each in pots], dtype=np.int64)
    spots = np.array([MOST_FEN if each.places is None else each.places for each in pots], dtype=np.int64)
    eligible = (asked <= budgets[at_pot]) & (spots[at_pot] > 0) if len(pots) else np.zeros(0, np.bool_)
    drawn = np.array([lottery(seed, name) for name in firms], dtype=np.uint64)
    draw = np.empty(len(firms), np.int64)
    draw[np.lexsort((np.arange(len(firms)), drawn))] = np.arange(len(firms))
    return Claims(
        firms=firms,
        pots=tuple(pots),
        firm=of_firm,
        pot=at_pot,
        choice=np.arange(len(of_firm)) - first[of_firm],
        strength=strong,
        amount_fen=asked,
        benefit=good,
        eligible=eligible,
        line=_lines(at_pot, strong, draw[of_firm], eligible),
        draw=draw,
        seed=seed,
    )


def _lines(pot: Whole, strength: Numbers, draw: Whole, eligible: npt.NDArray[np.bool_]) -> Whole:
    """Each claim's place before its pot: by strength, then by the draw; what is not eligible stands behind all."""
    order = np.lexsort((draw, -strength, ~eligible, pot))
    sorted_pots = pot[order]
    line = np.empty(len(pot), np.int64)
    line[order] = np.arange(len(pot)) - np.searchsorted(sorted_pots, sorted_pots)
    return line


def _coded(column: Sequence[str]) -> tuple[Whole, list[str]]:
    """A column of names as positions in the list of its names."""
    names: dict[str, int] = {}
    codes = [names.setdefault(name, len(names)) for name in column]
    return np.array(codes, dtype=np.int64), list(names)


def _again(key: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where a value comes for the second time or later."""
    again = np.zeros(len(key), np.bool_)
    sorted_key = np.sort(key)
    if (sorted_key[1:] == sorted_key[:-1]).any():
        again[:] = True
        again[np.unique(key, return_index=True)[1]] = False
    return again


def _refuse_rows(wrong: npt.NDArray[np.bool_], column: str, zh: str, en: str, values: Column) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        where = Where(record=row + 1, column=column, value=str(values[row]))
        raise refuse(f"finance.claim.{column}", f"第 {row + 1} 条申请: {zh}", f"Claim {row + 1}: {en}", where=where)
