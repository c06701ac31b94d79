"""All matches of a province, kept live: each change of a policy, a firm or the day gives the answers that changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.engine.changes import TRUTHS, Changes, Snapshot, answers_in
from tulou.policies.core.engine.kernel import Words
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.engine.program import Program, compile_policies
from tulou.policies.core.firms.columns import Kleene
from tulou.policies.core.firms.facts import Fact, Firm
from tulou.policies.core.firms.table import FirmTable, facts_at, table_of
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.scalar import evaluate
from tulou.policies.core.rule.tree import Const, Node
from tulou.policies.core.rule.truth import Truth

ROWS_AT_ONCE = 16_384
MOST_STALE = 32
"""After so many changed policies the tables are compiled anew; until then the changed ones are walked for a firm."""


class MatchTable:
    """The answers of every firm to every policy on a day, two bits a pair.

    A policy has a slot (a bit of every row). One changed policy is answered for all firms as arrays; one changed firm
    takes one look-up in the compiled tables, and a walk for the few policies that changed since they were compiled.
    """

    def __init__(
        self, policies: Iterable[Policy], firm_ids: Sequence[str], table: FirmTable, as_of: dt.date | None
    ) -> None:
        self.table, self.as_of = table, as_of
        self.firm_ids = list(firm_ids)
        self.row_of = {firm_id: row for row, firm_id in enumerate(self.firm_ids)}
        self.policies: dict[str, Policy] = {policy.id: policy for policy in policies}
        self.slots: list[str | None] = list(self.policies)
        self._slot_of = {policy_id: slot for slot, policy_id in enumerate(self.slots) if policy_id is not None}
        self._folded: dict[str, Node] = {}
        self._stale: set[int] = set()
        self._program: Program
        self._answer_all()

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue of the firms' attributes."""
        return self.table.catalogue

    def _answer_all(self) -> None:
        self._compile()
        width, size = self._program.width, len(self.firm_ids)
        self._sure, self._possible = np.empty((width, size), np.uint64), np.empty((width, size), np.uint64)
        codes = self._program.encode(self.table)
        for start in range(0, size, ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            bits = self._program.run(codes[rows])
            self._sure[:, rows], self._possible[:, rows] = bits.sure.T, bits.possible.T

    def _compile(self) -> None:
        rules = {
            policy_id or f"\0{slot}": self.policies[policy_id].rule if policy_id else Const(False)
            for slot, policy_id in enumerate(self.slots)
        }
        self._program = compile_policies(rules, self.catalogue, self.as_of)
        self._folded = dict(zip(rules, self._program.rules, strict=True))
        self._stale.clear()

    def compact(self) -> None:
        """Compile the tables anew, so that changed firms are answered by look-up alone. Changes no answer."""
        self._compile()

    def snapshot(self) -> Snapshot:
        """The answers as they are now; later changes do not touch it."""
        return Snapshot(tuple(self.firm_ids), tuple(self.slots), self._sure.copy(), self._possible.copy(), self.as_of)

    def truth(self, firm_id: str, policy_id: str) -> Truth:
        """One answer. Raises KeyError for a firm or policy that is not here."""
        word, bit = divmod(self._slot_of[policy_id], 64)
        row = self.row_of[firm_id]
        return TRUTHS[(int(self._sure[word, row]) >> bit & 1) + (int(self._possible[word, row]) >> bit & 1)]

    def policies_of(self, firm_id: str, truth: Truth = "T") -> list[str]:
        """The policies that give a firm this answer."""
        row = self.row_of[firm_id]
        found = self._row_answers(row)
        return [self.slots[slot] or "" for slot in np.flatnonzero(found == TRUTHS.index(truth)) if self.slots[slot]]

    def firms_of(self, policy_id: str, truth: Truth = "T") -> list[str]:
        """The firms that a policy gives this answer."""
        answer = self._policy_answers(self._slot_of[policy_id])
        return [self.firm_ids[row] for row in np.flatnonzero(answer == TRUTHS.index(truth))]

    def counts(self, policy_id: str) -> dict[Truth, int]:
        """How many firms have each answer from a policy."""
        tally = np.bincount(self._policy_answers(self._slot_of[policy_id]), minlength=3)
        return {truth: int(tally[i]) for i, truth in enumerate(TRUTHS)}

    def put_policy(self, policy: Policy) -> Changes:
        """Take in a new or changed policy."""
        slot = self._slot(policy.id)
        rule = folded(policy.rule, self.as_of, self.catalogue)
        self.policies[policy.id] = policy
        self._folded[policy.id] = rule
        self._stale.add(slot)
        changes = self._put_column(slot, answers(rule, self.table))
        if len(self._stale) > MOST_STALE:
            self._compile()
        return changes

    def drop_policy(self, policy_id: str) -> Changes:
        """Take a policy out; its firms lose it. Raises KeyError where it is not here."""
        slot = self._slot_of[policy_id]
        nobody = np.zeros(len(self.firm_ids), dtype=bool)
        changes = self._put_column(slot, Kleene(nobody, nobody))
        del self.policies[policy_id], self._slot_of[policy_id]
        self._folded.pop(policy_id, None)
        self._stale.add(slot)
        self.slots[slot] = None
        return changes

    def put_firm(self, firm_id: str, facts: Mapping[str, Fact | None]) -> Changes:
        """Change facts of a firm (None: unknown from now on). Raises KeyError where the firm is not here."""
        row = self.row_of[firm_id]
        self.table.put(row, facts)
        before = self._row_answers(row)
        bits = self._program.match(self.table.take(slice(row, row + 1)))
        self._put_row(row, bits.sure[0], bits.possible[0])
        after = self._row_answers(row)
        slots = np.flatnonzero(before != after)
        return self._changes(np.full(len(slots), row, np.int32), slots.astype(np.int32), before[slots], after[slots])

    def add_firms(self, firms: Sequence[Firm]) -> Changes:
        """Take in firms that are new here. Raises ValueError for one that is not."""
        for firm in firms:
            if firm.firm_id in self.row_of:
                raise ValueError(f"{firm.firm_id} is here already")
        first = len(self.firm_ids)
        self.table = self.table.joined(table_of(firms, self.catalogue))
        self.firm_ids += [firm.firm_id for firm in firms]
        self.row_of |= {firm.firm_id: first + i for i, firm in enumerate(firms)}
        nothing = np.zeros((len(self._sure), len(firms)), np.uint64)
        self._sure = np.concatenate([self._sure, nothing], axis=1)
        self._possible = np.concatenate([self._possible, nothing], axis=1)
        parts = [self.put_firm(firm.firm_id, {}) for firm in firms]
        return self._changes(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "slots", "before", "after"))
        )

    def roll(self, as_of: dt.date | None) -> Changes:
        """Move to another day."""
        earlier = Snapshot(tuple(self.firm_ids), tuple(self.slots), self._sure, self._possible, self.as_of)
        self.as_of = as_of
        self._answer_all()
        later = Snapshot(earlier.firm_ids, earlier.policy_ids, self._sure, self._possible, as_of)
        return earlier.until(later)

    def _slot(self, policy_id: str) -> int:
        """The policy's slot: its own, a free one, or one more (with a new word of bits where the last is full)."""
        if policy_id not in self._slot_of:
            slot = self.slots.index(None) if None in self.slots else len(self.slots)
            if slot == len(self.slots):
                self.slots.append(None)
            if slot >= len(self._sure) * 64:
                one = np.zeros((1, len(self.firm_ids)), np.uint64)
                self._sure = np.concatenate([self._sure, one])
                self._possible = np.concatenate([self._possible, one])
            self.slots[slot] = policy_id
            self._slot_of[policy_id] = slot
        return self._slot_of[policy_id]

    def _policy_answers(self, slot: int) -> npt.NDArray[np.int8]:
        return answers_in((self._sure, self._possible), slot)

    def _row_answers(self, row: int) -> npt.NDArray[np.int8]:
        halves = [np.ascontiguousarray(words[:, row]).view(np.uint8) for words in (self._sure, self._possible)]
        each = [np.unpackbits(half, count=len(self.slots), bitorder="little").view(np.int8) for half in halves]
        return each[0] + each[1]

    def _put_column(self, slot: int, answer: Kleene) -> Changes:
        before = self._policy_answers(slot)
        word, bit = slot // 64, np.uint64(slot % 64)
        keep = ~(np.uint64(1) << bit)
        for words, flags in ((self._sure, answer.sure), (self._possible, answer.possible)):
            words[word] = words[word] & keep | flags.astype(np.uint64) << bit
        after = answer.sure.astype(np.int8) + answer.possible.astype(np.int8)
        rows = np.flatnonzero(before != after)
        return self._changes(rows.astype(np.int32), np.full(len(rows), slot, np.int32), before[rows], after[rows])

    def _put_row(self, row: int, sure: Words, possible: Words) -> None:
        self._sure[:, row], self._possible[:, row] = 0, 0
        self._sure[: len(sure), row], self._possible[: len(possible), row] = sure, possible
        facts = facts_at(self.table, row) if self._stale else {}
        for slot in self._stale:
            policy_id = self.slots[slot]
            truth = "F" if policy_id is None else evaluate(self._folded[policy_id], facts, None, self.catalogue).truth
            word, bit = divmod(slot, 64)
            mask = np.uint64(1 << bit)
            for words, on in ((self._sure, truth == "T"), (self._possible, truth != "F")):
                words[word, row] = words[word, row] | mask if on else words[word, row] & ~mask

    def _changes(
        self,
        rows: npt.NDArray[np.int32],
        slots: npt.NDArray[np.int32],
        before: npt.NDArray[np.int8],
        after: npt.NDArray[np.int8],
    ) -> Changes:
        return Changes(self.firm_ids, tuple(self.slots), rows, slots, before, after)
