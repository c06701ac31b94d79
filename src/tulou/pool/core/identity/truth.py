"""Precision and recall against the truth: pairs of ids, or a column that names the cluster of each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from tulou.kernel.errors import Text, refuse

MOST = 0.9
"""The share of a column's values that must be ids of a file."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a set of pairs is. precision: right among the found; recall: found among the right."""

    found: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the found pairs that are right; 1 where none was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of the right pairs that were found; 1 where there is none."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def true_pairs(
    truth: pl.DataFrame | Sequence[pl.Series], ids: Sequence[pl.Series], *, name: str = "truth"
) -> pl.DataFrame:
    """The right pairs as `left`, `right` (ids as text; within one file the earlier record is the left one).

    `truth` is a table with two columns of ids, a table with an id and a cluster, or the cluster of every record as one
    series a file. Raises Refused where it is none of these.
    """
    if not isinstance(truth, pl.DataFrame):
        return _of_clusters([pl.DataFrame({"id": each, "cluster": c}) for each, c in zip(ids, truth, strict=True)])
    known = [set(each.to_list()) for each in ids]
    hits = {column: _hits(truth[column], known) for column in truth.columns}
    named = max(truth.columns, key=lambda column: sum(hits[column]))
    others = [column for column in truth.columns if column != named]
    whole = len(ids) == 1 and truth[named].n_unique() == len(truth) == len(ids[0])
    pair = _pair(hits) if not whole else None
    if pair is not None:
        return _ordered(truth.select(left=pair[0], right=pair[1]), ids)
    if others and sum(hits[named]) >= MOST:
        clusters = truth.select(id=named, cluster=others[0]).unique("id")
        return _of_clusters([pl.DataFrame({"id": each}).join(clusters, on="id", how="left") for each in ids])
    raise refuse(
        "link.truth",
        f"{name} 的列与文件中的编号对不上: {', '.join(truth.columns)}",
        f"No column of {name} holds the ids of the files: {', '.join(truth.columns)}",
        remedy=Text(
            zh="真值文件应有两列编号 (left_id, right_id), 或编号与所属实体两列 (id, cluster)",
            en="A truth file has two columns of ids (left_id, right_id), or an id and its cluster (id, cluster)",
        ),
    )


def _pair(hits: Mapping[str, Sequence[float]]) -> tuple[str, str] | None:
    """The columns with the ids of the left and of the right file, or None; the columns are not the same."""
    left = max(hits, key=lambda column: hits[column][0])
    rest = {column: share for column, share in hits.items() if column != left}
    right = max(rest, key=lambda column: rest[column][-1], default=left)
    if right == left or hits[left][0] < MOST or hits[right][-1] < MOST:
        return None
    return left, right


def _hits(values: pl.Series, known: Sequence[set[str]]) -> list[float]:
    """The share of a column's values that are ids of each file."""
    some = values.drop_nulls().head(10_000).to_list()
    return [sum(value in ids for value in some) / max(len(some), 1) for ids in known]


def _of_clusters(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    numbered = [table.drop_nulls("cluster").with_row_index("row") for table in tables]
    pairs = numbered[0].join(numbered[-1], on="cluster")
    if len(tables) == 1:
        pairs = pairs.filter(pl.col("row") < pl.col("row_right"))
    return pairs.select(left="id", right="id_right")


def _ordered(pairs: pl.DataFrame, ids: Sequence[pl.Series]) -> pl.DataFrame:
    """Pairs within one file with the earlier record first, each once."""
    if len(ids) == 2:
        return pairs.drop_nulls().unique()
    place = pl.DataFrame({"id": ids[0], "row": range(len(ids[0]))})
    placed = pairs.join(place, left_on="left", right_on="id").join(place, left_on="right", right_on="id")
    backwards = pl.col("row") > pl.col("row_right")
    turned = placed.select(
        left=pl.when(backwards).then("right").otherwise("left"),
        right=pl.when(backwards).then("left").otherwise("right"),
    )
    return turned.filter(pl.col("left") != pl.col("right")).unique()


def measure(found: pl.DataFrame, truth: pl.DataFrame) -> Quality:
    """The quality of found pairs (`left`, `right`) against the right ones."""
    right = found.select("left", "right").join(truth, on=["left", "right"], how="semi")
    return Quality(len(found), len(truth), len(right))
