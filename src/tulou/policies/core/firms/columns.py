"""One attribute of many firms, as arrays. Each column answers the rows that speak of it in Kleene logic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tulou.policies.core.dictionaries import FALSE_STATE, NOWHERE, TRUE_STATE, UNKNOWN_STATE, Dictionary
from tulou.policies.core.firms.facts import EVERY, Fact, LedgerEntry, SetFact
from tulou.policies.core.rule.tree import In, Limits, Measure

Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Places = npt.NDArray[np.int32]

UNKNOWN_CODE, EVERY_CODE = NOWHERE, -2
"""Places in a vocabulary that mean: the firm's code is unknown (to us or to its dictionary); every code holds."""

ABSENT, PRESENT, OPEN = 0, 1, -1
"""States of a flag or of a set's member: false, true, unknown."""


class Kleene(NamedTuple):
    """An answer a firm: `sure` where it is true, `possible` where it is not false. Unknown is possible and not sure."""

    sure: Flags
    possible: Flags


def opposite(answer: Kleene) -> Kleene:
    """The negation of every answer."""
    return Kleene(~answer.possible, ~answer.sure)


@dataclass(slots=True)
class Codes:
    """Places in a dictionary, or in the column's own `vocabulary` where the attribute's list is open."""

    places: Places
    vocabulary: tuple[str, ...] = ()
    dictionary: Dictionary | None = None

    def answer(self, node: In) -> Kleene:
        """Whether each firm's code lies in the set."""
        states = self.look_up(node)[self.places]
        found = Kleene(states == TRUE_STATE, states != FALSE_STATE)
        return opposite(found) if node.negated else found

    def look_up(self, node: In) -> Small:
        """The state of every place; the last two are those of EVERY_CODE and UNKNOWN_CODE."""
        if self.dictionary is not None:
            states = self.dictionary.states(node.include, node.exclude)
        else:
            inside = [code in node.include and code not in node.exclude for code in self.vocabulary]
            states = np.where(np.array(inside, dtype=bool), np.int8(TRUE_STATE), np.int8(FALSE_STATE))
        return np.concatenate([states, np.array([TRUE_STATE, UNKNOWN_STATE], np.int8)])

    @property
    def known(self) -> Flags:
        """Where the code is known."""
        return np.not_equal(self.places, UNKNOWN_CODE)

    def put(self, row: int, fact: Fact | None) -> None:
        """Change one firm's fact."""
        if fact is None or not isinstance(fact, str):
            self.places[row] = UNKNOWN_CODE
        elif fact == EVERY:
            self.places[row] = EVERY_CODE
        elif self.dictionary is not None:
            self.places[row] = self.dictionary.position_of_fact(fact)
        else:
            if fact not in self.vocabulary:
                self.vocabulary = (*self.vocabulary, fact)
            self.places[row] = self.vocabulary.index(fact)

    def joined(self, other: Codes) -> Codes:
        """This column and, after it, another of the same attribute."""
        if self.dictionary is not None:
            return Codes(np.concatenate([self.places, other.places]), (), self.dictionary)
        vocabulary = tuple(dict.fromkeys((*self.vocabulary, *other.vocabulary)))
        at = {word: i for i, word in enumerate(vocabulary)}
        moved = np.array([at[word] for word in other.vocabulary] + [EVERY_CODE, UNKNOWN_CODE], np.int32)
        return Codes(np.concatenate([self.places, moved[other.places]]), vocabulary)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Codes:
        """The column of some rows."""
        return Codes(self.places[rows], self.vocabulary, self.dictionary)


@dataclass(slots=True)
class Numbers:
    """Numbers, fen or days' ordinals; what is not `known` is unknown whatever stands there."""

    values: Whole | npt.NDArray[np.float64]
    known: Flags

    def answer(self, limits: Limits) -> Kleene:
        """Whether each firm's number lies inside the limits."""
        inside = np.ones(len(self.values), dtype=bool)
        if limits.ge is not None:
            inside &= self.values >= limits.ge
        if limits.gt is not None:
            inside &= self.values > limits.gt
        if limits.le is not None:
            inside &= self.values <= limits.le
        if limits.lt is not None:
            inside &= self.values < limits.lt
        return Kleene(inside & self.known, inside | ~self.known)

    def put(self, row: int, fact: Fact | None) -> None:
        """Change one firm's fact."""
        self.known[row] = isinstance(fact, (int, float))
        self.values[row] = fact if isinstance(fact, (int, float)) else 0

    def joined(self, other: Numbers) -> Numbers:
        """This column and, after it, another of the same attribute."""
        return Numbers(np.concatenate([self.values, other.values]), np.concatenate([self.known, other.known]))

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Numbers:
        """The column of some rows."""
        return Numbers(self.values[rows], self.known[rows])


@dataclass(slots=True)
class FlagsColumn:
    """Yes, no or unknown, as PRESENT, ABSENT, OPEN."""

    states: Small

    def answer(self, value: bool) -> Kleene:
        """Whether each firm's flag has `value`."""
        wished, other = (PRESENT, ABSENT) if value else (ABSENT, PRESENT)
        return Kleene(self.states == wished, self.states != other)

    @property
    def known(self) -> Flags:
        """Where the flag is known."""
        return np.not_equal(self.states, OPEN)

    def put(self, row: int, fact: Fact | None) -> None:
        """Change one firm's fact."""
        self.states[row] = state_of(fact if isinstance(fact, bool) else None)

    def joined(self, other: FlagsColumn) -> FlagsColumn:
        """This column and, after it, another of the same attribute."""
        return FlagsColumn(np.concatenate([self.states, other.states]))

    def take(self, rows: npt.NDArray[np.intp] | slice) -> FlagsColumn:
        """The column of some rows."""
        return FlagsColumn(self.states[rows])


@dataclass(slots=True)
class Sets:
    """The states of a set's members, and of all members that are not named."""

    members: dict[str, Small]
    rest: Small

    def state(self, member: str) -> Small:
        """The state of one member a firm."""
        return self.members.get(member, self.rest)

    def answer(self, members: Iterable[str]) -> Kleene:
        """Whether each firm has one of `members`."""
        sure = np.zeros(len(self.rest), dtype=bool)
        possible = np.zeros(len(self.rest), dtype=bool)
        for member in members:
            states = self.state(member)
            sure |= states == PRESENT
            possible |= states != ABSENT
        return Kleene(sure, possible)

    def put(self, row: int, fact: Fact | None) -> None:
        """Change one firm's fact."""
        known = fact if isinstance(fact, SetFact) else SetFact({})
        for member in known.members:
            if member not in self.members:
                self.members[member] = self.rest.copy()
        self.rest[row] = state_of(known.rest)
        for member, states in self.members.items():
            states[row] = state_of(known.has(member))

    def joined(self, other: Sets) -> Sets:
        """This column and, after it, another of the same attribute."""
        members = dict.fromkeys([*self.members, *other.members])
        states = {each: np.concatenate([self.state(each), other.state(each)]) for each in members}
        return Sets(states, np.concatenate([self.rest, other.rest]))

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Sets:
        """The column of some rows."""
        return Sets({member: states[rows] for member, states in self.members.items()}, self.rest[rows])


@dataclass(slots=True)
class Ledgers:
    """The ledgers of all firms end to end: those of firm i are the entries `starts[i]` up to `starts[i + 1]`."""

    known: Flags
    starts: Whole
    days: Whole
    amounts: Whole
    schemes: Places
    vocabulary: tuple[str, ...]

    def measure(self, wanted: Measure) -> Numbers:
        """The sum (fen) or count of each firm's entries."""
        counted = (self.days > wanted.after) & (self.days <= wanted.upto)
        if wanted.schemes:
            named = np.array([word in wanted.schemes for word in self.vocabulary] + [False], dtype=bool)
            counted &= named[self.schemes]
        values = np.where(counted, self.amounts if wanted.measure == "sum" else 1, 0).astype(np.int64)
        running = np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])
        return Numbers(running[self.starts[1:]] - running[self.starts[:-1]], self.known)

    def put(self, row: int, fact: Fact | None) -> None:
        """Change one firm's ledger."""
        entries = fact if isinstance(fact, tuple) else ()
        words = dict.fromkeys((*self.vocabulary, *(entry.scheme for entry in entries)))
        self.vocabulary = tuple(words)
        at = {word: i for i, word in enumerate(self.vocabulary)}
        first, last = int(self.starts[row]), int(self.starts[row + 1])

        def spliced(column: npt.NDArray[np.int64], new: Sequence[int]) -> npt.NDArray[np.int64]:
            return np.concatenate([column[:first], np.array(new, column.dtype), column[last:]])

        self.days = spliced(self.days, [entry.day for entry in entries])
        self.amounts = spliced(self.amounts, [entry.amount for entry in entries])
        self.schemes = np.concatenate(
            [self.schemes[:first], np.array([at[entry.scheme] for entry in entries], np.int32), self.schemes[last:]]
        )
        self.starts[row + 1 :] += len(entries) - (last - first)
        self.known[row] = isinstance(fact, tuple)

    def joined(self, other: Ledgers) -> Ledgers:
        """This column and, after it, another of the same attribute."""
        vocabulary = tuple(dict.fromkeys((*self.vocabulary, *other.vocabulary)))
        at = {word: i for i, word in enumerate(vocabulary)}
        moved = np.array([at[word] for word in other.vocabulary], np.int32)
        return Ledgers(
            np.concatenate([self.known, other.known]),
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]),
            np.concatenate([self.days, other.days]),
            np.concatenate([self.amounts, other.amounts]),
            np.concatenate([self.schemes, moved[other.schemes] if len(moved) else other.schemes]),
            vocabulary,
        )

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Ledgers:
        """The column of some rows."""
        wanted = np.arange(len(self.known))[rows]
        lengths = np.diff(self.starts)[wanted]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        entries = np.arange(int(starts[-1])) - np.repeat(starts[:-1] - self.starts[wanted], lengths)
        return Ledgers(
            self.known[wanted],
            starts,
            self.days[entries],
            self.amounts[entries],
            self.schemes[entries],
            self.vocabulary,
        )


Column = Codes | Numbers | FlagsColumn | Sets | Ledgers


def state_of(value: bool | None) -> int:
    """OPEN for None, PRESENT for True, ABSENT for False."""
    return OPEN if value is None else PRESENT if value else ABSENT


def codes_from(values: Sequence[str | None], dictionary: Dictionary | None) -> Codes:
    """A column of codes from text, None where unknown."""
    words = list(dict.fromkeys(value for value in values if value is not None and value != EVERY))
    if dictionary is None:
        at = {word: i for i, word in enumerate(words)}
    else:
        at = {word: dictionary.position_of_fact(word) for word in words}
    at[EVERY] = EVERY_CODE
    places = np.fromiter((UNKNOWN_CODE if value is None else at[value] for value in values), np.int32, len(values))
    return Codes(places, () if dictionary is not None else tuple(words), dictionary)


def sets_from(values: Sequence[SetFact | None]) -> Sets:
    """A column of sets."""
    facts = [value or SetFact({}) for value in values]
    members: Mapping[str, None] = dict.fromkeys(member for fact in facts for member in fact.members)
    return Sets(
        {
            member: np.fromiter((state_of(fact.has(member)) for fact in facts), np.int8, len(facts))
            for member in members
        },
        np.fromiter((state_of(fact.rest) for fact in facts), np.int8, len(facts)),
    )


def ledgers_from(values: Sequence[tuple[LedgerEntry, ...] | None]) -> Ledgers:
    """A column of ledgers."""
    entries = [entry for value in values for entry in value or ()]
    lengths = np.fromiter((len(value or ()) for value in values), np.int64, len(values))
    vocabulary = tuple(dict.fromkeys(entry.scheme for entry in entries))
    at = {word: i for i, word in enumerate(vocabulary)}
    return Ledgers(
        known=np.fromiter((value is not None for value in values), bool, len(values)),
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        days=np.fromiter((entry.day for entry in entries), np.int64, len(entries)),
        amounts=np.fromiter((entry.amount for entry in entries), np.int64, len(entries)),
        schemes=np.fromiter((at[entry.scheme] for entry in entries), np.int32, len(entries)),
        vocabulary=vocabulary,
    )
