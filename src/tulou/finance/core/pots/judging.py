"""What an allocation is worth and whom it passes over; and for every claim what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tulou.finance.core.pots.acceptance import Allocation
from tulou.finance.core.pots.claims import MOST_FEN, Claims, Whole

Flags = npt.NDArray[np.bool_]


class Decision(StrEnum):
    """What became of a claim."""

    AWARDED = "awarded"
    BETTER = "better"
    WAITING = "waiting"
    PASSED_OVER = "passed_over"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The figures that a person weighs before one method is run.

    `passed_over` and `left_lying` count blocking pairs (see the package), `wronged` the firms in them. `jumped` counts
    claims that would fit into what is left but stand behind a larger one. `bound` is the most benefit possible.
    """

    method: str
    firms: int
    awards: int
    awarded_fen: int
    left_fen: int
    benefit: float
    bound: float | None
    first_choices: int
    mean_choice: float
    passed_over: int
    left_lying: int
    wronged: int
    jumped: int

    @property
    def blocking_pairs(self) -> int:
        """Pairs of a firm and a pot that would both rather have each other."""
        return self.passed_over + self.left_lying


@dataclass(frozen=True, slots=True)
class _Sight:
    wants: Flags
    passed: Flags
    lying: Flags
    fits: Flags
    left: Whole


def judge(claims: Claims, allocation: Allocation) -> Judgement:
    """Hold an allocation against the claims."""
    seen = _look(claims, allocation)
    met = allocation.met
    blocking = seen.passed | seen.lying
    budgeted = np.array([pot.budget_fen is not None for pot in claims.pots], dtype=bool)
    return Judgement(
        method=allocation.method,
        firms=len(claims.firms),
        awards=len(met),
        awarded_fen=int(claims.amount_fen[met].sum()),
        left_fen=int(seen.left[budgeted].sum()),
        benefit=float(claims.benefit[met].sum()),
        bound=allocation.bound,
        first_choices=int((claims.choice[met] == 0).sum()),
        mean_choice=float(claims.choice[met].mean() + 1) if len(met) else 0.0,
        passed_over=int(seen.passed.sum()),
        left_lying=int(seen.lying.sum()),
        wronged=len(np.unique(claims.firm[blocking])),
        jumped=int((seen.wants & seen.fits & ~blocking).sum()),
    )


def decisions(claims: Claims, allocation: Allocation) -> list[Decision]:
    """What became of each claim."""
    seen = _look(claims, allocation)
    order = (Decision.BETTER, Decision.WAITING, Decision.PASSED_OVER, Decision.TOO_LARGE, Decision.AWARDED)
    found = np.zeros(len(claims), np.int8)
    found[seen.wants] = 1
    found[seen.passed | seen.lying] = 2
    found[~claims.eligible] = 3
    found[allocation.met] = 4
    return [order[code] for code in found.tolist()]


def last_in_line(claims: Claims, allocation: Allocation) -> Whole:
    """For each pot the claim that was met last in line, or -1: the limit that a person can be told."""
    last = np.full(len(claims.pots), -1, np.int64)
    met = allocation.met
    order = met[np.argsort(claims.line[met], kind="stable")]
    last[claims.pot[order]] = order
    return last


def _look(claims: Claims, allocation: Allocation) -> _Sight:
    met = allocation.met
    size = len(claims.pots)
    spent, taken = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(spent, claims.pot[met], claims.amount_fen[met])
    np.add.at(taken, claims.pot[met], 1)
    left = np.array([MOST_FEN if pot.budget_fen is None else pot.budget_fen for pot in claims.pots], np.int64) - spent
    free = np.array([MOST_FEN if pot.places is None else pot.places for pot in claims.pots], np.int64) - taken
    got = np.full(len(claims.firms), len(claims) + 1, np.int64)
    got[claims.firm[met]] = claims.choice[met]
    wants = claims.eligible & (claims.choice < got[claims.firm])
    worst = np.full(size, -1, np.int64)
    np.maximum.at(worst, claims.pot[met], claims.line[met])
    passed = wants & (claims.line < worst[claims.pot])
    fits = (claims.amount_fen <= left[claims.pot]) & (free[claims.pot] > 0)
    first = np.full(size, len(claims), np.int64)
    np.minimum.at(first, claims.pot[wants], claims.line[wants])
    lying = wants & ~passed & fits & (claims.line == first[claims.pot])
    return _Sight(wants, passed, lying, fits, left)
