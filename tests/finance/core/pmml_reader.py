"""A reader of PMML scorecards that knows nothing of ours: what the standard says, on one row, in plain Python."""

from __future__ import annotations

import datetime as dt
import math
import operator
import shlex
from collections.abc import Callable
from typing import Any

from defusedxml import ElementTree

SPACE = "{http://www.dmg.org/PMML-4_4}"
Value = Any
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "abs": abs,
    "exp": math.exp,
    "min": min,
    "max": max,
    "lessThan": operator.lt,
    "notEqual": operator.ne,
    "dateDaysSinceYear": lambda day, year: (day - dt.date(year, 1, 1)).days,
}
NAMES = {"lessThan": operator.lt, "equal": operator.eq}


class Reader:
    """A PMML document, ready to score rows."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text)
        self.model = self._one(self.root, "Scorecard")
        self.types = {each.get("name"): each.get("dataType") for each in self.root.iter(SPACE + "DataField")}
        self.derived = {each.get("name"): each for each in self.root.iter(SPACE + "DerivedField")}

    def score(self, row: dict[str, Any]) -> tuple[int, float]:
        fields = {name: self._read(row.get(name), kind) for name, kind in self.types.items()}
        total = float(self.model.get("initialScore"))
        for characteristic in self.model.iter(SPACE + "Characteristic"):
            total += next(
                float(attribute.get("partialScore"))
                for attribute in characteristic.iter(SPACE + "Attribute")
                if self._holds(attribute[0], fields) is True
            )
        chance = next(each for each in self.model.iter(SPACE + "OutputField") if each.get("name") == "probability")
        assert total == int(total)
        return int(total), self._value(chance[0], {"score": total})

    @staticmethod
    def _one(parent: Any, name: str) -> Any:
        (found,) = parent.findall(SPACE + name)
        return found

    @staticmethod
    def _read(value: Value, kind: str) -> Value:
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return None
        return value.strip(" \t\r\n") or None if kind == "string" else value

    def _field(self, name: str, fields: dict[str, Value]) -> Value:
        if name in fields:
            return fields[name]
        if name not in self.derived:
            raise KeyError(name)
        return self._value(self.derived[name][0], fields)

    def _holds(self, predicate: Any, fields: dict[str, Value]) -> bool | None:
        kind = predicate.tag.removeprefix(SPACE)
        if kind == "True":
            return True
        if kind == "CompoundPredicate":
            parts = [self._holds(part, fields) for part in predicate]
            return False if False in parts else None if None in parts else True
        value = self._field(predicate.get("field"), fields)
        if predicate.get("operator") == "isMissing":
            return value is None
        if value is None:
            return None
        if kind == "SimpleSetPredicate":
            return value in levels(predicate[0])
        return bool(NAMES[predicate.get("operator")](value, float(predicate.get("value"))))

    def _value(self, node: Any, fields: dict[str, Value]) -> Value:
        kind = node.tag.removeprefix(SPACE)
        if kind == "FieldRef":
            return self._field(node.get("field"), fields)
        if kind == "Constant":
            return int(node.text) if node.get("dataType") == "integer" else float(node.text)
        if kind == "Discretize":
            return self._bin(node, self._field(node.get("field"), fields))
        if kind == "MapValues":
            value = self._field(node[0].get("field"), fields)
            table = {row[0].text: int(row[1].text) for row in node[1]}
            return int(node.get("mapMissingTo")) if value is None else table.get(value, int(node.get("defaultValue")))
        assert kind == "Apply"
        if node.get("function") == "if":
            condition = self._value(node[0], fields)
            chosen = None if condition is None else node[1] if condition else node[2] if len(node) > 2 else None
            return None if chosen is None else self._value(chosen, fields)
        arguments = [self._value(part, fields) for part in node]
        return None if None in arguments else FUNCTIONS[node.get("function")](*arguments)

    @staticmethod
    def _bin(node: Any, value: Value) -> int:
        if value is None:
            return int(node.get("mapMissingTo"))
        for each in node:
            low, high = (each[0].get(side) for side in ("leftMargin", "rightMargin"))
            if (low is None or value >= float(low)) and (high is None or value < float(high)):
                return int(each.get("binValue"))
        raise ValueError(value)


def levels(array: Any) -> list[str]:
    """The members of a PMML array of strings: blanks part them, quotation marks hold them together."""
    reader = shlex.shlex(array.text, posix=True)
    reader.whitespace_split, reader.commenters, reader.quotes, reader.escape = True, "", '"', "\\"
    return list(reader)
