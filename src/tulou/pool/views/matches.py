"""The clerical review: doubtful pairs, both sides beside each other, and what the operator says of them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.kernel.errors import Refused
from tulou.kernel.regions import region
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.story import story
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue
from tulou.pool.forms.consent import words
from tulou.pool.models import MatchReview
from tulou.pool.queries.matches import compared, match_for, matches_for, next_match
from tulou.pool.services.matches import FLOW, VERDICTS, decide_match, undo_match
from tulou.registry.models import Person
from tulou.registry.roles import Role

TONES = {
    "open": "yellow",
    "unsure": "azure",
    "decided": "green",
    "applied": "green",
    "undoing": "azure",
    "gone": "earth",
}
TRAITS = {
    "name": gettext_lazy("Name"),
    "uscc": gettext_lazy("Unified social credit code"),
    "address": gettext_lazy("Address"),
    "district": gettext_lazy("District"),
    "phone": gettext_lazy("Telephone"),
    "person": gettext_lazy("Person in charge"),
    "established": gettext_lazy("Established"),
}
AGREES = {
    "same": (gettext_lazy("agrees"), "green", "check"),
    "similar": (gettext_lazy("similar"), "yellow", "equal"),
    "differs": (gettext_lazy("differs"), "red", "x"),
    "silent": (gettext_lazy("one side only"), "earth", "minus"),
}
EVENTS = {
    "same": ("arrows-join", "green", gettext_lazy("The same enterprise")),
    "different": ("arrows-split", "red", gettext_lazy("Different enterprises")),
    "unsure": ("help", "azure", gettext_lazy("Set aside: not sure")),
    "apply": ("database-import", "green", gettext_lazy("Carried out in the pool")),
    "refuse": ("circle-x", "red", gettext_lazy("Could not be carried out")),
    "undo": ("arrow-back-up", "yellow", gettext_lazy("Taken back")),
    "reopen": ("refresh", "azure", gettext_lazy("To be decided again")),
    "leave": ("clock-off", "earth", gettext_lazy("No longer in doubt")),
    "come_back": ("refresh", "azure", gettext_lazy("In doubt again")),
}


class VerdictForm(forms.Form):
    """Why somebody decides as she does."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands in the history, for whoever looks at this pair later."),
    )


def dataset_title(row: MatchReview) -> str:
    """The dataset whose record it is."""
    known = catalogue().datasets.get(row.dataset)
    return words(known.title) if known else row.dataset


def departments() -> list[tuple[str, str]]:
    """The departments, for the filter."""
    return [(department.id, words(department.title)) for department in catalogue().departments.values()]


def shown_list() -> ListPage:
    """The list, with the departments in the reader's language."""
    return ListPage(
        columns=[
            Column(
                "subject",
                gettext_lazy("Record"),
                lambda row: row.subject_name or row.subject_key,
                "subject_name",
                link=lambda row: reverse("pool:match", args=[row.public_id]),
            ),
            Column("enterprise", gettext_lazy("May be"), lambda row: row.enterprise_name or row.enterprise_id),
            Column("dataset", gettext_lazy("Dataset"), dataset_title, "dataset"),
            Column(
                "chance",
                gettext_lazy("Chance in %"),
                lambda row: None if row.probability is None else round(row.probability * 100),
                "doubt",
                "number",
            ),
            Column(
                "state",
                gettext_lazy("State"),
                lambda row: row.get_verdict_display() if row.state == "applied" else row.get_state_display(),
                "state",
                "badge",
                None,
                lambda row: "red" if row.verdict == "different" else TONES[row.state],
            ),
        ],
        filters=[
            Filter("state", gettext_lazy("State"), "state", MatchReview.State.choices),
            Filter("department", gettext_lazy("Department"), "department", departments()),
        ],
        search=["subject_name", "enterprise_name", "dataset"],
        default_sort="-chance",
        file_name="matches",
        empty_title=gettext_lazy("No doubtful matches"),
        empty_text=gettext_lazy("Resolution tied every record, or found nothing that is worth a person's time."),
    )


@page(Role.OPERATOR_STAFF)
def matches(request: HouseRequest) -> HttpResponseBase:
    """The pairs, the most doubtful first."""
    rows = matches_for(request.actor).defer("sides", "evidence_zh", "evidence_en")
    waiting = matches_for(request.actor).filter(state=MatchReview.State.OPEN).count()
    return shown_list().answer(
        request, rows, "pool/matches.html", {"waiting": waiting, "next": next_match(request.actor)}
    )


@page(Role.OPERATOR_STAFF, methods=["GET", "POST"], get_writes=True)
def match(request: HouseRequest, key: str) -> HttpResponseBase:
    """Both sides of a pair. Looking at it is on the record, for it shows who owns firms and their telephones."""
    found = match_for(request.actor, key)
    form = VerdictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = request.POST.get("step", "")
        if step not in VERDICTS | {"undo"}:
            raise Http404
        try:
            _decide(request, found, step, form.cleaned_data["reason"])
        except Refused as refused:
            form.add_error(None, words(refused.finding.text))
        else:
            following = next_match(request.actor)
            messages.success(request, _told(step, more=following is not None))
            return redirect("pool:match", key=following.public_id) if following else redirect("pool:matches")
    if request.method == "GET":
        with story(request.actor) as told:
            told.record("pool.match.opened", found)
    context = {
        "match": found,
        "dataset": dataset_title(found),
        "rows": [
            {
                "label": TRAITS[row.trait],
                "subject": _shown(row.trait, row.subject),
                "enterprise": _shown(row.trait, row.enterprise),
                "agrees": AGREES[row.verdict],
            }
            for row in compared(found.sides)
        ],
        "form": form,
        "events": _events(found),
        "tone": TONES[found.state],
        "may_decide": found.state in {"open", "unsure"},
        "may_undo": found.state == "applied",
    }
    return render(request, "pool/match.html", context, status=409 if form.non_field_errors() else 200)


def _shown(trait: str, value: str) -> str:
    """A value as people read it: the name of a district instead of its code."""
    known = region(value) if trait == "district" and value.isdigit() else None
    return f"{words(known.name)} ({value})" if known else value


def _decide(request: HouseRequest, found: MatchReview, step: str, reason: str) -> None:
    if step == "undo":
        undo_match(request.actor, found, reason=reason)
    else:
        decide_match(request.actor, found, step, reason=reason)


def _told(step: str, *, more: bool) -> str:
    """What is said after a decision."""
    if step == "undo":
        return _("Taken back: the pair will be to be decided again.")
    return _("Noted. Here is the next pair.") if more else _("Noted. No other pair waits for a decision.")


def _events(found: MatchReview) -> list[dict[str, object]]:
    moves = list(history(FLOW, found))
    names = dict(Person.objects.filter(public_id__in={move.person for move in moves}).values_list("public_id", "name"))
    return [
        {
            "icon": EVENTS[move.step][0],
            "tone": EVENTS[move.step][1],
            "title": EVENTS[move.step][2],
            "at": move.at,
            "text": ": ".join(part for part in (names.get(move.person, ""), move.reason) if part),
        }
        for move in moves
    ]
