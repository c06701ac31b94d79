"""Before a version goes into force: the check, the effect, and the second person's review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Finding
from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.forms.draft import ReviewForm
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.department import draft_for, version_for
from tulou.policies.queries.differences import Difference, difference
from tulou.policies.queries.effect import effect_of
from tulou.policies.services.checking import check, row_of
from tulou.policies.services.publishing import approve, send_back, submit
from tulou.policies.views.department import version_context
from tulou.policies.views.drafting import revision_of
from tulou.policies.views.tabs import draft_context
from tulou.registry.roles import Role

OFFICER = Role.DEPARTMENT_OFFICER
FIELD_LABELS = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("Summary"),
    "theme": gettext_lazy("Theme"),
    "document": gettext_lazy("Document and number"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_to": gettext_lazy("Last day"),
    "deadline": gettext_lazy("Apply by"),
    "recurrence": gettext_lazy("How often a firm may get it"),
    "no_application": gettext_lazy("Given without an application"),
    "benefit": gettext_lazy("What the firm gets"),
    "benefit_of": gettext_lazy("The amount follows from"),
    "benefit_rate": gettext_lazy("Share of it"),
    "benefit_each_fen": gettext_lazy("For each of it"),
    "benefit_ceiling_fen": gettext_lazy("At most"),
    "budget_fen": gettext_lazy("Budget"),
    "office": gettext_lazy("Responsible office"),
    "contact": gettext_lazy("Contact"),
    "materials": gettext_lazy("Materials that the firm hands in"),
    "links": gettext_lazy("Links"),
}
TEXT_FIELDS = {"valid_from", "valid_to", "deadline", "title", "summary", "benefit", "materials", "document", "url"}


@page(OFFICER, methods=["GET", "POST"])
def check_page(request: HouseRequest, key: str) -> HttpResponseBase:
    """What the lint finds, each with the place to mend it; and the button that hands the draft over."""
    version = draft_for(request.actor, key)
    if request.method == "POST":
        if revision_of(request) != version.revision:
            messages.error(request, _("The draft was changed meanwhile. Look at it again before you submit it."))
            return redirect("policies:check", key=key)
        submit(request.actor, version)
        messages.success(request, _("Submitted. A second person of your department was asked to review it."))
        return redirect("policies:own", key=version.policy.public_id)
    found = check(version)
    rows = [(each, _place_of(version, each)) for each in found.findings]
    returned = version.reviews.filter(verdict="returned").select_related("reviewer").first()
    context = draft_context(version, "check") | {"check": found, "rows": rows, "returned": returned}
    return render(request, "policies/department/check.html", context)


def _place_of(version: PolicyVersion, finding: Finding) -> str:
    """Where a finding is mended."""
    place = row_of(finding, version)
    if place is not None:
        return f"{reverse('policies:rule_row', args=[version.public_id])}?at={place}"
    column = (finding.where.column or "").partition(".")[2]
    if "example" in finding.code or column.startswith("examples"):
        return reverse("policies:examples", args=[version.public_id])
    if column.partition("[")[0] in TEXT_FIELDS:
        return f"{reverse('policies:draft', args=[version.public_id])}#id_{column}"
    return reverse("policies:rule", args=[version.public_id])


@page(OFFICER)
def effect(request: HouseRequest, key: str) -> HttpResponseBase:
    """What a version would change for the firms: before and after, by place, size and sector."""
    version = version_for(request.actor, key)
    context = draft_context(version, "effect") | {"effect": effect_of(version, clock.today())}
    return render(request, "policies/department/effect.html", context)


@page(OFFICER, methods=["GET", "POST"])
def review(request: HouseRequest, key: str) -> HttpResponseBase:
    """A submitted version before the second person."""
    version = version_for(request.actor, key)
    if version.state != PolicyVersion.State.IN_REVIEW:
        if request.method == "POST":
            raise Http404
        return redirect("policies:draft", key=key)
    form = ReviewForm(request.POST or None)
    if "return" in request.POST and form.is_valid() and not form.cleaned_data["comment"].strip():
        form.add_error("comment", _("Say what has to change."))
    elif request.method == "POST" and form.is_valid():
        return _decided(request, version, form.cleaned_data["comment"])
    found = check(version)
    before = version.policy.current
    context = version_context(version) | {
        "form": form,
        "check": found,
        "review": version.reviews.select_related("submitted_by").first(),
        "author": version.authors.filter(pk=request.actor.person_key).exists(),
        "before": before,
        "effect": effect_of(version, clock.today()),
        **(changed_context(difference(before, version)) if before else {}),
    }
    return render(request, "policies/department/review.html", context)


def changed_context(found: Difference) -> dict[str, Any]:
    """A difference for the template."""
    return {
        "difference": found,
        "changes": [(FIELD_LABELS[each.name], each.before, each.after) for each in found.fields],
    }


def _decided(request: HouseRequest, version: PolicyVersion, comment: str) -> HttpResponseBase:
    revision = revision_of(request)
    if "approve" in request.POST:
        approve(request.actor, version, revision=revision, comment=comment)
        messages.success(request, _("Published. From now on every firm it fits will find it."))
    elif "return" in request.POST:
        send_back(request.actor, version, revision=revision, comment=comment)
        messages.success(request, _("Returned to the authors."))
    else:
        raise Http404
    return redirect("policies:own", key=version.policy.public_id)


@page(OFFICER)
def compare(request: HouseRequest, key: str) -> HttpResponseBase:
    """A version beside the one before it."""
    version = version_for(request.actor, key)
    before = (
        version.policy.versions.filter(number__lt=version.number, published_at__isnull=False)
        .order_by("-number")
        .first()
    )
    if before is None:
        raise Http404
    context = draft_context(version, "") | {"before": before} | changed_context(difference(before, version))
    return render(request, "policies/department/compare.html", context)
