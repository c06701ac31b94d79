"""The clerical review: doubtful pairs put before a person, and what follows from what she says.

A decision stands: pairs that were called different are never tied by judgement again, pairs that were called the same
are one enterprise from then on. Records can also be taken out of an enterprise that they do not belong to.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from tulou.kernel.errors import Language, Text, Where, refuse
from tulou.pool.core.identity import state
from tulou.pool.core.identity.entity_tables import ENTERPRISE, EVENT, LINK, REVIEW
from tulou.pool.core.identity.ladder import FOUNDER
from tulou.pool.core.identity.ladder import REVIEW as BY_REVIEW
from tulou.pool.core.identity.writing import events, id_of
from tulou.pool.core.lake import Lake

SAME: Literal["same"] = "same"
DIFFERENT: Literal["different"] = "different"


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair under review: a subject of a dataset, and the enterprise that it may be.

    `suggested` is same or different; `own` the enterprise that the subject is tied to now.
    """

    review_id: str
    dataset: str
    subject_key: str
    enterprise_id: str
    own: str
    name: str | None
    own_name: str | None
    probability: float | None
    weight: float | None
    evidence: str
    suggested: str | None
    state: str
    decision: str | None
    decided_by: str | None
    note: str | None


def pairs_under_review(lake: Lake, *, language: Language, every: bool = False) -> list[Pair]:
    """The open pairs, the most doubtful first; with `every` those that were decided, too."""
    known = state.known(lake)
    rows = known.reviews if every else known.reviews.filter(pl.col("state") == "open")
    links = state.links_of(lake, rows, known.retired).select("dataset", "subject_key", own="enterprise_id")
    names = known.enterprises.select("enterprise_id", "name")
    shown = rows.join(links, on=["dataset", "subject_key"]).join(names, on="enterprise_id", how="left")
    shown = shown.join(names.rename({"enterprise_id": "own", "name": "own_name"}), on="own", how="left")
    if not every:
        shown = shown.filter(pl.col("own") != pl.col("enterprise_id"))
    shown = shown.sort((pl.col("probability") - 0.5).abs(), "review_id")
    fields = [name for name in Pair.__slots__ if name != "evidence"]
    return [
        Pair(evidence=_words(row["evidence"], language), **{name: row[name] for name in fields})
        for row in shown.to_dicts()
    ]


def _words(evidence: str | None, language: Language) -> str:
    return str(json.loads(evidence)[language]) if evidence else ""


def decide_review(
    lake: Lake, review_id: str, *, same: bool, by: str, now: dt.datetime, note: str | None = None
) -> dict[str, Any]:
    """Decide a pair. The same: the subject's enterprise is retired into the other one. Different: they stay apart.

    Answers what happened (event: merged or kept_apart, enterprise_id). A pair may be decided once.

    Raises Refused where there is no such pair or it was decided before, or where both have a credit code of their own.
    """
    now = now.astimezone(dt.UTC)
    with lake.lock("entity"):
        known = state.known(lake)
        found = known.reviews.filter(pl.col("review_id") == review_id)
        if not len(found):
            raise refuse(
                "review.none",
                f"没有编号为 {review_id} 的待审对",
                f"There is no pair {review_id} under review",
                where=Where(value=review_id),
                remedy=Text(zh="请用 tulou pool review list 查看", en="See tulou pool review list"),
            )
        row = found.to_dicts()[0]
        if row["state"] == "decided":
            raise refuse(
                "review.decided",
                f"{row['decided_by']} 已裁定该对: {row['decision']}",
                f"{row['decided_by']} has decided this pair already: {row['decision']}",
                where=Where(value=review_id),
                remedy=Text(
                    zh="如裁定有误, 请用 tulou pool review split 拆分",
                    en="If that was wrong, take the records out with tulou pool review split",
                ),
            )
        own = state.links_of(lake, found, known.retired)["enterprise_id"][0]
        happened = _unite(lake, known, own, row["enterprise_id"], now) if same else {"event": "kept_apart"}
        decision = found.with_columns(
            state=pl.lit("decided"),
            decision=pl.lit(SAME if same else DIFFERENT),
            decided_by=pl.lit(by),
            decided_at=pl.lit(now),
            note=pl.lit(note, dtype=pl.String),
        )
        state.write(lake, REVIEW, decision, changed=True)
    return {"review_id": review_id, "decision": SAME if same else DIFFERENT, "enterprise_id": own, **happened}


def _unite(lake: Lake, known: state.Known, own: str, other: str, now: dt.datetime) -> dict[str, Any]:
    """Retire one of two enterprises into the other: the one with a credit code stays, else the older."""
    if own == other:
        return {"event": "already_one", "enterprise_id": own}
    both = known.enterprises.filter(pl.col("enterprise_id").is_in([own, other]))
    if both["org_code"].drop_nulls().len() > 1:
        raise refuse(
            "review.two_codes",
            "两家企业各有自己的统一社会信用代码, 不能合并",
            "Both enterprises have a credit code of their own, and cannot be one",
            remedy=Text(zh="请先核对登记档案中的代码", en="Compare the codes with the register first"),
        )
    ranked = both.sort(pl.col("org_code").is_null(), "created_at", "enterprise_id")
    kept, gone = ranked["enterprise_id"].to_list()
    merged = pl.DataFrame(
        {
            "enterprise_id": [gone],
            "kind": ["merged"],
            "other_id": [kept],
            "dataset": [None],
            "subject_key": [None],
            "reason": [BY_REVIEW],
        },
        schema_overrides={"dataset": pl.String, "subject_key": pl.String},
    )
    state.write(lake, EVENT, state.fresh(lake, EVENT, events(merged, now)), changed=False)
    retired = both.filter(pl.col("enterprise_id") == gone).with_columns(
        retired_into=pl.lit(kept), changed_at=pl.lit(now)
    )
    state.write(lake, ENTERPRISE, retired, changed=True)
    return {"event": "merged", "enterprise_id": kept, "retired": gone}


def undo_review(lake: Lake, review_id: str, *, by: str, now: dt.datetime, note: str | None = None) -> dict[str, Any]:
    """Take a decision back: the pair is under review again, and an enterprise that it retired is in being again.

    The subjects of that enterprise are its own again; what was resolved meanwhile stays with the one that was kept.
    Answers what happened (event: reopened or parted, enterprise_id).

    Raises Refused where there is no such pair or nothing was decided about it.
    """
    now = now.astimezone(dt.UTC)
    with lake.lock("entity"):
        found = state.read(lake, REVIEW).filter(pl.col("review_id") == review_id)
        if not len(found) or found["state"][0] != "decided":
            raise refuse(
                "review.not_decided",
                f"该对 {review_id} 尚未裁定",
                f"Nothing was decided about the pair {review_id}",
                where=Where(value=review_id),
            )
        row = found.to_dicts()[0]
        happened = _part(lake, row, now) if row["decision"] == SAME else {"event": "reopened"}
        reopened = found.with_columns(
            state=pl.lit("open"),
            decision=pl.lit(None, dtype=pl.String),
            decided_by=pl.lit(by),
            decided_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
            note=pl.lit(note, dtype=pl.String),
        )
        state.write(lake, REVIEW, reopened, changed=True)
    return {"review_id": review_id, "enterprise_id": row["enterprise_id"], **happened}


def _part(lake: Lake, row: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Bring the enterprise back that a decision retired: the one that was changed in the moment of the decision."""
    retired = state.read(lake, ENTERPRISE).filter(
        pl.col("retired_into").is_not_null() & (pl.col("changed_at") == row["decided_at"])
    )
    if not len(retired):
        return {"event": "reopened"}
    gone, kept = retired["enterprise_id"][0], retired["retired_into"][0]
    revived = retired.head(1).with_columns(retired_into=pl.lit(None, dtype=pl.String), changed_at=pl.lit(now))
    parted = pl.DataFrame(
        {
            "enterprise_id": [kept],
            "kind": ["split"],
            "other_id": [gone],
            "dataset": [row["dataset"]],
            "subject_key": [row["subject_key"]],
            "reason": [BY_REVIEW],
        }
    )
    state.write(lake, EVENT, state.fresh(lake, EVENT, events(parted, now)), changed=False)
    state.write(lake, ENTERPRISE, revived, changed=True)
    return {"event": "parted", "enterprise_id": gone, "left": kept}


def split_subject(
    lake: Lake, dataset: str, subject_key: str, *, by: str, now: dt.datetime, note: str | None = None
) -> dict[str, Any]:
    """Take the records of a subject out of the enterprise that they were tied to; they found one of their own.

    The two are kept apart from then on. Answers the enterprise that the subject has now.

    Raises Refused where the subject is not known, or its own number ties it to the enterprise.
    """
    now = now.astimezone(dt.UTC)
    with lake.lock("entity"):
        known = state.known(lake)
        asked = pl.DataFrame({"dataset": [dataset], "subject_key": [subject_key]})
        link = state.links_of(lake, asked, known.retired)
        if not len(link):
            raise refuse(
                "review.no_subject",
                f"数据集 {dataset} 中没有主体 {subject_key}",
                f"Dataset {dataset} has no subject {subject_key}",
                where=Where(value=subject_key),
            )
        row = link.to_dicts()[0]
        if row["rung"] in ("uscc", "org_code"):
            raise refuse(
                "review.own_code",
                "该主体由自己的代码确定身份, 不能拆出",
                "The subject is known by a code of its own, and cannot be taken out",
                where=Where(value=subject_key),
                remedy=Text(zh="请更正数据中的代码并重新交付", en="Correct the code in the data and deliver it again"),
            )
        left = row["enterprise_id"]
        made = id_of(f"split|{dataset}|{subject_key}|{left}")
        _write_split(lake, known, row, made, by=by, now=now, note=note)
    return {"event": "split", "enterprise_id": made, "left": left}


def _write_split(
    lake: Lake, known: state.Known, row: dict[str, Any], made: str, *, by: str, now: dt.datetime, note: str | None
) -> None:
    left = row["enterprise_id"]
    about = known.enterprises.filter(pl.col("enterprise_id") == left)
    founded = about.with_columns(
        enterprise_id=pl.lit(made),
        uscc=pl.lit(None, dtype=pl.String),
        org_code=pl.lit(None, dtype=pl.String),
        retired_into=pl.lit(None, dtype=pl.String),
        created_at=pl.lit(now),
        changed_at=pl.lit(now),
    )
    state.write(lake, ENTERPRISE, state.fresh(lake, ENTERPRISE, founded), changed=False)
    happened = pl.DataFrame(
        {
            "enterprise_id": [left],
            "kind": ["split"],
            "other_id": [made],
            "dataset": [row["dataset"]],
            "subject_key": [row["subject_key"]],
            "reason": [BY_REVIEW],
        }
    )
    state.write(lake, EVENT, state.fresh(lake, EVENT, events(happened, now)), changed=False)
    apart = {
        "review_id": id_of(f"{row['dataset']}|{row['subject_key']}|{left}").replace("e", "r", 1),
        "dataset": row["dataset"],
        "subject_key": row["subject_key"],
        "enterprise_id": left,
        "state": "decided",
        "decision": DIFFERENT,
        "decided_by": by,
        "decided_at": now,
        "note": note,
        "opened_at": now,
    }
    state.write(lake, REVIEW, pl.DataFrame([apart], schema=state.schema_of(REVIEW)), changed=True)
    link = {**row, "enterprise_id": made, "rung": FOUNDER, "probability": 1.0, "resolved_at": now}
    state.write(lake, LINK, pl.DataFrame([link], schema=state.schema_of(LINK)), changed=True)
