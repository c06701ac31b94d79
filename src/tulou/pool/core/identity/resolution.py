"""Whose record is whose: the ladder over the whole pool, from the credit code to the review queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tulou.pool.core.identity import state
from tulou.pool.core.identity.contradictions import contradicted
from tulou.pool.core.identity.ladder import EXACT_NAME, FOUNDER, MODEL, Components, components
from tulou.pool.core.identity.matching import (
    DOUBTFUL,
    FEW,
    SURE,
    by_model,
    exact_names,
    groups,
    model_document,
    prepared,
)
from tulou.pool.core.identity.model import Model
from tulou.pool.core.identity.observing import TRAITS, Observed, observe
from tulou.pool.core.identity.parties import main_rows, with_others
from tulou.pool.core.identity.writing import REVIEWS, TIES, Judged, Outcome, component_party, party_of, write_outcome
from tulou.pool.core.lake import Lake

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolution did.

    subjects: subject keys that were new; rungs: how many of them each rung tied; enterprises: in being now; created,
    merged: how many enterprises were founded, and retired into another; reviews: pairs put before a person.
    """

    subjects: int = 0
    rungs: Mapping[str, int] = field(default_factory=dict)
    enterprises: int = 0
    created: int = 0
    merged: int = 0
    reviews: int = 0


def resolve(
    lake: Lake,
    *,
    now: dt.datetime,
    as_of: dt.datetime | None = None,
    report: Report = lambda _step, _done, _total: None,
) -> Resolved:
    """Find out whose every record of the pool is, and write it into the entity tables.

    Only what has come since the last resolution is looked at; `as_of` leaves out what was received later. Ids stay:
    an enterprise that proves to be another one is retired into it. `report` is told of each dataset that is read.

    Two resolutions at once wait for each other. Raises Refused where the pool holds no dataset.
    """
    with lake.lock("entity"):
        observed = observe(lake, as_of=as_of, everything=False, report=report)
        work = _Work(lake, observed, state.known(lake), now.astimezone(dt.UTC))
        del observed
        return work.run()


@dataclass
class _Work:
    """One resolution on its way."""

    lake: Lake
    observed: Observed
    known: state.Known
    now: dt.datetime

    def run(self) -> Resolved:
        """Climb the ladder, and write down what it gave."""
        if not len(self.observed.numbers):
            return Resolved(enterprises=len(self.known.enterprises))
        keys = ["dataset", "subject_key"]
        linked = state.links_of(self.lake, self.observed.numbers, self.known.retired).select(*keys, "enterprise_id")
        new = self._without_wrong_codes(self.observed.numbers.join(linked, on=keys, how="anti"))
        bound = self.observed.numbers.join(linked, on=keys).select("enterprise_id", "kind", "value").unique()
        tied = components(new, self.known.identifiers, self.known.enterprises, bound)
        told = self._told(tied, linked)
        # What the records say is as large as all that follows together; nothing below reads it again.
        self.observed = Observed(new.clear(), self.observed.traits.clear(), self.observed.versions)
        del new, linked
        judged = _Judgement(self, tied, told).answer()
        outcome = Outcome.of(tied, judged, told, self.known, self.now)
        write_outcome(self.lake, outcome, bound, self.observed.versions, self.now)
        return Resolved(
            subjects=len(outcome.links),
            rungs=dict(outcome.links.group_by("rung").len("n").sort("n", descending=True).iter_rows()),
            enterprises=len(self.known.enterprises) + len(outcome.created) - outcome.retired,
            created=len(outcome.created),
            merged=outcome.retired,
            reviews=len(outcome.reviews),
        )

    def _without_wrong_codes(self, numbers: pl.DataFrame) -> pl.DataFrame:
        """The numbers of new subjects without codes that the names beside them contradict."""
        wrong = contradicted(numbers, self.observed.traits, self.known.enterprises)
        codes = numbers.filter(pl.col("kind").is_in(["uscc", "org", "inner"])).join(
            wrong, on=["dataset", "subject_key"]
        )
        return numbers.join(codes, on=["dataset", "subject_key", "kind", "value"], how="anti")

    def _told(self, tied: Components, linked: pl.DataFrame) -> pl.DataFrame:
        """What is known of every party: `c<component>` for those that are new or touched, `e<id>` for the others."""
        keys = ["dataset", "subject_key"]
        fresh = self.observed.traits.join(tied.subjects.select(*keys, "component"), on=keys)
        fresh = fresh.with_columns(party=component_party()).drop("component")
        again = party_of(tied, self.observed.traits.join(linked, on=keys)).drop("enterprise_id")
        old = party_of(tied, _told_of_enterprises(self.known)).drop("enterprise_id")
        columns = ["party", "uscc", *TRAITS, "known", "register"]
        recent = pl.concat([fresh, again.select(fresh.columns)]).join(_codes(tied), on="party", how="left")
        return pl.concat([recent.select(columns), old.select(columns)])


def _codes(tied: Components) -> pl.DataFrame:
    """The credit code of every component that has one."""
    codes = (
        tied.numbers.filter(pl.col("kind") == "uscc").group_by("component").agg(pl.col("value").mode().sort().first())
    )
    return codes.select(party=component_party(), uscc="value")


def _told_of_enterprises(known: state.Known) -> pl.DataFrame:
    """What the entity tables say of the enterprises in being, one row for each of their names."""
    firsts = known.identifiers.filter(pl.col("kind").is_in(["phone", "person"])).sort("kind", "first_seen", "value")
    firsts = firsts.group_by("enterprise_id", "kind").agg(pl.col("value").first())
    wide = [
        firsts.filter(pl.col("kind") == kind).select("enterprise_id", pl.col("value").alias(kind))
        for kind in ("phone", "person")
    ]
    main = known.enterprises.select(
        "enterprise_id",
        "uscc",
        "name",
        "address",
        district="region",
        established=pl.col("established").cast(pl.String),
    )
    for column in wide:
        main = main.join(column, on="enterprise_id", how="left")
    others = []
    for kind in ("name", "address"):
        named = known.identifiers.filter(pl.col("kind") == kind).select("enterprise_id", value="value")
        others.append(
            main.join(named, on="enterprise_id").with_columns(pl.col("value").alias(kind)).select(main.columns)
        )
    ranked = [main.with_columns(register=pl.lit(value=True), known=pl.lit(0))]
    ranked += [other.with_columns(register=pl.lit(value=False), known=pl.lit(0)) for other in others]
    return pl.concat(ranked).with_columns(pl.col("known").cast(pl.Int32))


def _parties(components: pl.DataFrame) -> pl.Series:
    return components.select(party=component_party()).to_series()


class _Judgement:
    """Names, model and founding, for parties that no number ties to an enterprise."""

    def __init__(self, work: _Work, tied: Components, told: pl.DataFrame) -> None:
        self._work = work
        self._tied = tied
        self._told = told
        self._main = main_rows(told)
        registered, unregistered = self._registered(tied)
        self._right = self._main.filter(pl.col("party").is_in(registered.implode()))
        alone = pl.col("enterprises").list.len() == 0
        self._floating = _parties(tied.components.filter(pl.col("org").is_null() & alone))
        newcomers = tied.components.filter(pl.col("org").is_not_null() & alone)
        again = unregistered if len(newcomers) else unregistered.head(0)
        wanted = pl.concat([self._floating, again])
        tellable = pl.col("name").is_not_null() | pl.col("address").is_not_null()
        self._left = self._main.filter(pl.col("party").is_in(wanted.implode()) & tellable)
        self._unregistered = unregistered

    def _registered(self, tied: Components) -> tuple[pl.Series, pl.Series]:
        """Parties with an organisation code, and enterprises in being that have none."""
        known = party_of(tied, self._work.known.enterprises)
        coded = _parties(tied.components.filter(pl.col("org").is_not_null()))
        with_code = pl.concat([coded, known.filter(pl.col("org_code").is_not_null())["party"]]).unique()
        without = known.filter(pl.col("org_code").is_null() & ~pl.col("party").is_in(with_code.implode()))["party"]
        return with_code, without.unique()

    def answer(self) -> Judged:
        """The ties that judgement makes."""
        empty = pl.DataFrame(schema=TIES)
        none = Judged(empty, pl.DataFrame(schema=REVIEWS), None, self._main)
        if not len(self._left):
            return none
        rights, owners = with_others(self._right, self._told)
        sides = prepared(self._left, rights, owners)
        forbidden = self._forbidden()
        exact = exact_names(sides[0], sides[1], forbidden)
        ties = [self._named(exact.with_columns(rung=pl.lit(EXACT_NAME), probability=pl.lit(1.0)))]
        reviews = pl.DataFrame(schema=REVIEWS)
        rest = sides[0].join(exact, left_on="row", right_on="left", how="anti").sort("row")
        document = None
        model = None
        if len(rest) and len(rights):
            matched, model, document = self._by_model(rest, sides[1], owners, forbidden)
            ties.append(self._named(matched.filter(pl.col("probability") >= SURE).with_columns(rung=pl.lit(MODEL))))
            doubtful = matched.filter((pl.col("probability") >= DOUBTFUL) & (pl.col("probability") < SURE))
            reviews = self._shown(doubtful)
        found = pl.concat(ties)
        found = pl.concat([found, self._founded(sides[0], found, model)])
        return Judged(found, reviews, document, self._main)

    def _by_model(
        self, rest: pl.DataFrame, right: pl.DataFrame, owners: np.ndarray, forbidden: pl.DataFrame
    ) -> tuple[pl.DataFrame, Model, str | None]:
        """The best enterprise of each of the rest; an earlier model serves where the rest are few."""
        rows = rest["row"].to_numpy()
        numbered = rest.with_columns(row=pl.Series(np.arange(len(rest), dtype=np.int32)))
        place = pl.DataFrame({"old": rows, "left": np.arange(len(rows))}).cast(pl.Int64)
        moved = forbidden.rename({"left": "old"}).join(place, on="old").select("left", "right")
        last = state.read_last_model(self._work.lake) if len(rest) < FEW else None
        model, share = last if last is not None else (None, None)
        matched = by_model([numbered, right], owners, moved, model, share)
        document = None if last is not None else model_document(matched.model, matched.share)
        best = matched.best.with_columns(left=pl.Series(rows[matched.best["left"].to_numpy()]).cast(pl.Int64))
        return best, matched.model, document

    def _named(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Pairs of rows as ties of parties."""
        return pairs.select(
            party=self._left["party"].gather(pairs["left"]),
            partner=self._right["party"].gather(pairs["right"]),
            rung="rung",
            probability=pl.col("probability").cast(pl.Float64),
        )

    def _shown(self, doubtful: pl.DataFrame) -> pl.DataFrame:
        return doubtful.select(
            party=self._left["party"].gather(doubtful["left"]),
            partner=self._right["party"].gather(doubtful["right"]),
            probability="probability",
            weight="weight",
            evidence_zh="evidence_zh",
            evidence_en="evidence_en",
        )

    def _forbidden(self) -> pl.DataFrame:
        """Pairs of rows that a person has said to be different."""
        said = self._work.known.reviews.filter(pl.col("decision") == "different")
        empty = pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64})
        if not len(said):
            return empty
        links = state.links_of(self._work.lake, said, self._work.known.retired)
        own = party_of(self._tied, links).select("dataset", "subject_key", "party")
        other = party_of(self._tied, said).select("dataset", "subject_key", partner="party")
        named = own.join(other, on=["dataset", "subject_key"])
        left = self._left.select("party").with_row_index("left")
        right = self._right.select(partner="party").with_row_index("right")
        return named.join(left, on="party").join(right, on="partner").select("left", "right").cast(pl.Int64)

    def _founded(self, frame: pl.DataFrame, found: pl.DataFrame, model: Model | None) -> pl.DataFrame:
        """Ties between parties without an enterprise that are one and the same; the first of them founds it."""
        parties = self._left["party"]
        open_rows = frame.filter(~parties.gather(frame["row"]).is_in(found["party"].implode())).sort("row")
        if model is None or len(open_rows) < 2 or not len(self._floating):
            return pl.DataFrame(schema=TIES)
        rows = open_rows["row"].to_numpy()
        named = groups(open_rows.with_columns(row=pl.Series(np.arange(len(rows), dtype=np.int32))), model)
        ties = pl.DataFrame(
            {
                "party": parties.gather(pl.Series(rows)),
                "partner": parties.gather(pl.Series(rows[named])),
                "rung": [FOUNDER] * len(rows),
                "probability": [1.0] * len(rows),
            },
            schema=TIES,
        )
        return ties.filter(pl.col("party") != pl.col("partner"))
