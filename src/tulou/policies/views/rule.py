"""The criterion editor: rows and groups of a draft's rule, its words and its firms beside it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.editing import (
    GROUPS,
    Json,
    Path,
    added,
    at,
    group,
    kind_of,
    moved,
    path_of,
    regrouped,
    removed,
    replaced,
    rooted,
    word_of,
)
from tulou.policies.forms.row import RowForm, attribute_groups, attribute_of, row_form
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.counting import firms_met
from tulou.policies.queries.department import draft_for
from tulou.policies.queries.documents import catalogue_of
from tulou.policies.queries.editor import items, reading
from tulou.policies.services.drafting import edit_draft
from tulou.policies.views.tabs import draft_context
from tulou.registry.roles import Role

OFFICER = Role.DEPARTMENT_OFFICER
TEMPLATE = "policies/department/rule.html"
CHANGED = "policies.draft.changed"


@page(OFFICER)
def editor(request: HouseRequest, key: str) -> HttpResponseBase:
    """The rule of a draft."""
    return render(request, TEMPLATE, rule_context(draft_for(request.actor, key)))


def rule_context(version: PolicyVersion) -> dict[str, Any]:
    """What the editor shows."""
    catalogue = catalogue_of(version)
    rule = rooted(version.eligibility)
    return draft_context(version, "rule") | {
        "root": items(rule, catalogue),
        "kinds": [
            ("all", _("all of them")),
            ("any", _("one of them")),
            ("at_least", _("at least so many")),
            ("none", _("none of them")),
        ],
        **live_context(rule, catalogue, version),
    }


def live_context(rule: Json, catalogue: Catalogue, version: PolicyVersion) -> dict[str, Any]:
    """The rule in both languages and the firms that it holds for."""
    read = reading(rule, catalogue)
    return {"reading": read, "counts": firms_met(read.rule, version, clock.today())}


@page(OFFICER, methods=["POST"])
def edit(request: HouseRequest, key: str) -> HttpResponseBase:
    """One step of editing: add or change a group, move or remove a part."""
    version = draft_for(request.actor, key)
    path = _path(request.POST.get("at", ""))
    try:
        rule = _stepped(rooted(version.eligibility), path, request.POST)
    except LookupError as error:
        raise Http404 from error
    edit_draft(request.actor, version, revision=_number(request.POST.get("revision")), eligibility=rule)
    return shown(request, version)


def shown(request: HouseRequest, version: PolicyVersion) -> HttpResponseBase:
    """The editor after a step: its part of the page for htmx, else the page again."""
    if request.htmx:
        answer = render(request, f"{TEMPLATE}#editor", rule_context(version))
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#editor", "outerHTML"
        return answer
    return redirect("policies:rule", key=version.public_id)


def _stepped(rule: Json, path: Path, given: Any) -> Json:
    step, kind = given.get("step", ""), given.get("kind", "")
    if step == "remove":
        return removed(rule, path)
    if step in ("up", "down"):
        return moved(rule, path, -1 if step == "up" else 1)
    if kind not in GROUPS:
        raise LookupError(kind)
    if step == "group":
        return added(rule, path, group(kind, []))
    if step == "regroup":
        return regrouped(rule, path, kind, max(1, _number(given.get("count"))))
    raise LookupError(step)


def _path(word: str) -> Path:
    try:
        return path_of(word)
    except ValueError as error:
        raise Http404 from error


def _number(word: str | None) -> int:
    return int(word) if word and word.isdecimal() and len(word) < 9 else 0


@page(OFFICER, methods=["GET", "POST"])
def row(request: HouseRequest, key: str) -> HttpResponseBase:
    """One criterion: a new one in the group `into`, or the one that stands `at`."""
    version = draft_for(request.actor, key)
    given = request.POST if request.method == "POST" else request.GET
    catalogue = catalogue_of(version)
    old, where = _row_at(version, given)
    chosen = given.get("attr", attribute_of(old))
    kept: Json = old if attribute_of(old) == chosen else {}
    data = request.POST if request.method == "POST" else None
    form = row_form(chosen, catalogue, kept, version.document, data) if chosen else None
    saving = request.method == "POST" and "save" in request.POST
    if saving and form is not None and form.is_valid():
        rule = _placed(version, given, form)
        edit_draft(request.actor, version, revision=_number(request.POST.get("revision")), eligibility=rule)
        return shown(request, version)
    if form is not None and data is not None and not saving:
        form.errors.clear()  # something was looked up; nothing is saved yet
    context = (
        draft_context(version, "rule")
        | where
        | {
            "form": form,
            "chosen": chosen,
            "groups": attribute_groups(catalogue),
            "new": "at" not in where["place"],
            **live_context(_tried(version, given, form if saving else None), catalogue, version),
        }
    )
    name = "policies/department/row.html"
    return render(request, f"{name}#row" if request.htmx else name, context)


def _row_at(version: PolicyVersion, given: Any) -> tuple[Json, dict[str, Any]]:
    rule = rooted(version.eligibility)
    name = "at" if "at" in given else "into"
    path = _path(given.get(name, ""))
    try:
        node = at(rule, path)
    except LookupError as error:
        raise Http404 from error
    if name == "at" and kind_of(node) != "row":
        raise Http404
    return (node if name == "at" else {}), {"place": {name: word_of(path)}}


def _placed(version: PolicyVersion, given: Any, form: RowForm) -> Json:
    rule, node = rooted(version.eligibility), form.node()
    try:
        if "at" in given:
            return replaced(rule, _path(given["at"]), node)
        return added(rule, _path(given.get("into", "")), node)
    except LookupError as error:
        raise Http404 from error


def _tried(version: PolicyVersion, given: Any, form: RowForm | None) -> Json:
    """The rule with the criterion as it is being written, where that can be read already."""
    if form is not None and form.is_valid():
        return _placed(version, given, form)
    return rooted(version.eligibility)


@page(OFFICER, methods=["POST"])
def live(request: HouseRequest, key: str) -> HttpResponse:
    """The words and the firms of the rule with the criterion that is being written; nothing is kept."""
    version = draft_for(request.actor, key)
    catalogue = catalogue_of(version)
    old, _where = _row_at(version, request.POST)
    form = row_form(request.POST.get("attr", ""), catalogue, old, version.document, request.POST)
    context = live_context(_tried(version, request.POST, form), catalogue, version)
    return render(request, "policies/department/rule.html#live", context | {"writing": True})


def row_address(version: PolicyVersion, place: str) -> str:
    """Where the row at a place is edited."""
    return f"{reverse('policies:rule_row', args=[version.public_id])}?at={place}"
