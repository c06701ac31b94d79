"""The rungs that need no probability: credit code, organisation code, and numbers that were seen beside one.

Subjects that share a number are one, as long as no two organisation codes would become one with them: a number that was
seen with two codes proves nothing, and where numbers contradict each other the weaker kind gives way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

USCC, ORG_CODE, CROSSWALK, EXACT_NAME, MODEL, REVIEW, FOUNDER = (
    "uscc",
    "org_code",
    "crosswalk",
    "exact_name",
    "model",
    "review",
    "founder",
)
"""The rungs of the ladder, from the surest."""

_YIELDING = ("none", "local", "tax", "reg")
"""Kinds of numbers that give way, one after the other, where numbers contradict each other."""


@dataclass(frozen=True, slots=True)
class Components:
    """What numbers alone prove.

    subjects: dataset, subject_key, component, org, rung (null where the component has no code and no enterprise).
    components: component, org (null: none), enterprises (ids that it already has). numbers: component, kind, value.
    """

    subjects: pl.DataFrame
    components: pl.DataFrame
    numbers: pl.DataFrame


def components(
    numbers: pl.DataFrame, known: pl.DataFrame, enterprises: pl.DataFrame, bound: pl.DataFrame
) -> Components:
    """Tie subjects to each other and to enterprises by their numbers.

    `numbers`: dataset, subject_key, kind, value of new subjects (see `observing`). `known` and `bound`: enterprise_id,
    kind, value of the numbers that enterprises have, and of those that were seen of them now. `enterprises`:
    enterprise_id, org_code of those in being.
    """
    subjects = _with_codes(numbers, enterprises)
    crossing = pl.col("kind").is_in(["reg", "tax"]) | pl.col("kind").str.starts_with("local:")
    mine = numbers.filter(crossing).join(subjects, on=["dataset", "subject_key"]).select("node", "kind", "value")
    now = _nodes_of(bound.filter(crossing), enterprises)
    asked = pl.concat([mine, now]).select("kind", "value").unique()
    before = known.filter(crossing).join(asked, on=["kind", "value"], how="semi")
    ties = pl.concat([mine, now, _nodes_of(before, enterprises)]).unique()
    named = _connected(subjects["node"], ties)
    return _described(subjects, named, numbers, enterprises)


def _nodes_of(numbers: pl.DataFrame, enterprises: pl.DataFrame) -> pl.DataFrame:
    """The numbers of enterprises, with the node that stands for each: its organisation code, or its id."""
    org_of = enterprises.select("enterprise_id", org=pl.col("org_code"))
    named = pl.when(pl.col("org").is_not_null()).then("o:" + pl.col("org")).otherwise("e:" + pl.col("enterprise_id"))
    return numbers.join(org_of, on="enterprise_id").select(named.alias("node"), "kind", "value")


def _with_codes(numbers: pl.DataFrame, enterprises: pl.DataFrame) -> pl.DataFrame:
    """Every subject with its organisation code, where one of its numbers gives it, and the node that stands for it."""
    keys = ["dataset", "subject_key"]
    rank = {"uscc": 0, "org": 1}
    codes = numbers.filter(pl.col("kind") == "org").join(
        numbers.filter(pl.col("kind") == "uscc").select(*keys, uscc="value"), on=keys, how="left"
    )
    own = codes.with_columns(
        rung=pl.when(pl.col("uscc").str.slice(8, 9) == pl.col("value")).then(pl.lit("uscc")).otherwise(pl.lit("org"))
    )
    own = own.sort(pl.col("rung").replace_strict(rank), "value").unique(keys, keep="first", maintain_order=True)
    real = pl.concat([own.select(org="value"), enterprises.select(org="org_code").drop_nulls()]).unique()
    inner = numbers.filter(pl.col("kind") == "inner").join(real, left_on="value", right_on="org", how="semi")
    inner = inner.sort("value").unique(keys, keep="first", maintain_order=True)
    subjects = numbers.select(keys).unique(maintain_order=True)
    subjects = subjects.join(own.select(*keys, org="value", rung="rung"), on=keys, how="left", maintain_order="left")
    subjects = subjects.join(inner.select(*keys, inner="value"), on=keys, how="left", maintain_order="left")
    org = pl.coalesce("org", "inner")
    return subjects.with_row_index("number").select(
        *keys,
        org=org,
        rung=pl.when(pl.col("rung") == "uscc")
        .then(pl.lit(USCC))
        .when(org.is_not_null())
        .then(pl.lit(ORG_CODE))
        .otherwise(None),
        node=pl.when(org.is_not_null()).then("o:" + org).otherwise("m:" + pl.col("number").cast(pl.String)),
    )


def _connected(nodes: pl.Series, ties: pl.DataFrame) -> pl.DataFrame:
    """The component of every node: `node`, `component`."""
    ties = _unambiguous(ties)
    every = pl.concat([nodes, ties["node"]]).unique().sort()
    for kind in _YIELDING:
        ties = ties.filter(~pl.col("kind").str.starts_with(kind)) if kind != "none" else ties
        if kind == "none":
            answer = _label(every, ties)
        else:
            torn = _torn(answer)
            if not len(torn):
                break
            inside = answer.join(torn, on="component", how="semi")
            again = _label(inside["node"], ties.join(inside, on="node", how="semi"))
            again = again.with_columns(component=pl.col("component") + answer["component"].max() + 1)
            answer = pl.concat([answer.join(inside, on="node", how="anti"), again])
    return answer


def _unambiguous(ties: pl.DataFrame) -> pl.DataFrame:
    """The ties by numbers that were not seen with two organisation codes."""
    codes = ties.filter(pl.col("node").str.starts_with("o:")).group_by("kind", "value").agg(n=pl.col("node").n_unique())
    return ties.join(codes.filter(pl.col("n") > 1), on=["kind", "value"], how="anti")


def _label(nodes: pl.Series, ties: pl.DataFrame) -> pl.DataFrame:
    """Connected components of the graph of nodes and numbers."""
    places = pl.DataFrame({"node": nodes}).with_row_index("place")
    values = ties.select("kind", "value").unique(maintain_order=True).with_row_index("number")
    edges = ties.join(places, on="node").join(values, on=["kind", "value"])
    size = len(places) + len(values)
    graph = coo_matrix(
        (np.ones(len(edges), dtype=np.int8), (edges["place"].to_numpy(), edges["number"].to_numpy() + len(places))),
        shape=(size, size),
    )
    _, labels = connected_components(graph, directed=False)
    return pl.DataFrame({"node": nodes, "component": labels[: len(places)].astype(np.int64)})


def _torn(answer: pl.DataFrame) -> pl.DataFrame:
    """The components in which two organisation codes have met."""
    codes = answer.filter(pl.col("node").str.starts_with("o:")).group_by("component").agg(n=pl.col("node").n_unique())
    return codes.filter(pl.col("n") > 1).select("component")


def _described(
    subjects: pl.DataFrame, named: pl.DataFrame, numbers: pl.DataFrame, enterprises: pl.DataFrame
) -> Components:
    placed = subjects.join(named, on="node", maintain_order="left")
    codes = named.filter(pl.col("node").str.starts_with("o:")).select("component", org=pl.col("node").str.slice(2))
    by_code = codes.join(enterprises, left_on="org", right_on="org_code").select("component", "enterprise_id")
    by_id = named.filter(pl.col("node").str.starts_with("e:")).select(
        "component", enterprise_id=pl.col("node").str.slice(2)
    )
    has = pl.concat([by_code, by_id]).unique().group_by("component").agg(enterprises=pl.col("enterprise_id").sort())
    several = has.filter(pl.col("enterprises").list.len() > 1)
    used = pl.concat([placed.select("component"), several.select("component")]).unique()
    about = used.join(codes, on="component", how="left").join(has, on="component", how="left")
    about = about.with_columns(enterprises=pl.col("enterprises").fill_null([])).sort("component")
    resolved = about.filter(pl.col("org").is_not_null() | (pl.col("enterprises").list.len() > 0)).select("component")
    tied = placed.join(
        resolved.with_columns(tied=pl.lit(value=True)), on="component", how="left", maintain_order="left"
    )
    shown = tied.with_columns(
        rung=pl.when(pl.col("rung").is_null() & pl.col("tied")).then(pl.lit(CROSSWALK)).otherwise("rung")
    )
    carried = numbers.join(placed, on=["dataset", "subject_key"]).select("component", "kind", "value").unique()
    return Components(shown.select("dataset", "subject_key", "component", "org", "rung"), about, carried)
