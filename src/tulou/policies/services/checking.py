"""Whether a version may go into force: it can be read, its lint has no error, its examples are answered right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tulou.kernel.errors import Finding, Refused, Text, refuse
from tulou.platform import clock
from tulou.policies.core.document.editing import Json, Path, kind_of, parts_of, pointer_to_path, with_parts, word_of
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Policy as CorePolicy
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.document.reading import read_policy
from tulou.policies.core.examples import Tried, try_examples
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.lint import Fault, lint
from tulou.policies.core.rule.tree import In, leaves
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.documents import as_document, catalogue_of
from tulou.policies.services.matching import population


@dataclass(frozen=True, slots=True)
class Check:
    """What was found: `findings` of the lint (errors first), `tried` examples, and the rule as the engine reads it."""

    policy: CorePolicy | None
    findings: tuple[Finding, ...]
    tried: tuple[Tried, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What has to be mended before anybody reviews it."""
        return tuple(each for each in self.findings if each.severity == "reject")

    @property
    def failed(self) -> tuple[Tried, ...]:
        """The examples that the rule answers otherwise."""
        return tuple(each for each in self.tried if not each.passed)

    @property
    def sound(self) -> bool:
        """Whether it may be submitted."""
        return self.policy is not None and not self.errors and not self.failed


def check(version: PolicyVersion, day: dt.date | None = None) -> Check:
    """Read a version, lint it and try its examples. A finding about a row names its place (`row_of`)."""
    try:
        catalogue = catalogue_of(version)
        policy = read_policy(
            Place(as_document(version) | {"eligibility": _placed(version.eligibility)}, "$"), catalogue
        )
    except Refused as error:
        return Check(None, (error.finding,), ())
    found = lint(PolicySet((policy,), catalogue), day or clock.today(), _firms(version))
    told = [each.finding() for each in found if not (each.check == "met_by_all" and _of_region(each, policy))]
    findings = sorted(told, key=lambda each: each.severity != "reject")
    return Check(policy, tuple(findings), tuple(try_examples(policy, catalogue)))


def _firms(version: PolicyVersion) -> list[FirmTable]:
    """The firms on which rows that all or none meet are looked for; nothing for attributes that no department has."""
    firms = None if version.attributes or version.dictionaries else population()
    return [] if firms is None else [firms.table]


def _of_region(found: Fault, policy: CorePolicy) -> bool:
    """Whether a finding speaks of a row about the place: the pool holds the firms of one province anyway."""
    return any(
        leaf.about.id == found.path and leaf.attr == "region"
        for leaf in leaves(policy.eligibility)
        if isinstance(leaf, In)
    )


AT = "at:"
"""How the id of a row begins that stands for its place in the rule."""


def _placed(rule: Json, path: Path = ()) -> Json:
    """The rule with the place of each row as its id, so that the lint points at it."""
    if kind_of(rule) == "row":
        return rule | {"id": AT + word_of(path)}
    return with_parts(rule, [_placed(part, (*path, i)) for i, part in enumerate(parts_of(rule))])


def row_of(finding: Finding, version: PolicyVersion) -> str | None:
    """The place of the row that a finding speaks of, where it names one (or an attribute that one row reads)."""
    column = (finding.where.column or "").removeprefix(f"{version.policy.public_id}.")
    if column.startswith(AT):
        return column.removeprefix(AT)
    if column.startswith("eligibility."):
        return word_of(pointer_to_path(column))
    return next((place for place, row in _rows(version.eligibility) if row.get("attr") == column), None)


def _rows(rule: Json, path: Path = ()) -> Iterator[tuple[str, Json]]:
    if kind_of(rule) == "row":
        yield word_of(path), rule
    for i, part in enumerate(parts_of(rule)):
        yield from _rows(part, (*path, i))


def require_sound(version: PolicyVersion) -> None:
    """Raises Refused with the first fault where a version must not go into force."""
    found = check(version)
    if found.errors:
        first = found.errors[0]
        raise refuse(
            "policies.lint.error", first.text.zh, first.text.en, where=first.where, remedy=_remedy(found.errors)
        )
    if found.failed:
        names = found.failed[0].name
        raise refuse(
            "policies.example.failed",
            f"示例“{names.zh}”的结果与预期不符",
            f"The rule does not answer the example '{names.en}' as expected",
        )


def _remedy(errors: Sequence[Finding]) -> Text:
    return Text(
        zh=f"共 {len(errors)} 处错误，请在“检查”中逐一修正", en=f"{len(errors)} errors: mend them under 'Check'"
    )
