"""What one attribute can be, as far as the rules can tell: a few classes of values, each with a representative.

Every clause of every rule is answered once for each class, on a table of representatives; a firm then only needs the
number of its class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.firms.columns import (
    ABSENT,
    EVERY_CODE,
    OPEN,
    PRESENT,
    UNKNOWN_CODE,
    Codes,
    FlagsColumn,
    Numbers,
    Places,
    Sets,
)
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.tree import Atom, In, Intersects, Is, Measure, Measured, Node, Range, Unknown, walk

Key = str | Measure
"""What a dimension is of: an attribute, or a measure of a ledger."""

MOST_MEMBERS = 9
"""A set has 3 ** members classes; sets of which rules name more are answered firm by firm."""


class Dimension(Protocol):
    """The classes of one attribute."""

    @property
    def size(self) -> int:
        """How many classes there are."""
        ...

    def representatives(self) -> FirmTable:
        """One firm a class, which has this attribute only."""
        ...

    def encode(self, table: FirmTable) -> Places:
        """The class of each firm."""
        ...


def keys_of(node: Node) -> frozenset[Key] | None:
    """The attributes and measures that a clause reads; None where it needs more than their values."""
    found: set[Key] = set()
    for item in walk(node):
        match item:
            case Measured():
                found.add(item.measure)
            case Unknown():
                if item.also:
                    return None
            case In() | Range() | Is() | Intersects():
                found.add(item.attr)
            case _:
                pass
    return frozenset(found)


def dimension_for(key: Key, clauses: Iterable[Node], catalogue: Catalogue) -> Dimension | None:
    """The classes that `clauses` tell apart; None where there are too many."""
    items = [item for clause in clauses for item in walk(clause)]
    atoms = [item for item in items if isinstance(item, (In, Range, Is, Intersects, Measured))]
    if isinstance(key, Measure):
        return NumberDimension(key, atoms, catalogue)
    match catalogue[key].kind:
        case Kind.CODE:
            return CodeDimension(key, [atom for atom in atoms if isinstance(atom, In)], catalogue)
        case Kind.FLAG:
            return FlagDimension(key, catalogue)
        case Kind.SET:
            members = sorted({member for atom in atoms if isinstance(atom, Intersects) for member in atom.members})
            return SetDimension(key, members, catalogue) if len(members) <= MOST_MEMBERS else None
        case _:
            return NumberDimension(key, atoms, catalogue)


class CodeDimension:
    """Classes of codes that no rule tells apart, then *every code* and *unknown*."""

    def __init__(self, attr: str, atoms: Sequence[In], catalogue: Catalogue) -> None:
        self.attr, self.catalogue = attr, catalogue
        self.dictionary = catalogue.dictionary_of(attr)
        self._classes: Places
        if self.dictionary is not None:
            self._sort_dictionary(self.dictionary, atoms)
        else:
            named = sorted({code for atom in atoms for code in atom.include | atom.exclude})
            self._named = {code: i for i, code in enumerate(named)}
            self._codes = (*named, "")
            self._examples = np.arange(len(self._codes), dtype=np.int32)

    def _sort_dictionary(self, dictionary: Dictionary, atoms: Sequence[In]) -> None:
        sets = list(dict.fromkeys((atom.include, atom.exclude) for atom in atoms))
        table = np.stack([dictionary.states(*each) for each in sets], axis=1)
        packed = np.ascontiguousarray(table).view(np.dtype((np.void, table.shape[1]))).ravel()
        _, examples, classes = np.unique(packed, return_index=True, return_inverse=True)
        self._examples = examples.astype(np.int32)
        self._classes = classes.astype(np.int32)

    @property
    def size(self) -> int:
        """The classes, and two more."""
        return len(self._examples) + 2

    def representatives(self) -> FirmTable:
        """One firm a class; the last two are *every code* and *unknown*."""
        places = np.concatenate([self._examples, np.array([EVERY_CODE, UNKNOWN_CODE], np.int32)])
        vocabulary = () if self.dictionary is not None else self._codes
        return FirmTable(self.size, {self.attr: Codes(places, vocabulary, self.dictionary)}, self.catalogue)

    def encode(self, table: FirmTable) -> Places:
        """The class of each firm's code."""
        column = table.of(self.attr, Codes)
        if self.dictionary is not None:
            classes = self._classes
        else:
            other = len(self._named)
            classes = np.fromiter(
                (self._named.get(code, other) for code in column.vocabulary), np.int32, len(column.vocabulary)
            )
        last = np.array([self.size - 2, self.size - 1], np.int32)
        return np.concatenate([classes, last])[column.places]


class NumberDimension:
    """The bounds that rules name, the spans between them, and *unknown*: class 2i+1 is the i-th bound itself."""

    def __init__(self, key: Key, atoms: Iterable[Atom], catalogue: Catalogue) -> None:
        self.key, self.catalogue = key, catalogue
        limits = [
            atom.limits
            for atom in atoms
            if (isinstance(atom, Range) and atom.attr == key) or (isinstance(atom, Measured) and atom.measure == key)
        ]
        self._bounds = np.array(sorted({end for each in limits for end in each.ends()}))

    @property
    def size(self) -> int:
        """Two classes a bound, and two more."""
        return 2 * len(self._bounds) + 2

    def representatives(self) -> FirmTable:
        """One firm a class; numbers between whole bounds may be halves, which no rule minds."""
        bounds = self._bounds.astype(np.float64)
        between = np.concatenate([bounds[:1] - 1, (bounds[1:] + bounds[:-1]) / 2, bounds[-1:] + 1])
        values = np.empty(self.size, np.float64)
        values[0:-1:2] = between
        values[1:-1:2] = bounds
        values[-1] = 0
        known = np.arange(self.size) < self.size - 1
        column = Numbers(values, known)
        if isinstance(self.key, Measure):
            return FirmTable(self.size, {}, self.catalogue, {self.key: column})
        return FirmTable(self.size, {self.key: column}, self.catalogue)

    def encode(self, table: FirmTable) -> Places:
        """The class of each firm's number."""
        column = table.measure(self.key) if isinstance(self.key, Measure) else table.of(self.key, Numbers)
        # Bounds below it plus bounds not above it: odd exactly where it equals one.
        below = np.searchsorted(self._bounds, column.values, "left")
        upto = np.searchsorted(self._bounds, column.values, "right")
        return np.where(column.known, below + upto, self.size - 1).astype(np.int32)


class FlagDimension:
    """Unknown, no, yes."""

    size = 3

    def __init__(self, attr: str, catalogue: Catalogue) -> None:
        self.attr, self.catalogue = attr, catalogue

    def representatives(self) -> FirmTable:
        """Three firms."""
        states = np.array([OPEN, ABSENT, PRESENT], np.int8)
        return FirmTable(3, {self.attr: FlagsColumn(states)}, self.catalogue)

    def encode(self, table: FirmTable) -> Places:
        """The class of each firm's flag."""
        column = table.of(self.attr, FlagsColumn)
        return column.states.astype(np.int32) + 1


@dataclass
class SetDimension:
    """Every pattern of unknown, out and in over the members that rules name."""

    attr: str
    members: Sequence[str]
    catalogue: Catalogue

    @property
    def size(self) -> int:
        """3 ** members."""
        return int(3 ** len(self.members))

    def representatives(self) -> FirmTable:
        """One firm a pattern; the first member is the lowest digit."""
        patterns = np.arange(self.size)
        states = {member: (patterns // 3**i % 3 - 1).astype(np.int8) for i, member in enumerate(self.members)}
        return FirmTable(self.size, {self.attr: Sets(states, np.full(self.size, OPEN, np.int8))}, self.catalogue)

    def encode(self, table: FirmTable) -> Places:
        """The pattern of each firm."""
        column = table.of(self.attr, Sets)
        return ternary([column.state(member) + np.int8(1) for member in self.members], len(table))


def ternary(digits: Sequence[npt.NDArray[np.int8]], size: int) -> Places:
    """Numbers with the given base-3 digits, lowest first."""
    codes = np.zeros(size, np.int32)
    for i, digit in enumerate(digits):
        codes += digit.astype(np.int32) * np.int32(3**i)
    return codes
