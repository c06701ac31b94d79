"""A folded rule over a table of firms: two monotone passes, *sure* and *possible*, and missing facts as bit masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tulou.policies.core.firms.columns import OPEN, Flags, Kleene, Sets, opposite
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.tree import (
    All,
    Any,
    AtLeast,
    Atom,
    Const,
    In,
    Intersects,
    Is,
    Measured,
    Node,
    Not,
    Range,
    Unknown,
    When,
    walk,
)

Masks = npt.NDArray[np.uint64]
"""One row a firm, one bit a fact."""


def answers(node: Node, table: FirmTable) -> Kleene:
    """What a folded rule says about every firm of the table."""
    match node:
        case Const():
            everybody = np.full(len(table), node.value)
            return Kleene(everybody, everybody)
        case All():
            return both(answers(part, table) for part in node.parts)
        case Any():
            return either(answers(part, table) for part in node.parts)
        case AtLeast():
            return enough(node.count, [answers(part, table) for part in node.parts])
        case Not():
            return opposite(answers(node.part, table))
        case When():
            return conditional(answers(node.condition, table), answers(node.then, table))
        case In() | Range() | Is() | Intersects() | Measured() | Unknown():
            return table.answer(node)
        case _:
            raise TypeError(f"fold the rule first: {type(node).__name__}")


def both(parts: Iterable[Kleene]) -> Kleene:
    """Kleene's `and` of at least one part."""
    return reduce(lambda one, two: Kleene(one.sure & two.sure, one.possible & two.possible), parts)


def either(parts: Iterable[Kleene]) -> Kleene:
    """Kleene's `or` of at least one part."""
    return reduce(lambda one, two: Kleene(one.sure | two.sure, one.possible | two.possible), parts)


def enough(count: int, parts: Sequence[Kleene]) -> Kleene:
    """At least `count` of the parts."""
    sure = np.sum([part.sure for part in parts], axis=0)
    possible = np.sum([part.possible for part in parts], axis=0)
    return Kleene(sure >= count, possible >= count)


def conditional(condition: Kleene, then: Kleene) -> Kleene:
    """`when`: false where the condition is false, unknown where it is unknown, else what follows."""
    return Kleene(condition.sure & then.sure, condition.possible & (~condition.sure | then.possible))


def facts_of(node: Node) -> tuple[str, ...]:
    """The names of the facts that the atoms of a folded rule can miss, in order."""
    found: set[str] = set()
    for item in walk(node):
        match item:
            case Intersects():
                found |= {f"{item.attr}.{member}" for member in item.members}
            case Measured():
                found.add(item.measure.attr)
            case Unknown():
                found |= {item.always} | ({item.also} if item.also else set())
            case In() | Range() | Is():
                found.add(item.attr)
            case _:
                pass
    return tuple(sorted(found))


class Missing(NamedTuple):
    """An answer with the facts it waits for; `masks` is zero where the answer is not unknown."""

    answer: Kleene
    masks: Masks


class MissingFacts:
    """Which facts each unknown answer waits for. Bit i of a mask is the i-th of `facts`."""

    def __init__(self, facts: Sequence[str], table: FirmTable) -> None:
        self.facts: Mapping[str, int] = {fact: i for i, fact in enumerate(facts)}
        self.words = max(1, -(-len(self.facts) // 64))
        self.table = table

    def of(self, node: Node) -> Missing:
        """The answers of a folded rule and their missing facts."""
        match node:
            case All() | Any() | AtLeast():
                return self._group(node)
            case Not():
                inner = self.of(node.part)
                return Missing(opposite(inner.answer), inner.masks)
            case When():
                condition, then = self.of(node.condition), self.of(node.then)
                return self._closed(conditional(condition.answer, then.answer), condition.masks | then.masks)
            case Const():
                return Missing(answers(node, self.table), np.zeros((len(self.table), self.words), np.uint64))
            case In() | Range() | Is() | Intersects() | Measured() | Unknown():
                return self._atom(node)
            case _:
                raise TypeError(f"fold the rule first: {type(node).__name__}")

    def _group(self, node: All | Any | AtLeast) -> Missing:
        parts = [self.of(part) for part in node.parts]
        each = [part.answer for part in parts]
        if isinstance(node, AtLeast):
            answer = enough(node.count, each)
        else:
            answer = both(each) if isinstance(node, All) else either(each)
        return self._closed(answer, reduce(np.bitwise_or, (part.masks for part in parts)))

    @staticmethod
    def _closed(answer: Kleene, masks: Masks) -> Missing:
        """Nothing is missing where the answer is known."""
        unknown = answer.possible & ~answer.sure
        return Missing(answer, np.where(unknown[:, None], masks, np.uint64(0)))

    def _atom(self, node: Atom) -> Missing:
        answer = self.table.answer(node)
        masks = np.zeros((len(self.table), self.words), np.uint64)
        match node:
            case Intersects():
                column = self.table.of(node.attr, Sets)
                for member in node.members:
                    self._mark(masks, f"{node.attr}.{member}", column.state(member) == OPEN)
            case Unknown():
                self._mark(masks, node.always, np.ones(len(self.table), dtype=bool))
                if node.also:
                    self._mark(masks, node.also, self.table.lacks(node.also))
            case _:
                fact = node.measure.attr if isinstance(node, Measured) else node.attr
                self._mark(masks, fact, np.ones(len(self.table), dtype=bool))
        return self._closed(answer, masks)

    def _mark(self, masks: Masks, fact: str, where: Flags) -> None:
        word, bit = divmod(self.facts[fact], 64)
        masks[where, word] |= np.uint64(1) << np.uint64(bit)


def names_in(facts: Sequence[str], mask: npt.NDArray[np.uint64]) -> frozenset[str]:
    """The facts whose bits are set in one mask."""
    return frozenset(fact for i, fact in enumerate(facts) if int(mask[i // 64]) >> (i % 64) & 1)
