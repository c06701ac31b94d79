"""The other parts of a draft: examples, files; giving it up; taking it along as a file."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from tulou.platform import clock
from tulou.platform.attachments.services import download
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.document.reading import FORMAT
from tulou.policies.core.examples import Tried
from tulou.policies.forms.draft import FileForm
from tulou.policies.forms.example import ANSWERS, ExampleForm, asked_attributes
from tulou.policies.queries.department import draft_for, file_for, version_for
from tulou.policies.queries.documents import as_document, catalogue_of
from tulou.policies.queries.editor import reading
from tulou.policies.services.checking import check
from tulou.policies.services.drafting import add_file, edit_draft, remove_file
from tulou.policies.services.publishing import discard
from tulou.policies.views.tabs import draft_context
from tulou.registry.roles import Role

OFFICER = Role.DEPARTMENT_OFFICER


def revision_of(request: HouseRequest) -> int:
    """The revision of the draft that the person had before her."""
    word = request.POST.get("revision", "")
    return int(word) if word.isdecimal() and len(word) < 9 else -1


@page(OFFICER)
def examples(request: HouseRequest, key: str) -> HttpResponseBase:
    """The examples of a draft, each tried now."""
    version = draft_for(request.actor, key)
    tried = check(version).tried
    rows = [(index, each, _result(tried, index)) for index, each in enumerate(version.examples)]
    context = draft_context(version, "examples") | {"rows": rows, "answers": dict(ANSWERS)}
    return render(request, "policies/department/examples.html", context)


def _result(tried: tuple[Tried, ...], index: int) -> Tried | None:
    return tried[index] if index < len(tried) else None


@page(OFFICER, methods=["GET", "POST"])
def example(request: HouseRequest, key: str) -> HttpResponseBase:
    """One example: a new one, or the one at the position `at`."""
    version = draft_for(request.actor, key)
    word = request.GET.get("at", "")
    index = int(word) if word.isdecimal() and len(word) < 6 else None
    if index is not None and index >= len(version.examples):
        raise Http404
    old: dict[str, Any] = version.examples[index] if index is not None else {}
    if request.method == "POST" and "remove" in request.POST and index is not None:
        kept = [each for position, each in enumerate(version.examples) if position != index]
        edit_draft(request.actor, version, revision=revision_of(request), examples=kept)
        return redirect("policies:examples", key=key)
    catalogue = catalogue_of(version)
    attributes = asked_attributes(reading(version.eligibility, catalogue).rule, catalogue)
    form = ExampleForm(attributes, catalogue, old, clock.today(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        rows = list(version.examples)
        if index is None:
            rows.append(form.example())
        else:
            rows[index] = form.example()
        edit_draft(request.actor, version, revision=revision_of(request), examples=rows)
        messages.success(request, _("The example is kept."))
        return redirect("policies:examples", key=key)
    context = draft_context(version, "examples") | {"form": form, "index": index}
    return render(request, "policies/department/example.html", context)


@page(OFFICER, methods=["GET", "POST"])
def files(request: HouseRequest, key: str) -> HttpResponseBase:
    """The files of a draft."""
    version = draft_for(request.actor, key)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and "remove" in request.POST:
        found = get_object_or_404(version.files, public_id=request.POST["remove"])
        remove_file(request.actor, found)
        return redirect("policies:files", key=key)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        add_file(request.actor, version, given["file"], title_zh=given["title_zh"], title_en=given["title_en"])
        messages.success(request, _("The file is kept."))
        return redirect("policies:files", key=key)
    rows = list(version.files.select_related("attachment"))
    return render(
        request, "policies/department/files.html", draft_context(version, "files") | {"form": form, "rows": rows}
    )


@page(OFFICER)
def file(request: HouseRequest, key: str) -> HttpResponseBase:
    """A file of one of the department's versions."""
    return download(file_for(request.actor, key).attachment)


@page(OFFICER, methods=["POST"])
def give_up(request: HouseRequest, key: str) -> HttpResponseBase:
    """Give a draft up."""
    version = draft_for(request.actor, key)
    discard(request.actor, version)
    messages.success(request, _("The draft is given up. What is in force stays so."))
    return redirect("policies:own", key=version.policy.public_id)


@page(OFFICER)
def as_file(request: HouseRequest, key: str) -> HttpResponse:
    """A version as a file of policies, which `tulou policy` and the import read."""
    version = version_for(request.actor, key)
    document: dict[str, Any] = {"format": FORMAT}
    if version.attributes:
        document["attributes"] = version.attributes
    if version.dictionaries:
        document["dictionaries"] = version.dictionaries
    document["policies"] = [as_document(version, name=version.policy.code)]
    answer = HttpResponse(json.dumps(document, ensure_ascii=False, indent=1), content_type="application/json")
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=policy-{version.policy.public_id}-{version.number}.json"
    )
    return answer
