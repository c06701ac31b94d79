"""The rungs that need judgement: the same name in the same place, then the model; who is left founds enterprises."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from tulou.pool.core.identity.clusters import clusters
from tulou.pool.core.identity.comparison import Scheme
from tulou.pool.core.identity.firm_scheme import firm_scheme
from tulou.pool.core.identity.firms import prepare_firms
from tulou.pool.core.identity.linkage import MANY_TO_MANY, MANY_TO_ONE, Linked, link
from tulou.pool.core.identity.model import Model, Reals
from tulou.pool.core.identity.signs import Signs

ROLES = ("uscc", "name", "address", "district", "phone", "person", "established")
SURE, DOUBTFUL = 0.9, 0.1
"""From SURE on a subject is tied to an enterprise by the model; from DOUBTFUL on a person is asked."""

UNRECOGNISED = 0.5
"""The most that a pair is believed in which only telephone, person or date agree: a person is asked."""

FEW = 2_000
"""With fewer subjects than this the model of an earlier resolution is used, where there is one."""


@dataclass(frozen=True)
class Matched:
    """What judgement says: `best` has left, right, probability, weight, evidence_zh, evidence_en for each left number.

    left and right are row numbers of the tables that were given; model: what was used, share: of the left records that
    have a partner.
    """

    best: pl.DataFrame
    model: Model
    share: float


def pool_scheme() -> Scheme:
    """How subjects of the pool are compared with enterprises."""
    return firm_scheme(set(ROLES))


def columns_of(table: pl.DataFrame) -> dict[str, pa.Array]:
    """The columns by role that preparation reads."""
    return {role: table[role].to_arrow() for role in ROLES}


def exact_names(left: pl.DataFrame, right: pl.DataFrame, forbidden: pl.DataFrame) -> pl.DataFrame:
    """Left rows whose full name one enterprise alone bears, in the same county where both counties are known.

    `left` and `right` are prepared, with `whole_name` (hash of the folded name) and `owner` (row of the enterprise);
    a name without legal form counts only in the same county. Answers `left`, `right`.
    """
    one = left.filter(pl.col("whole_name").is_not_null()).select("row", "whole_name", "county", "legal", "place")
    other = right.filter(pl.col("whole_name").is_not_null()).select("owner", "whole_name", "county")
    pairs = one.join(other, on="whole_name", suffix="_right").unique(["row", "owner"], keep="any")
    known = (pl.col("county") != 0) & (pl.col("county_right") != 0)
    registered = (pl.col("legal") <= REGISTERED) & (pl.col("place") != 0)
    same = pairs.filter((known & (pl.col("county") == pl.col("county_right"))) | (~known & registered))
    alone = same.filter(pl.len().over("row") == 1).select(left="row", right="owner")
    return alone.join(forbidden, on=["left", "right"], how="anti")


REGISTERED = 3
"""Legal forms up to this class have names that are unique with their registration authority (company, joint, coop)."""


def with_whole_names(frame: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The prepared table with one number for each folded name."""
    folded = pl.Series(Signs.of(table["name"].to_arrow()).folded().strings())
    number = pl.select(
        pl.when(folded.str.len_bytes() > 0).then(folded.hash(seed=1).reinterpret(signed=True))
    ).to_series()
    return frame.with_columns(number.alias("whole_name"))


def by_model(
    sides: Sequence[pl.DataFrame], owners: np.ndarray, forbidden: pl.DataFrame, model: Model | None, share: float | None
) -> Matched:
    """The best enterprise of every left row by the model. `owners` is the enterprise (a number) of every right row."""
    scheme = pool_scheme()
    if model is not None and share is not None:
        model = Model(model.comparisons, min(0.5, max(share, 0.01) / max(len(sides[1]), 1)), model.m, model.u)
    linked = link(sides, scheme, partners=MANY_TO_ONE, model=model)
    scored = _by_owner(linked, owners, forbidden, len(sides[0]))
    best = scored.filter(pl.col("probability") >= DOUBTFUL / 10)
    words = [_words(linked, best["index"].to_numpy(), language) for language in ("zh", "en")]
    found = float(scored.filter(pl.col("probability") >= SURE).height) / max(len(sides[0]), 1)
    return Matched(
        best.drop("index").with_columns(words[0].alias("evidence_zh"), words[1].alias("evidence_en")),
        linked.model,
        found,
    )


def _words(linked: Linked, index: np.ndarray, language: str) -> pl.Series:
    from tulou.pool.core.identity.linking import evidence

    return evidence(linked, index, "zh" if language == "zh" else "en")


def _by_owner(linked: Linked, owners: np.ndarray, forbidden: pl.DataFrame, size: int) -> pl.DataFrame:
    """The best pair of every left row, where several rows of one enterprise are no rivals."""
    pairs = pl.DataFrame(
        {
            "left": linked.pairs.left.astype(np.int64),
            "right": owners[linked.pairs.right].astype(np.int64),
            "weight": linked.weight,
            "index": np.arange(len(linked.weight)),
        }
    ).join(forbidden, on=["left", "right"], how="anti")
    best = pairs.sort("weight", descending=True).unique(["left", "right"], keep="first", maintain_order=True)
    odds: Reals = np.exp2(np.clip(best["weight"].to_numpy(), -200, 200))
    total = np.bincount(best["left"].to_numpy(), weights=odds, minlength=size)
    chance = odds / (1.0 + total[best["left"].to_numpy()])
    known = recognised(linked)[best["index"].to_numpy()]
    best = best.with_columns(probability=pl.Series(np.where(known, chance, np.minimum(chance, UNRECOGNISED))))
    return best.unique("left", keep="first", maintain_order=True)


def recognised(linked: Linked) -> np.ndarray:
    """The pairs in which the firm itself is known: by its name or its door, and not only by who owns it.

    One person with one telephone owns several firms, and firms of one trade name in other trades. Telephone and person
    are not independent there, and the model's sum of both says too much.
    """
    known = np.zeros(len(linked.pairs), dtype=np.bool_)
    for comparison, gamma in zip(linked.model.comparisons, linked.pairs.gammas, strict=True):
        tells = np.array([level.recognises for level in comparison.levels] + [False])
        known |= tells[gamma]
    return known


def groups(frame: pl.DataFrame, model: Model) -> np.ndarray:
    """The group of every subject that no enterprise is known for: who of them are one and the same."""
    size = len(frame)
    if size < 2:
        return np.arange(size)
    alone = Model(model.comparisons, min(0.5, 1.0 / size), model.m, model.u)
    linked = link([frame], pool_scheme(), partners=MANY_TO_MANY, model=alone)
    chance = np.where(recognised(linked), linked.probability, np.minimum(linked.probability, UNRECOGNISED))
    return clusters(size, linked.pairs.left, linked.pairs.right, chance, SURE)


def prepared(left: pl.DataFrame, right: pl.DataFrame, owners: np.ndarray) -> list[pl.DataFrame]:
    """Subjects and enterprises ready for comparing, the latter with `owner`.

    How often a value occurs is counted by enterprise: many departments that write the same name make it no commoner.
    """
    sides = prepare_firms([columns_of(left), columns_of(right)])
    one, other = (with_whole_names(frame, table) for frame, table in zip(sides, (left, right), strict=True))
    other = other.with_columns(owner=pl.Series(owners))
    for name in (column.removeprefix("n_") for column in one.columns if column.startswith("n_")):
        counts = other.drop_nulls(name).group_by(name).agg(pl.col("owner").n_unique().cast(pl.Int32).alias("owners"))
        one, other = (
            frame.join(counts, on=name, how="left", maintain_order="left")
            .with_columns((pl.col("owners").fill_null(1) + 1).alias(f"n_{name}"))
            .drop("owners")
            for frame in (one, other)
        )
    return [one, other]


def model_document(model: Model, share: float) -> str:
    """The model and the share of partners as one document."""
    return json.dumps({"share": share, "model": model.to_json()})


def read_model(document: str) -> tuple[Model, float] | None:
    """What `model_document` wrote; None where it was written for other comparisons."""
    body = json.loads(document)
    try:
        return Model.from_json(body["model"], pool_scheme().comparisons), float(body["share"])
    except (KeyError, ValueError):
        return None
