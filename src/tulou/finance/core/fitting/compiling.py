"""A boosted model as tables, exactly: every leaf belongs to the one or two features on the way to it.

A depth-1 tree is a step in the table of its feature. A deeper tree that may use only two features is a sum of
rectangles in the table of the pair. Nothing is approximated: tests compare with the booster's own raw scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.fitting.axes import Axis
from tulou.finance.core.fitting.tables import Grid, Places, Tables

Mask = NDArray[np.bool_]


def compile_trees(trees: Sequence[Mapping[str, Any]], axes: Sequence[Axis]) -> Tables:
    """The tables of a LightGBM model that was trained on fine codes (missing as NaN); `trees` is its `tree_info`.

    Raises ValueError for a tree whose leaf depends on more than two features.
    """
    sums = _Sums(axes)
    for tree in trees:
        sums.walk(tree["tree_structure"], {})
    two = {key: grid for key, grid in sums.two.items() if grid.any()}
    return Tables(sums.constant, tuple(sums.one), two)


class _Sums:
    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = axes
        self.constant = 0.0
        self.one = [np.zeros(axis.cells) for axis in axes]
        self.two: dict[Places, Grid] = {}

    def walk(self, node: Mapping[str, Any], path: dict[int, Mask]) -> None:
        """Add every leaf under `node`; `path` says which cells of which features lead here."""
        if "leaf_value" in node:
            self._add(node["leaf_value"], path)
            return
        place = int(node["split_feature"])
        left = goes_left(node, self.axes[place])
        here = path.get(place)
        self.walk(node["left_child"], {**path, place: left if here is None else here & left})
        self.walk(node["right_child"], {**path, place: ~left if here is None else here & ~left})

    def _add(self, value: float, path: dict[int, Mask]) -> None:
        if not path:
            self.constant += value
        elif len(path) == 1:
            ((place, mask),) = path.items()
            self.one[place][mask] += value
        elif len(path) == 2:
            i, j = sorted(path)
            if (i, j) not in self.two:
                self.two[i, j] = np.zeros((self.axes[i].cells, self.axes[j].cells))
            self.two[i, j][np.ix_(path[i], path[j])] += value
        else:
            raise ValueError(f"a leaf depends on {len(path)} features")


def goes_left(node: Mapping[str, Any], axis: Axis) -> Mask:
    """For each fine cell, whether a split sends it to the left: LightGBM's own rules for its codes and for NaN."""
    left: Mask
    missing = axis.feature.missing_cell
    if node["decision_type"] == "==":
        members = [int(text) for text in str(node["threshold"]).split("||")]
        left = np.zeros(axis.cells, dtype=np.bool_)
        left[[member for member in members if member < missing]] = True
        return left
    left = np.arange(axis.cells) <= node["threshold"]
    left[missing] = bool(node["default_left"]) if node["missing_type"] == "NaN" else node["threshold"] >= 0
    return left
