"""What changed between two states of the matches, and states that outlive a process."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tulou.policies.core.rule.truth import Truth

TRUTHS: tuple[Truth, Truth, Truth] = ("F", "U", "T")


class Change(StrEnum):
    """What an answer became for a firm."""

    ELIGIBLE = "eligible"
    POSSIBLE = "possible"
    DOUBTFUL = "doubtful"
    LOST = "lost"


def change_of(before: int, after: int) -> Change:
    """The change between two answers (0 false, 1 unknown, 2 true) that differ.

    >>> change_of(0, 2), change_of(2, 1)
    (<Change.ELIGIBLE: 'eligible'>, <Change.DOUBTFUL: 'doubtful'>)
    """
    if after == 2:
        return Change.ELIGIBLE
    if after == 0:
        return Change.LOST
    return Change.POSSIBLE if before == 0 else Change.DOUBTFUL


@dataclass(frozen=True)
class Changes:
    """Answers that changed: parallel arrays of firms' rows, policies' slots, and the answers before and after."""

    firm_ids: Sequence[str]
    policy_ids: Sequence[str | None]
    rows: npt.NDArray[np.int32]
    slots: npt.NDArray[np.int32]
    before: npt.NDArray[np.int8]
    after: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.rows)

    def events(self) -> Iterator[tuple[str, str, Change]]:
        """(firm, policy, change), one by one."""
        for row, slot, before, after in zip(
            self.rows.tolist(), self.slots.tolist(), self.before.tolist(), self.after.tolist(), strict=True
        ):
            yield self.firm_ids[row], self.policy_ids[slot] or "", change_of(before, after)

    def count(self) -> dict[Change, int]:
        """How many of each kind."""
        eligible = self.after == 2
        lost = self.after == 0
        possible = (self.after == 1) & (self.before == 0)
        doubtful = (self.after == 1) & (self.before == 2)
        return {
            Change.ELIGIBLE: int(eligible.sum()),
            Change.POSSIBLE: int(possible.sum()),
            Change.DOUBTFUL: int(doubtful.sum()),
            Change.LOST: int(lost.sum()),
        }


Planes = npt.NDArray[np.uint64]
"""Word w of firm i at [w, i]: one policy's bits of all firms lie together."""


def answers_in(planes: tuple[Planes, Planes], slot: int) -> npt.NDArray[np.int8]:
    """One policy's answers 0, 1, 2 from the planes of *sure* and *possible*."""
    word, bit = slot // 64, np.uint64(slot % 64)
    one = np.uint64(1)
    sure, possible = ((plane[word] >> bit & one).astype(np.int8) for plane in planes)
    total: npt.NDArray[np.int8] = sure + possible
    return total


@dataclass(frozen=True)
class Snapshot:
    """All answers at one moment. `save` puts it in place only when it is complete."""

    firm_ids: Sequence[str]
    policy_ids: Sequence[str | None]
    sure: Planes
    possible: Planes
    as_of: dt.date | None = None

    def save(self, path: Path) -> None:
        """Write the state to a file (NumPy's npz)."""
        partial = path.with_name(path.name + ".partial")
        about = {"policies": list(self.policy_ids), "as_of": None if self.as_of is None else self.as_of.isoformat()}
        with partial.open("wb") as stream:
            np.savez(
                stream,
                about=np.frombuffer(json.dumps(about).encode(), np.uint8),
                firms=np.frombuffer("\n".join(self.firm_ids).encode(), np.uint8),
                sure=self.sure,
                possible=self.possible,
            )
        partial.replace(path)

    @staticmethod
    def load(path: Path) -> Snapshot:
        """The state that `save` wrote."""
        with np.load(path) as stored:
            about = json.loads(stored["about"].tobytes())
            names = stored["firms"].tobytes().decode()
            return Snapshot(
                names.split("\n") if names else [],
                about["policies"],
                stored["sure"],
                stored["possible"],
                dt.date.fromisoformat(about["as_of"]) if about["as_of"] else None,
            )

    def until(self, later: Snapshot) -> Changes:
        """What changed from this state to a later one. What is in one state only counts as false in the other.

        Firms that are gone are left out; policies that are gone are lost for their firms.
        """
        gone = [name for name in self.policy_ids if name is not None and name not in set(later.policy_ids)]
        policy_ids = (*later.policy_ids, *gone)
        old, new = self._laid_out(later.firm_ids, policy_ids), later._laid_out(later.firm_ids, policy_ids)
        found = [_differing(w, old, new) for w in range(len(new.sure))]
        rows, slots = (np.concatenate([each[i] for each in found]) for i in range(2))
        before, after = (np.concatenate([each[i] for each in found]) for i in (2, 3))
        return Changes(later.firm_ids, policy_ids, rows, slots, before, after)

    def _laid_out(self, firm_ids: Sequence[str], policy_ids: Sequence[str | None]) -> Snapshot:
        """The same answers with these firms as rows and these policies as slots; false for what is not here."""
        width = max(1, -(-len(policy_ids) // 64))
        taken = self._rows(firm_ids)
        sure = np.zeros((width, len(firm_ids)), np.uint64)
        possible = np.zeros((width, len(firm_ids)), np.uint64)
        slot_of = {name: slot for slot, name in enumerate(self.policy_ids) if name is not None}
        for w in range(width):
            names = policy_ids[64 * w : 64 * w + 64]
            same = list(names) == list(self.policy_ids[64 * w : 64 * w + 64])
            moves = [(slot_of[name], bit) for bit, name in enumerate(names) if name is not None and name in slot_of]
            for mine, theirs in ((self.sure, sure), (self.possible, possible)):
                if same and w < len(mine):
                    theirs[w] = _taken(mine[w], taken)
                    continue
                for slot, bit in moves:
                    one = _taken(mine[slot // 64], taken) >> np.uint64(slot % 64) & np.uint64(1)
                    theirs[w] |= one << np.uint64(bit)
        return Snapshot(firm_ids, policy_ids, sure, possible, self.as_of)

    def _rows(self, firm_ids: Sequence[str]) -> npt.NDArray[np.int64] | None:
        """The row of each firm, -1 where it is not here; None where they are the same."""
        if firm_ids is self.firm_ids or list(firm_ids) == list(self.firm_ids):
            return None
        row_of = {firm: row for row, firm in enumerate(self.firm_ids)}
        return np.fromiter((row_of.get(firm, -1) for firm in firm_ids), np.int64, len(firm_ids))


def _taken(plane: Planes, rows: npt.NDArray[np.int64] | None) -> Planes:
    if rows is None:
        return plane
    if not len(plane):
        return np.zeros(len(rows), np.uint64)
    return np.where(rows < 0, np.uint64(0), plane[np.maximum(rows, 0)])


def _differing(
    word: int, old: Snapshot, new: Snapshot
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Rows, slots, and answers before and after, of one word of the policies."""
    planes = (old.sure[word], old.possible[word], new.sure[word], new.possible[word])
    differ = (planes[0] ^ planes[2]) | (planes[1] ^ planes[3])
    rows = np.flatnonzero(differ)
    some, bits = np.nonzero(_unpacked(differ[rows]))
    rows = rows[some]
    shifts = bits.astype(np.uint64)
    states = [(plane[rows] >> shifts & np.uint64(1)).astype(np.int8) for plane in planes]
    slots = (bits + 64 * word).astype(np.int32)
    return rows.astype(np.int32), slots, states[0] + states[1], states[2] + states[3]


def _unpacked(words: Planes) -> npt.NDArray[np.uint8]:
    flat = np.ascontiguousarray(words).view(np.uint8).reshape(len(words), 8)
    return np.unpackbits(flat, axis=1, bitorder="little")
