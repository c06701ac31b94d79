"""Files of the matching beside the lake: the facts of all firms, a file an attribute, and each policy's answers.

All of it is a cache that can be built again. A file is never changed: a new one is written, and the database says which
counts. Columns are read when they are asked for and mapped into memory, so that a page that counts firms touches only
what its rule speaks of.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.firms.columns import Codes, Column, FlagsColumn, Kleene, Ledgers, Numbers, Sets
from tulou.policies.core.firms.table import FirmTable, unknown_column
from tulou.policies.core.rule.tree import Atom, Measured
from tulou.pool.courtyard import pool_folder

Answers = npt.NDArray[np.int8]
"""One answer a firm: 0 false, 1 unknown, 2 true."""


def folder() -> Path:
    """Where the files of the matching lie."""
    return pool_folder() / "matching"


class StoredTable(FirmTable):
    """A table whose columns are mapped from files when a rule asks for them."""

    def __init__(self, place: Path, size: int, catalogue: Catalogue) -> None:
        super().__init__(size, {}, catalogue)
        self._place = place

    def column(self, attr: str) -> Column:
        """The column of an attribute; all unknown where there is no file."""
        if attr not in self.columns:
            found = _load_column(self._place / "columns" / attr, self.catalogue, attr)
            self.columns[attr] = found or unknown_column(self.catalogue, attr, self.size)
        return self.columns[attr]

    def answer(self, atom: Atom) -> Kleene:
        """What a row of a rule says about each firm; of an attribute that the catalogue has not, nothing is known."""
        attr = atom.measure.attr if isinstance(atom, Measured) else getattr(atom, "attr", None)
        if attr is not None and attr not in self.catalogue:
            nobody = np.zeros(self.size, dtype=bool)
            return Kleene(nobody, ~nobody)
        return super().answer(atom)

    def whole(self) -> FirmTable:
        """The table with every stored column read."""
        for place in sorted((self._place / "columns").iterdir()):
            self.column(place.name)
        return self


@dataclass(frozen=True)
class StoredFacts:
    """One set of facts: the firms in the order of their codes, their table, and the day that they are known as of."""

    name: str
    as_of: dt.date
    version: str
    size: int

    @property
    def place(self) -> Path:
        """Its folder."""
        return folder() / self.name

    @cached_property
    def codes(self) -> npt.NDArray[np.str_]:
        """The firms' codes, sorted."""
        found: npt.NDArray[np.str_] = np.load(self.place / "firms.npy", mmap_mode="r")
        return found

    def table(self, catalogue: Catalogue) -> StoredTable:
        """The facts as columns, for rules that may use this catalogue."""
        return StoredTable(self.place, self.size, catalogue)

    def row_of(self, code: str) -> int | None:
        """The row of a firm; None where it is not here."""
        if not self.size:
            return None
        row = int(np.searchsorted(self.codes, code))
        return row if row < self.size and self.codes[row] == code else None


def save_facts(firm_ids: Sequence[str], table: FirmTable, as_of: dt.date, version: str) -> StoredFacts:
    """Write a set of facts under a new name; complete before it has that name."""
    order = np.argsort(np.array(firm_ids, dtype=np.str_), kind="stable") if firm_ids else np.zeros(0, np.intp)
    name = f"facts-{version}-{uuid.uuid4().hex[:8]}"
    partial = folder() / f".{name}"
    (partial / "columns").mkdir(parents=True)
    np.save(partial / "firms.npy", np.array(firm_ids, dtype=np.str_)[order])
    for attr, column in table.columns.items():
        _save_column(partial / "columns" / attr, column.take(order))
    about = {"as_of": as_of.isoformat(), "version": version, "size": len(firm_ids)}
    (partial / "about.json").write_text(json.dumps(about), encoding="utf-8")
    partial.replace(folder() / name)
    return StoredFacts(name, as_of, version, len(firm_ids))


@lru_cache(maxsize=4)
def _facts_at(place: Path) -> StoredFacts | None:
    try:
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return StoredFacts(place.name, dt.date.fromisoformat(about["as_of"]), about["version"], about["size"])


def load_facts(name: str) -> StoredFacts | None:
    """A set of facts by its name; None where its files are gone."""
    if not name or not (folder() / name / "about.json").exists():
        return None
    return _facts_at(folder() / name)


def save_answers(answers: Answers) -> str:
    """Write one policy's answers, four firms a byte; the file's name."""
    name = f"answers-{uuid.uuid4().hex}.npy"
    _write(folder() / "answers" / name, np.packbits(_planes(answers), axis=1))
    return name


def load_answers(name: str, size: int) -> Answers | None:
    """The answers in a file; None where it is gone."""
    try:
        packed = np.load(folder() / "answers" / name)
    except FileNotFoundError:
        return None
    planes = np.unpackbits(packed, axis=1, count=size)
    found: Answers = planes[0].astype(np.int8) + planes[1].astype(np.int8)
    return found


def _planes(answers: Answers) -> npt.NDArray[np.bool_]:
    return np.stack([answers == 2, answers >= 1])


def as_answers(found: Kleene) -> Answers:
    """The engine's answer as one number a firm."""
    together: Answers = found.sure.astype(np.int8) + found.possible.astype(np.int8)
    return together


def save_plan(**arrays: npt.NDArray[Any]) -> str:
    """Write what a run will tell; the file's name."""
    name = f"plan-{uuid.uuid4().hex}.npz"
    place = folder() / "plans" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    partial.replace(place)
    return name


def load_plan(name: str) -> dict[str, npt.NDArray[Any]] | None:
    """What a run will tell; None where the file is gone."""
    try:
        with np.load(folder() / "plans" / name) as stored:
            return {key: stored[key] for key in stored.files}
    except FileNotFoundError:
        return None


def sweep(facts: Iterable[str], answers: Iterable[str], plans: Iterable[str]) -> int:
    """Take away the files that nothing speaks of any more; how many."""
    kept, gone = {*facts, *answers, *plans}, 0
    for place in (*folder().glob("facts-*"), *folder().glob("answers/*.npy"), *folder().glob("plans/*.npz")):
        if place.name not in kept:
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
            gone += 1
    return gone


def _write(place: Path, array: npt.NDArray[Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.save(stream, array)
    partial.replace(place)


def _save_column(place: Path, column: Column) -> None:
    place.mkdir()
    for name, array in _parts(column).items():
        np.save(place / f"{name}.npy", array)
    words = column.vocabulary if isinstance(column, (Codes, Ledgers)) else ()
    (place / "about.json").write_text(json.dumps({"kind": type(column).__name__, "words": list(words)}), "utf-8")


def _parts(column: Column) -> dict[str, npt.NDArray[Any]]:
    match column:
        case Codes():
            return {"places": column.places}
        case Numbers():
            return {"values": column.values, "known": column.known}
        case FlagsColumn():
            return {"states": column.states}
        case Sets():
            return {"rest": column.rest} | {f"is.{member}": states for member, states in column.members.items()}
        case Ledgers():
            names = ("starts", "days", "amounts", "schemes", "known")
            return {name: getattr(column, name) for name in names}


def _load_column(place: Path, catalogue: Catalogue, attr: str) -> Column | None:
    if attr not in catalogue or not (place / "about.json").exists():
        return None
    about = json.loads((place / "about.json").read_text("utf-8"))
    words = tuple(about["words"])

    def part(name: str) -> Any:
        return np.load(place / f"{name}.npy", mmap_mode="r")

    match about["kind"]:
        case "Codes":
            return Codes(part("places"), words, catalogue.dictionary_of(attr))
        case "Numbers":
            return Numbers(part("values"), part("known"))
        case "FlagsColumn":
            return FlagsColumn(part("states"))
        case "Sets":
            members = {path.stem.removeprefix("is."): part(path.stem) for path in sorted(place.glob("is.*.npy"))}
            return Sets(members, part("rest"))
        case _:
            return Ledgers(part("known"), part("starts"), part("days"), part("amounts"), part("schemes"), words)
