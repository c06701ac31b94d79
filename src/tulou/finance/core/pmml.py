"""The scorecard as PMML 4.4, for banks' decision engines: a Scorecard model with reason codes and a probability.

A number is expected as a number, a day as a date, a category as text; pairs are characteristics over the groups of two
features. The document is plain: no extension is needed to score it.
"""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tulou.finance.core.artefact import Feature, Item, Pair, Scorecard
from tulou.finance.core.cells import LARGEST, SMALLEST
from tulou.finance.core.document import hash_of

NAMESPACE = "http://www.dmg.org/PMML-4_4"
SIGNS = {"minus": "-", "plus": "+", "times": "*", "over": "/"}


def to_pmml(card: Scorecard) -> str:
    """The PMML document, UTF-8 text."""
    root = ET.Element("PMML", {"version": "4.4", "xmlns": NAMESPACE})
    header = ET.SubElement(root, "Header", {"description": f"{card.name} {hash_of(card)}"})
    ET.SubElement(header, "Application", {"name": "Tulou"})
    _dictionary(root, card)
    transformations = ET.SubElement(root, "TransformationDictionary")
    for i, feature in enumerate(card.features):
        _derived(transformations, i, feature)
    for pair in card.pairs:
        for k in (0, 1):
            _group_field(transformations, card, pair, k)
    model = ET.SubElement(
        root,
        "Scorecard",
        {
            "modelName": card.name,
            "functionName": "regression",
            "initialScore": str(card.base),
            "useReasonCodes": "true",
            "reasonCodeAlgorithm": "pointsBelow",
            "baselineMethod": "max",
        },
    )
    schema = ET.SubElement(model, "MiningSchema")
    for column in card.columns:
        ET.SubElement(schema, "MiningField", {"name": column, "invalidValueTreatment": "asIs"})
    _output(model, card)
    characteristics = ET.SubElement(model, "Characteristics")
    for i, feature in enumerate(card.features):
        _characteristic(characteristics, i, feature)
    for pair in card.pairs:
        _pair_characteristic(characteristics, pair)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _dated(feature: Feature, item: Item) -> bool:
    return feature.kind == "date" or item.form.startswith("%")


def _dictionary(root: ET.Element, card: Scorecard) -> None:
    types: dict[str, str] = {}
    for feature in card.features:
        for item in feature.items:
            text = feature.kind == "category"
            types.setdefault(item.column, "string" if text else "date" if _dated(feature, item) else "double")
    dictionary = ET.SubElement(root, "DataDictionary", {"numberOfFields": str(len(types))})
    for column, kind in types.items():
        optype = "categorical" if kind == "string" else "continuous"
        ET.SubElement(dictionary, "DataField", {"name": column, "optype": optype, "dataType": kind})


def _field(i: int, feature: Feature) -> str:
    """The field that a characteristic reads: the column itself, or what is derived from it."""
    plain = feature.operation == "value" and not (feature.kind != "category" and _dated(feature, feature.items[0]))
    return feature.items[0].column if plain else f"tulou:value:{i}"


def _derived(parent: ET.Element, i: int, feature: Feature) -> None:
    name = _field(i, feature)
    if not name.startswith("tulou:value:"):
        return
    attributes = {"name": name, "optype": "continuous", "dataType": "double"}
    field = ET.SubElement(parent, "DerivedField", attributes)
    if feature.operation == "value":
        _item(field, feature, feature.items[0])
        return
    # A quotient by nothing is missing, as everywhere else: `if` without an `else` answers missing.
    place = field
    if feature.operation == "over":
        guard = ET.SubElement(field, "Apply", {"function": "if"})
        test = ET.SubElement(guard, "Apply", {"function": "notEqual"})
        _tame(test, feature, feature.items[1])
        _constant(test, 0.0)
        place = guard
    apply = ET.SubElement(place, "Apply", {"function": SIGNS[feature.operation]})
    for item in feature.items:
        _tame(apply, feature, item)


def _item(parent: ET.Element, feature: Feature, item: Item) -> None:
    if _dated(feature, item):
        days = ET.SubElement(parent, "Apply", {"function": "dateDaysSinceYear"})
        ET.SubElement(days, "FieldRef", {"field": item.column})
        ET.SubElement(days, "Constant", {"dataType": "integer"}).text = "1970"
    else:
        ET.SubElement(parent, "FieldRef", {"field": item.column})


def _tame(parent: ET.Element, feature: Feature, item: Item) -> None:
    """Within the bounds that keep products and quotients finite; what is next to nothing is nothing."""
    choice = ET.SubElement(parent, "Apply", {"function": "if"})
    small = ET.SubElement(choice, "Apply", {"function": "lessThan"})
    absolute = ET.SubElement(small, "Apply", {"function": "abs"})
    _item(absolute, feature, item)
    _constant(small, SMALLEST)
    _constant(choice, 0.0)
    capped = ET.SubElement(choice, "Apply", {"function": "min"})
    _constant(capped, LARGEST)
    raised = ET.SubElement(capped, "Apply", {"function": "max"})
    _constant(raised, -LARGEST)
    _item(raised, feature, item)


def _constant(parent: ET.Element, value: float) -> None:
    ET.SubElement(parent, "Constant", {"dataType": "double"}).text = repr(value)


def _group_name(pair: Pair, k: int) -> str:
    return f"tulou:group:{pair.features[0]}:{pair.features[1]}:{k}"


def _group_field(parent: ET.Element, card: Scorecard, pair: Pair, k: int) -> None:
    """The group of a feature's cell as a whole number."""
    feature, groups = card.by_name[pair.features[k]], pair.groups[k]
    i = next(i for i, each in enumerate(card.features) if each.name == feature.name)
    name = {"name": _group_name(pair, k), "optype": "categorical", "dataType": "integer"}
    field = ET.SubElement(parent, "DerivedField", name)
    missing = str(groups[feature.missing_cell])
    if feature.kind == "category":
        unseen = str(groups[feature.missing_cell - 1])
        values = ET.SubElement(
            field,
            "MapValues",
            {"outputColumn": "group", "dataType": "integer", "defaultValue": unseen, "mapMissingTo": missing},
        )
        ET.SubElement(values, "FieldColumnPair", {"field": _field(i, feature), "column": "level"})
        table = ET.SubElement(values, "InlineTable")
        for levels, group in zip(feature.levels, groups, strict=False):
            for level in levels:
                row = ET.SubElement(table, "row")
                ET.SubElement(row, "level").text = level
                ET.SubElement(row, "group").text = str(group)
        return
    bins = ET.SubElement(
        field, "Discretize", {"field": _field(i, feature), "dataType": "integer", "mapMissingTo": missing}
    )
    for cell, (low, high) in enumerate(_intervals(feature)):
        each = ET.SubElement(bins, "DiscretizeBin", {"binValue": str(groups[cell])})
        sides = {"closure": "closedOpen"}
        sides |= {"leftMargin": repr(low)} if low is not None else {}
        sides |= {"rightMargin": repr(high)} if high is not None else {}
        ET.SubElement(each, "Interval", sides)


def _intervals(feature: Feature) -> list[tuple[float | None, float | None]]:
    """Lower end (in it) and upper end (not in it) of each cell between cuts."""
    ends: Sequence[float | None] = (None, *feature.cuts, None)
    return list(itertools.pairwise(ends))


def _characteristic(parent: ET.Element, i: int, feature: Feature) -> None:
    name = _field(i, feature)
    attributes = {"name": feature.name, "reasonCode": feature.name, "baselineScore": str(feature.best)}
    characteristic = ET.SubElement(parent, "Characteristic", attributes)
    missing = _attribute(characteristic, feature.missing)
    ET.SubElement(missing, "SimplePredicate", {"field": name, "operator": "isMissing"})
    if feature.kind == "category":
        for levels, points in zip(feature.levels, feature.points, strict=True):
            if levels:
                _set_predicate(_attribute(characteristic, points), name, levels)
        unseen = feature.by_cell[feature.missing_cell - 1]
        ET.SubElement(_attribute(characteristic, unseen), "True")
        return
    for (_, high), points in zip(_intervals(feature), feature.points, strict=True):
        attribute = _attribute(characteristic, points)
        if high is None:
            ET.SubElement(attribute, "True")
        else:
            ET.SubElement(attribute, "SimplePredicate", {"field": name, "operator": "lessThan", "value": repr(high)})


def _attribute(parent: ET.Element, points: int) -> ET.Element:
    return ET.SubElement(parent, "Attribute", {"partialScore": str(points)})


def _set_predicate(parent: ET.Element, field: str, levels: Sequence[str]) -> None:
    predicate = ET.SubElement(parent, "SimpleSetPredicate", {"field": field, "booleanOperator": "isIn"})
    array = ET.SubElement(predicate, "Array", {"n": str(len(levels)), "type": "string"})
    array.text = " ".join('"' + level.replace("\\", "\\\\").replace('"', '\\"') + '"' for level in levels)


def _pair_characteristic(parent: ET.Element, pair: Pair) -> None:
    attributes = {"name": pair.name, "reasonCode": pair.name, "baselineScore": str(pair.best)}
    characteristic = ET.SubElement(parent, "Characteristic", attributes)
    for row, line in enumerate(pair.points):
        for column, points in enumerate(line):
            both = ET.SubElement(_attribute(characteristic, points), "CompoundPredicate", {"booleanOperator": "and"})
            for k, group in enumerate((row, column)):
                ET.SubElement(
                    both,
                    "SimplePredicate",
                    {"field": _group_name(pair, k), "operator": "equal", "value": str(group)},
                )


def _output(model: ET.Element, card: Scorecard) -> None:
    output = ET.SubElement(model, "Output")
    ET.SubElement(
        output,
        "OutputField",
        {"name": "score", "feature": "predictedValue", "optype": "continuous", "dataType": "double"},
    )
    attributes = {"name": "probability", "feature": "transformedValue", "optype": "continuous", "dataType": "double"}
    chance = ET.SubElement(output, "OutputField", attributes)
    quotient = ET.SubElement(chance, "Apply", {"function": "/"})
    _constant(quotient, 1.0)
    total = ET.SubElement(quotient, "Apply", {"function": "+"})
    _constant(total, 1.0)
    power = ET.SubElement(total, "Apply", {"function": "exp"})
    negative = ET.SubElement(power, "Apply", {"function": "*"})
    _constant(negative, -1.0)
    logit = ET.SubElement(negative, "Apply", {"function": "+"})
    _constant(logit, card.calibration.intercept)
    product = ET.SubElement(logit, "Apply", {"function": "*"})
    _constant(product, card.calibration.slope)
    ET.SubElement(product, "FieldRef", {"field": "score"})
    for rank in range(1, 5):
        ET.SubElement(
            output,
            "OutputField",
            {
                "name": f"reason{rank}",
                "feature": "reasonCode",
                "rank": str(rank),
                "optype": "categorical",
                "dataType": "string",
            },
        )
