"""Two versions of a set of policies over the same firms: who gains, who loses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import wrong_use
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.answering import letters
from tulou.policies.core.engine.changes import TRUTHS, Change, change_of
from tulou.policies.core.engine.program import Program, compile_policies
from tulou.policies.core.firms.batch import Day, FirmBatch
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.tree import Const
from tulou.policies.core.rule.truth import Truth


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that differs between the two sets."""

    firm_id: str
    policy_id: str
    before: Truth
    after: Truth
    change: Change
    as_of: Day


def differences(
    old: PolicySet, new: PolicySet, batches: Iterable[FirmBatch], as_of: dt.date | None = None
) -> Iterator[Difference]:
    """The answers that differ. A policy that is in one set only counts as false for everybody in the other.

    Raises WrongUse where neither `as_of` nor the firms say a day.
    """
    ids = list(dict.fromkeys([*old.by_id, *new.by_id]))
    compiled: dict[Day, tuple[Program, Program]] = {}
    for batch in batches:
        for day, rows in _by_day(batch, as_of).items():
            if day not in compiled:
                compiled[day] = (_compiled(old, ids, day), _compiled(new, ids, day))
            part = batch.table.take(rows)
            before, after = (_answers(program, part) for program in compiled[day])
            for row, column in zip(*np.nonzero(before != after), strict=True):
                one, two = int(before[row, column]), int(after[row, column])
                firm_id = batch.firm_ids[int(rows[row])]
                yield Difference(firm_id, ids[column], TRUTHS[one], TRUTHS[two], change_of(one, two), day)


def _by_day(batch: FirmBatch, as_of: dt.date | None) -> dict[Day, npt.NDArray[np.intp]]:
    if as_of is not None:
        return {as_of: np.arange(len(batch.table))}
    if batch.days is None:
        raise wrong_use(
            "policies.match.as_of",
            "企业文件没有日期: 请用 --as-of 指定判定日期",
            "The file of firms carries no days: say --as-of",
        )
    found: dict[Day, list[int]] = {}
    for row, day in enumerate(batch.days):
        found.setdefault(day, []).append(row)
    return {day: np.array(rows, np.intp) for day, rows in found.items()}


def _compiled(policies: PolicySet, ids: list[str], day: Day) -> Program:
    known = policies.by_id
    rules = {each: known[each].rule if each in known else Const(False) for each in ids}
    return compile_policies(rules, policies.catalogue, day)


def _answers(program: Program, table: FirmTable) -> npt.NDArray[np.int8]:
    bits = program.match(table)
    size = len(program.ids)
    return letters(bits.sure, size) + letters(bits.possible, size)
