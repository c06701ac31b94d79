"""Files of policies: Tulou's own form and the neutral form, JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import yaml

from tulou.kernel.errors import Finding, Refused, Text, Where, refuse
from tulou.policies.core.attributes import Attribute, Catalogue, Kind, attribute_from, standard_attributes
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.document.neutral import looks_neutral, read_neutral
from tulou.policies.core.document.nodes import NodeReader, read_citation
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Benefit, Example, Policy, PolicySet, Recurrence, Status
from tulou.policies.core.firms.facts import fen, real
from tulou.policies.core.standards import standard_dictionaries

FILE_KEYS = frozenset({"format", "attributes", "dictionaries", "policies", "notice"})
POLICY_KEYS = frozenset(
    {
        "id", "version", "title", "summary", "department", "kind", "status", "document", "valid_from", "valid_to",
        "dates_in_rule", "benefit", "deadline", "recurrence", "no_application", "materials", "url", "prose",
        "eligibility", "examples",
    }
)  # fmt: skip
FORMAT = "tulou-policies/1"


def load_policies(
    path: Path, *, strict: bool = True, dictionaries: Mapping[str, Dictionary] | None = None
) -> PolicySet:
    """The policies of a JSON or YAML file in either form.

    With `strict` the first policy that cannot be read is an error; else it is among the set's `problems`.
    Raises Refused with file, path and value.
    """
    return read_policies(load_document(path), file=path.name, strict=strict, dictionaries=dictionaries)


def with_prose(found: PolicySet, path: Path) -> PolicySet:
    """The set with the texts of another file (a list of objects with an `id`) added to the policies' prose."""
    document = load_document(path)
    if not isinstance(document, list) or not all(isinstance(row, dict) and "id" in row for row in document):
        where = Where(file=str(path))
        raise refuse(
            "policies.prose.form", "应为带 id 的对象列表", "A list of objects with an id is expected", where=where
        )
    texts = {str(row["id"]): row for row in document}
    policies = [replace(policy, prose=_joined(policy, texts.get(policy.id, {}))) for policy in found]
    return replace(found, policies=tuple(policies))


def _joined(policy: Policy, row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    more = {}
    for key, value in row.items():
        lines = value if isinstance(value, list) else [value]
        texts = tuple(line for line in lines if isinstance(line, str) and line.strip())
        if key not in ("id", *policy.prose) and texts:
            more[key] = texts
    return {**policy.prose, **more}


def load_document(path: Path) -> Any:
    """The JSON or YAML of a file; numbers with a point are Decimal where it is JSON. Raises Refused."""
    if not path.is_file():
        raise refuse(
            "policies.file.absent", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path))
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() in (".yaml", ".yml"):
            return yaml.safe_load(text)
        return json.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise refuse(
            "policies.file.encoding", "文件不是 UTF-8 编码", "The file is not UTF-8", where=Where(file=str(path))
        ) from error
    except json.JSONDecodeError as error:
        where = Where(file=str(path), line=error.lineno, column=str(error.colno))
        raise refuse(
            "policies.file.json", f"不是有效的 JSON: {error.msg}", f"Not JSON: {error.msg}", where=where
        ) from error
    except yaml.YAMLError as error:
        raise refuse(
            "policies.file.yaml", f"不是有效的 YAML: {error}", f"Not YAML: {error}", where=Where(file=str(path))
        ) from error


def read_policies(
    document: Any, *, file: str | None = None, strict: bool = True, dictionaries: Mapping[str, Dictionary] | None = None
) -> PolicySet:
    """The policies of a document in either form."""
    if looks_neutral(document):
        found = read_neutral(document, file)
    else:
        found = _read_own(Place(document, "$", file), dictionaries or {})
    found = _without_twins(found, file)
    if strict and found.problems:
        raise Refused(_first_of(found.problems))
    return found


def _first_of(problems: Sequence[Finding]) -> Finding:
    first, more = problems[0], len(problems) - 1
    if not more or first.remedy is not None:
        return first
    remedy = Text(
        zh=f"另有 {more} 条政策无法读取: 请运行 tulou policy lint",
        en=f"{more} more policies cannot be read: run `tulou policy lint`",
    )
    return replace(first, remedy=remedy)


def _without_twins(found: PolicySet, file: str | None) -> PolicySet:
    seen: dict[str, Policy] = {}
    problems = list(found.problems)
    for policy in found:
        if policy.id in seen:
            text = Text(zh=f"政策编号 {policy.id} 重复", en=f"The policy id {policy.id} stands twice")
            problems.append(Finding("policies.document.twice", text, Where(file=file, value=policy.id)))
        seen.setdefault(policy.id, policy)
    if len(seen) == len(found):
        return found
    return PolicySet(
        tuple(seen.values()), found.catalogue, tuple(problems), found.form, found.own_attributes, found.own_dictionaries
    )


def _read_own(root: Place, extra: Mapping[str, Dictionary]) -> PolicySet:
    root.only(FILE_KEYS)
    named = root.maybe("format")
    if named:
        named.one_of((FORMAT,))
    catalogue = read_catalogue(root, extra)
    policies, problems = [], []
    for place in root.at("policies").items():
        try:
            policies.append(read_policy(place, catalogue))
        except Refused as error:
            problems.append(error.finding)
    document = root.mapping()
    return PolicySet(
        tuple(policies),
        catalogue,
        tuple(problems),
        own_attributes=document.get("attributes") or {},
        own_dictionaries=document.get("dictionaries") or {},
    )


def read_catalogue(root: Place, extra: Mapping[str, Dictionary]) -> Catalogue:
    """The standard catalogue with the attributes and dictionaries that the file adds."""
    dictionaries = dict(standard_dictionaries()) | dict(extra)
    if declared := root.maybe("dictionaries"):
        for name in declared.mapping():
            dictionaries[name] = _dictionary(name, declared.at(name))
    attributes: dict[str, Attribute] = {}
    if declared := root.maybe("attributes"):
        for name in declared.mapping():
            attributes[name] = _attribute(name, declared.at(name), dictionaries)
    return Catalogue(standard_attributes(), dictionaries).extended(attributes, {})


def _attribute(name: str, place: Place, dictionaries: Mapping[str, Dictionary]) -> Attribute:
    place.only({"kind", "label", "dictionary", "unit", "question", "source", "declared", "members"})
    place.at("kind").one_of([kind.value for kind in Kind])
    place.at("label").both()
    for key in ("unit", "question", "source"):
        if inner := place.maybe(key):
            inner.both()
    if (named := place.maybe("dictionary")) and named.text() not in dictionaries:
        raise named.fault("unknown_dictionary", f"没有字典 {named.value}", f"there is no dictionary {named.value}")
    if members := place.maybe("members"):
        for member in members.mapping():
            members.at(member).both()
    return attribute_from(name, place.mapping())


def _dictionary(name: str, place: Place) -> Dictionary:
    """A dictionary from rows `[code, parent or null, zh, en]` (parent and words may be left out) or plain codes."""
    place.only({"version", "codes"})
    codes, parents, labels = [], [], {}
    for item in place.at("codes").items():
        row = [item.value] if isinstance(item.value, str) else item.value
        if not isinstance(row, list) or not row or not all(isinstance(cell, str) or cell is None for cell in row):
            raise item.fault(
                "code", "应为代码或 [代码, 上级, 中文, 英文]", "a code or [code, parent, zh, en] is expected"
            )
        code, parent, zh, en = [*row, None, None, None][:4]
        codes.append(code)
        parents.append(parent)
        if zh or en:
            labels[code] = Text(zh=zh or en, en=en or zh)
    try:
        return Dictionary(name, str(place.mapping().get("version", "1")), codes, parents, labels)
    except Refused as error:
        raise place.fault("dictionary", error.finding.text.zh, error.finding.text.en) from error


def read_policy(place: Place, catalogue: Catalogue) -> Policy:
    """One policy of Tulou's own form."""
    place.only(POLICY_KEYS)
    words = {key: inner.text() for key in ("department", "kind", "url") if (inner := place.maybe(key))}
    days = {key: inner.day() for key in ("valid_from", "valid_to", "deadline") if (inner := place.maybe(key))}
    flags = {key: inner.boolean() for key in ("dates_in_rule", "no_application") if (inner := place.maybe(key))}
    summary, document, benefit, version = (place.maybe(key) for key in ("summary", "document", "benefit", "version"))
    status: Status = _word(place, "status", get_args(Status), "published")
    recurrence: Recurrence = _word(place, "recurrence", get_args(Recurrence), "once")
    if "valid_from" in days and "valid_to" in days and days["valid_from"] > days["valid_to"]:
        raise place.at("valid_to").fault("validity", "失效日期早于生效日期", "the policy ends before it begins")
    return Policy(
        id=place.at("id").text(),
        title=place.at("title").both(),
        eligibility=NodeReader(catalogue).read(place.at("eligibility")),
        version=version.whole(1) if version else 1,
        summary=summary.both() if summary else None,
        document=read_citation(document) if document else None,
        status=status,
        recurrence=recurrence,
        benefit=_benefit(benefit) if benefit else None,
        materials=tuple(item.both() for item in place.at("materials").items()) if place.has("materials") else (),
        prose=_prose(place.at("prose")) if place.has("prose") else {},
        examples=_examples(place.at("examples")) if place.has("examples") else (),
        department=words.get("department"),
        kind=words.get("kind"),
        url=words.get("url"),
        valid_from=days.get("valid_from"),
        valid_to=days.get("valid_to"),
        deadline=days.get("deadline"),
        dates_in_rule=flags.get("dates_in_rule", False),
        no_application=flags.get("no_application", False),
    )


def _word(place: Place, key: str, known: tuple[str, ...], default: str) -> Any:
    inner = place.maybe(key)
    return inner.one_of(known) if inner else default


def _benefit(place: Place) -> Benefit:
    place.only({"text", "ceiling", "rate"})
    text, ceiling, rate = place.at("text").both(), place.maybe("ceiling"), place.maybe("rate")
    try:
        return Benefit(text, fen(ceiling.value) if ceiling else None, real(rate.value) if rate else None)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise place.fault("benefit", "金额或比例无效", "the amount or the rate is not a number") from error


def _prose(place: Place) -> dict[str, tuple[str, ...]]:
    return {key: tuple(place.at(key).texts()) for key in place.mapping()}


def _examples(place: Place) -> tuple[Example, ...]:
    found = []
    for item in place.items():
        item.only({"name", "firm", "as_of", "expect", "missing"})
        name, day, missing = item.maybe("name"), item.maybe("as_of"), item.maybe("missing")
        found.append(
            Example(
                firm=dict(item.at("firm").mapping()),
                expect=_word(item, "expect", ("T", "F", "U"), "T"),
                as_of=day.day() if day else None,
                name=name.both() if name else None,
                missing=frozenset(inner.text() for inner in missing.items()) if missing else None,
            )
        )
    return tuple(found)
