"""The scorecard as a JSON document, its hash, and the checks that a document must pass before anything is scored."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tulou.finance.core.artefact import (
    MOST_PAIRS,
    SCHEMA,
    AsOf,
    Band,
    Calibration,
    Feature,
    Item,
    Meaning,
    Pair,
    Scorecard,
    Target,
)
from tulou.finance.core.cells import OPERATIONS
from tulou.kernel.errors import Refused, Text, Where, refuse


def fingerprint(document: Mapping[str, Any]) -> str:
    """SHA-256 over the document without its `hash`: keys sorted, no blanks, UTF-8.

    >>> fingerprint({"b": 1, "a": "值", "hash": "x"}) == fingerprint({"a": "值", "b": 1})
    True
    """
    body = {key: value for key, value in document.items() if key != "hash"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def to_document(card: Scorecard) -> dict[str, Any]:
    """The scorecard as JSON types, with its hash."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "name": card.name,
        "subject": card.subject,
        "target": {"column": card.target.column, "bad": card.target.bad, "good": card.target.good},
        "time_column": card.time_column,
        "base": card.base,
        "points_to_double": card.points_to_double,
        "features": [_feature(feature) for feature in card.features],
        "pairs": [_pair(pair) for pair in card.pairs],
        "calibration": {
            "intercept": card.calibration.intercept,
            "slope": card.calibration.slope,
            "source": card.calibration.source,
            "outcomes": card.calibration.outcomes,
        },
        "bands": [_slots(band) for band in card.bands],
        "parent": card.parent,
        "report": card.report,
    }
    document = json.loads(json.dumps(document, ensure_ascii=False, allow_nan=False))
    return {**document, "hash": fingerprint(document)}


def hash_of(card: Scorecard) -> str:
    """The hash that names this scorecard."""
    return str(to_document(card)["hash"])


def write(card: Scorecard, path: Path) -> str:
    """Write the document and answer its hash."""
    document = to_document(card)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return str(document["hash"])


def read(path: Path) -> Scorecard:
    """The scorecard in a file. Raises Refused where it is none, was changed, or contradicts itself."""
    if not path.is_file():
        raise refuse(
            "finance.artefact.absent",
            f"没有评分卡文件 {path}",
            f"There is no scorecard {path}",
            where=Where(file=str(path)),
            remedy=Text(zh="请用 tulou finance train 生成评分卡", en="Make one with tulou finance train"),
        )
    return read_bytes(path.read_bytes(), file=path.name)


def read_bytes(content: bytes, *, file: str | None = None) -> Scorecard:
    """The scorecard in the bytes of a file. Raises Refused as `read` does."""
    try:
        document = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise refuse(
            "finance.artefact.syntax",
            f"评分卡文件不是合法的 JSON: {error}",
            f"The scorecard file is not valid JSON: {error}",
            where=Where(file=file),
        ) from error
    return from_document(document, file=file)


def from_document(document: Any, *, file: str | None = None) -> Scorecard:
    """The scorecard that a document describes. Raises Refused as `read` does."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise refuse(
            "finance.artefact.schema",
            f"这不是 {SCHEMA} 格式的评分卡, 而是 {found}",
            f"This is not a scorecard of schema {SCHEMA} but {found}",
            where=Where(file=file),
            remedy=Text(zh="请用 tulou finance train 生成评分卡", en="Make one with tulou finance train"),
        )
    if document.get("hash") != (actual := fingerprint(document)):
        raise refuse(
            "finance.artefact.hash",
            f"评分卡内容与其哈希不符, 文件在生成之后被改动过: 应为 {document.get('hash')}, 实为 {actual}",
            f"The scorecard does not match its hash, so it was changed after it was made: "
            f"it says {document.get('hash')}, its content has {actual}",
            where=Where(file=file),
            remedy=Text(zh="请使用未改动的原文件", en="Use the original file"),
        )
    try:
        card = _card(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refuse(
            "finance.artefact.shape",
            f"评分卡缺少内容或内容类型不对: {error!r}",
            f"Something in the scorecard is missing or of the wrong type: {error!r}",
            where=Where(file=file),
        ) from error
    _check(card, file)
    return card


def _card(document: Mapping[str, Any]) -> Scorecard:
    return Scorecard(
        name=document["name"],
        subject=document["subject"],
        target=Target(**document["target"]),
        time_column=document["time_column"],
        base=document["base"],
        points_to_double=document["points_to_double"],
        features=tuple(_read_feature(row) for row in document["features"]),
        pairs=tuple(_read_pair(row) for row in document["pairs"]),
        calibration=Calibration(**document["calibration"]),
        bands=tuple(Band(**row) for row in document["bands"]),
        parent=document["parent"],
        report=document["report"],
    )


def _slots(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _text(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"zh": text.zh, "en": text.en}


def _feature(feature: Feature) -> dict[str, Any]:
    meaning = feature.meaning
    row: dict[str, Any] = {
        "name": feature.name,
        "kind": feature.kind,
        "items": [{"column": item.column, "format": item.form} for item in feature.items],
        "operation": feature.operation,
        "label": _text(meaning.label),
        "department": _text(meaning.department),
        "unit": _text(meaning.unit),
        "direction": meaning.direction,
        "actionable": meaning.actionable,
        "as_of": {"column": feature.as_of.column, "lag_days": feature.as_of.lag_days},
    }
    row |= {"levels": feature.levels} if feature.kind == "category" else {"cuts": feature.cuts}
    return row | {
        "points": feature.points,
        "unseen": feature.unseen,
        "missing": feature.missing,
        "best": feature.best,
        "middle": feature.middle,
        "counts": feature.counts,
        "bads": feature.bads,
        "spread": feature.spread,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "features": pair.features,
        "groups": pair.groups,
        "points": pair.points,
        "best": pair.best,
        "middle": pair.middle,
    }


def _maybe_text(row: Any) -> Text | None:
    return None if row is None else Text(zh=row["zh"], en=row["en"])


def _read_feature(row: Mapping[str, Any]) -> Feature:
    return Feature(
        name=row["name"],
        kind=row["kind"],
        items=tuple(Item(item["column"], item["format"]) for item in row["items"]),
        operation=row["operation"],
        meaning=Meaning(
            label=Text(zh=row["label"]["zh"], en=row["label"]["en"]),
            department=_maybe_text(row["department"]),
            unit=_maybe_text(row["unit"]),
            direction=row["direction"],
            actionable=row["actionable"],
        ),
        as_of=AsOf(**row["as_of"]),
        cuts=tuple(float(cut) for cut in row.get("cuts", ())),
        levels=tuple(tuple(group) for group in row.get("levels", ())),
        points=tuple(row["points"]),
        unseen=row["unseen"],
        missing=row["missing"],
        best=row["best"],
        middle=row["middle"],
        counts=tuple(row["counts"]),
        bads=tuple(row["bads"]),
        spread=tuple(row["spread"]),
    )


def _read_pair(row: Mapping[str, Any]) -> Pair:
    first, second = row["features"]
    rows, columns = row["groups"]
    return Pair(
        (first, second),
        (tuple(rows), tuple(columns)),
        tuple(tuple(line) for line in row["points"]),
        row["best"],
        row["middle"],
    )


def _check(card: Scorecard, file: str | None) -> None:
    for feature in card.features:
        for right, zh, en in _rules_of_feature(feature):
            if not right:
                raise _contradiction(file, feature.name, zh, en)
    for pair in card.pairs:
        for holds, zh, en in _rules_of_pair(card, pair):
            if not holds():
                raise _contradiction(file, pair.name, zh, en)
    if len(card.pairs) > MOST_PAIRS:
        raise _contradiction(
            file, "pairs", f"二维表不得超过 {MOST_PAIRS} 个", f"there may be {MOST_PAIRS} pairs at most"
        )
    if len(card.by_name) != len(card.features):
        raise _contradiction(file, "features", "特征名称重复", "a name stands for two features")


def _contradiction(file: str | None, where: str, zh: str, en: str) -> Refused:
    return refuse(
        "finance.artefact.contradiction",
        f"评分卡自相矛盾: {zh}",
        f"The scorecard contradicts itself: {en}",
        where=Where(file=file, column=where),
    )


def _rules_of_feature(feature: Feature) -> list[tuple[bool, str, str]]:
    category = feature.kind == "category"
    bins = len(feature.levels) if category else len(feature.cuts) + 1
    levels = [level for group in feature.levels for level in group]
    rising = all(a < b for a, b in zip(feature.cuts, feature.cuts[1:], strict=False))
    return [
        (feature.kind in ("number", "date", "category"), "未知的特征类型", "the kind of the feature is unknown"),
        (len(feature.points) == bins, "分值个数与分段个数不符", "there is not one number of points for each cell"),
        (all(type(value) is int for value in feature.by_cell), "分值必须是整数", "points must be whole numbers"),
        (
            category == (feature.unseen is not None),
            "只有类别特征有未见值分值",
            "only categories have points for unseen",
        ),
        (rising and all(map(math.isfinite, feature.cuts)), "切点必须递增且有限", "cuts must rise and be finite"),
        (len(set(levels)) == len(levels), "同一取值出现在两个分组", "a level is in two groups"),
        (
            len(feature.items) == (1 if feature.operation == "value" else 2)
            and (feature.operation == "value" or (feature.operation in OPERATIONS and not category)),
            "派生特征的运算与数据项不符",
            "the operation of the feature does not fit its items",
        ),
    ]


def _rules_of_pair(card: Scorecard, pair: Pair) -> list[tuple[Callable[[], bool], str, str]]:
    def known() -> bool:
        return all(name in card.by_name for name in pair.features) and pair.features[0] != pair.features[1]

    def grouped() -> bool:
        sizes = (len(pair.points), len(pair.points[0]) if pair.points else 0)
        return all(
            len(groups) == card.by_name[name].cells and all(0 <= group < size for group in groups)
            for name, groups, size in zip(pair.features, pair.groups, sizes, strict=True)
        )

    def whole() -> bool:
        width = len(pair.points[0])
        return all(len(line) == width and all(type(value) is int for value in line) for line in pair.points)

    return [
        (known, "二维表引用了未知特征", "a pair names a feature that is not there"),
        (grouped, "二维表的分组与特征的分段不符", "the groups of a pair do not fit the cells of its features"),
        (whole, "二维表的分值必须是整数", "the points of a pair must be whole numbers"),
    ]
