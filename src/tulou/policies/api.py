"""The open part of the API: every policy that can be had, its rule, and whether it fits some facts. No token."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tulou.kernel.errors import Text, refuse
from tulou.platform import clock
from tulou.platform.api.kit import Slice, Window, slice_of
from tulou.policies.core.choices import answered
from tulou.policies.core.explaining import Criterion, explain
from tulou.policies.core.firms.facts import Fact, Firm, Unreadable
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.documents import as_core, as_document, catalogue_of
from tulou.policies.queries.policies import published

router = Router(tags=["policies"])
MOST_FACTS = 60


class Words(Schema):
    """A text in both languages."""

    zh: str
    en: str


class Department(Schema):
    """Who gives it."""

    id: str
    name: Words


class PolicyOut(Schema):
    """A policy in force. Amounts are fen; the last days are included."""

    id: str
    version: int
    title: Words
    summary: Words
    benefit: Words
    ceiling_fen: int | None
    theme: str
    department: Department
    no_application: bool
    recurrence: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    deadline: dt.date | None
    published_at: dt.datetime | None


class PolicyWhole(PolicyOut):
    """A policy with its whole document (tulou-policies/1: rule, citations, materials)."""

    document: dict[str, Any]


class CriterionOut(Schema):
    """One row of the rule for these facts: T, F or U, the limit, the value, the source of the rule."""

    truth: str
    limit: Words
    value: Words | None
    missing: list[str]
    citation: dict[str, Any] | None
    parts: list[CriterionOut]


class ChangeOut(Schema):
    """What would have to be otherwise; `wait_until` is the day from which it is."""

    fact: str
    text: Words
    wait_until: dt.date | None


class Verdict(Schema):
    """T: the facts meet the rule. F: they do not; `changes` are the nearest way to T. U: `missing` decide."""

    policy: str
    version: int
    as_of: dt.date
    result: str
    missing: list[str]
    questions: list[Words]
    changes: list[ChangeOut]
    criterion: CriterionOut


def words(text: Text) -> Words:
    """Both languages of a text."""
    return Words(zh=text.zh, en=text.en)


def shown(version: PolicyVersion) -> PolicyOut:
    """A policy as lists show it."""
    return PolicyOut(**facts_of_policy(version))


def facts_of_policy(version: PolicyVersion) -> dict[str, Any]:
    """The fields that every answer has."""
    owner = version.policy.department
    return {
        "id": version.policy.public_id,
        "version": version.number,
        "title": Words(zh=version.title_zh, en=version.title_en),
        "summary": Words(zh=version.summary_zh, en=version.summary_en),
        "benefit": Words(zh=version.benefit_zh, en=version.benefit_en),
        "ceiling_fen": version.benefit_ceiling_fen,
        "theme": version.theme,
        "department": Department(id=owner.public_id, name=Words(zh=owner.name_zh, en=owner.name_en or owner.name_zh)),
        "no_application": version.no_application,
        "recurrence": version.recurrence,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "deadline": version.deadline,
        "published_at": version.published_at,
    }


def version_of(key: str) -> PolicyVersion:
    """The version in force of a published policy. Raises Http404."""
    found = published().filter(policy__public_id=key).first()
    if found is None:
        raise Http404
    return found


Key = Annotated[str, Field(max_length=20)]


@router.get("", response=Slice[PolicyOut], auth=None, summary="Policies", operation_id="policies_list")
def read_policies(request: HttpRequest, window: Query[Window]) -> dict[str, Any]:
    """Every policy in force. Go on with `next` until it is null; nothing is skipped while others publish."""
    return slice_of(published(), window, shown)


@router.get("/{key}", response=PolicyWhole, auth=None, summary="One policy", operation_id="policies_one")
def read_policy(request: HttpRequest, key: Key) -> PolicyWhole:
    """A policy with its whole document."""
    version = version_of(key)
    return PolicyWhole(**facts_of_policy(version), document=as_document(version))


@router.get(
    "/{key}/check", response=Verdict, auth=None, summary="Does a policy fit some facts", operation_id="policies_check"
)
def check(
    request: HttpRequest,
    key: Key,
    fact: Annotated[list[str], Query(max_length=MOST_FACTS)] = [],  # noqa: B006 - ninja reads the default
    as_of: dt.date | None = None,
) -> Verdict:
    """Whether a policy fits a firm with these facts; nothing is stored.

    A fact is `name:value`: `region:350100`, `headcount:12`, `tags.high_tech:true`, `registered_on:2020-01-31`; money in
    yuan. What is not given is unknown.
    """
    version = version_of(key)
    core, catalogue = as_core(version), catalogue_of(version)
    facts: dict[str, Fact] = {}
    for line in fact:
        name, _, value = line[:300].partition(":")
        try:
            facts = answered(facts, name, value, catalogue)
        except Unreadable as error:
            raise refuse(
                "policies.fact.unreadable",
                f"{name}: 应为{error.expected.zh}",
                f"{name}: {error.expected.en} is expected",
            ) from error
    day = as_of or clock.today()
    found = explain(Firm("asked", facts), core, catalogue, day)
    return Verdict(
        policy=key,
        version=version.number,
        as_of=day,
        result=found.truth,
        missing=list(found.missing),
        questions=[words(each) for each in found.questions],
        changes=[ChangeOut(fact=c.attr, text=words(c.text), wait_until=c.wait_until) for c in found.changes],
        criterion=criterion(found.criterion),
    )


def criterion(row: Criterion) -> CriterionOut:
    """A row and what is under it."""
    source = row.citation
    return CriterionOut(
        truth=row.truth,
        limit=words(row.label or row.limit),
        value=words(row.value) if row.value else None,
        missing=sorted(row.missing),
        citation={
            "document": words(source.document).dict(),
            "article": source.article,
            "quote": source.quote,
            "url": source.url,
        }
        if source
        else None,
        parts=[criterion(part) for part in row.parts],
    )
