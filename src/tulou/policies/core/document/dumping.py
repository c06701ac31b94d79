"""Policies as Tulou's own JSON form: what `reading` reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any as Anything

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Attribute, Catalogue, Kind
from tulou.policies.core.document.policy import Example, Policy, PolicySet
from tulou.policies.core.document.reading import FORMAT
from tulou.policies.core.rule.tree import (
    About,
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Citation,
    Const,
    In,
    Intersects,
    Is,
    Limits,
    Node,
    Not,
    Range,
    When,
    Window,
)

Json = dict[str, Anything]


def dump_policies(found: PolicySet) -> Json:
    """The document of a set, with the attributes and dictionaries that its catalogue adds to the standard ones."""
    document: Json = {"format": FORMAT}
    attributes, dictionaries = dict(found.own_attributes), dict(found.own_dictionaries)
    if found.form == "neutral":
        attributes = {name: dump_attribute(each) for name, each in found.catalogue.attributes.items()}
    if attributes:
        document["attributes"] = attributes
    if dictionaries:
        document["dictionaries"] = dictionaries
    return document | {"policies": [dump_policy(policy, found.catalogue) for policy in found]}


def dump_attribute(attribute: Attribute) -> Json:
    """One attribute."""
    row: Json = {"kind": attribute.kind.value, "label": _text(attribute.label)}
    optional: Json = {
        "dictionary": attribute.dictionary,
        "unit": _text(attribute.unit),
        "question": _text(attribute.question),
        "source": _text(attribute.source),
        "declared": attribute.declared or None,
        "members": {name: _text(label) for name, label in attribute.members.items()} or None,
    }
    return row | _present(optional)


def dump_policy(policy: Policy, catalogue: Catalogue) -> Json:
    """One policy."""
    benefit = policy.benefit
    row: Json = {
        "id": policy.id,
        "version": policy.version if policy.version != 1 else None,
        "title": _text(policy.title),
        "summary": _text(policy.summary),
        "department": policy.department,
        "kind": policy.kind,
        "status": policy.status,
        "document": dump_citation(policy.document),
        "valid_from": _day(policy.valid_from),
        "valid_to": _day(policy.valid_to),
        "dates_in_rule": policy.dates_in_rule or None,
        "deadline": _day(policy.deadline),
        "recurrence": policy.recurrence if policy.recurrence != "once" else None,
        "no_application": policy.no_application or None,
        "benefit": benefit
        and _present({"text": _text(benefit.text), "ceiling": _yuan(benefit.ceiling), "rate": benefit.rate}),
        "materials": [_text(each) for each in policy.materials] or None,
        "url": policy.url,
        "prose": {key: list(each) for key, each in policy.prose.items() if each} or None,
        "eligibility": dump_node(policy.eligibility, catalogue),
        "examples": [_example(each) for each in policy.examples] or None,
    }
    return _present(row)


def _example(example: Example) -> Json:
    return _present(
        {
            "name": _text(example.name),
            "firm": _plain(example.firm),
            "as_of": _day(example.as_of),
            "expect": example.expect,
            "missing": None if example.missing is None else sorted(example.missing),
        }
    )


def _plain(value: Anything) -> Anything:
    """A value of a firm's file with numbers as JSON writes them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def dump_node(node: Node, catalogue: Catalogue) -> Json:
    """One node and what is under it. Raises TypeError for a node that only `folded` makes."""
    return _meaning(node, catalogue) | _about(node.about)


def _meaning(node: Node, catalogue: Catalogue) -> Json:
    match node:
        case All():
            return {"all": [dump_node(part, catalogue) for part in node.parts]}
        case Any():
            return {"any": [dump_node(part, catalogue) for part in node.parts]}
        case AtLeast():
            return {"at_least": node.count, "of": [dump_node(part, catalogue) for part in node.parts]}
        case Not():
            return {"not": dump_node(node.part, catalogue)}
        case When():
            return {"when": dump_node(node.condition, catalogue), "then": dump_node(node.then, catalogue)}
        case Const():
            return {"const": node.value}
        case _:
            return _leaf(node, catalogue)


def _leaf(node: Node, catalogue: Catalogue) -> Json:
    match node:
        case In():
            row: Json = {"op": "not_in" if node.negated else "in", "attr": node.attr, "include": sorted(node.include)}
            return row | ({"exclude": sorted(node.exclude)} if node.exclude else {})
        case Range():
            return {"op": "range", "attr": node.attr} | _limits(node.limits, catalogue[node.attr].kind)
        case Is():
            asked = {"question": _text(node.question)} if node.question else {}
            return {"op": "declared" if node.declared else "is", "attr": node.attr, "value": node.value} | asked
        case Intersects():
            return {"op": "intersects", "attr": node.attr, "any_of": sorted(node.members)}
        case Age():
            return {"op": "age", "attr": node.attr, "unit": node.unit} | _limits(node.limits, Kind.INTEGER)
        case Window():
            kind = Kind.MONEY if node.measure == "sum" else Kind.INTEGER
            row = {"op": "window", "attr": node.attr, "measure": node.measure, "length": node.length, "unit": node.unit}
            named = {"schemes": sorted(node.schemes)} if node.schemes else {}
            return row | named | _limits(node.limits, kind)
        case Attested():
            return {"op": "attested", "key": node.key} | ({"question": _text(node.question)} if node.question else {})
        case _:
            raise TypeError(f"{type(node).__name__} has no written form")


def _limits(limits: Limits, kind: Kind) -> Json:
    bounds = {"ge": limits.ge, "gt": limits.gt, "le": limits.le, "lt": limits.lt}
    return {key: _bound(value, kind) for key, value in bounds.items() if value is not None}


def _bound(value: float, kind: Kind) -> Anything:
    if kind is Kind.DATE:
        return dt.date.fromordinal(int(value)).isoformat()
    return _yuan(int(value)) if kind is Kind.MONEY else value


def _yuan(fen: int | None) -> int | str | None:
    """Whole yuan as a number, others as text, so that no float stands between."""
    if fen is None:
        return None
    yuan, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return (-yuan if fen < 0 else yuan) if not rest else f"{sign}{yuan}.{rest:02d}"


def _about(about: About) -> Json:
    return _present(
        {
            "id": about.id,
            "label": _text(about.label),
            "citation": dump_citation(about.citation),
            "source": about.source,
            "note": _text(about.note),
            "hard": None if about.hard else False,
            "effective_from": _day(about.effective_from),
            "effective_to": _day(about.effective_to),
        }
    )


def dump_citation(citation: Citation | None) -> Json | None:
    """Where a criterion comes from."""
    if citation is None:
        return None
    row: Json = {"document": _text(citation.document)}
    return row | _present({"article": citation.article, "quote": citation.quote, "url": citation.url})


def _text(text: Text | None) -> Json | None:
    return None if text is None else {"zh": text.zh, "en": text.en}


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _present(row: Json) -> Json:
    return {key: value for key, value in row.items() if value is not None}
