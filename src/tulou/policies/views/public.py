"""Policies for everybody: found, narrowed, read."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.attachments.services import download
from tulou.platform.pages.lists import csv_line, neutral
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.models import Policy, PolicyFile, PolicyVersion
from tulou.policies.queries.documents import as_core, catalogue_of
from tulou.policies.queries.policies import public_policies
from tulou.policies.queries.public import SORTS, Found, find, said
from tulou.policies.queries.reading import materials, revisions, rule_lines

PAGE = 12


@page(public=True)
def home(request: HouseRequest) -> HttpResponseBase:
    """Search in all policies; facets and order stand in the URL."""
    found = find(request.GET.dict())
    if request.GET.get("export") == "csv":
        return export(found)
    shown = Paginator(found.cards, PAGE).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "page": shown,
        "today": clock.today(),
        "sorts": SORTS,
        "parameters": parameters(request),
        "narrowed": bool(found.chosen or found.question),
    }
    return render(request, "policies/public/home.html" + ("#list" if request.htmx else ""), context)


def parameters(request: HouseRequest) -> str:
    """The search as it stands in the URL, without the page, for feeds and widgets of the same policies."""
    kept = request.GET.copy()
    for name in ("page", "export", "sort"):
        kept.pop(name, None)
    return kept.urlencode()


def export(found: Found) -> HttpResponseBase:
    """The whole list as CSV."""
    heads = [_("Title"), _("What you get"), _("At most (fen)"), _("Department"), _("Apply by"), _("Last day")]

    def lines() -> list[str]:
        rows = [
            (
                card.version.title,
                card.version.benefit,
                card.ceiling,
                card.policy.department.name,
                card.deadline or "",
                card.version.valid_to or "",
            )
            for card in found.cards
        ]
        return ["\ufeff" + csv_line(heads), *(csv_line(neutral(cell) for cell in row) for row in rows)]

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=policies.csv"
    return answer


def public_policy(key: str) -> tuple[Policy, PolicyVersion]:
    """A policy that everybody may read and the version in force (or last in force). Raises Http404."""
    found = public_policies().filter(public_id=key).exclude(current=None).first()
    if found is None or found.current is None:
        raise Http404
    return found, found.current


@page(public=True)
def show(request: HouseRequest, key: str) -> HttpResponseBase:
    """One policy: what one gets, by when, who can get it and why, what to bring, where to go, what changed."""
    policy, version = public_policy(key)
    today = clock.today()
    core = as_core(version)
    told = said(Text(zh=policy.reason_zh or policy.reason_en, en=policy.reason_en or policy.reason_zh))
    context = {
        "policy": policy,
        "version": version,
        "lines": rule_lines(core.eligibility, catalogue_of(version)),
        "document": core.document,
        "materials": materials(version),
        "files": version.files.select_related("attachment"),
        "revisions": revisions(policy),
        "today": today,
        "left": (version.deadline - today).days if version.deadline else None,
        "over": not_to_be_had(policy, version),
        "reason": told,
        "is_firm": request.actor.organisation_kind == "enterprise",
    }
    return render(request, "policies/public/show.html", context)


def not_to_be_had(policy: Policy, version: PolicyVersion) -> str:
    """Why it cannot be had now; empty where it can."""
    today = clock.today()
    if policy.state == Policy.State.SUSPENDED:
        return "suspended"
    if policy.state == Policy.State.EXPIRED or (version.valid_to and version.valid_to < today):
        return "expired"
    if version.deadline and version.deadline < today:
        return "closed"
    return "early" if version.valid_from and version.valid_from > today else ""


@page(public=True)
def download_file(_request: HouseRequest, key: str) -> HttpResponseBase:
    """A file of a policy in force: the document, a form to fill in."""
    rows = PolicyFile.objects.select_related("attachment", "version").filter(public_id=key)
    found = rows.filter(version__in=public_policies().values("current")).first()
    if found is None:
        raise Http404
    return download(found.attachment)
