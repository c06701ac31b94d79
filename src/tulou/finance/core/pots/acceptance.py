"""Firm-proposing deferred acceptance with budgets: a pot keeps the best claims that fit; its limit only rises."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from tulou.finance.core.pots.claims import MOST_FEN, Claims, Whole


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets what: for each firm the index of the claim that is met, or -1.

    `bound` is the most benefit that any allocation could give, where the method knows it.
    """

    method: str
    award: Whole
    bound: float | None = None

    @property
    def met(self) -> Whole:
        """The claims that are met."""
        return self.award[self.award >= 0]


def stable(claims: Claims) -> Allocation:
    """The allocation without a blocking pair that is best for every firm (see the package).

    Every firm claims the pots in its order until one keeps it. A pot that is asked for more than it has lets its
    worst claims go until the rest fits, and from then on turns away whoever stands no better than the last it let go.
    """
    line, pot, amount = claims.line.tolist(), claims.pot.tolist(), claims.amount_fen.tolist()
    eligible, starts = claims.eligible.tolist(), claims.starts.tolist()
    budget = [MOST_FEN if each.budget_fen is None else each.budget_fen for each in claims.pots]
    places = [MOST_FEN if each.places is None else each.places for each in claims.pots]
    limit = [len(claims)] * len(claims.pots)
    held: list[list[tuple[int, int, int]]] = [[] for _ in claims.pots]
    spent = [0] * len(claims.pots)
    award, following = [-1] * len(claims.firms), starts[:-1]
    waiting = list(range(len(claims.firms) - 1, -1, -1))
    while waiting:
        firm = waiting.pop()
        index, end = following[firm], starts[firm + 1]
        while index < end and not (eligible[index] and line[index] < limit[pot[index]]):
            index += 1
        following[firm] = index + 1
        if index == end:
            continue
        at = pot[index]
        heapq.heappush(held[at], (-line[index], index, firm))
        spent[at] += amount[index]
        award[firm] = index
        while spent[at] > budget[at] or len(held[at]) > places[at]:
            last, gone, left = heapq.heappop(held[at])
            spent[at] -= amount[gone]
            limit[at] = -last
            award[left] = -1
            waiting.append(left)
    return Allocation("stable", np.array(award, dtype=np.int64))
