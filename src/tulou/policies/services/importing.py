"""Policies from files into drafts: JSON in either form, and tables with a line a criterion."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath
from typing import Any, BinaryIO

from tulou.kernel.errors import Finding, Refused, Text, Where, refuse
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.policies.core.attributes import Catalogue, standard_attributes
from tulou.policies.core.document.dumping import dump_attribute, dump_policy
from tulou.policies.core.document.policy import Policy as CorePolicy
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.document.reading import read_policies
from tulou.policies.core.document.sheet import read_sheet
from tulou.policies.core.firms.facts import fen
from tulou.policies.core.standards import standard_dictionaries
from tulou.policies.models import Policy, PolicyVersion, Theme
from tulou.policies.services.drafting import draft_policy, edit_draft
from tulou.policies.services.publishing import begin_amendment
from tulou.registry.models import Organisation

LARGEST = 20 * 1024**2
"""The most bytes of a file of policies."""


@dataclass(frozen=True, slots=True)
class Readable:
    """A file of policies as far as it can be read: the set, what the registry keeps besides, what was refused."""

    found: PolicySet
    extra: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Imported:
    """What became of a file: drafts made and changed, policies that say the same already, and what was refused."""

    made: list[Policy] = field(default_factory=list)
    changed: list[Policy] = field(default_factory=list)
    same: list[Policy] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)


def read_upload(file: BinaryIO, name: str) -> Readable:
    """The policies of an uploaded file: .json in either form, .xlsx or .csv after the template.

    Raises Refused where the file as a whole cannot be read.
    """
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise refuse("policies.import.large", "文件超过 20 MB", "The file is larger than 20 MB", where=Where(file=name))
    match PurePath(name.lower()).suffix:
        case ".json":
            return Readable(read_policies(_json(content, name), file=name, strict=False))
        case ".csv":
            return _table(csv.reader(io.StringIO(_text(content, name))), name)
        case ".xlsx":
            return _table(_sheet(content, name), name)
        case _:
            raise refuse(
                "policies.import.kind",
                "支持 .json、.xlsx、.csv",
                "Files of .json, .xlsx and .csv are read",
                where=Where(file=name),
            )


def _json(content: bytes, name: str) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(name, error) from error


def _text(content: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(name, ValueError("UTF-8, GB18030"))


def _sheet(content: bytes, name: str) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet. Formulas are not run: their last values are read."""
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise _unreadable(name, error) from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True, max_col=60)
    finally:
        book.close()


def _unreadable(name: str, error: Exception) -> Refused:
    return refuse(
        "policies.import.unreadable",
        f"文件无法读取: {error}",
        f"The file cannot be read: {error}",
        where=Where(file=name),
    )


def _table(rows: Iterator[Sequence[Any]], name: str) -> Readable:
    catalogue = Catalogue(standard_attributes(), standard_dictionaries())
    sheet = read_sheet(rows, catalogue, name)
    return Readable(sheet.as_set(catalogue), sheet.extra)


def import_policies(actor: Actor, department: Organisation, given: Readable) -> Imported:
    """Keep every policy of a file as a draft of a department. Nothing is published by this.

    A new code becomes a new policy; a known one whose text differs becomes (or changes) the draft of its next version;
    one that is in review is refused.
    """
    result = Imported(refused=list(given.found.problems))
    with story(actor) as told:
        known = {
            policy.code: policy for policy in Policy.objects.filter(department=department).select_related("current")
        }
        for policy in given.found:
            try:
                fields = fields_of(policy, given.found) | _own_fields(given.extra.get(policy.id, {}))
                _keep(actor, department, known.get(policy.id), policy.id, fields, result)
            except Refused as error:
                result.refused.append(_at(error.finding, policy.id))
        told.record(
            "policies.import.done",
            department,
            made=len(result.made),
            changed=len(result.changed),
            same=len(result.same),
            refused=len(result.refused),
        )
    return result


def _keep(
    actor: Actor, department: Organisation, policy: Policy | None, code: str, fields: dict[str, Any], result: Imported
) -> None:
    if policy is None:
        result.made.append(draft_policy(actor, department, code=code, **fields).policy)
        return
    open_version = policy.versions.filter(state__in=["draft", "in_review"]).first()
    newest = open_version or policy.current
    if newest is not None and _says(newest, fields):
        result.same.append(policy)
        return
    if open_version is not None and not open_version.open:
        raise refuse(
            "policies.import.in_review", "该政策正在审核，不能改动", "This policy is in review and cannot be changed"
        )
    draft = open_version or begin_amendment(actor, policy)
    edit_draft(actor, draft, revision=draft.revision, **fields)
    result.changed.append(policy)


def _says(version: PolicyVersion, fields: dict[str, Any]) -> bool:
    return all(getattr(version, name) == value for name, value in fields.items())


def _own_fields(extra: dict[str, str]) -> dict[str, Any]:
    """What the registry keeps and the engine does not know: budget, office, contact."""
    found: dict[str, Any] = {name: extra[name] for name in ("office_zh", "office_en", "contact") if extra.get(name)}
    if "office_zh" in found:
        found.setdefault("office_en", found["office_zh"])
    if extra.get("budget"):
        try:
            found["budget_fen"] = fen(extra["budget"].replace(",", ""))
        except (ValueError, TypeError, ArithmeticError) as error:
            where = Where(column="budget", value=extra["budget"])
            raise refuse(
                "policies.import.budget", "预算应为金额（元）", "The budget should be an amount in yuan", where=where
            ) from error
    return found


def _at(finding: Finding, code: str) -> Finding:
    """The finding with the policy that it speaks of."""
    where = finding.where if finding.where.column else Where(column=code, value=finding.where.value)
    text = Text(zh=f"{code}: {finding.text.zh}", en=f"{code}: {finding.text.en}")
    return Finding(finding.code, text, where, finding.remedy, finding.severity)


def fields_of(policy: CorePolicy, found: PolicySet) -> dict[str, Any]:
    """A policy of a document as the fields of a PolicyVersion."""
    row = plain(dump_policy(policy, found.catalogue))
    summary, benefit = policy.summary, policy.benefit
    return {
        "title_zh": policy.title.zh[:200],
        "title_en": policy.title.en[:300],
        "summary_zh": summary.zh if summary else "",
        "summary_en": summary.en if summary else "",
        "theme": policy.kind if policy.kind in Theme.values else Theme.OTHER,
        "document": row.get("document", {}),
        "eligibility": row["eligibility"],
        "examples": row.get("examples", []),
        "attributes": own_attributes(found),
        "dictionaries": plain(dict(found.own_dictionaries)),
        "prose": row.get("prose", {}),
        "valid_from": policy.valid_from,
        "valid_to": policy.valid_to,
        "dates_in_rule": policy.dates_in_rule,
        "deadline": policy.deadline,
        "recurrence": policy.recurrence,
        "no_application": policy.no_application,
        "benefit_zh": benefit.text.zh[:500] if benefit else "",
        "benefit_en": benefit.text.en[:500] if benefit else "",
        "benefit_rate": Decimal(str(benefit.rate)) if benefit and benefit.rate is not None else None,
        "benefit_ceiling_fen": benefit.ceiling if benefit else None,
        "materials": row.get("materials", []),
        "links": [{"zh": "官方页面", "en": "Official page", "url": policy.url}] if policy.url else [],
    }


def own_attributes(found: PolicySet) -> dict[str, Any]:
    """The attributes that a set adds to the standard ones; of the neutral form, all of its own."""
    if found.form == "neutral":
        return {name: plain(dump_attribute(each)) for name, each in found.catalogue.attributes.items()}
    return plain(dict(found.own_attributes))  # type: ignore[no-any-return]


def plain(value: Any) -> Any:
    """A value as JSON keeps it: amounts with a point as text, so that no float stands between."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value
