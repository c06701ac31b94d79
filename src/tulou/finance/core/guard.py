"""Features that know too much: the outcome itself, what happened after it, or how the sample was drawn.

A certain leak forecasts the outcome almost perfectly by itself, or lies after the as-of date. A suspect has a name
that speaks of the outcome, is far better than every other feature, or is computed from a leak. What is done about
either is the caller's choice; nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from tulou.finance.core.columns import Numbers
from tulou.finance.core.fitting.axes import Axis, Codes
from tulou.finance.core.metrics import auc
from tulou.kernel.errors import Finding, Refused, Text, Where

CERTAIN_AUC = 0.97
SUSPECT_AUC = 0.80
FAR_BETTER = 1.5
SAME, NEARLY = 0.99999, 0.9999
MOST_FOR_SUMS = 100
LATE_SHARE = 0.02
SAMPLE = 2000

Policy = Literal["warn", "drop", "strict", "refuse"]
POLICIES: tuple[Policy, ...] = ("warn", "drop", "strict", "refuse")

OUTCOME_NAME = re.compile(
    r"ch(ar)?g(ed?)?[ _]?off|writ(e|ten)[ _]?off|default|bankrupt|mis[ _]?status|loan[ _]?status|outcome|recover(y|ed)"
    r"|past[ _]?due|\bdpd|delinq|collection|\bnpl|balance|outstanding|recession|核销|违约|不良|坏账|追偿|代偿|结清",
    re.IGNORECASE,
)
SAMPLE_NAME = re.compile(r"^(selected|sample|split|fold|train|test|is_?train|is_?test|partition)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One feature that may know too much, and why."""

    feature: str
    certain: bool
    code: str
    zh: str
    en: str

    def finding(self, *, dropped: bool) -> Finding:
        """The suspicion as a finding for the person who trains."""
        done = ("已剔除", "it was dropped") if dropped else ("仍保留", "it was kept")
        return Finding(
            f"finance.leak.{self.code}",
            Text(
                zh=f"特征 {self.feature} 可能泄露结果: {self.zh}; {done[0]}",
                en=f"The feature {self.feature} may know the outcome: {self.en}; {done[1]}",
            ),
            Where(column=self.feature),
            Text(
                zh="确认它在决定之前已知, 否则用 --exclude 排除",
                en="Make sure that it is known before the decision, else leave it out with --exclude",
            ),
            "warn",
        )


def suspicions(
    axes: Iterable[Axis],
    codes: Codes,
    bad: Numbers,
    folds: NDArray[np.int64],
    values: Mapping[str, Numbers],
    late: Mapping[str, float],
) -> list[Suspicion]:
    """Every feature that may know too much. `values` has the numbers of those that are; `late` the share after the
    as-of date."""
    features = [axis.feature.name for axis in axes]
    power = {name: single_power(codes[:, i], bad, folds) for i, name in enumerate(features)}
    found: dict[str, Suspicion] = {}

    def suspect(name: str, certain: bool, code: str, zh: str, en: str) -> None:
        found.setdefault(name, Suspicion(name, certain, code, zh, en))

    for name in features:
        score = power[name]
        if score >= CERTAIN_AUC:
            suspect(name, True, "knows_outcome", f"单独的 AUC 为 {score:.3f}", f"alone it has an AUC of {score:.3f}")
        if late.get(name, 0.0) >= LATE_SHARE:
            share = f"{late[name]:.0%}"
            suspect(
                name, True, "after_as_of", f"{share} 的日期晚于时点", f"{share} of its dates lie after the as-of date"
            )
    for name in features:
        if speaks_of_the_outcome(name):
            found.setdefault(name, name_suspicion(name))
        if SAMPLE_NAME.match(name):
            suspect(name, False, "sample", "名称像是抽样标记", "its name speaks of how the sample was drawn")
    for name in _far_better(power, found):
        text = f"{power[name]:.3f}"
        suspect(
            name,
            False,
            "too_good",
            f"单独的 AUC {text} 远高于其他特征",
            f"alone its AUC of {text} is far above all others",
        )
    for name, other in _same(features, values, found):
        suspect(name, found[other].certain, "same", f"由 {other} 换算而来", f"it is computed from {other}")
    return [found[name] for name in features if name in found]


def speaks_of_the_outcome(name: str) -> bool:
    """Whether the name of a column speaks of what happened after the decision.

    >>> speaks_of_the_outcome("ChgOffDate"), speaks_of_the_outcome("BalanceGross"), speaks_of_the_outcome("NoEmp")
    (True, True, False)
    """
    return OUTCOME_NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)) is not None


def name_suspicion(name: str) -> Suspicion:
    """The suspicion that rests on the name alone."""
    return Suspicion(name, False, "name", "名称像是事后信息", "its name speaks of what happened later")


def single_power(codes: NDArray[np.int16], bad: Numbers, folds: NDArray[np.int64]) -> float:
    """The AUC of one feature by itself: each row is ranked by the bad rate of its cell in the other folds."""
    size = int(codes.max()) + 1
    total, wrong = np.bincount(codes, minlength=size), np.bincount(codes, bad, size)
    rank = np.empty(len(bad))
    overall = float(bad.mean())
    for fold in range(int(folds.max()) + 1):
        rows = folds == fold
        count = total - np.bincount(codes[rows], minlength=size)
        hits = wrong - np.bincount(codes[rows], bad[rows], size)
        rank[rows] = ((hits + 2 * overall) / (count + 2))[codes[rows]]
    return auc(bad, rank) or 0.5


def _far_better(power: Mapping[str, float], found: Collection[str]) -> list[str]:
    """Features whose power is half as much again as that of the tenth best of the rest, and high."""
    rest = sorted((score for name, score in power.items() if name not in found), reverse=True)
    if not rest:
        return []
    usual = rest[min(len(rest) - 1, max(2, len(rest) // 4))]
    return [
        name
        for name, score in power.items()
        if name not in found and score >= SUSPECT_AUC and score - 0.5 >= FAR_BETTER * (usual - 0.5)
    ]


def _same(
    features: Iterable[str], values: Mapping[str, Numbers], found: Mapping[str, Suspicion]
) -> list[tuple[str, str]]:
    """Features that are a suspect in other units, or a suspect added to a third feature."""
    sample = {name: column[:: max(1, len(column) // SAMPLE)] for name, column in values.items()}
    clean = [name for name in features if name in sample and name not in found]
    answer, flagged = [], [name for name in found if name in sample]
    while flagged:
        other = flagged.pop()
        for name in list(clean):
            thirds = [sample[third] for third in clean if third != name] if len(clean) <= MOST_FOR_SUMS else []
            if _moves_with(sample[name], sample[other]) or _is_sum(sample[name], sample[other], thirds):
                answer.append((name, other))
                clean.remove(name)
                flagged.append(name)
    return answer


def _is_sum(first: Numbers, suspect: Numbers, thirds: Iterable[Numbers]) -> bool:
    """Whether `first` less the suspect is a third feature, which it is not already by itself."""
    rest = first - suspect
    return any(_moves_with(rest, third) and not _moves_with(first, third, NEARLY) for third in thirds)


def _moves_with(first: Numbers, second: Numbers, limit: float = SAME) -> bool:
    """Whether two columns are the same up to unit and origin. Values and ranks must both say so: a few huge values can
    make any two columns look alike."""
    there = np.isfinite(first) & np.isfinite(second)
    if there.sum() < max(20, 0.5 * len(first)):
        return False
    a, b = first[there], second[there]
    return _correlation(a, b) > limit and _correlation(rankdata(a), rankdata(b)) > limit


def _correlation(first: Numbers, second: Numbers) -> float:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        a, b = first - first.mean(), second - second.mean()
        size = float(np.sqrt((a @ a) * (b @ b)))
        return abs(float(a @ b)) / size if 0 < size < np.inf else 0.0


def dropped_by(policy: Policy, found: Iterable[Suspicion]) -> list[str]:
    """The features that the policy leaves out: none, the certain leaks, or the suspects too.

    Raises Refused under `refuse` where there is a certain leak.
    """
    found = list(found)
    certain = [suspicion for suspicion in found if suspicion.certain]
    if policy == "refuse" and certain:
        raise Refused(certain[0].finding(dropped=False))
    if policy == "warn":
        return []
    return [suspicion.feature for suspicion in found if suspicion.certain or policy == "strict"]
