"""Every (firm, policy) answer of a file of firms, as Arrow batches: result T, F or U and the missing facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tulou.kernel.errors import Text, wrong_use
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.missing import MissingSets, SetNumbers
from tulou.policies.core.engine.program import Program, compile_policies
from tulou.policies.core.firms.batch import Day, FirmBatch
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.tree import Node

SCHEMA = pa.schema(
    [
        ("firm_id", pa.string()),
        ("policy_id", pa.string()),
        ("result", pa.string()),
        ("missing", pa.list_(pa.string())),
        ("as_of", pa.date32()),
    ]
)
LETTERS = ("F", "U", "T")
PAIRS = 1_000_000
"""So many pairs are written at once."""


@dataclass
class Answering:
    """Answers the policies of a set for batches of firms, and counts as it goes."""

    policies: PolicySet
    as_of: dt.date | None = None
    only: frozenset[str] = frozenset("TFU")
    counts: npt.NDArray[np.int64] = field(init=False)
    firms: int = 0

    def __post_init__(self) -> None:
        self.counts = np.zeros((len(self.policies), 3), np.int64)
        self._numbers = SetNumbers()
        self._programs: dict[Day, tuple[Program, MissingSets]] = {}
        self._rules: Mapping[str, Node] = {policy.id: policy.rule for policy in self.policies}
        self._ids = pa.array(list(self._rules), pa.string())

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the set."""
        return self.policies.catalogue

    def answer(self, batch: FirmBatch) -> Iterator[pa.RecordBatch]:
        """The answers of one batch, firm by firm in the order of the file, in pieces."""
        days = self._days_of(batch)
        step = max(1, PAIRS // max(1, len(self.policies)))
        for start in range(0, len(batch.table), step):
            rows = slice(start, min(start + step, len(batch.table)))
            yield self._piece(batch.firm_ids[rows], batch.table.take(rows), days[rows])

    def _days_of(self, batch: FirmBatch) -> list[Day]:
        if self.as_of is not None:
            return [self.as_of] * len(batch.table)
        if batch.days is None:
            raise wrong_use(
                "policies.match.as_of",
                "企业文件没有日期: 请用 --as-of 指定判定日期",
                "The file of firms carries no days: say --as-of",
                remedy=Text(zh="例如 --as-of 2026-06-12", en="For example --as-of 2026-06-12"),
            )
        return list(batch.days)

    def program(self, day: Day) -> tuple[Program, MissingSets]:
        """The policies compiled for a day."""
        if day not in self._programs:
            program = compile_policies(self._rules, self.catalogue, day)
            self._programs[day] = (program, MissingSets(program, self._numbers))
        return self._programs[day]

    def _piece(self, ids: object, table: FirmTable, days: list[Day]) -> pa.RecordBatch:
        results = np.empty((len(table), len(self.policies)), np.int8)
        numbers = np.empty((len(table), len(self.policies)), np.int32)
        for day in dict.fromkeys(days):
            rows = np.flatnonzero(np.array([each == day for each in days]))
            program, missing = self.program(day)
            part = table.take(rows)
            bits = program.match(part)
            results[rows] = letters(bits.sure, len(self.policies)) + letters(bits.possible, len(self.policies))
            numbers[rows] = missing.numbers(part, bits)
        self.firms += len(table)
        for letter in range(3):
            self.counts[:, letter] += (results == letter).sum(axis=0)
        return self._record_batch(ids, days, results.ravel(), numbers.ravel())

    def _record_batch(
        self, ids: object, days: list[Day], results: npt.NDArray[np.int8], numbers: npt.NDArray[np.int32]
    ) -> pa.RecordBatch:
        wanted = np.flatnonzero(np.isin(results, [i for i, letter in enumerate(LETTERS) if letter in self.only]))
        firms, policies = np.divmod(wanted, len(self.policies)) if len(self.policies) else (wanted, wanted)
        columns = [
            pa.array(ids, pa.string()).take(pa.array(firms)),
            self._ids.take(pa.array(policies)),
            pa.array(LETTERS).take(pa.array(results[wanted])),
            self._numbers.lists(numbers[wanted]),
            pa.array(days, pa.date32()).take(pa.array(firms)),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def letters(words: npt.NDArray[np.uint64], policies: int) -> npt.NDArray[np.int8]:
    """One number a bit: 1 where it is set."""
    flat = np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1)
    return np.unpackbits(flat, axis=1, count=policies, bitorder="little").view(np.int8)
