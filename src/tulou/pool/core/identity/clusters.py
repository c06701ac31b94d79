"""From pairs to groups: which records are one and the same, without chains of weak links."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
Reals = NDArray[np.float64]


def clusters(size: int, left: Rows, right: Rows, probability: Reals, threshold: float) -> NDArray[np.int64]:
    """The group of each of `size` records, named by its first record.

    Groups grow along the most probable pairs first. Two groups become one only where the mean probability over all
    compared pairs between them reaches the threshold: one good pair does not join groups that otherwise disagree.
    """
    group = _Groups(size)
    compared = probability >= threshold / 100
    near = _between(left[compared], right[compared], probability[compared])
    order = np.argsort(-probability, kind="stable")
    for pair in order[: int((probability >= threshold).sum())].tolist():
        one, other = group.find(int(left[pair])), group.find(int(right[pair]))
        if one == other:
            continue
        total, number = near[one].get(other, (0.0, 0))
        if number and total / number >= threshold:
            kept, gone = group.unite(one, other)
            _merge(near, kept, gone)
    return np.array([group.find(row) for row in range(size)], dtype=np.int64)


class _Groups:
    """Disjoint sets; a set is named by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, row: int) -> int:
        """The name of the set of a row."""
        root = row
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[row] != root:
            self._parent[row], row = root, self._parent[row]
        return root

    def unite(self, one: int, other: int) -> tuple[int, int]:
        """Make two sets one; answers the name that stays and the one that goes."""
        kept, gone = min(one, other), max(one, other)
        self._parent[gone] = kept
        return kept, gone


Near = dict[int, dict[int, tuple[float, int]]]


def _between(left: Rows, right: Rows, probability: Reals) -> Near:
    """For every two rows the sum and the number of the probabilities between them."""
    near: Near = {}
    for one, other, chance in zip(left.tolist(), right.tolist(), probability.tolist(), strict=True):
        near.setdefault(one, {})[other] = (chance, 1)
        near.setdefault(other, {})[one] = (chance, 1)
    return near


def _merge(near: Near, kept: int, gone: int) -> None:
    """Add what lay between `gone` and others to what lies between `kept` and them."""
    mine = near.setdefault(kept, {})
    for other, (total, number) in near.pop(gone, {}).items():
        theirs = near.get(other, {})
        theirs.pop(gone, None)
        if other == kept:
            continue
        before = mine.get(other, (0.0, 0))
        mine[other] = theirs[kept] = (before[0] + total, before[1] + number)
