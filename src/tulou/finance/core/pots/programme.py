"""The allocation of most benefit, whoever is passed over: a linear programme over the claims that matter.

Without budgets (places only, or equal amounts) the programme is a flow in a network, its corners are whole, and the
answer is the best there is. With amounts that differ the problem is a generalised assignment (NP-hard): a corner then
splits at most one firm for each limit that binds; those few are settled by a small integer programme and what still
fits is filled in. `Allocation.bound` is the value of the programme: nothing can give more, so the gap is known.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from tulou.finance.core.pots.acceptance import Allocation
from tulou.finance.core.pots.claims import Claims, Numbers, Whole

Flags = npt.NDArray[np.bool_]
_PRICE_STEPS = 120
_EPSILON = 1e-7


def benefit(claims: Claims) -> Allocation:
    """The allocation of most benefit within budgets and places, with the bound that proves how near it is."""
    useful = np.flatnonzero(claims.eligible & (claims.benefit > 0))
    if not len(useful):
        return Allocation("benefit", np.full(len(claims.firms), -1, np.int64), 0.0)
    limits = _Limits(claims)
    chosen, value = _sift(claims, limits, useful)
    award = np.full(len(claims.firms), -1, np.int64)
    whole = chosen[value[chosen] > 1 - 1e-6]
    award[claims.firm[whole]] = whole
    split = np.unique(claims.firm[chosen[(value[chosen] > 1e-6) & (value[chosen] <= 1 - 1e-6)]])
    _settle(claims, limits, award, useful[np.isin(claims.firm[useful], split)])
    _fill(claims, award, useful)
    return Allocation("benefit", award, float(claims.benefit @ value))


class _Limits:
    """Budgets and places as rows over the claims: what each claim takes of them, and what there is."""

    def __init__(self, claims: Claims) -> None:
        self.rows: list[tuple[int, bool]] = []
        self.have: list[float] = []
        budget_row = np.full(len(claims.pots), -1, np.int64)
        place_row = np.full(len(claims.pots), -1, np.int64)
        scale = np.ones(len(claims.pots))
        for number, pot in enumerate(claims.pots):
            if pot.budget_fen is not None:
                budget_row[number] = len(self.have)
                scale[number] = max(pot.budget_fen, 1)
                self.have.append(1.0)
            if pot.places is not None:
                place_row[number] = len(self.have)
                self.have.append(float(pot.places))
        self.budget_row = budget_row[claims.pot]
        self.place_row = place_row[claims.pot]
        self.share = claims.amount_fen / scale[claims.pot]

    def charge(self, price: Numbers, index: Whole) -> Numbers:
        """What the claims would pay at prices of the rows."""
        padded = np.append(price, 0.0)
        return np.asarray(padded[self.budget_row[index]] * self.share[index] + padded[self.place_row[index]])

    def used(self, index: Whole) -> Numbers:
        """What the claims take of every row."""
        used = np.zeros(len(self.have) + 1)
        np.add.at(used, self.budget_row[index], self.share[index])
        np.add.at(used, self.place_row[index], 1.0)
        return used[:-1]

    def matrix(self, index: Whole) -> csr_array:
        """The rows over some claims."""
        columns = np.arange(len(index))
        budget, place = self.budget_row[index] >= 0, self.place_row[index] >= 0
        data = np.concatenate([self.share[index][budget], np.ones(int(place.sum()))])
        row = np.concatenate([self.budget_row[index][budget], self.place_row[index][place]])
        column = np.concatenate([columns[budget], columns[place]])
        return csr_array((data, (row, column)), shape=(len(self.have), len(index)))


def _sift(claims: Claims, limits: _Limits, useful: Whole) -> tuple[Whole, Numbers]:
    """The claims in the last programme, and the share of every claim that is met.

    Only claims near to being chosen at the current prices take part; the programme's own prices then prove that no
    other claim would be, or bring in those that would.
    """
    price = _prices(claims, limits, useful)
    taking_part = np.zeros(len(claims), np.bool_)
    worth = claims.benefit[useful] - limits.charge(price, useful)
    taking_part[useful[_near(claims.firm[useful], worth)]] = True
    scale = float(np.abs(claims.benefit[useful]).max())
    while True:
        index = np.flatnonzero(taking_part)
        firms, row = np.unique(claims.firm[index], return_inverse=True)
        once = csr_array((np.ones(len(index)), (row, np.arange(len(index)))), shape=(len(firms), len(index)))
        have = np.concatenate([limits.have, np.ones(len(firms))])
        solved = linprog(
            -claims.benefit[index] / scale,
            A_ub=vstack([limits.matrix(index), once]).tocsr(),
            b_ub=have,
            bounds=(0, None),
            method="highs-ipm",  # with crossover, so that the answer is a corner; 20 times faster here than simplex,
        )
        price = -solved.ineqlin.marginals[: len(limits.have)] * scale
        rent = np.zeros(len(claims.firms))
        rent[firms] = -solved.ineqlin.marginals[len(limits.have) :] * scale
        gain = claims.benefit[useful] - limits.charge(price, useful) - rent[claims.firm[useful]]
        missed = useful[(gain > _EPSILON * scale) & ~taking_part[useful]]
        if not len(missed):
            value = np.zeros(len(claims))
            value[index] = solved.x
            return index, value
        taking_part[missed] = True


def _prices(claims: Claims, limits: _Limits, useful: Whole) -> Numbers:
    """Prices of the rows by subgradient steps: dearer where more is wanted than there is."""
    firm = claims.firm[useful]
    start = np.flatnonzero(np.diff(firm, prepend=-1))
    have = np.asarray(limits.have)
    step = float(claims.benefit[useful].max()) / np.maximum(have, 1)
    price = np.zeros(len(have))
    for turn in range(_PRICE_STEPS):
        worth = claims.benefit[useful] - limits.charge(price, useful)
        best = np.maximum.reduceat(worth, start)
        picks = worth == np.repeat(best, np.diff(np.append(start, len(firm))))
        wanted = limits.used(useful[picks & (worth > 0)])
        excess = (wanted - have) / np.maximum(have, 1.0)
        price = np.maximum(price + step * np.clip(excess, -1, 1) / (turn + 2) ** 0.7, 0)
    return price


def _near(firm: Whole, worth: Numbers, most: int = 4) -> Flags:
    """The claims that are among a firm's `most` best."""
    order = np.lexsort((-worth, firm))
    place = np.arange(len(firm)) - np.searchsorted(firm[order], firm[order])
    near = np.zeros(len(firm), np.bool_)
    near[order[place < most]] = True
    return near


def _settle(claims: Claims, limits: _Limits, award: Whole, open_claims: Whole) -> None:
    """Whole answers for the firms that the programme split."""
    if not len(open_claims):
        return
    left = np.asarray(limits.have) - limits.used(award[award >= 0])
    firms, row = np.unique(claims.firm[open_claims], return_inverse=True)
    size = len(open_claims)
    once = csr_array((np.ones(size), (row, np.arange(size))), shape=(len(firms), size))
    solved = milp(
        -claims.benefit[open_claims],
        integrality=np.ones(size),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            vstack([limits.matrix(open_claims), once]).tocsr(),
            ub=np.concatenate([np.maximum(left, 0), np.ones(len(firms))]),
        ),
        options={"time_limit": 10.0, "mip_rel_gap": 1e-4},
    )
    if solved.x is not None:
        taken = open_claims[solved.x > 0.5]
        award[claims.firm[taken]] = taken


def _fill(claims: Claims, award: Whole, useful: Whole) -> None:
    """Give what is left, counted in fen, to the claims of most benefit that still fit; drop what never fitted."""
    budget = [pot.budget_fen for pot in claims.pots]
    places = [pot.places for pot in claims.pots]

    def take(index: int) -> bool:
        at = int(claims.pot[index])
        money, room = budget[at], places[at]
        fen = int(claims.amount_fen[index])
        if (money is not None and money < fen) or (room is not None and room < 1):
            return False
        budget[at] = None if money is None else money - fen
        places[at] = None if room is None else room - 1
        return True

    for index in award[award >= 0]:
        if not take(int(index)):
            award[claims.firm[index]] = -1
    rest = useful[award[claims.firm[useful]] < 0]
    for index in rest[np.argsort(-claims.benefit[rest], kind="stable")]:
        if award[claims.firm[index]] < 0 and take(int(index)):
            award[claims.firm[index]] = index
