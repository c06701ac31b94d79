"""Policies from a file: the template, the upload, and what became of every line."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render

from tulou.kernel.errors import Refused
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.document.sheet import COLUMNS
from tulou.policies.forms.importing import ImportForm
from tulou.policies.services.importing import import_policies, read_upload
from tulou.policies.services.templates import template_csv, template_xlsx
from tulou.registry.models import Organisation
from tulou.registry.roles import Role

OFFICER = Role.DEPARTMENT_OFFICER
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@page(OFFICER, methods=["GET", "POST"])
def import_page(request: HouseRequest) -> HttpResponseBase:
    """Upload a file; every policy that can be read becomes a draft, the rest is named with its line."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context = {"form": form}
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        owner = Organisation.objects.get(public_id=request.actor.organisation_id)
        try:
            given = read_upload(upload.file, upload.name)
        except Refused as error:
            return render(
                request, "policies/department/import.html", context | {"refused": [(error.finding, None)], "done": None}
            )
        done = import_policies(request.actor, owner, given)
        refused = [(each, COLUMNS.get(each.where.column or "")) for each in done.refused]
        return render(request, "policies/department/import.html", context | {"done": done, "refused": refused})
    return render(request, "policies/department/import.html", context | {"done": None, "refused": []})


@page(OFFICER)
def template(request: HouseRequest, form: str) -> HttpResponse:
    """The table to fill in."""
    if form not in TYPES:
        raise Http404
    language = "en" if request.LANGUAGE_CODE == "en" else "zh"
    content = template_xlsx(language) if form == "xlsx" else template_csv(language)
    answer = HttpResponse(content, content_type=TYPES[form])
    answer.headers["Content-Disposition"] = f"attachment; filename=policies.{form}"
    return answer
