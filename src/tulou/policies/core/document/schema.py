"""The JSON Schema (2020-12) of a file of policies. Tests hold it against the reader from both sides."""

from __future__ import annotations

from typing import Any as Anything

from tulou.policies.core.attributes import Kind
from tulou.policies.core.document.reading import FORMAT

Json = dict[str, Anything]

DATE: Json = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}
WORD: Json = {"type": "string", "pattern": r"\S"}
WORDS: Json = {"type": "array", "items": WORD, "minItems": 1}
AMOUNT: Json = {
    "description": "Yuan, at most two decimals; as text where a float could lose a fen.",
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[\d,]+(\.\d{1,2})?$"}],
}
ABOUT: Json = {
    "id": WORD,
    "label": {"$ref": "#/$defs/text"},
    "citation": {"$ref": "#/$defs/citation"},
    "source": {**WORD, "description": "The data item that the fact is read from."},
    "note": {"$ref": "#/$defs/text"},
    "hard": {"type": "boolean", "description": "false: a preference, shown and deciding nothing; only inside `all`."},
    "effective_from": {**DATE, "description": "First day on which the row counts."},
    "effective_to": {**DATE, "description": "Last day on which the row counts."},
}
BOUND_NAMES = {"ge": "at least (以上)", "gt": "more than (超过)", "le": "at most (以下)", "lt": "less than (不满)"}


def policy_schema() -> Json:
    """The schema of a file of policies in Tulou's own form."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tulou policies",
        "type": "object",
        "required": ["policies"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "notice": {},
            "attributes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/attribute"}},
            "dictionaries": {"type": "object", "additionalProperties": {"$ref": "#/$defs/dictionary"}},
            "policies": {"type": "array", "items": {"$ref": "#/$defs/policy"}},
        },
        "$defs": {
            "text": _object({"zh": WORD, "en": WORD}, ["zh", "en"]),
            "citation": _object(
                {"document": {"$ref": "#/$defs/text"}, "article": WORD, "quote": WORD, "url": WORD}, ["document"]
            ),
            "attribute": _attribute(),
            "dictionary": _dictionary(),
            "policy": _policy(),
            "example": _example(),
            "node": {"oneOf": [*_groups(), *_leaves()]},
        },
    }


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _attribute() -> Json:
    text = {"$ref": "#/$defs/text"}
    return _object(
        {
            "kind": {"enum": [kind.value for kind in Kind]},
            "label": text,
            "dictionary": WORD,
            "unit": text,
            "question": text,
            "source": text,
            "declared": {"type": "boolean"},
            "members": {"type": "object", "additionalProperties": text},
        },
        ["kind", "label"],
    )


def _dictionary() -> Json:
    cell = {"type": ["string", "null"]}
    row = {"type": "array", "prefixItems": [WORD], "items": cell, "minItems": 1, "maxItems": 4}
    codes = {"type": "array", "items": {"anyOf": [WORD, row]}, "description": "A code, or [code, parent, zh, en]."}
    return _object({"version": {"type": ["string", "integer"]}, "codes": codes}, ["codes"])


def _policy() -> Json:
    text = {"$ref": "#/$defs/text"}
    properties: Json = {
        "id": WORD,
        "version": {"type": "integer", "minimum": 1},
        "title": text,
        "summary": text,
        "department": WORD,
        "kind": WORD,
        "status": {"enum": ["draft", "review", "published", "suspended", "expired"]},
        "document": {"$ref": "#/$defs/citation"},
        "valid_from": DATE,
        "valid_to": {**DATE, "description": "The last day, included."},
        "dates_in_rule": {"type": "boolean", "description": "The tree checks the validity itself."},
        "benefit": _object({"text": text, "ceiling": AMOUNT, "rate": {"type": "number"}}, ["text"]),
        "deadline": DATE,
        "recurrence": {"enum": ["once", "yearly", "quarterly", "monthly", "ongoing"]},
        "no_application": {"type": "boolean", "description": "免申即享: given without an application."},
        "materials": {"type": "array", "items": text},
        "url": WORD,
        "prose": {"type": "object", "additionalProperties": WORDS},
        "eligibility": {"$ref": "#/$defs/node"},
        "examples": {"type": "array", "items": {"$ref": "#/$defs/example"}},
    }
    return _object(properties, ["id", "title", "eligibility"])


def _example() -> Json:
    properties: Json = {
        "name": {"$ref": "#/$defs/text"},
        "firm": {"type": "object"},
        "as_of": DATE,
        "expect": {"enum": ["T", "F", "U"]},
        "missing": {"type": "array", "items": WORD},
    }
    return _object(properties, ["firm"])


def _groups() -> list[Json]:
    node = {"$ref": "#/$defs/node"}
    nodes = {"type": "array", "items": node, "minItems": 1}
    return [
        _object({"all": nodes, **ABOUT}, ["all"]),
        _object({"any": nodes, **ABOUT}, ["any"]),
        _object({"at_least": {"type": "integer", "minimum": 1}, "of": nodes, **ABOUT}, ["at_least", "of"]),
        _object({"not": node, **ABOUT}, ["not"]),
        _object({"when": node, "then": node, **ABOUT}, ["when", "then"]),
        _object({"const": {"type": "boolean"}, **ABOUT}, ["const"]),
    ]


def _leaves() -> list[Json]:
    text, unit = {"$ref": "#/$defs/text"}, {"enum": ["years", "months", "days"]}
    codes: Json = {"op": {"enum": ["in", "not_in"]}, "attr": WORD, "include": WORDS, "exclude": WORDS}
    declared: Json = {"op": {"const": "declared"}, "attr": WORD, "value": {"type": "boolean"}, "question": text}
    window: Json = {
        "op": {"const": "window"},
        "attr": WORD,
        "measure": {"enum": ["sum", "count"]},
        "length": {"type": "integer", "minimum": 1},
        "unit": unit,
        "schemes": WORDS,
    }
    return [
        _object({**codes, **ABOUT}, ["op", "attr", "include"]),
        _bounded({"op": {"const": "range"}, "attr": WORD}),
        _object({"op": {"const": "is"}, "attr": WORD, "value": {"type": "boolean"}, **ABOUT}, ["op", "attr", "value"]),
        _object({**declared, **ABOUT}, ["op", "attr", "value"]),
        _object({"op": {"const": "intersects"}, "attr": WORD, "any_of": WORDS, **ABOUT}, ["op", "attr", "any_of"]),
        _bounded({"op": {"const": "age"}, "attr": WORD, "unit": unit}),
        _bounded(window, ["measure", "length"]),
        _object({"op": {"const": "attested"}, "key": WORD, "question": text, **ABOUT}, ["op", "key"]),
    ]


def _bounded(properties: Json, required: list[str] | None = None) -> Json:
    """A row with at least one end, and at most one at each side."""
    bound: Json = {"anyOf": [{"type": "number"}, {"type": "string"}]}
    bounds = {name: {**bound, "description": words} for name, words in BOUND_NAMES.items()}
    row = _object({**properties, **bounds, **ABOUT}, ["op", "attr", *(required or [])])
    row["anyOf"] = [{"required": [name]} for name in BOUND_NAMES]
    row["not"] = {"anyOf": [{"required": ["ge", "gt"]}, {"required": ["le", "lt"]}]}
    return row
