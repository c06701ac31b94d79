"""What changes from one version to the next, in words."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any, Literal

from tulou.kernel.errors import Text
from tulou.policies.core.rule.wording import money
from tulou.policies.models import PolicyVersion, Recurrence, Theme
from tulou.policies.queries.documents import catalogue_of
from tulou.policies.queries.editor import Item, flat, items


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the rule: the same in both, only in the old one, or only in the new one."""

    mark: Literal["same", "out", "in"]
    depth: int
    words: Text


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the text that differs."""

    name: str
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two versions."""

    fields: tuple[FieldChange, ...]
    lines: tuple[Line, ...]

    @property
    def rule_differs(self) -> bool:
        """Whether the rule itself is another."""
        return any(line.mark != "same" for line in self.lines)

    @property
    def nothing(self) -> bool:
        """Whether the two say the same."""
        return not self.fields and not self.rule_differs


def difference(before: PolicyVersion, after: PolicyVersion) -> Difference:
    """What `after` says that `before` did not, and the other way round."""
    return Difference(tuple(_fields(before, after)), tuple(_lines(before, after)))


def _lines(before: PolicyVersion, after: PolicyVersion) -> list[Line]:
    old, new = _worded(before), _worded(after)
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    found: list[Line] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            found += [Line("same", depth, words) for depth, words in new[k:m]]
        else:
            found += [Line("out", depth, words) for depth, words in old[i:j]]
            found += [Line("in", depth, words) for depth, words in new[k:m]]
    return found


def _worded(version: PolicyVersion) -> list[tuple[int, Text]]:
    root = items(version.eligibility, catalogue_of(version))
    return [(_depth(item), _with_marks(item)) for item in flat(root)]


def _depth(item: Item) -> int:
    return item.place.count(".") + 1 if item.place else 0


def _with_marks(item: Item) -> Text:
    if item.soft:
        return Text(zh=f"{item.words.zh}（优先考虑）", en=f"{item.words.en} (a preference)")
    return item.words


def _fields(before: PolicyVersion, after: PolicyVersion) -> list[FieldChange]:
    found = []
    for name, of in FIELDS.items():
        old, new = of(before), of(after)
        if old != new:
            found.append(FieldChange(name, old, new))
    return found


def _both(name: str) -> Any:
    def read(version: PolicyVersion) -> Text | None:
        zh, en = getattr(version, f"{name}_zh"), getattr(version, f"{name}_en")
        return Text(zh=zh, en=en) if zh or en else None

    return read


def _plain(name: str) -> Any:
    def read(version: PolicyVersion) -> Text | None:
        value = getattr(version, name)
        return None if value in (None, "") else Text(zh=str(value), en=str(value))

    return read


def _yuan(name: str) -> Any:
    def read(version: PolicyVersion) -> Text | None:
        value = getattr(version, name)
        return None if value is None else money(value)

    return read


def _choice(name: str, choices: Any) -> Any:
    def read(version: PolicyVersion) -> Text:
        from django.utils import translation

        label = choices(getattr(version, name)).label
        with translation.override("zh-hans"):
            zh = str(label)
        with translation.override("en"):
            return Text(zh=zh, en=str(label))

    return read


def _list(name: str) -> Any:
    def read(version: PolicyVersion) -> Text | None:
        rows = getattr(version, name)
        if not rows:
            return None
        return Text(zh="；".join(each["zh"] for each in rows), en="; ".join(each["en"] for each in rows))

    return read


def _document(version: PolicyVersion) -> Text | None:
    named = version.document.get("document")
    return Text(**named) if named else None


def _no_application(version: PolicyVersion) -> Text:
    return Text(zh="是", en="yes") if version.no_application else Text(zh="否", en="no")


FIELDS: dict[str, Any] = {
    "title": _both("title"),
    "summary": _both("summary"),
    "theme": _choice("theme", Theme),
    "document": _document,
    "valid_from": _plain("valid_from"),
    "valid_to": _plain("valid_to"),
    "deadline": _plain("deadline"),
    "recurrence": _choice("recurrence", Recurrence),
    "no_application": _no_application,
    "benefit": _both("benefit"),
    "benefit_of": _plain("benefit_of"),
    "benefit_rate": _plain("benefit_rate"),
    "benefit_each_fen": _yuan("benefit_each_fen"),
    "benefit_ceiling_fen": _yuan("benefit_ceiling_fen"),
    "budget_fen": _yuan("budget_fen"),
    "office": _both("office"),
    "contact": _plain("contact"),
    "materials": _list("materials"),
    "links": _list("links"),
}
"""What is compared, in reading order."""
