"""From a table with known outcomes to a scorecard with its report: reading, guarding, fitting, judging."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tulou.finance.core.artefact import MOST_PAIRS, Feature, Scorecard, Target
from tulou.finance.core.batch import probabilities, score, take_rows
from tulou.finance.core.calibration import levelled, scores_of_logits
from tulou.finance.core.cells import EPOCH
from tulou.finance.core.columns import Columns, Numbers, as_arrow, numbers
from tulou.finance.core.drift import reference_of
from tulou.finance.core.evaluation import assess, by_segment, out_of_time
from tulou.finance.core.fairness import forbidden_by_law, impact, impact_findings, name_findings, proxies
from tulou.finance.core.fitting.axes import Axis, code, fine_axis
from tulou.finance.core.fitting.boosting import Material, bags_for, deal
from tulou.finance.core.fitting.card import importance, make_card
from tulou.finance.core.fitting.fit import Fitted, fit_boosted
from tulou.finance.core.fitting.tables import Places
from tulou.finance.core.fitting.woe import fit_woe
from tulou.finance.core.guard import Policy, Suspicion, dropped_by, name_suspicion, speaks_of_the_outcome, suspicions
from tulou.finance.core.kinds import Reading, features_of
from tulou.finance.core.outcome import check_enough, read_outcome
from tulou.finance.core.values import values_of
from tulou.kernel.errors import Finding, Text, Where, refuse, wrong_use

SEED = 20200922
POINTS_TO_DOUBLE = 40
CLOCK = 0.95
LATE_SHARE_OF_ROWS = 0.3

Method = Literal["boosted", "woe"]
METHODS: tuple[Method, ...] = ("boosted", "woe")


@dataclass(frozen=True)
class Wishes:
    """What the person who trains asks for; every default is meant to be right for a table that she does not know
    yet."""

    target: str
    bad: str | None = None
    name: str = "scorecard"
    method: Method = "boosted"
    seed: int = SEED
    pairs: int = MOST_PAIRS
    declared_pairs: Sequence[tuple[str, str]] = ()
    directions: Mapping[str, int] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    time: str | None = None
    split: str | None = None
    protected: Sequence[str] = ()
    segments: Sequence[str] = ()
    leakage: Policy = "drop"
    points_to_double: int = POINTS_TO_DOUBLE
    subject: Literal["legal", "natural"] = "legal"


@dataclass(frozen=True)
class Trained:
    """The scorecard and what the person should know."""

    card: Scorecard
    findings: tuple[Finding, ...]


def train(
    columns: Columns, wishes: Wishes, *, weights: Numbers | None = None, inferred: NDArray[np.bool_] | None = None
) -> Trained:
    """Train a scorecard. The same table, wishes and seed give the same document. Rows whose outcome is `inferred` are
    learned from, but no figure and no count speaks of them.

    Raises Refused where the table does not carry it (no two outcomes, too few of one, nothing to learn from, a leak
    under the policy `refuse`), WrongUse where the wishes contradict the table.
    """
    check_wishes(columns, wishes)
    bad, target, findings = read_outcome(columns[wishes.target], wishes.target, bad=wishes.bad)
    clock = _clock(columns, wishes)
    early, late = _rows(bad, clock, wishes)
    findings = [*findings, *check_enough(bad[early], wishes.target)]
    table = take_rows(columns, early)
    weight = np.ones(len(early)) if weights is None else weights[early]
    known = None if inferred is None else ~inferred[early]
    features, more = _features(table, wishes)
    table = _read_once(table, features, {*wishes.protected, *wishes.segments})
    draft = _Draft(wishes, target, table, bad[early], weight, clock[early] if clock is not None else None, known)
    material, suspects, others = draft.material(features)
    fitted = _fit(material, wishes, draft.declared(material))
    card = make_card(fitted, material, target, name=wishes.name, points_to_double=wishes.points_to_double)
    card = replace(card, subject=wishes.subject, time_column=wishes.time)
    findings = [*findings, *more, *others]
    card, judged = draft.report(card, fitted, material, suspects)
    if len(late):
        card = _with_out_of_time(card, take_rows(columns, late), bad[late], wishes)
    elif wishes.time is None:
        findings.append(_no_time())
    return Trained(card, (*findings, *judged))


def check_wishes(columns: Columns, wishes: Wishes) -> None:
    """Raise WrongUse where a column that is named is not there, or numbers are out of range."""
    named = [wishes.target, *([wishes.time] if wishes.time else []), *wishes.protected, *wishes.segments]
    named += [
        *wishes.directions,
        *wishes.reading.categories,
        *(name for pair in wishes.declared_pairs for name in pair),
    ]
    derived = {derivation.name for derivation in wishes.reading.derivations}
    for name in named:
        if name not in columns and name not in derived:
            raise wrong_use(
                "finance.train.no_such_column",
                f"数据中没有列 {name}",
                f"The data have no column {name}",
                where=Where(column=name),
                remedy=Text(zh=f"现有列: {', '.join(columns)}", en=f"There are: {', '.join(columns)}"),
            )
    if not 0 <= wishes.pairs <= MOST_PAIRS or len(wishes.declared_pairs) > MOST_PAIRS:
        raise wrong_use(
            "finance.train.too_many_pairs",
            f"二维表数量须在 0 至 {MOST_PAIRS} 之间",
            f"The number of pairs must lie between 0 and {MOST_PAIRS}",
        )
    if both := {name for pair in wishes.declared_pairs for name in pair} & set(wishes.directions):
        raise wrong_use(
            "finance.train.direction_in_pair",
            f"已声明单调方向的特征不能同时进入二维表: {', '.join(sorted(both))}",
            f"A feature with a declared direction cannot be in a pair: {', '.join(sorted(both))}",
            where=Where(column=min(both)),
        )


def _clock(columns: Columns, wishes: Wishes) -> Numbers | None:
    """The time of each row as a number: a day, a year, whatever the column has."""
    if wishes.time is None:
        if wishes.split is not None:
            raise wrong_use("finance.train.split_without_time", "--split 需要 --time", "--split needs --time")
        return None
    features, _ = features_of({wishes.time: columns[wishes.time]}, Reading())
    if not features or features[0].kind == "category":
        raise wrong_use(
            "finance.train.time_kind",
            f"时间列 {wishes.time} 不是日期或数值",
            f"The time column {wishes.time} holds neither dates nor numbers",
            where=Where(column=wishes.time),
        )
    return values_of(features[0], columns)


def _rows(bad: Numbers, clock: Numbers | None, wishes: Wishes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows to learn from, and those after the split; rows whose outcome is not known are in neither."""
    known = ~np.isnan(bad)
    if clock is None:
        return np.flatnonzero(known), np.zeros(0, dtype=np.int64)
    split = _split_value(wishes.split, clock[known])
    later = known & (clock > split)
    if not later.any():
        raise wrong_use(
            "finance.train.nothing_after_split",
            f"{wishes.time} 晚于 {wishes.split} 的样本不存在",
            f"There is no row with {wishes.time} after {wishes.split}",
            where=Where(column=wishes.time),
        )
    return np.flatnonzero(known & ~later), np.flatnonzero(later)


def _split_value(split: str | None, clock: Numbers) -> float:
    """The last time to learn from; where none is given, about the last 30 % of rows are kept for the test."""
    if split is None:
        times = np.sort(clock[~np.isnan(clock)])
        if len(times) == 0 or times[0] == times[-1]:
            raise wrong_use("finance.train.one_time", "时间列只有一个取值", "The time column has one value only")
        value = float(times[int(len(times) * (1 - LATE_SHARE_OF_ROWS)) - 1])
        return value if value < times[-1] else float(times[times < times[-1]][-1])
    try:
        return float(split)
    except ValueError:
        pass
    try:
        return float((dt.date.fromisoformat(split) - EPOCH).days)
    except ValueError as error:
        raise wrong_use(
            "finance.train.split_syntax",
            f"无法理解分割时点 {split!r}",
            f"The split {split!r} is not understood",
            remedy=Text(
                zh="请写数值或 ISO 日期, 如 2005 或 2005-12-31", en="Write a number or an ISO date: 2005 or 2005-12-31"
            ),
        ) from error


def _features(table: Columns, wishes: Wishes) -> tuple[list[Feature], list[Finding]]:
    """The features without cells; the target, the clock, protected and forbidden columns are not among them."""
    unlawful = [name for name in table if forbidden_by_law(name) is not None and name not in wishes.reading.leave_out]
    out = {
        wishes.target,
        *([wishes.time] if wishes.time else []),
        *wishes.protected,
        *unlawful,
        *wishes.reading.leave_out,
    }
    features, findings = features_of(table, replace(wishes.reading, leave_out=out))
    names = [name for name in table if name not in out or name in unlawful]
    told = [name_suspicion(name).finding(dropped=True) for name in _constants(findings) if speaks_of_the_outcome(name)]
    return features, [*findings, *told, *name_findings(names)]


def _read_once(table: Columns, features: Sequence[Feature], as_they_are: Collection[str]) -> dict[str, Any]:
    """The table with numbers as numbers and categories as codes: the same cells, but text is read only once."""
    answer = dict(table)
    for feature in features:
        for item in feature.items:
            column = table[item.column]
            if item.column in as_they_are:
                continue
            if feature.kind == "number" and not item.form.startswith("%"):
                answer[item.column] = numbers(column, item.form)
            elif feature.kind == "category" and (array := as_arrow(column)) is not None:
                answer[item.column] = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return answer


def _constants(findings: Sequence[Finding]) -> list[str]:
    return [str(finding.where.column) for finding in findings if finding.code == "finance.column.constant"]


@dataclass(frozen=True)
class _Draft:
    """The training rows on their way to a card."""

    wishes: Wishes
    target: Target
    table: Columns
    bad: Numbers
    weights: Numbers
    clock: Numbers | None
    known: NDArray[np.bool_] | None = None

    def material(self, features: Sequence[Feature]) -> tuple[Material, list[dict[str, Any]], list[Finding]]:
        """What is fitted, the suspicions, and the findings about what was dropped."""
        axes = [axis for feature in features if (axis := fine_axis(feature, self.table)) is not None]
        if not axes:
            raise refuse("finance.train.nothing", "没有可用的特征", "There is no feature to learn from")
        codes = code(axes, self.table)
        folds = deal(self.bad, bags_for(len(self.bad)), self.wishes.seed)
        values = {axis.feature.name: values_of(axis.feature, self.table) for axis in axes if not axis.category}
        late = self._late(axes, values)
        found = suspicions(axes, codes, self.bad, folds, values, late)
        dropped = set(dropped_by(self.wishes.leakage, found))
        findings = [one.finding(dropped=one.feature in dropped) for one in found]
        clocks = self._clocks(axes, values)
        findings += [_is_a_clock(name, str(self.wishes.time)) for name in clocks]
        kept = [i for i, axis in enumerate(axes) if axis.feature.name not in dropped | set(clocks)]
        if not kept:
            raise refuse("finance.train.nothing", "剔除之后没有可用的特征", "Nothing to learn from is left")
        axes, codes = [self._directed(axes[i]) for i in kept], codes[:, kept]
        signs = {
            i: self.wishes.directions[axis.feature.name]
            for i, axis in enumerate(axes)
            if axis.feature.name in self.wishes.directions
        }
        material = Material(tuple(axes), codes, self.bad, self.weights, folds, signs, self.wishes.seed, self.known)
        return material, [_suspicion_row(one, one.feature in dropped) for one in found], findings

    def _directed(self, axis: Axis) -> Axis:
        sign = self.wishes.directions.get(axis.feature.name)
        if sign is None:
            return axis
        if axis.category:
            raise wrong_use(
                "finance.train.direction_of_category",
                f"类别特征 {axis.feature.name} 不能声明单调方向",
                f"A category such as {axis.feature.name} has no direction",
                where=Where(column=axis.feature.name),
            )
        meaning = replace(axis.feature.meaning, direction="+" if sign > 0 else "-")
        return Axis(replace(axis.feature, meaning=meaning))

    def _late(self, axes: Sequence[Axis], known: Mapping[str, Numbers]) -> dict[str, float]:
        """The share of each date's rows that lie after the row's own time, where that is a date too."""
        if self.clock is None or not _is_date(self.table, str(self.wishes.time)):
            return {}
        return {
            axis.feature.name: float(np.mean(known[axis.feature.name] > self.clock))
            for axis in axes
            if axis.feature.kind == "date"
        }

    def _clocks(self, axes: Sequence[Axis], known: Mapping[str, Numbers]) -> list[str]:
        """Features that only tell the time: what they say about the past says nothing about the future."""
        if self.clock is None:
            return []
        answer = []
        for axis in axes:
            values = known.get(axis.feature.name)
            if values is None:
                continue
            both = ~(np.isnan(values) | np.isnan(self.clock))
            if both.sum() > 20 and abs(_rank_correlation(values[both], self.clock[both])) >= CLOCK:
                answer.append(axis.feature.name)
        return answer

    def declared(self, material: Material) -> list[Places]:
        """The positions of the declared pairs."""
        place = {axis.feature.name: i for i, axis in enumerate(material.axes)}
        answer = []
        for first, second in self.wishes.declared_pairs:
            if first not in place or second not in place or first == second:
                raise wrong_use(
                    "finance.train.pair_not_usable",
                    f"二维表 {first}:{second} 中的特征不可用 (被剔除或重复)",
                    f"The pair {first}:{second} names a feature that was left out, or one twice",
                    where=Where(column=first if first not in place else second),
                )
            i, j = sorted((place[first], place[second]))
            answer.append((i, j))
        return answer

    def report(
        self, card: Scorecard, fitted: Fitted, material: Material, suspects: Sequence[Mapping[str, Any]]
    ) -> tuple[Scorecard, list[Finding]]:
        """The card with its report, and findings about groups."""
        wishes, seen = self.wishes, material.seen
        bad, table = self.bad[seen], self.table if self.known is None else take_rows(self.table, seen)
        # Rounding moves the level a little, so it is set on the whole points that the card has in the end.
        scores = score(card, table)
        card = replace(card, calibration=levelled(card.calibration, scores, float(bad.sum())))
        unseen = scores_of_logits(fitted.unseen[seen], wishes.points_to_double)
        unseen_card = levelled(card.calibration, unseen, float(bad.sum()))
        chance = probabilities(unseen_card, unseen)
        inside = probabilities(card.calibration, scores)
        protected = {name: table[name] for name in wishes.protected}
        groups = impact(protected, unseen.astype(np.float64), bad, chance)
        stand_ins = proxies(material.axes, material.codes[seen], protected, material.folds[seen])
        report = {
            "method": wishes.method,
            "seed": wishes.seed,
            "rows": len(bad),
            "bad": int(bad.sum()),
            "fit": fitted.decisions,
            "validation": assess(bad, chance, seed=wishes.seed),
            "training": assess(bad, inside, seed=wishes.seed, limits=False),
            "out_of_time": None,
            "importance": {feature.name: round(importance(feature), 2) for feature in card.features},
            "segments": by_segment(self._segments(card, table), bad, chance),
            "impact": groups,
            "proxies": stand_ins,
            "leakage": list(suspects),
            "reference": reference_of(unseen),
        }
        return replace(card, report=report), impact_findings(groups, stand_ins)

    def _segments(self, card: Scorecard, table: Columns) -> dict[str, Any]:
        """The columns that were asked for, else the three strongest categories of few levels."""
        if self.wishes.segments:
            return {name: table[name] for name in self.wishes.segments}
        few = [
            feature.items[0].column
            for feature in card.features
            if feature.kind == "category" and 2 <= sum(map(len, feature.levels)) <= 12
        ]
        return {name: table[name] for name in few[:3]}


def _fit(material: Material, wishes: Wishes, declared: list[Places]) -> Fitted:
    if wishes.method == "woe":
        return fit_woe(material)
    return fit_boosted(material, most_pairs=wishes.pairs, declared=declared, without=set(material.directions))


def _with_out_of_time(card: Scorecard, later: Columns, bad: Numbers, wishes: Wishes) -> Scorecard:
    reference = card.report["reference"]
    figures = out_of_time(card, later, bad, reference, seed=wishes.seed)
    return replace(card, report={**card.report, "out_of_time": {"split": wishes.split, **figures}})


def _suspicion_row(one: Suspicion, dropped: bool) -> dict[str, Any]:
    return {
        "feature": one.feature,
        "certain": one.certain,
        "code": one.code,
        "text": {"zh": one.zh, "en": one.en},
        "dropped": dropped,
    }


def _is_date(table: Columns, name: str) -> bool:
    features, _ = features_of({name: table[name]}, Reading())
    return bool(features) and features[0].kind == "date"


def _rank_correlation(first: Numbers, second: Numbers) -> float:
    from scipy.stats import rankdata

    a, b = rankdata(first), rankdata(second)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _is_a_clock(name: str, time: str) -> Finding:
    return Finding(
        "finance.train.clock",
        Text(
            zh=f"特征 {name} 几乎就是时间 {time} 本身, 已剔除: 它在将来取到的值过去从未出现",
            en=f"The feature {name} is little else than the time {time} and was dropped: "
            "the future has values that the past never had",
        ),
        Where(column=name),
        None,
        "warn",
    )


def _no_time() -> Finding:
    return Finding(
        "finance.train.no_time",
        Text(
            zh="没有时间外检验: 交叉验证通常比将来的表现乐观",
            en="There is no out-of-time test: cross-validation is usually kinder than the future",
        ),
        Where(),
        Text(zh="如有时间列, 请加 --time 列名", en="Where there is a column of time, give it with --time"),
        "warn",
    )
