"""Where a firm stands among its peers, from figures that give no other firm away.

Of a group only three cuts are published for each measure: the values below which a quarter, a half and three quarters
of the firms lie. A measure is published where at least `RULES.least` firms stand in each quarter, and a cut is never a
firm's value but the nearest point of a grid whose steps are wider than what the rules protect: a tenth of the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.kernel.disclosure import Rules

RULES = Rules(least=5, protect=0.1)
QUARTERS = 4
STEPS = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
"""Renard's series R10 (ISO 3): ten steps a decade, each about a quarter above the one before."""
SMALLEST = 0.01
"""What lies nearer to zero is told as zero: the growth of a firm that hardly changed would else be told to a hair."""
COUNTED_IN = 5

Group = tuple[str, str, str]
"""Section of the industry, size class, region; empty where it does not matter."""
Cuts = tuple[float, float, float]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Published:
    """What is told of one group: how many firms about, and the cuts of each measure that may be shown."""

    firms: int
    cuts: Mapping[str, Cuts]


@dataclass(frozen=True, slots=True)
class Standing:
    """In which quarter of its group (1 is the lowest) a firm stands, and the cuts between the quarters."""

    measure: str
    group: Group
    firms: int
    quarter: int
    cuts: Cuts


def ladder(group: Group) -> Iterator[Group]:
    """The groups of a firm, from the narrowest that is known of it to all firms.

    >>> list(ladder(("C", "1", "3501")))
    [('C', '1', '3501'), ('C', '1', ''), ('C', '', ''), ('', '', '')]
    """
    sector, size, region = group
    steps = [(sector, size, region)] if all(group) else []
    steps += [(sector, size, "")] if sector and size else []
    steps += [(sector, "", "")] if sector else []
    yield from dict.fromkeys([*steps, ("", "", "")])


def publish(
    groups: Sequence[Group], measures: Mapping[str, Numbers], steps: Mapping[str, float] | None = None
) -> dict[Group, Published]:
    """The groups that may be shown. `measures` hold one number a firm, NaN where it is not known.

    `steps` names measures whose cuts lie on an even grid of that step (a score) instead of Renard's.
    """
    members: dict[Group, list[int]] = {}
    for row, group in enumerate(groups):
        for wider in ladder(group):
            members.setdefault(wider, []).append(row)
    found = {}
    for group, rows in members.items():
        picked = {name: values[rows] for name, values in measures.items()}
        cuts = {name: cuts_of(values, (steps or {}).get(name)) for name, values in picked.items()}
        shown = {name: cut for name, cut in cuts.items() if cut is not None}
        if shown:
            found[group] = Published(round(len(rows) / COUNTED_IN) * COUNTED_IN, shown)
    return found


def cuts_of(values: Numbers, step: float | None = None) -> Cuts | None:
    """The three cuts of a measure; None where a quarter would hold too few firms.

    >>> cuts_of(np.arange(1.0, 101.0))
    (25.0, 50.0, 80.0)
    >>> cuts_of(np.arange(1.0, 20.0)) is None
    True
    """
    known = values[np.isfinite(values)]
    if len(known) < QUARTERS * RULES.least:
        return None
    low, middle, high = np.quantile(known, (0.25, 0.5, 0.75), method="inverted_cdf").tolist()
    return on_grid(low, step), on_grid(middle, step), on_grid(high, step)


def on_grid(value: float, step: float | None = None) -> float:
    """The nearest point of the grid: multiples of `step`, else Renard's series to either side of zero.

    >>> [on_grid(value) for value in (0, 42, -0.13, 1_130_000)]
    [0.0, 40.0, -0.125, 1250000.0]
    >>> on_grid(613, 10)
    610.0
    """
    if step is not None:
        return float(round(value / step) * step)
    if abs(value) < SMALLEST:
        return 0.0
    decade = math.floor(math.log10(abs(value)))
    points = [point * 10.0**power for power in (decade, decade + 1) for point in STEPS]
    nearest = min(points, key=lambda point: abs(math.log(abs(value) / point)))
    return math.copysign(float(f"{nearest:.3g}"), value)


def standing(
    published: Mapping[Group, Published], group: Group, values: Mapping[str, float | None]
) -> list[Standing | None]:
    """The firm's place in each measure, among the narrowest of its groups that may be shown; None where none may."""
    return [_place(published, group, name, value) for name, value in values.items()]


def _place(published: Mapping[Group, Published], group: Group, name: str, value: float | None) -> Standing | None:
    if value is None or not math.isfinite(value):
        return None
    for wider in ladder(group):
        told = published.get(wider)
        if told is not None and name in told.cuts:
            cuts = told.cuts[name]
            return Standing(name, wider, told.firms, 1 + sum(value > cut for cut in cuts), cuts)
    return None


def to_document(published: Mapping[Group, Published]) -> list[dict[str, Any]]:
    """The published groups as JSON."""
    return [
        {"group": list(group), "firms": told.firms, "cuts": {name: list(cuts) for name, cuts in told.cuts.items()}}
        for group, told in sorted(published.items())
    ]


def from_document(rows: Iterable[Mapping[str, Any]]) -> dict[Group, Published]:
    """What `to_document` wrote."""
    found: dict[Group, Published] = {}
    for row in rows:
        sector, size, region = row["group"]
        cuts = {name: (low, middle, high) for name, (low, middle, high) in row["cuts"].items()}
        found[sector, size, region] = Published(row["firms"], cuts)
    return found
