"""Guarantee and subsidy pots: who gets which scarce money, so that nobody with a better claim is passed over.

Firms rank the pots that they qualify for; a pot ranks its claimants by the strength of their claims (ties by a
published seeded lottery) and has a budget, a number of places, or both. A firm gets one award at most.

**What is promised.** A firm and a pot are a *blocking pair* where the firm likes the pot better than what it got, and

- the pot serves somebody with a worse claim than the firm's (*passed over*), or
- the firm is the first of all who wait at the pot, and what it asks for fits into what is left (*left lying*).

`stable` answers an allocation without any blocking pair. It is found by firm-proposing deferred acceptance in which a
pot's limit only rises: it holds the best claims that fit, and stops at the first that does not. Among all allocations
that are given by limits (each firm gets the pot it likes best of those whose limit it reaches) and keep the budgets,
this one is best for every firm at once: the limits of two such allocations can be lowered to the lower of the two,
pot by pot, and no pot is asked for more. It does not depend on the order in which claims came.

**What is not promised.** Where claims differ in size, money can be left that would serve a smaller claim further down
the line; giving it out would pass over the larger claim in front, so it stays (`Judgement.left_fen`, `jumped`). Under
the other usual definition, by which such a small claim blocks, an allocation without blocking pairs need not exist.
With equal amounts, saying its true order is a firm's best move (Dubins and Freedman 1981; Roth 1982); with unequal
amounts that proof does not hold, and asking for less can always help. `benefit` gives out more benefit and may pass
firms over; `judge` counts how many, before anything is decided.

Gale and Shapley 1962; Biró and Kiselgof 2015 (score limits); Abizada 2016 and Kawase and Iwasaki 2018 (budgets).
"""

from tulou.finance.core.pots.acceptance import Allocation, stable
from tulou.finance.core.pots.claims import Claims, Pot, lottery, make_claims
from tulou.finance.core.pots.judging import Decision, Judgement, decisions, judge
from tulou.finance.core.pots.programme import benefit

__all__ = [
    "Allocation",
    "Claims",
    "Decision",
    "Judgement",
    "Pot",
    "benefit",
    "decisions",
    "judge",
    "lottery",
    "make_claims",
    "stable",
]
