"""Cells that must not be shown, and as many more as it takes that nobody can compute them.

A cell is *sensitive* where fewer than `least` stand behind it, or where the others than its two largest contributors
are less than `protect` of the largest (the p-per-cent rule: the second could then tell the first's share too well).

Complementary cells are found by linear programming (Kelly, Golden and Assad 1992; Fischetti and Salazar 2001): for
each sensitive cell a way to move it up, and one to move it down, by as much as it must be hidden, while every sum of
the table still holds and nothing goes below zero, that touches as little as possible. The cells that it touches are
left out. What is shown fits the moved tables as well as the true one, so the reader's best bounds of a sensitive cell
are at least that wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack

from tulou.kernel.disclosure.table import Table, Whole
from tulou.kernel.errors import wrong_use

Flags = npt.NDArray[np.bool_]
_TOUCHED = 1e-7


@dataclass(frozen=True, slots=True)
class Rules:
    """`least` contributors in a cell; `protect` of the largest one's amount must be hidden by the others."""

    least: int = 5
    protect: float = 0.1

    def __post_init__(self) -> None:
        if self.least < 2 or not 0 <= self.protect <= 1:
            raise wrong_use(
                "disclosure.rules", "least 至少为 2, protect 在 0 和 1 之间", "least is 2 or more, protect 0 to 1"
            )


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Which cells are left out: those that are sensitive, and those that hide them."""

    table: Table
    sensitive: Flags
    hidden: Flags

    @property
    def complementary(self) -> int:
        """How many cells are left out only to hide others."""
        return int((self.hidden & ~self.sensitive).sum())


def suppress(table: Table, rules: Rules | None = None) -> Suppressed:
    """Leave out what must not be shown, so that no left-out sensitive cell can be computed from the rest."""
    found = rules or Rules()
    few = (table.count > 0) & (table.count < found.least)
    others = table.amount - table.largest - table.second
    dominated = (table.count > 0) & (others < found.protect * table.largest)
    sensitive = few | dominated
    hidden = sensitive.copy()
    rows = _sums(table.shape)
    moves = hstack([rows, -rows]).tocsr()
    need = np.maximum(np.ceil(found.protect * table.largest).astype(np.int64), 1)
    for cell in np.argsort(-table.count.reshape(-1), kind="stable"):
        if sensitive.reshape(-1)[cell]:
            count = int(table.count.reshape(-1)[cell])
            up = max(found.least - count, 1)
            _hide(table.count, moves, hidden, int(cell), up=up, down=min(count, up))
            amount, width = int(table.amount.reshape(-1)[cell]), int(need.reshape(-1)[cell])
            _hide(table.amount, moves, hidden, int(cell), up=width, down=min(amount, width))
    return Suppressed(table, sensitive, hidden)


def bounds(values: Whole, hidden: Flags) -> dict[tuple[int, ...], tuple[float, float]]:
    """What a reader can say of every hidden cell who knows all shown ones, all sums, and that nothing is below zero."""
    shape = values.shape
    rows = _sums(shape)
    places = np.flatnonzero(hidden.reshape(-1))
    if not len(places):
        return {}
    shown = np.where(hidden.reshape(-1), 0, values.reshape(-1)).astype(np.float64)
    right = -(rows @ shown)
    free = rows[:, places]
    answers = {}
    for number, cell in enumerate(places):
        goal = np.zeros(len(places))
        goal[number] = 1
        low = linprog(goal, A_eq=free, b_eq=right, bounds=(0, None), method="highs")
        high = linprog(-goal, A_eq=free, b_eq=right, bounds=(0, None), method="highs")
        top = np.inf if high.status == 3 else -float(high.fun)
        answers[tuple(int(i) for i in np.unravel_index(cell, shape))] = (float(low.fun), top)
    return answers


def _sums(shape: tuple[int, ...]) -> csr_array:
    """The sums that hold in a table with margins: one row each, inner cells 1 and their margin -1."""
    size = int(np.prod(shape))
    at = np.arange(size).reshape(shape)
    data: list[int] = []
    row: list[int] = []
    column: list[int] = []
    number = 0
    for axis in range(len(shape)):
        lines = np.moveaxis(at, axis, -1).reshape(-1, shape[axis])
        for line in lines:
            column += line.tolist()
            row += [number] * len(line)
            data += [1] * (len(line) - 1) + [-1]
            number += 1
    return csr_array((data, (row, column)), shape=(number, size))


def _hide(values: Whole, moves: csr_array, hidden: Flags, cell: int, *, up: int, down: int) -> None:
    """Add to `hidden` what lets a cell move up and down by so much; `moves` are the sums over ways up and ways down."""
    flat = values.reshape(-1).astype(np.float64)
    scale = max(float(flat.max()), 1.0)
    for move in (up, -down):
        if not move:
            continue
        cost = np.where(hidden.reshape(-1), 0.0, 1.0 + flat / scale)
        upper = np.full(len(flat), np.inf)
        lower = flat.copy()
        upper[cell] = lower[cell] = 0.0
        fixed = np.zeros(len(flat))
        fixed[cell] = move
        solved = linprog(
            np.concatenate([cost, cost]),
            A_eq=moves,
            b_eq=-(moves @ np.concatenate([fixed, np.zeros(len(flat))])),
            bounds=np.column_stack([np.zeros(2 * len(flat)), np.concatenate([upper, lower])]),
            method="highs",
        )
        moved = solved.x[: len(flat)] - solved.x[len(flat) :]
        hidden.reshape(-1)[np.abs(moved) > _TOUCHED] = True
