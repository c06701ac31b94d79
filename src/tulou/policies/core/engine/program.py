"""Many rules on one day, compiled to bitset tables: per attribute one row of bits a class of values, one bit a policy.

A rule is a conjunction of clauses. A clause over one attribute is answered once for every class of its values
(`dimensions`); a clause over several is answered firm by firm and then is itself a three-valued attribute. What is left
for a firm is one AND of rows for *sure* and one for *possible*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.engine.dimensions import Dimension, Key, dimension_for, keys_of, ternary
from tulou.policies.core.engine.kernel import Words, intersect
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.firms.columns import Flags, Kleene, Places
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.folding import clauses, folded
from tulou.policies.core.rule.tree import Node

PACK = 8
"""So many clauses over several attributes share a column of 3 ** 8 patterns."""
MERGED_ROWS = 1024
"""Two columns become one while their product has no more rows: fewer look-ups, and the table stays in the cache."""


@dataclass(frozen=True)
class Clause:
    """A folded part of one rule or more, and the policies (by position) that it is part of."""

    node: Node
    policies: npt.NDArray[np.intp]


@dataclass(frozen=True)
class SingleColumn:
    """The clauses over one attribute, answered for each of its classes."""

    dimension: Dimension
    clauses: tuple[Clause, ...]

    @property
    def size(self) -> int:
        """The rows of the column's table."""
        return self.dimension.size

    def encode(self, table: FirmTable) -> Places:
        """Each firm's row."""
        return self.dimension.encode(table)

    @cached_property
    def representatives(self) -> FirmTable:
        """One firm a class."""
        return self.dimension.representatives()

    def answers(self) -> list[Kleene]:
        """Each clause's answer for every row."""
        return [answers(clause.node, self.representatives) for clause in self.clauses]


@dataclass(frozen=True)
class PackedColumn:
    """A few clauses over several attributes; the row of a firm is the pattern of their answers."""

    clauses: tuple[Clause, ...]

    @property
    def size(self) -> int:
        """The rows of the column's table."""
        return int(3 ** len(self.clauses))

    def encode(self, table: FirmTable) -> Places:
        """Each firm's row."""
        digits = []
        for clause in self.clauses:
            answer = answers(clause.node, table)
            digits.append(answer.sure.astype(np.int8) + answer.possible.astype(np.int8))
        return ternary(digits, len(table))

    def answers(self) -> list[Kleene]:
        """Each clause's answer for every row."""
        rows = np.arange(self.size)
        digits = [rows // 3**i % 3 for i in range(len(self.clauses))]
        return [Kleene(digit == 2, digit >= 1) for digit in digits]


ProgramColumn = SingleColumn | PackedColumn


@dataclass(frozen=True)
class Bits:
    """Answers as bits: word w, bit b of row i is policy 64 w + b for firm i."""

    sure: Words
    possible: Words

    @property
    def unknown(self) -> Words:
        """Possible and not sure."""
        return self.possible & ~self.sure


@dataclass
class Program:
    """Policies compiled for one day. `encode` firms once, then `run` as often as wanted."""

    ids: tuple[str, ...]
    as_of: dt.date | None
    catalogue: Catalogue
    rules: tuple[Node, ...]
    columns: tuple[ProgramColumn, ...]
    start: Words
    rows: Words
    merges: tuple[tuple[int, ...], ...]
    offsets: tuple[int, ...] = field(default=())

    @property
    def width(self) -> int:
        """Words of 64 policies a firm."""
        return len(self.start) // 2

    def encode(self, table: FirmTable) -> npt.NDArray[np.int32]:
        """The rows of the tables that each firm's facts mean."""
        return self.merged([column.encode(table) for column in self.columns], len(table))

    def merged(self, codes: Sequence[Places], size: int) -> npt.NDArray[np.int32]:
        """The rows of the merged tables from the class in each column."""
        found = np.empty((size, len(self.merges)), np.int32)
        for at, (group, offset) in enumerate(zip(self.merges, self.offsets, strict=True)):
            code = np.zeros(size, np.int32)
            for column in group:
                code = code * np.int32(self.columns[column].size) + codes[column]
            found[:, at] = code + np.int32(offset)
        return found

    def run(self, codes: npt.NDArray[np.int32], out: Words | None = None) -> Bits:
        """The answers of encoded firms. `out` (firms x 2 width) is written to where given."""
        result = np.empty((len(codes), 2 * self.width), np.uint64) if out is None else out
        intersect(codes, self.rows, self.start, result)
        return Bits(result[:, : self.width], result[:, self.width :])

    def match(self, table: FirmTable) -> Bits:
        """The answers of a table of firms."""
        return self.run(self.encode(table))


def compile_policies(
    rules: Mapping[str, Node], catalogue: Catalogue, as_of: dt.date | None, *, already_folded: bool = False
) -> Program:
    """Compile the rules (by policy id) for the day `as_of`; None is a day that is unknown."""
    nodes = tuple(rule if already_folded else folded(rule, as_of, catalogue) for rule in rules.values())
    columns = _columns(_interned(nodes), catalogue)
    width = max(1, -(-len(nodes) // 64))
    start = _bits(np.ones((1, len(nodes)), dtype=bool), np.ones((1, len(nodes)), dtype=bool), width)[0]
    tables = [_table(column, len(nodes), width) for column in columns]
    merges = _merges([column.size for column in columns])
    rows = [_product([tables[i] for i in group]) for group in merges]
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in rows])]).astype(int).tolist()
    stacked = np.concatenate(rows) if rows else np.empty((0, 2 * width), np.uint64)
    return Program(tuple(rules), as_of, catalogue, nodes, columns, start, stacked, merges, tuple(offsets[:-1]))


def _interned(nodes: Sequence[Node]) -> list[Clause]:
    """The distinct clauses with the policies that they belong to."""
    users: dict[Node, list[int]] = {}
    for at, node in enumerate(nodes):
        for clause in clauses(node):
            users.setdefault(clause, []).append(at)
    return [Clause(node, np.array(policies, np.intp)) for node, policies in users.items()]


def _columns(every: Sequence[Clause], catalogue: Catalogue) -> tuple[ProgramColumn, ...]:
    single: dict[Key, list[Clause]] = {}
    several: list[Clause] = []
    for clause in every:
        keys = keys_of(clause.node)
        if keys is not None and len(keys) == 1:
            single.setdefault(next(iter(keys)), []).append(clause)
        else:
            several.append(clause)
    columns: list[ProgramColumn] = []
    for key, found in single.items():
        dimension = dimension_for(key, (clause.node for clause in found), catalogue)
        if dimension is None:
            several += found
        else:
            columns.append(SingleColumn(dimension, tuple(found)))
    columns += [PackedColumn(tuple(several[i : i + PACK])) for i in range(0, len(several), PACK)]
    return tuple(columns)


def _table(column: ProgramColumn, policies: int, width: int) -> Words:
    """One row of bits a class: the policies that the class leaves sure, then those that it leaves possible."""
    sure = np.ones((column.size, policies), dtype=bool)
    possible = np.ones((column.size, policies), dtype=bool)
    for clause, answer in zip(column.clauses, column.answers(), strict=True):
        sure[:, clause.policies] &= answer.sure[:, None]
        possible[:, clause.policies] &= answer.possible[:, None]
    return _bits(sure, possible, width)


def _bits(sure: Flags, possible: Flags, width: int) -> Words:
    packed = np.zeros((len(sure), 2, width * 8), np.uint8)
    for half, flags in enumerate((sure, possible)):
        found = np.packbits(flags, axis=1, bitorder="little")
        packed[:, half, : found.shape[1]] = found
    return packed.view("<u8").reshape(len(sure), 2 * width).astype(np.uint64, copy=False)


def _merges(sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Groups of columns whose products stay small: the largest first, each into the first group with room.

    >>> _merges([98, 30, 24, 19683, 3])
    ((3,), (0, 4), (1, 2))
    """
    groups: list[tuple[int, ...]] = []
    products: list[int] = []
    for at in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        room = next((i for i, product in enumerate(products) if product * sizes[at] <= MERGED_ROWS), None)
        if room is None:
            groups.append((at,))
            products.append(sizes[at])
        else:
            groups[room] = (*groups[room], at)
            products[room] *= sizes[at]
    return tuple(groups)


def _product(tables: Sequence[Words]) -> Words:
    """The rows of every combination, the last table's class running fastest."""
    rows = tables[0]
    for table in tables[1:]:
        rows = (rows[:, None, :] & table[None, :, :]).reshape(-1, table.shape[1])
    return rows
