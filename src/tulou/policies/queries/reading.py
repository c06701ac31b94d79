"""A policy as a page shows it: the rule line by line with its sources, and what changed from version to version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Text
from tulou.platform.templatetags.ui import day
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.explaining import ROW
from tulou.policies.core.rule.tree import All, Citation, Node, children
from tulou.policies.core.rule.wording import worded
from tulou.policies.models import Policy, PolicyVersion
from tulou.policies.queries.differences import difference
from tulou.policies.queries.public import said


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rule in words. `group` says that the lines under it belong to it."""

    text: Text
    exactly: Text
    group: bool
    citation: Citation | None
    note: Text | None
    hard: bool
    since: Any
    until: Any
    lines: tuple[Line, ...] = ()


def rule_lines(node: Node, catalogue: Catalogue) -> tuple[Line, ...]:
    """The rule as lines; the outermost *all of these* needs no heading."""
    line = _line(node, catalogue)
    return line.lines if isinstance(node, All) else (line,)


def _line(node: Node, catalogue: Catalogue) -> Line:
    about, words = node.about, worded(node, catalogue)
    return Line(
        text=about.label or words,
        exactly=words,
        group=not isinstance(node, ROW) and bool(children(node)),
        citation=about.citation,
        note=about.note,
        hard=about.hard,
        since=about.effective_from,
        until=about.effective_to,
        lines=tuple(_line(child, catalogue) for child in children(node)),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """What one field said before and says now."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A version, and how it differs from the one before it."""

    version: PolicyVersion
    note: str
    differences: tuple[Difference, ...]


def revisions(policy: Policy) -> list[Revision]:
    """Every published version, newest first; the first one differs from nothing."""
    rows = list(policy.versions.exclude(published_at=None).select_related("policy__department").order_by("number"))
    found = [
        Revision(after, _note(after), tuple(differences(before, after)))
        for before, after in zip([None, *rows[:-1]], rows, strict=True)
    ]
    return found[::-1]


def _note(version: PolicyVersion) -> str:
    return said(Text(zh=version.change_zh or version.change_en, en=version.change_en or version.change_zh))


def differences(before: PolicyVersion | None, after: PolicyVersion) -> Iterator[Difference]:
    """Field by field, then the lines of the rule, in the reader's words."""
    if before is None:
        return
    found = difference(before, after)
    for field in found.fields:
        yield Difference(str(LABELS[field.name]), _shown(field.name, field.before), _shown(field.name, field.after))
    if found.rule_differs:
        out, new = ("\n".join(said(each.words) for each in found.lines if each.mark == mark) for mark in ("out", "in"))
        yield Difference(_("Who can get it"), out, new)


def _shown(name: str, text: Text | None) -> str:
    if text is None:
        return ""
    return day(dt.date.fromisoformat(text.zh)) if name in DATES else said(text)


DATES = frozenset({"valid_from", "valid_to", "deadline"})
LABELS = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("In short"),
    "theme": gettext_lazy("Kind of help"),
    "document": gettext_lazy("Source document"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_to": gettext_lazy("Last day"),
    "deadline": gettext_lazy("Apply by"),
    "recurrence": gettext_lazy("How often"),
    "no_application": gettext_lazy("Without an application"),
    "benefit": gettext_lazy("What you get"),
    "benefit_of": gettext_lazy("The amount follows from"),
    "benefit_rate": gettext_lazy("Share of it"),
    "benefit_each_fen": gettext_lazy("For each of it"),
    "benefit_ceiling_fen": gettext_lazy("At most"),
    "budget_fen": gettext_lazy("Budget"),
    "office": gettext_lazy("Office"),
    "contact": gettext_lazy("Contact"),
    "materials": gettext_lazy("Materials"),
    "links": gettext_lazy("Links"),
}


def materials(version: PolicyVersion) -> list[str]:
    """What has to be handed in, in the reader's language."""
    return [said(Text(zh=row["zh"], en=row["en"])) for row in version.materials]
