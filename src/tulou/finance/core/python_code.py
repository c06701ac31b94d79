"""The scorecard as a Python module that needs nothing but the standard library."""

from __future__ import annotations

import inspect
import json

from tulou.finance.core import cells
from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.document import to_document

_HEAD = '''"""Scorecard {name}: `score(row)` answers the whole score and the probability of {target}.

`row` is a mapping of column -> value; a column that is not there counts as missing. Needs only the standard library.
Made by tulou from the scorecard {digest}.
"""

'''

_TAIL = '''

import bisect
import json

CARD = json.loads({card!r})
LEVELS = {{
    feature["name"]: {{level: cell for cell, group in enumerate(feature["levels"]) for level in group}}
    for feature in CARD["features"]
    if feature["kind"] == "category"
}}


def points_by_cell(feature):
    """The points of every cell: between cuts or by group of levels, then unseen, then missing."""
    unseen = [] if feature["unseen"] is None else [feature["unseen"]]
    return [*feature["points"], *unseen, feature["missing"]]


def cell_of(feature, row):
    """The cell of a feature in one row."""
    last = len(points_by_cell(feature)) - 1
    if feature["kind"] == "category":
        key = key_of(row.get(feature["items"][0]["column"]))
        return last if key is None else LEVELS[feature["name"]].get(key, last - 1)
    values = []
    for item in feature["items"]:
        dated = feature["kind"] == "date" or item["format"].startswith("%")
        values.append((day_of if dated else number_of)(row.get(item["column"]), item["format"]))
    value = combined(feature["operation"], *values) if len(values) > 1 else values[0]
    return last if math.isnan(value) else bisect.bisect_right(feature["cuts"], value)


def score(row):
    """The whole score of one row and the probability of the bad outcome."""
    cells = {{feature["name"]: cell_of(feature, row) for feature in CARD["features"]}}
    total = CARD["base"] + sum(points_by_cell(f)[cells[f["name"]]] for f in CARD["features"])
    for pair in CARD["pairs"]:
        first, second = (groups[cells[name]] for groups, name in zip(pair["groups"], pair["features"]))
        total += pair["points"][first][second]
    logit = CARD["calibration"]["intercept"] + CARD["calibration"]["slope"] * total
    chance = 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))
    return total, chance
'''


def to_python(card: Scorecard) -> str:
    """The source of the module. Its grammar of cells is this package's own, word for word."""
    document = to_document(card)
    body = {key: document[key] for key in ("base", "features", "pairs", "calibration", "hash")}
    head = _HEAD.format(
        name=_plain(card.name), target=_plain(f"{card.target.column} = {card.target.bad}"), digest=document["hash"]
    )
    source = inspect.getsource(cells)
    grammar = source.split('"""', 2)[2].lstrip("\n")
    return head + grammar + _TAIL.format(card=json.dumps(body, ensure_ascii=False))


def _plain(text: str) -> str:
    """A text that may stand in a docstring."""
    return "".join(sign if sign.isprintable() and sign not in '"\\' else " " for sign in text)
