"""From ties to rows: which enterprise every group is, what is founded, retired, renamed, linked, and asked about."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tulou.kernel.regions import region
from tulou.pool.core.identity import state
from tulou.pool.core.identity.addresses import parse_addresses
from tulou.pool.core.identity.entity_tables import ENTERPRISE, EVENT, IDENTIFIER, LINK, REVIEW
from tulou.pool.core.identity.firms import days, districts
from tulou.pool.core.identity.ladder import CROSSWALK, EXACT_NAME, FOUNDER, MODEL, Components
from tulou.pool.core.identity.places import home_province, narrower
from tulou.pool.core.identity.signs import Signs
from tulou.pool.core.lake import Lake

KEPT = 5
"""How many names, addresses, telephones and people of an enterprise are kept."""

_NUMBERS = ("uscc", "org", "reg", "tax")


def component_party() -> pl.Expr:
    """The name of the party that a component is."""
    return "c" + pl.col("component").cast(pl.String)


def party_of(tied: Components, table: pl.DataFrame) -> pl.DataFrame:
    """A table with the party of each `enterprise_id`: its component where one touches it, else itself."""
    touched = tied.components.explode("enterprises").drop_nulls("enterprises")
    named = touched.select(enterprise_id="enterprises", party=component_party())
    joined = table.join(named, on="enterprise_id", how="left", maintain_order="left")
    return joined.with_columns(party=pl.coalesce("party", "e" + pl.col("enterprise_id")))


@dataclass(frozen=True)
class Judged:
    """What judgement gave. ties: party, partner (party), rung, probability. reviews: party, partner, probability,
    weight, evidence_zh, evidence_en. model: the document of a model that was estimated now, else None. main: the
    best traits of every party."""

    ties: pl.DataFrame
    reviews: pl.DataFrame
    model: str | None
    main: pl.DataFrame


TIES = {"party": pl.String, "partner": pl.String, "rung": pl.String, "probability": pl.Float64}
REVIEWS = {
    "party": pl.String,
    "partner": pl.String,
    "probability": pl.Float64,
    "weight": pl.Float64,
    "evidence_zh": pl.String,
    "evidence_en": pl.String,
}


@dataclass(frozen=True)
class Outcome:
    """The rows that a resolution writes, as the entity tables hold them."""

    links: pl.DataFrame
    created: pl.DataFrame
    changed: pl.DataFrame
    retired: int
    identifiers: pl.DataFrame
    events: pl.DataFrame
    reviews: pl.DataFrame
    model: str | None

    @classmethod
    def of(cls, tied: Components, judged: Judged, told: pl.DataFrame, known: state.Known, now: dt.datetime) -> Outcome:
        """Give every group of parties its enterprise, and write down what follows."""
        parties = _grouped(tied, judged)
        owners = _owners(parties, tied, known)
        named = parties.join(owners, on="group", maintain_order="left")
        links = _links(tied, named, judged, now)
        rows = _enterprises(named, judged.main, tied, known, now)
        retirements = _retirements(named, judged)
        identifiers = _identifiers(tied, named, told, now)
        return cls(
            links,
            rows.filter(pl.col("new")).drop("new"),
            _changed(rows.filter(~pl.col("new")).drop("new"), retirements, known, now),
            len(retirements),
            identifiers,
            _events(rows, retirements, links, now),
            _reviews(tied, named, judged, links, now),
            judged.model,
        )


def _grouped(tied: Components, judged: Judged) -> pl.DataFrame:
    """Every party that is new or touched, with its group and the enterprises that it has: party, group, enterprises."""
    touched = tied.components.select("enterprises", party=component_party())
    plain = pl.concat([judged.ties["party"], judged.ties["partner"]]).unique()
    plain = plain.filter(plain.str.starts_with("e"))
    others = (
        pl.DataFrame({"party": plain})
        .with_columns(enterprises=pl.concat_list(pl.col("party").str.slice(1)))
        .select("enterprises", "party")
    )
    parties = pl.concat([touched, others]).with_row_index("place")
    places = parties.select("party", "place")
    edges = judged.ties.join(places, on="party").join(
        places.rename({"party": "partner", "place": "other"}), on="partner"
    )
    graph = coo_matrix(
        (np.ones(len(edges), dtype=np.int8), (edges["place"].to_numpy(), edges["other"].to_numpy())),
        shape=(len(parties), len(parties)),
    )
    _, labels = connected_components(graph, directed=False)
    return parties.select("party", "enterprises", group=pl.Series(labels.astype(np.int64)))


def _owners(parties: pl.DataFrame, tied: Components, known: state.Known) -> pl.DataFrame:
    """The enterprise of every group: group, enterprise_id, new.

    One that is in being stays: first one with an organisation code, then the oldest. A new one is named after the code,
    or else after the first subject.
    """
    about = known.enterprises.select("enterprise_id", "created_at", coded=pl.col("org_code").is_not_null())
    there = parties.explode("enterprises").drop_nulls("enterprises").rename({"enterprises": "enterprise_id"})
    ranked = there.join(about, on="enterprise_id").sort(
        "coded", "created_at", "enterprise_id", descending=[True, False, False]
    )
    kept = ranked.unique("group", keep="first", maintain_order=True).select("group", "enterprise_id")
    codes = tied.components.drop_nulls("org").select("org", party=component_party())
    coded = parties.join(codes, on="party").select("group", words="org:" + pl.col("org")).unique("group")
    subjects = (
        tied.subjects.select(party=component_party(), words=pl.col("dataset") + "|" + pl.col("subject_key"))
        .group_by("party")
        .agg(pl.col("words").min())
    )
    first = parties.join(subjects, on="party").group_by("group").agg(pl.col("words").min())
    fresh = parties.select("group").unique().join(kept, on="group", how="anti")
    fresh = fresh.join(coded, on="group", how="left").join(first, on="group", how="left", suffix="_first")
    words = fresh.select(pl.coalesce("words", "words_first")).to_series().to_list()
    made = fresh.select("group").with_columns(
        enterprise_id=pl.Series([id_of(each) for each in words], dtype=pl.String), new=pl.lit(value=True)
    )
    return pl.concat([kept.with_columns(new=pl.lit(value=False)), made])


def id_of(words: str) -> str:
    """The id of an enterprise that is founded on `words`: the same words give the same id, in any pool."""
    return "e" + hashlib.sha256(words.encode()).hexdigest()[:15]


def _links(tied: Components, named: pl.DataFrame, judged: Judged, now: dt.datetime) -> pl.DataFrame:
    ties = judged.ties.select("party", tie="rung", chance="probability").unique(
        "party", keep="first", maintain_order=True
    )
    subjects = tied.subjects.with_columns(party=component_party())
    placed = subjects.join(named.select("party", "enterprise_id"), on="party").join(ties, on="party", how="left")
    return placed.select(
        "dataset",
        "subject_key",
        "enterprise_id",
        rung=pl.coalesce("rung", "tie", pl.lit(FOUNDER)),
        probability=pl.when(pl.col("rung").is_null()).then(pl.col("chance")).otherwise(None).fill_null(1.0),
        resolved_at=pl.lit(now),
    ).sort("dataset", "subject_key")


def _enterprises(
    named: pl.DataFrame, main: pl.DataFrame, tied: Components, known: state.Known, now: dt.datetime
) -> pl.DataFrame:
    """The rows of the enterprises of all groups, with whether they are new."""
    codes = tied.components.drop_nulls("org").select("org", party=component_party())
    told = named.join(main, on="party", how="left").join(codes, on="party", how="left")
    told = told.sort("enterprise_id", pl.col("org").is_null(), pl.col("uscc").is_null(), "party")
    rows = told.group_by("enterprise_id", maintain_order=True).agg(
        pl.col("new").first(),
        pl.col("org").drop_nulls().first(),
        *(pl.col(name).drop_nulls().first() for name in ("uscc", "name", "address", "district", "established")),
    )
    before = known.enterprises.select("enterprise_id", "created_at", code="org_code", credit="uscc")
    rows = rows.join(before, on="enterprise_id", how="left", maintain_order="left")
    rows = rows.with_columns(uscc=pl.coalesce("credit", "uscc"), org=pl.coalesce("code", "org"))
    return rows.select(
        "enterprise_id",
        "uscc",
        org_code="org",
        name="name",
        region=_regions(rows),
        address="address",
        established=days(rows["established"].to_arrow()).cast(pl.Date),
        retired_into=pl.lit(None, dtype=pl.String),
        created_at=pl.coalesce("created_at", pl.lit(now)),
        changed_at=pl.lit(now),
        new="new",
    )


def _regions(rows: pl.DataFrame) -> pl.Series:
    """The division of each enterprise: of its address, else of its registration (digits 3 to 8 of the credit code)."""
    home = home_province(Signs.of(rows["address"].head(5000).to_arrow()).folded())
    located = parse_addresses(rows["address"].to_arrow(), home=home).region
    code = narrower(districts(rows["district"].to_arrow(), home), located)
    authority = rows["uscc"].str.slice(2, 6).fill_null("")
    real = {each: region(each) is not None for each in authority.unique().to_list() if each}
    registered = authority.replace_strict(real, default=False, return_dtype=pl.Boolean)
    written = pl.Series(code).cast(pl.String)
    return pl.select(
        pl.when(pl.Series(code) > 0).then(written).when(registered).then(authority).otherwise(None)
    ).to_series()


def _retirements(named: pl.DataFrame, judged: Judged) -> pl.DataFrame:
    """Enterprises that are another one: gone, enterprise_id (that stays), reason."""
    gone = (
        named.explode("enterprises").drop_nulls("enterprises").filter(pl.col("enterprises") != pl.col("enterprise_id"))
    )
    why = judged.ties.select("party", "rung").unique("party", keep="first", maintain_order=True)
    reasons = gone.join(why, on="party", how="left")
    return reasons.select(gone="enterprises", enterprise_id="enterprise_id", reason=pl.col("rung").fill_null(CROSSWALK))


def _changed(rows: pl.DataFrame, retirements: pl.DataFrame, known: state.Known, now: dt.datetime) -> pl.DataFrame:
    """Rows of enterprises in being that are no longer as they were: retired, or told of anew."""
    told = ["uscc", "org_code", "name", "region", "address", "established"]
    before = known.enterprises.select("enterprise_id", *(pl.col(name).alias(f"{name}_before") for name in told))
    pairs = rows.join(before, on="enterprise_id")
    moved = pl.any_horizontal(~pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in told)
    news = pairs.filter(moved).select(rows.columns)
    retired = known.enterprises.join(
        retirements.rename({"gone": "enterprise_id", "enterprise_id": "into"}), on="enterprise_id"
    )
    retired = retired.with_columns(retired_into="into", changed_at=pl.lit(now)).select(rows.columns)
    return pl.concat([news.cast(retired.schema), retired])


def _identifiers(tied: Components, named: pl.DataFrame, told: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    owner = named.select("party", "enterprise_id")
    crossing = pl.col("kind").is_in(_NUMBERS) | pl.col("kind").str.starts_with("local:")
    numbers = tied.numbers.filter(crossing).with_columns(party=component_party()).join(owner, on="party")
    traits = []
    for kind in ("name", "address", "phone", "person"):
        counted = (
            told.drop_nulls(kind)
            .join(owner, on="party")
            .group_by("enterprise_id", pl.col(kind).alias("value"))
            .len("n")
        )
        most = (
            counted.sort("enterprise_id", "n", "value", descending=[False, True, False])
            .group_by("enterprise_id")
            .head(KEPT)
        )
        traits.append(most.select("enterprise_id", kind=pl.lit(kind), value="value"))
    every = pl.concat([numbers.select("enterprise_id", "kind", "value"), *traits]).unique()
    return every.with_columns(first_seen=pl.lit(now)).sort("enterprise_id", "kind", "value")


def _events(rows: pl.DataFrame, retirements: pl.DataFrame, links: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    """Created and merged enterprises, and every link that needed judgement."""
    nothing = pl.lit(None, dtype=pl.String)
    created = rows.filter(pl.col("new")).select(
        "enterprise_id", kind=pl.lit("created"), other_id=nothing, dataset=nothing, subject_key=nothing, reason=nothing
    )
    merged = retirements.select(
        enterprise_id="gone",
        kind=pl.lit("merged"),
        other_id="enterprise_id",
        dataset=nothing,
        subject_key=nothing,
        reason="reason",
    )
    linked = links.filter(pl.col("rung").is_in([EXACT_NAME, MODEL])).select(
        "enterprise_id",
        kind=pl.lit("linked"),
        other_id=nothing,
        dataset="dataset",
        subject_key="subject_key",
        reason="rung",
    )
    return events(pl.concat([created, merged, linked]), now)


def events(rows: pl.DataFrame, now: dt.datetime) -> pl.DataFrame:
    """Events with their ids and time; the same event has the same id, however often it is written."""
    columns = ["enterprise_id", "kind", "other_id", "dataset", "subject_key", "reason"]
    words = rows.select(pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="|")).to_series()
    ids = [hashlib.sha256(each.encode()).hexdigest()[:20] for each in words.to_list()]
    return rows.select(columns).with_columns(event_id=pl.Series(ids, dtype=pl.String), happened_at=pl.lit(now))


def _reviews(
    tied: Components, named: pl.DataFrame, judged: Judged, links: pl.DataFrame, now: dt.datetime
) -> pl.DataFrame:
    """The doubtful pairs that are put before a person: a subject, and the enterprise that it may be."""
    subjects = tied.subjects.with_columns(party=component_party()).sort("dataset", "subject_key")
    first = subjects.unique("party", keep="first", maintain_order=True).select("party", "dataset", "subject_key")
    owner = named.select(partner="party", enterprise_id="enterprise_id")
    asked = judged.reviews.join(first, on="party").join(owner, on="partner", how="left")
    asked = asked.with_columns(enterprise_id=pl.coalesce("enterprise_id", pl.col("partner").str.slice(1)))
    own = links.select("dataset", "subject_key", own="enterprise_id")
    asked = asked.join(own, on=["dataset", "subject_key"]).filter(pl.col("own") != pl.col("enterprise_id"))
    rows = asked.sort("dataset", "subject_key").to_dicts()
    shown = [
        {
            "review_id": id_of(f"{row['dataset']}|{row['subject_key']}|{row['enterprise_id']}").replace("e", "r", 1),
            "evidence": json.dumps({"zh": row["evidence_zh"], "en": row["evidence_en"]}, ensure_ascii=False),
            "suggested": "same" if row["probability"] >= 0.5 else "different",
            "state": "open",
            "opened_at": now,
            **{name: row[name] for name in ("dataset", "subject_key", "enterprise_id", "probability", "weight")},
        }
        for row in rows
    ]
    return pl.DataFrame(shown, schema=state.schema_of(REVIEW))


def write_outcome(
    lake: Lake, outcome: Outcome, bound: pl.DataFrame, versions: Mapping[str, int], now: dt.datetime
) -> None:
    """Write what a resolution gave; the links last, with the versions of the datasets that they speak of."""
    crossing = pl.col("kind").is_in(_NUMBERS) | pl.col("kind").str.starts_with("local:")
    seen = bound.filter(crossing).with_columns(first_seen=pl.lit(now)).select(outcome.identifiers.columns)
    identifiers = pl.concat([outcome.identifiers, seen.cast(outcome.identifiers.schema)])
    identifiers = identifiers.unique(["enterprise_id", "kind", "value"], keep="first")
    state.write(lake, IDENTIFIER, state.fresh(lake, IDENTIFIER, identifiers), changed=False)
    state.write(lake, ENTERPRISE, state.fresh(lake, ENTERPRISE, outcome.created), changed=False)
    state.write(lake, ENTERPRISE, outcome.changed, changed=True)
    state.write(lake, EVENT, state.fresh(lake, EVENT, outcome.events), changed=False)
    state.write(lake, REVIEW, state.fresh(lake, REVIEW, outcome.reviews), changed=False)
    if outcome.model is not None:
        state.write_model(lake, outcome.model, now)
    state.write(lake, LINK, outcome.links, changed=False, about=state.about_versions(versions))
