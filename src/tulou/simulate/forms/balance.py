"""Accounting identities: sums that must be right to the last cent, solved for whole columns of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from tulou.simulate.chance import Floats, Indices


class Sum(Protocol):
    """`total` equals the signed sum of `parts`, each (+1 or -1, name); as `tulou.pool.core.catalogue.Identity`."""

    @property
    def total(self) -> str:
        """The name of the total."""

    @property
    def parts(self) -> tuple[tuple[int, str], ...]:
        """The parts."""


def balance(cents: dict[str, Indices], sums: Sequence[Sum], fixed: Iterable[str], free_of_sign: set[str]) -> None:
    """Change the columns in `cents` until every sum holds, where that can be.

    Columns in `fixed` keep their values. A total that is known hands its value down to its parts in proportion to
    theirs; one that is not is added up. Columns in `free_of_sign` may become negative; where only others are left, a
    sum may stay wrong.
    """
    settled = set(fixed) & set(cents)
    divided: set[str] = set()
    waiting = [each for each in sums if each.total in cents and all(name in cents for _, name in each.parts)]
    while waiting:
        each = _next(waiting, settled, divided)
        waiting.remove(each)
        if each.total in settled:
            _hand_down(cents, each, settled, free_of_sign)
            divided.add(each.total)
        else:
            _add_up(cents, each, settled, free_of_sign)
        settled.add(each.total)
        settled.update(name for _, name in each.parts)


def _next(waiting: Sequence[Sum], settled: set[str], divided: set[str]) -> Sum:
    """First those whose total is known and was not divided in another way, then those whose parts wait for no sum.

    A total that is divided twice (by lines and by columns) is divided the second time when all else is done: in a
    table its columns have been added up by then.
    """
    for each in waiting:
        if each.total in settled and each.total not in divided:
            return each
    totals = {each.total for each in waiting}
    for each in waiting:
        if each.total not in settled and all(name in settled or name not in totals for _, name in each.parts):
            return each
    return next((each for each in waiting if each.total in settled), waiting[0])


def _add_up(cents: dict[str, Indices], each: Sum, settled: set[str], free_of_sign: set[str]) -> None:
    """The total of the parts; where it would be negative and may not, the first part that is free makes up for it."""
    total = _signed(cents, each.parts)
    if each.total not in free_of_sign:
        lacking = np.maximum(-total, 0)
        plus = next((name for sign, name in each.parts if sign > 0 and name not in settled), None)
        if plus is not None:
            cents[plus] = cents[plus] + lacking
            total = total + lacking
    cents[each.total] = total


def _hand_down(cents: dict[str, Indices], each: Sum, settled: set[str], free_of_sign: set[str]) -> None:
    known = [(sign, name) for sign, name in each.parts if name in settled]
    plus = [name for sign, name in each.parts if sign > 0 and name not in settled]
    minus = [name for sign, name in each.parts if sign < 0 and name not in settled]
    rest = cents[each.total] - _signed(cents, known)
    small = np.abs(cents[each.total]) // 20
    for name in (*plus, *minus):
        cents[name] = np.maximum(cents[name], 0)
    if plus and minus:
        _cap(cents, minus, np.where(rest >= 0, small, np.iinfo(np.int64).max))
        _cap(cents, plus, np.where(rest >= 0, np.iinfo(np.int64).max, small))
        given = np.where(rest >= 0, rest + _signed(cents, [(1, name) for name in minus]), 0)
        taken = np.where(rest >= 0, 0, -rest + _signed(cents, [(1, name) for name in plus]))
        _share_out(cents, plus, given, rest >= 0)
        _share_out(cents, minus, taken, rest < 0)
    elif plus or minus:
        names = plus or minus
        wanted = rest if plus else -rest
        loose = next((name for name in reversed(names) if name in free_of_sign), None)
        _share_out(cents, names, np.maximum(wanted, 0), np.ones(len(rest), dtype=bool))
        if loose is not None:
            cents[loose] = cents[loose] + np.minimum(wanted, 0)


def _cap(cents: dict[str, Indices], names: Sequence[str], limit: Indices) -> None:
    for name in names:
        cents[name] = np.minimum(cents[name], limit // len(names))


def _share_out(
    cents: dict[str, Indices],
    names: Sequence[str],
    amount: Indices,
    where: Floats | np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> None:
    """Give `amount` to the columns in proportion to their values; what rounding leaves goes to the greatest share."""
    values = np.stack([cents[name] for name in names]).astype(np.float64)
    total = values.sum(axis=0)
    weights = np.where(total > 0, values / np.where(total > 0, total, 1), 0)
    weights[0] = np.where(total > 0, weights[0], 1)
    parts = np.floor(weights * amount).astype(np.int64)
    greatest = weights.argmax(axis=0)
    parts[greatest, np.arange(parts.shape[1])] += amount - parts.sum(axis=0)
    for place, name in enumerate(names):
        cents[name] = np.where(where, parts[place], cents[name])


def _signed(cents: Mapping[str, Indices], parts: Iterable[tuple[int, str]]) -> Indices:
    total: Indices | int = 0
    for sign, name in parts:
        total = total + sign * cents[name]
    return np.asarray(total, dtype=np.int64)
