"""A version as the engine's own values, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Policy as CorePolicy
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.document.reading import read_catalogue, read_policy
from tulou.policies.models import PolicyVersion

STATUS = {"draft": "draft", "in_review": "review", "published": "published"}


def as_document(version: PolicyVersion, *, name: str | None = None) -> dict[str, Any]:
    """The version as `policies.core` writes a policy. Its id is the policy's public id, or `name`."""
    row: dict[str, Any] = {
        "id": name or version.policy.public_id,
        "version": version.number,
        "title": {"zh": version.title_zh, "en": version.title_en or version.title_zh},
        "summary": _text(version.summary_zh, version.summary_en),
        "department": version.policy.department.code.lower(),
        "kind": version.theme,
        "status": STATUS.get(version.state, "suspended"),
        "document": version.document or None,
        "valid_from": version.valid_from and version.valid_from.isoformat(),
        "valid_to": version.valid_to and version.valid_to.isoformat(),
        "dates_in_rule": version.dates_in_rule or None,
        "deadline": version.deadline and version.deadline.isoformat(),
        "recurrence": version.recurrence,
        "no_application": version.no_application or None,
        "benefit": _benefit(version),
        "materials": [{"zh": each["zh"], "en": each["en"]} for each in version.materials] or None,
        "url": next((link["url"] for link in version.links), None),
        "prose": version.prose or None,
        "eligibility": version.eligibility,
        "examples": version.examples or None,
    }
    return {key: value for key, value in row.items() if value is not None}


def _text(zh: str, en: str) -> dict[str, str] | None:
    return {"zh": zh or en, "en": en or zh} if zh or en else None


def _benefit(version: PolicyVersion) -> dict[str, Any] | None:
    text = _text(version.benefit_zh, version.benefit_en)
    if text is None:
        return None
    row: dict[str, Any] = {"text": text}
    if version.benefit_ceiling_fen is not None:
        row["ceiling"] = f"{version.benefit_ceiling_fen / 100:.2f}"
    if version.benefit_rate is not None:
        row["rate"] = float(version.benefit_rate)
    return row


def catalogue_of(version: PolicyVersion) -> Catalogue:
    """What the version's rule may ask about a firm: the standard attributes, and its own."""
    return catalogue_with(version.attributes, version.dictionaries)


def catalogue_with(attributes: dict[str, Any], dictionaries: dict[str, Any]) -> Catalogue:
    """The standard catalogue, with more."""
    document = {"attributes": attributes, "dictionaries": dictionaries}
    return read_catalogue(Place({key: value for key, value in document.items() if value}, "$"), {})


def as_core(version: PolicyVersion) -> CorePolicy:
    """The version as the engine takes it. Its id is the policy's public id. Raises Refused for a broken draft."""
    return read_policy(Place(as_document(version), "$"), catalogue_of(version))


def as_set(versions: Iterable[PolicyVersion]) -> PolicySet:
    """Several versions with one catalogue that knows the attributes of them all (by name; the newer wins)."""
    attributes: dict[str, Any] = {}
    dictionaries: dict[str, Any] = {}
    rows = list(versions)
    for version in rows:
        attributes |= version.attributes
        dictionaries |= version.dictionaries
    catalogue = catalogue_with(attributes, dictionaries)
    policies = tuple(read_policy(Place(as_document(version), "$"), catalogue) for version in rows)
    return PolicySet(policies, catalogue, own_attributes=attributes, own_dictionaries=dictionaries)
