"""What a rule does to all firms: who can get it, who gains and loses by a change, which criterion keeps firms out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tulou.kernel.errors import Text
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.firms.columns import Codes, Kleene
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.tree import All, Node, When
from tulou.policies.core.rule.wording import worded

Rows = npt.NDArray[np.bool_]
UNKNOWN = Text(zh="未知", en="unknown")


@dataclass(frozen=True, slots=True)
class Tally:
    """So many firms surely, possibly (a fact is unknown), and not."""

    sure: int
    possible: int
    never: int

    @property
    def all(self) -> int:
        """Every firm."""
        return self.sure + self.possible + self.never


NOBODY_YET = Tally(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Part:
    """The firms of one place, size or sector, before and after."""

    label: Text
    before: Tally
    after: Tally

    @property
    def change(self) -> int:
        """How many more are surely eligible."""
        return self.after.sure - self.before.sure


@dataclass(frozen=True, slots=True)
class Moves:
    """How many firms the change moves: to eligible, from eligible to not, and so on."""

    gain: int
    lose: int
    become_possible: int
    become_doubtful: int
    stay: int


@dataclass(frozen=True, slots=True)
class DropOut:
    """A criterion and the firms that it keeps out: in all, as the only one, and where its fact is unknown."""

    words: Text
    keeps_out: int
    alone: int
    unknown: int


def answer(rule: Node | None, table: FirmTable, day: dt.date) -> Kleene:
    """The answer of a rule for every firm; without a rule nobody has it."""
    if rule is None:
        nobody = np.zeros(len(table), dtype=bool)
        return Kleene(nobody, nobody)
    return answers(folded(rule, day, table.catalogue), table)


def tally(found: Kleene, rows: Rows | None = None) -> Tally:
    """The numbers of an answer, of all firms or of some."""
    sure, possible = (found.sure, found.possible) if rows is None else (found.sure[rows], found.possible[rows])
    certain, perhaps = int(sure.sum()), int(possible.sum())
    return Tally(certain, perhaps - certain, len(sure) - perhaps)


def moves(before: Kleene, after: Kleene) -> Moves:
    """Who is moved from one answer to the other."""
    gain, lose = after.sure & ~before.sure, before.sure & ~after.possible
    possible = after.possible & ~after.sure
    become_possible, doubtful = possible & ~before.possible, possible & before.sure
    moved = gain | lose | become_possible | doubtful
    return Moves(*(int(each.sum()) for each in (gain, lose, become_possible, doubtful, ~moved)))


def parts(before: Kleene, after: Kleene, table: FirmTable, attr: str, depth: int) -> list[Part]:
    """Before and after for each code of an attribute, at `depth` under the top of its dictionary; most firms first."""
    return [Part(label, tally(before, rows), tally(after, rows)) for label, rows in sliced(table, attr, depth)]


def sliced(table: FirmTable, attr: str, depth: int) -> Iterator[tuple[Text, Rows]]:
    """The firms of each code of an attribute, most firms first; those whose code is unknown last."""
    column = table.of(attr, Codes)
    dictionary = column.dictionary
    if dictionary is None:
        return
    upper = np.array([dictionary.position(_at_depth(dictionary.lineage(code), depth)) for code in dictionary.codes])
    known = column.places >= 0
    places = np.where(known, upper[np.where(known, column.places, 0)], -1)
    found, counts = np.unique(places, return_counts=True)
    for place in found[np.argsort(-counts, kind="stable")].tolist():
        if place >= 0:
            yield dictionary.label(dictionary.codes[place]), places == place
    if not known.all():
        yield UNKNOWN, ~known


def _at_depth(line: Sequence[str], depth: int) -> str:
    return line[max(0, len(line) - 1 - depth)]


def drop_outs(rule: Node, table: FirmTable, day: dt.date) -> list[DropOut]:
    """Each hard criterion of a rule and how many firms it keeps out, most first."""
    rows = [part for part in _conjuncts(rule) if part.about.hard]
    found = [answer(row, table, day) for row in rows]
    if not found:
        return []
    failing = np.sum([~each.possible for each in found], axis=0)
    result = []
    for row, each in zip(rows, found, strict=True):
        fails = ~each.possible
        result.append(
            DropOut(
                worded(row, table.catalogue),
                int(fails.sum()),
                int((fails & (failing == 1)).sum()),
                int((each.possible & ~each.sure).sum()),
            )
        )
    return sorted(result, key=lambda each: -each.keeps_out)


def _conjuncts(rule: Node) -> Iterator[Node]:
    """What all has to hold: the parts of an `all`, the gate and the rule of a `when`."""
    match rule:
        case All():
            for part in rule.parts:
                yield from _conjuncts(part) if isinstance(part, All) and not part.about.label else [part]
        case When():
            yield from _conjuncts(rule.then)
        case _:
            yield rule


def overlaps(found: Kleene, others: Mapping[str, Node], table: FirmTable, day: dt.date) -> dict[str, int]:
    """How many of the firms that surely get this one surely get each other policy too; those without any left out."""
    shared = {key: int((answer(rule, table, day).sure & found.sure).sum()) for key, rule in others.items()}
    return {key: number for key, number in sorted(shared.items(), key=lambda item: -item[1]) if number}
