"""Linking two files, or finding the duplicates in one: from paths to pairs with reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tulou.kernel.errors import Language, Refused, Text, Where, refuse, wrong_use
from tulou.pool.core.identity.clusters import clusters
from tulou.pool.core.identity.linkage import MANY_TO_MANY, ONE_TO_ONE, Linked, Partners, link
from tulou.pool.core.identity.model import Model
from tulou.pool.core.identity.reading import read_table
from tulou.pool.core.identity.records import Pairing, pair_columns, prepare
from tulou.pool.core.identity.roles import Guess, Role, guess_roles, kind_of
from tulou.pool.core.identity.truth import Quality, measure, true_pairs

THRESHOLD = 0.5
TELLING = 1.0
"""Comparisons of less weight (log2) than this are not named as evidence."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person may set: column by role for either file, columns to leave out, the threshold, how many partners.

    `columns` maps a role, or any name, to the pair of columns that speak of it. `partners` None: found out.
    """

    threshold: float = THRESHOLD
    partners: Partners | None = None
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Wishes:
        """The wishes in a configuration: threshold, one_to_one, ignore, columns (role: name or [left, right])."""
        known = ("threshold", "one_to_one", "ignore", "columns")
        unknown = set(document) - set(known)
        if unknown:
            raise wrong_use(
                "link.config",
                f"配置中有未知的项: {', '.join(sorted(unknown))}",
                f"The configuration has unknown entries: {', '.join(sorted(unknown))}",
                remedy=Text(
                    zh="可用: threshold, one_to_one, ignore, columns",
                    en="Known: threshold, one_to_one, ignore, columns",
                ),
            )
        columns = {
            role: (names, names) if isinstance(names, str) else (names[0], names[-1])
            for role, names in document.get("columns", {}).items()
        }
        return cls(
            float(document.get("threshold", THRESHOLD)),
            {None: None, True: ONE_TO_ONE, False: MANY_TO_MANY}[document.get("one_to_one")],
            columns,
            frozenset(document.get("ignore", ())),
        )


@dataclass(frozen=True)
class Linking:
    """What linking answers: the pairs at the threshold, the groups within one file, and how good they are.

    pairs: left, right (ids as text), probability, weight, pattern (row of `evidence`'s patterns). groups: id, cluster.
    """

    tables: tuple[pl.DataFrame, ...]
    ids: tuple[pl.Series, ...]
    pairings: tuple[Pairing, ...]
    linked: Linked
    pairs: pl.DataFrame
    groups: pl.DataFrame | None
    quality: Quality | None = None
    groups_quality: Quality | None = None

    @property
    def model(self) -> Model:
        """The model that was estimated."""
        return self.linked.model

    def with_evidence(self, language: Language) -> pl.DataFrame:
        """The pairs with the reasons in words: levels and their weights, the strongest first."""
        return self.pairs.drop("index").with_columns(
            evidence=evidence(self.linked, self.pairs["index"].to_numpy(), language)
        )


def link_files(
    left: Path,
    right: Path | None = None,
    *,
    truth: str | None = None,
    wishes: Wishes = Wishes(),
    report: Callable[[str], None] = lambda _: None,
) -> Linking:
    """Link the records of two files that speak of the same firms or persons, or find the duplicates in one.

    `truth` is a file (two columns of ids, or id and cluster), or the name of a column that holds each record's cluster.
    `report` is told what is being done (read, compare, answer).

    Raises WrongUse where a file or column is not there, Refused where the files have nothing in common.
    """
    report("read")
    paths = [left] if right is None else [left, right]
    tables = [read_table(path) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if not len(table):
            raise refuse(
                "link.no_records", f"{path.name} 没有记录", f"{path.name} holds no records", where=Where(file=path.name)
            )
    guesses = [_guessed(table, place, truth, wishes) for place, table in enumerate(tables)]
    pairings = _paired(guesses, tables, wishes)
    report("compare")
    frames, scheme = prepare(tables, pairings)
    linked = link(frames, scheme, partners=wishes.partners)
    report("answer")
    ids = [_ids(table, guess) for table, guess in zip(tables, guesses, strict=True)]
    pairs = _chosen(linked, ids, wishes.threshold)
    groups = _groups(linked, ids[0], wishes.threshold) if right is None else None
    answer = Linking(tuple(tables), tuple(ids), tuple(pairings), linked, pairs, groups)
    return answer if truth is None else _measured(answer, truth)


def _guessed(table: pl.DataFrame, place: int, truth: str | None, wishes: Wishes) -> list[Guess]:
    """What the columns hold, with those left out that are ignored, or that are the truth."""
    hidden = wishes.ignored | ({truth} if truth is not None and truth in table.columns else set())
    guesses = guess_roles(table.drop(*(name for name in hidden if name in table.columns)))
    wished = {columns[place]: role for role, columns in wishes.columns.items()}
    missing = [name for name in wished if name not in table.columns]
    if missing:
        raise wrong_use(
            "link.no_column",
            f"文件没有列 {', '.join(missing)}",
            f"The file has no column {', '.join(missing)}",
            remedy=Text(zh=f"现有的列: {', '.join(table.columns)}", en=f"Its columns: {', '.join(table.columns)}"),
        )
    roles = {str(role): role for role in Role}
    return [
        Guess(guess.column, roles[wished[guess.column]], guess.kind)
        if wished.get(guess.column) in roles
        else Guess(guess.column, Role.GENERAL, kind_of(table[guess.column]))
        if guess.column in wished
        else guess
        for guess in guesses
    ]


def _paired(guesses: Sequence[Sequence[Guess]], tables: Sequence[pl.DataFrame], wishes: Wishes) -> list[Pairing]:
    """The pairs of columns: those that were wished for, then those that are found in the rest."""
    wished = []
    used: list[set[str]] = [set() for _ in tables]
    for columns in wishes.columns.values():
        names = columns[: len(tables)]
        guess = next(guess for guess in guesses[0] if guess.column == names[0])
        if guess.role in (Role.ID, Role.CLUSTER):
            continue
        wished.append(Pairing(guess.role, tuple(names), guess))
        for place, name in enumerate(names):
            used[place].add(name)
    rest = [[guess for guess in side if guess.column not in used[place]] for place, side in enumerate(guesses)]
    if wished and not all(
        any(guess.role not in (Role.ID, Role.CLUSTER, Role.EMPTY) for guess in side) for side in rest
    ):
        return wished
    try:
        return wished + pair_columns(rest, tables)
    except Refused:
        if wished:
            return wished
        raise


def _ids(table: pl.DataFrame, guesses: Sequence[Guess]) -> pl.Series:
    """The ids of a file's records: its column of ids, or their numbers from 1."""
    named = next((guess.column for guess in guesses if guess.role is Role.ID), None)
    if named is not None and table[named].null_count() == 0 and table[named].n_unique() == len(table):
        return table[named].alias("id")
    return pl.Series("id", [str(number) for number in range(1, len(table) + 1)])


def _chosen(linked: Linked, ids: Sequence[pl.Series], threshold: float) -> pl.DataFrame:
    """The pairs from the threshold on, the most probable first; one to one, only the mutually best."""
    index = np.flatnonzero(linked.probability >= threshold)
    left, right = linked.pairs.left[index], linked.pairs.right[index]
    pairs = pl.DataFrame(
        {
            "left": ids[0][left],
            "right": ids[-1][right],
            "probability": linked.probability[index],
            "weight": linked.weight[index],
            "index": index,
            "l": left,
            "r": right,
        }
    )
    if linked.partners == ONE_TO_ONE:
        best = pl.col("probability")
        pairs = pairs.filter((best == best.max().over("l")) & (best == best.max().over("r")))
        pairs = pairs.unique("l", keep="first", maintain_order=True).unique("r", keep="first", maintain_order=True)
    return pairs.drop("l", "r").sort("probability", "weight", descending=True, maintain_order=True)


def _groups(linked: Linked, ids: pl.Series, threshold: float) -> pl.DataFrame:
    named = clusters(len(ids), linked.pairs.left, linked.pairs.right, linked.probability, threshold)
    return pl.DataFrame({"id": ids, "cluster": ids[named]})


def _measured(answer: Linking, truth: str) -> Linking:
    """The answer with its quality against a truth file or column."""
    path = Path(truth)
    tables = answer.tables
    if path.is_file():
        right = true_pairs(read_table(path), answer.ids, name=path.name)
    elif all(truth in table.columns for table in tables):
        right = true_pairs([table[truth] for table in tables], answer.ids)
    else:
        raise wrong_use(
            "link.no_truth",
            f"{truth} 既不是文件, 也不是各文件共有的列",
            f"{truth} is neither a file nor a column of the files",
        )
    groups_quality = None
    if answer.groups is not None:
        groups_quality = measure(true_pairs([answer.groups["cluster"]], answer.ids), right)
    return Linking(
        answer.tables,
        answer.ids,
        answer.pairings,
        answer.linked,
        answer.pairs,
        answer.groups,
        measure(answer.pairs, right),
        groups_quality,
    )


def evidence(linked: Linked, index: NDArray[np.int64], language: Language) -> pl.Series:
    """For each of the pairs at `index` what speaks for and against it, in words, the strongest first."""
    weights = linked.model.weights()
    gammas = np.stack([gamma[index] for gamma in linked.pairs.gammas], axis=1)
    patterns, back = np.unique(gammas, axis=0, return_inverse=True)
    texts = []
    for pattern in patterns:
        said = []
        for comparison, weight, level in zip(linked.model.comparisons, weights, pattern.tolist(), strict=True):
            if level >= 0 and abs(weight[level]) >= TELLING:
                said.append((float(weight[level]), comparison.levels[level].label.render(language)))
        said.sort(key=lambda item: -abs(item[0]))
        texts.append("; ".join(f"{label} {weight:+.1f}" for weight, label in said))
    return pl.Series("evidence", texts, dtype=pl.String)[back.ravel()]
