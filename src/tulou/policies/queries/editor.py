"""A rule as its editor shows it: every row in words, where it stands, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Finding, Refused, Text
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.editing import Kind, Path, kind_of, parts_of, pruned, word_of
from tulou.policies.core.document.nodes import NodeReader
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.rule.tree import Node
from tulou.policies.core.rule.wording import lines, worded

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A row or group. `place` is its position as forms write it; `first` and `last` say where it cannot be moved."""

    place: str
    kind: Kind
    words: Text
    label: Text | None
    article: str
    quote: str
    soft: bool
    count: int
    parts: tuple[Item, ...]
    problem: Text | None = None
    first: bool = True
    last: bool = True

    @property
    def group(self) -> bool:
        """Whether rows can be added to it."""
        return self.kind in ("all", "any", "at_least", "none")

    @property
    def key(self) -> str:
        """Its place as part of an id of the page."""
        return self.place.replace(".", "-") or "root"


def items(rule: Json, catalogue: Catalogue) -> Item:
    """The whole rule for its editor. Rows that cannot be read carry their problem; nothing is refused."""
    return _item(rule, catalogue, (), 1, root=True)


def _item(node: Json, catalogue: Catalogue, path: Path, among: int, *, root: bool = False, holder: str = "all") -> Item:
    kind = kind_of(node)
    parts = parts_of(node)
    inner = tuple(_item(part, catalogue, (*path, i), len(parts), holder=kind) for i, part in enumerate(parts))
    citation, label = node.get("citation") or {}, node.get("label")
    words, problem = _words(node, catalogue, kind, holder)
    return Item(
        place=word_of(path),
        kind=kind,
        words=words,
        label=Text(**label) if label else None,
        article=citation.get("article") or "",
        quote=citation.get("quote") or "",
        soft=node.get("hard") is False,
        count=int(node.get("at_least", 1)) if kind == "at_least" else 1,
        parts=inner,
        problem=problem,
        first=root or path[-1] == 0,
        last=root or path[-1] == among - 1,
    )


GROUP_WORDS: dict[Kind, Text] = {
    "all": Text(zh="同时满足以下各项", en="All of these hold"),
    "any": Text(zh="满足以下任一项", en="One of these holds"),
    "at_least": Text(zh="至少满足以下若干项", en="At least some of these hold"),
    "none": Text(zh="不得有以下任何一项", en="None of these holds"),
    "when": Text(zh="在第一项成立的前提下，满足第二项", en="Provided that the first holds, the second does"),
}


def _words(node: Json, catalogue: Catalogue, kind: Kind, holder: str) -> tuple[Text, Text | None]:
    if kind == "at_least":
        count = node["at_least"]
        return Text(zh=f"至少满足以下 {count} 项", en=f"At least {count} of these hold"), None
    if kind in GROUP_WORDS:
        empty = Text(zh="还没有条件", en="There is no criterion in it yet")
        return GROUP_WORDS[kind], None if parts_of(node) else empty
    place = Place(node, "$")
    try:
        read = NodeReader(catalogue).read(
            place, "all" if holder == "all" else "any" if holder in ("any", "at_least") else "other"
        )
    except Refused as error:
        text = error.finding.text
        return Text(zh="无法读取的条件", en="A criterion that cannot be read"), text
    return worded(read, catalogue), None


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule as far as it can be read: its tree and lines of words, or what stands in the way."""

    rule: Node | None
    lines: tuple[tuple[int, Text], ...] = ()
    problem: Finding | None = None


def reading(rule: Json, catalogue: Catalogue) -> Reading:
    """The rule without its empty groups, in words."""
    kept = pruned(rule)
    if kept is None:
        return Reading(None)
    try:
        node = NodeReader(catalogue).read(Place(kept, "$"))
    except Refused as error:
        return Reading(None, (), error.finding)
    return Reading(node, tuple(lines(node, catalogue)))


def flat(item: Item) -> Iterator[Item]:
    """An item and everything in it, in reading order."""
    yield item
    for part in item.parts:
        yield from flat(part)
