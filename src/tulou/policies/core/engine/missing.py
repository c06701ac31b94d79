"""The missing facts of every unknown answer of a program, for many firms at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tulou.policies.core.engine.kleene import MissingFacts, facts_of, names_in
from tulou.policies.core.engine.program import Bits, Clause, Program, SingleColumn
from tulou.policies.core.firms.columns import Places
from tulou.policies.core.firms.table import FirmTable

LARGEST_LOOK_UP = 1 << 18


@dataclass
class _LookUp:
    """A policy whose clauses have few sets: their numbers make a key, and `found` has the set of every key seen."""

    places: tuple[tuple[int, int], ...]
    radices: tuple[int, ...]
    found: npt.NDArray[np.int32]


class SetNumbers:
    """The distinct sets of missing facts, numbered as they turn up. Number 0 is the empty set."""

    def __init__(self) -> None:
        self.sets: list[frozenset[str]] = [frozenset()]
        self._numbers: dict[frozenset[str], int] = {frozenset(): 0}

    def number(self, missing: frozenset[str]) -> int:
        """The number of a set, new where it was not seen before."""
        if missing not in self._numbers:
            self._numbers[missing] = len(self.sets)
            self.sets.append(missing)
        return self._numbers[missing]

    def lists(self, numbers: npt.NDArray[np.int32]) -> pa.ListArray:
        """The sets of these numbers as sorted lists."""
        words = [sorted(each) for each in self.sets]
        lengths = np.array([len(each) for each in words], np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        flat = pa.array([word for each in words for word in each], pa.string())
        taken = lengths[numbers]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(taken)])
        places = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1] - starts[numbers], taken)
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat.take(pa.array(places)))


class MissingSets:
    """The set of missing facts of every unknown answer of a program."""

    def __init__(self, program: Program, numbers: SetNumbers | None = None) -> None:
        self.program = program
        self.known = numbers or SetNumbers()
        self._looks: dict[int, _LookUp | None] = {}
        self._clause_sets: dict[tuple[int, int], list[int]] = {}
        self._by_class: dict[tuple[int, int], Places] = {}

    def numbers(self, table: FirmTable, bits: Bits) -> npt.NDArray[np.int32]:
        """For each firm and policy the number of the set that an unknown answer waits for, 0 where it is known."""
        result = np.zeros((len(table), len(self.program.ids)), np.int32)
        codes = [column.encode(table) for column in self.program.columns]
        locals_: dict[tuple[int, int], Places] = {}
        unknown = np.unpackbits(bits.unknown.view(np.uint8).reshape(len(table), -1), axis=1, bitorder="little")
        for policy in range(len(self.program.ids)):
            rows = np.flatnonzero(unknown[:, policy])
            if rows.size:
                result[rows, policy] = self._combined(policy, rows, table, codes, locals_)
        return result

    def _combined(
        self,
        policy: int,
        rows: npt.NDArray[np.intp],
        table: FirmTable,
        codes: list[Places],
        locals_: dict[tuple[int, int], Places],
    ) -> Places:
        """The set of each firm in `rows`: the union of those that the policy's clauses wait for."""
        places = self._clauses_of[policy]
        for place in places:
            if place not in locals_:
                locals_[place] = self._of_clause(place, table, codes[place[0]])
        look = self._look_up(policy, places)
        if look is None:
            return self._pairwise([self._global(place)[locals_[place][rows]] for place in places])
        key = np.zeros(len(rows), np.int64)
        for place, radix in zip(places, look.radices, strict=True):
            key = key * radix + locals_[place][rows]
        numbers = look.found[key]
        for each in np.unique(key[numbers < 0]):
            look.found[each] = self._decoded(look, int(each))
        return look.found[key]

    def _look_up(self, policy: int, places: tuple[tuple[int, int], ...]) -> _LookUp | None:
        """None where a clause is over several attributes, so that its sets are not known before, or has too many."""
        if policy not in self._looks:
            self._looks[policy] = None
            if all(isinstance(self.program.columns[place[0]], SingleColumn) for place in places):
                radices = tuple(len(self._clause_sets[place]) for place in places)
                if math.prod(radices) <= LARGEST_LOOK_UP:
                    found = np.full(math.prod(radices), -1, np.int32)
                    self._looks[policy] = _LookUp(places, radices, found)
        return self._looks[policy]

    def _decoded(self, look: _LookUp, key: int) -> int:
        missing: set[str] = set()
        for place, radix in zip(reversed(look.places), reversed(look.radices), strict=True):
            key, local = divmod(key, radix)
            missing |= self.known.sets[self._clause_sets[place][local]]
        return self.known.number(frozenset(missing))

    def _pairwise(self, columns: list[Places]) -> Places:
        total = columns[0]
        for column in columns[1:]:
            pairs, inverse = np.unique(total.astype(np.int64) << 32 | column, return_inverse=True)
            unions = [
                self.known.number(self.known.sets[int(pair) >> 32] | self.known.sets[int(pair) & 0xFFFFFFFF])
                for pair in pairs
            ]
            total = np.array(unions, np.int32)[inverse]
        return total

    def _global(self, place: tuple[int, int]) -> Places:
        return np.array(self._clause_sets[place], np.int32)

    @cached_property
    def _clauses_of(self) -> list[tuple[tuple[int, int], ...]]:
        """For each policy the (column, clause) pairs that it consists of."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.program.ids]
        for c, column in enumerate(self.program.columns):
            for k, clause in enumerate(column.clauses):
                for policy in clause.policies:
                    found[policy].append((c, k))
        return [tuple(each) for each in found]

    def _clause(self, place: tuple[int, int]) -> Clause:
        return self.program.columns[place[0]].clauses[place[1]]

    def _of_clause(self, place: tuple[int, int], table: FirmTable, codes: Places) -> Places:
        """For each firm the number, within the clause, of the set that the clause waits for."""
        column = self.program.columns[place[0]]
        if isinstance(column, SingleColumn):
            return self._class_sets(place, column)[codes]
        return self._local_numbers(place, table)

    def _class_sets(self, place: tuple[int, int], column: SingleColumn) -> Places:
        if place not in self._by_class:
            self._by_class[place] = self._local_numbers(place, column.representatives)
        return self._by_class[place]

    def _local_numbers(self, place: tuple[int, int], table: FirmTable) -> Places:
        node = self._clause(place).node
        facts = facts_of(node)
        masks = MissingFacts(facts, table).of(node).masks
        if masks.shape[1] == 1:
            single, inverse = np.unique(masks[:, 0], return_inverse=True)
            distinct = single[:, None]
        else:
            distinct, inverse = np.unique(masks, axis=0, return_inverse=True)
        known = self._clause_sets.setdefault(place, [0])
        local = []
        for mask in distinct:
            number = self.known.number(names_in(facts, mask))
            if number not in known:
                known.append(number)
            local.append(known.index(number))
        return np.array(local, np.int32)[inverse.reshape(-1)]
