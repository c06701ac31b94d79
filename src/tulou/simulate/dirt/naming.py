"""How clerks write the names of firms and people, against what the register says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tulou.simulate import names
from tulou.simulate.chance import Booleans
from tulou.simulate.dirt import texts

NAME_RATES: Mapping[str, float] = {
    "former": 0.6,
    "branch": 0.004,
    "no_place": 0.20,
    "other_place": 0.20,
    "no_form": 0.15,
    "other_form": 0.06,
    "short_word": 0.12,
    "abbreviated": 0.06,
    "homophone": 0.07,
    "other_sign": 0.05,
    "dropped": 0.025,
    "doubled": 0.010,
    "swapped": 0.015,
    "traditional": 0.05,
    "spaced": 0.03,
    "half_brackets": 0.5,
    "full_width": 0.01,
}
"""How often each thing happens to a name; `former`, `half_brackets`: of those who have a former name, or brackets."""

PERSON_RATES: Mapping[str, float] = {"homophone": 0.025, "other_sign": 0.01, "traditional": 0.02, "spaced": 0.03}


@dataclass(frozen=True, slots=True)
class Written:
    """A column as it was written, and which rows of it were changed in which way."""

    values: pl.Series
    changed: dict[str, Booleans] = field(default_factory=dict)

    @property
    def touched(self) -> Booleans:
        """The rows in which anything was changed."""
        return np.asarray(
            np.logical_or.reduce(list(self.changed.values()), initial=False) | np.zeros(len(self.values), bool)
        )


def write_names(rng: np.random.Generator, firms: pl.DataFrame, rates: Mapping[str, float]) -> Written:
    """The names of `firms` (the parts of `names.named`, `former_name`, `city`, `district`) as a department has them."""
    size = len(firms)
    hits = {kind: rng.random(size) < rate for kind, rate in rates.items()}
    never = np.zeros(size, dtype=bool)

    def hit(kind: str) -> Booleans:
        return hits.get(kind, never)

    company = np.isin(firms["form"].to_numpy(), [names.LIMITED, names.LIABILITY, names.STOCK])
    branch = firms["form"].to_numpy() == names.BRANCH
    former = hit("former") & firms["former_name"].is_not_null().to_numpy()
    hits["former"] = former
    hits["branch"] = hit("branch") & company
    for kind in ("no_place", "other_place", "other_form", "abbreviated", "short_word", "no_form"):
        hits[kind] = hit(kind) & ~branch & ~former
    hits["other_place"] &= ~hits["no_place"]
    hits["other_form"] &= company & ~hits["no_form"]
    parts = _loosely(rng, firms, hits)
    values = names.written(parts)
    values = texts.altered(values, former, lambda _: firms["former_name"].filter(pl.Series(former)))
    values = texts.altered(values, hits["branch"], lambda column: column + _branch_of(firms, hits["branch"]))
    hits["half_brackets"] = hit("half_brackets") & values.str.contains("（", literal=True).to_numpy()
    values = texts.altered(values, hits["half_brackets"], texts.half_brackets)
    for kind, change in {"traditional": texts.traditional, "full_width": texts.full_width}.items():
        values = texts.altered(values, hit(kind), change)
    for kind, slip in {"swapped": texts.swapped, "spaced": texts.spaced, "doubled": texts.doubled}.items():
        values = texts.altered(values, hit(kind), _bound(rng, slip))
    return Written(values, {kind: mask for kind, mask in hits.items() if mask.any()})


def _loosely(rng: np.random.Generator, firms: pl.DataFrame, hits: Mapping[str, Booleans]) -> pl.DataFrame:
    """The parts of names, some left out, some cut short, some misspelt."""
    trade = firms["trade"]
    for kind, slip in {"homophone": texts.homophone, "other_sign": texts.other_sign, "dropped": texts.dropped}.items():
        if kind in hits:
            trade = texts.altered(trade, hits[kind], _bound(rng, slip))
    no_place = pl.Series(hits["no_place"] | hits["abbreviated"])
    other_place = names.place_words(rng, firms["city"], firms["district"], np.zeros(len(firms), bool))
    cut = pl.Series(hits["short_word"] | hits["abbreviated"])
    no_form = pl.Series(hits["no_form"] | hits["abbreviated"])
    other_form = pl.when(pl.col("form_word") == "有限公司").then(pl.lit("有限责任公司")).otherwise(pl.lit("有限公司"))
    return firms.with_columns(
        trade=trade,
        place=pl.when(no_place)
        .then(pl.lit(""))
        .when(pl.Series(hits["other_place"]))
        .then(other_place)
        .otherwise("place"),
        word=pl.when(cut).then(pl.col("word").str.slice(0, 2)).otherwise("word"),
        form_word=pl.when(no_form)
        .then(pl.lit(""))
        .when(pl.Series(hits["other_form"]))
        .then(other_form)
        .otherwise("form_word"),
    ).with_columns(bracketed=pl.col("bracketed") & (pl.col("place") != ""))


def _branch_of(firms: pl.DataFrame, mask: Booleans) -> pl.Series:
    return firms["district"].filter(pl.Series(mask)).str.replace("[市县区]$", "") + pl.Series(["分公司"])


def write_people(rng: np.random.Generator, people: pl.Series, rates: Mapping[str, float] = PERSON_RATES) -> Written:
    """Names of persons as clerks write them."""
    slips: dict[str, Callable[[pl.Series], pl.Series]] = {
        "homophone": _bound(rng, texts.homophone),
        "other_sign": _bound(rng, texts.other_sign),
        "traditional": texts.traditional,
        "spaced": lambda column: column.str.replace("^(.)", "$1 "),
    }
    values, changed = people, {}
    for kind, rate in rates.items():
        mask = rng.random(len(people)) < rate
        values = texts.altered(values, mask, slips[kind])
        changed[kind] = mask
    return Written(values, changed)


def _bound(rng: np.random.Generator, slip: Callable[[np.random.Generator, pl.Series], pl.Series]) -> texts.Change:
    return lambda column: slip(rng, column)
