"""Editing a rule in its written form, by the places of its parts. Pure: every function answers a new tree.

An editor shows `{"not": {"any": […]}}` as one group, *none of these*. A place is a tuple of positions from the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Json = dict[str, Any]
Path = tuple[int, ...]
Kind = Literal["all", "any", "at_least", "none", "when", "const", "row"]
ABOUT = ("id", "label", "citation", "source", "note", "hard", "effective_from", "effective_to")
GROUPS: tuple[Kind, ...] = ("all", "any", "at_least", "none")
"""The groups that a person may make."""


def kind_of(node: Json) -> Kind:
    """What a node is to an editor.

    >>> kind_of({"not": {"any": []}})
    'none'
    """
    for key in ("all", "any", "at_least", "when", "const"):
        if key in node:
            return key
    return "none" if "not" in node else "row"


def parts_of(node: Json) -> list[Json]:
    """The nodes that an editor shows directly under `node`."""
    match kind_of(node):
        case "all":
            return list(node["all"])
        case "any":
            return list(node["any"])
        case "at_least":
            return list(node["of"])
        case "none":
            inner = node["not"]
            return list(inner["any"]) if _plain_any(inner) else [inner]
        case "when":
            return [node["when"], node["then"]]
        case _:
            return []


def _plain_any(node: Json) -> bool:
    return "any" in node and not any(key in node for key in ABOUT)


def with_parts(node: Json, parts: Sequence[Json]) -> Json:
    """The group with other parts. `at_least` asks for no more than there are."""
    about = {key: node[key] for key in ABOUT if key in node}
    match kind_of(node):
        case "all":
            return {"all": list(parts), **about}
        case "any":
            return {"any": list(parts), **about}
        case "at_least":
            return {"at_least": max(1, min(int(node["at_least"]), len(parts) or 1)), "of": list(parts), **about}
        case "none":
            return {"not": parts[0] if len(parts) == 1 else {"any": list(parts)}, **about}
        case "when" if len(parts) == 2:
            return {"when": parts[0], "then": parts[1], **about}
        case "when":
            return parts[0] if parts else {"all": []}
        case _:
            return node


def rooted(rule: Json) -> Json:
    """The rule with a group at its root, so that rows can be added to it.

    >>> rooted({"op": "is", "attr": "zombie", "value": False})
    {'all': [{'op': 'is', 'attr': 'zombie', 'value': False}]}
    """
    return rule if kind_of(rule) in GROUPS else {"all": [rule] if rule else []}


def at(rule: Json, path: Path) -> Json:
    """The node at a place. Raises LookupError where there is none."""
    node = rule
    for position in path:
        parts = parts_of(node)
        if not 0 <= position < len(parts):
            raise LookupError(path)
        node = parts[position]
    return node


def replaced(rule: Json, path: Path, node: Json) -> Json:
    """The rule with another node at a place. Raises LookupError where there is none."""
    if not path:
        return node
    holder = at(rule, path[:-1])
    parts = parts_of(holder)
    if not 0 <= path[-1] < len(parts):
        raise LookupError(path)
    parts[path[-1]] = node
    return replaced(rule, path[:-1], with_parts(holder, parts))


def added(rule: Json, path: Path, node: Json) -> Json:
    """The rule with a node at the end of the group at a place."""
    holder = at(rule, path)
    if kind_of(holder) not in GROUPS:
        raise LookupError(path)
    return replaced(rule, path, with_parts(holder, [*parts_of(holder), node]))


def removed(rule: Json, path: Path) -> Json:
    """The rule without the node at a place; the root stays, emptied."""
    if not path:
        return {"all": []}
    holder = at(rule, path[:-1])
    parts = parts_of(holder)
    if not 0 <= path[-1] < len(parts):
        raise LookupError(path)
    del parts[path[-1]]
    return replaced(rule, path[:-1], with_parts(holder, parts))


def moved(rule: Json, path: Path, by: int) -> Json:
    """The rule with a node earlier (-1) or later (1) among its neighbours; at the end it stays."""
    if not path:
        return rule
    holder = at(rule, path[:-1])
    parts = parts_of(holder)
    here, there = path[-1], path[-1] + by
    if not 0 <= here < len(parts):
        raise LookupError(path)
    if not 0 <= there < len(parts):
        return rule
    parts[here], parts[there] = parts[there], parts[here]
    return replaced(rule, path[:-1], with_parts(holder, parts))


def group(kind: Kind, parts: Sequence[Json], count: int = 1) -> Json:
    """A new group.

    >>> group("none", [])
    {'not': {'any': []}}
    """
    match kind:
        case "any":
            return {"any": list(parts)}
        case "at_least":
            return {"at_least": max(1, min(count, len(parts) or 1)), "of": list(parts)}
        case "none":
            return with_parts({"not": {"any": []}}, parts)
        case _:
            return {"all": list(parts)}


def regrouped(rule: Json, path: Path, kind: Kind, count: int = 1) -> Json:
    """The rule with the group at a place turned into another kind; its rows and what is said about it stay."""
    node = at(rule, path)
    if kind_of(node) not in GROUPS:
        raise LookupError(path)
    about = {key: node[key] for key in ABOUT if key in node}
    parts = parts_of(node)
    if kind != "all":
        parts = [{key: value for key, value in part.items() if key != "hard"} for part in parts]
    return replaced(rule, path, group(kind, parts, count) | about)


def pruned(rule: Json) -> Json | None:
    """The rule without groups that are still empty; None where nothing is left."""
    kind = kind_of(rule)
    if kind in ("row", "const"):
        return rule or None
    parts = [kept for part in parts_of(rule) if (kept := pruned(part)) is not None]
    if not parts or (kind == "when" and len(parts) < 2):
        return None
    return with_parts(rule, parts)


def path_of(word: str) -> Path:
    """A place from its written form (`0.2`; empty for the root). Raises ValueError.

    >>> path_of("0.2"), path_of("")
    ((0, 2), ())
    """
    return tuple(int(part) for part in word.split(".")) if word else ()


def word_of(path: Path) -> str:
    """A place as it stands in a form."""
    return ".".join(map(str, path))


def pointer_to_path(pointer: str) -> Path:
    """The editor's place of what the lint points at (`eligibility.all[2].not.any[0]`): as deep as it can be followed.

    >>> pointer_to_path("eligibility.all[2].not.any[0].le")
    (2, 0)
    """
    found: list[int] = []
    steps = pointer.removeprefix("eligibility").strip(".").split(".")
    for index, step in enumerate(steps):
        name, _, rest = step.partition("[")
        if name in ("all", "any", "of") and rest:
            found.append(int(rest.rstrip("]")))
        elif name == "not" and not (index + 1 < len(steps) and steps[index + 1].startswith("any[")):
            found.append(0)
        elif name in ("when", "then"):
            found.append(0 if name == "when" else 1)
    return tuple(found)
