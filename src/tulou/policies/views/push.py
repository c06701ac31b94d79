"""What a firm was told of policies and why; how a person hears of it; the secret feeds; leaving with one click."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.middleware import tongue
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.explaining import Explanation
from tulou.policies.forms.push import WishForm
from tulou.policies.models import Feed, MatchEvent
from tulou.policies.queries.firm import marks_of
from tulou.policies.queries.news import device_for, devices_of, event_for, feed_for, may_follow, news_for
from tulou.policies.queries.policies import public_policies
from tulou.policies.queries.public import shelf
from tulou.policies.services.changes import FieldChange, changed_fields
from tulou.policies.services.devices import add_device, remove_device
from tulou.policies.services.digests import person_of_token
from tulou.policies.services.facts import Origin
from tulou.policies.services.matching import results_of
from tulou.policies.services.standing import explained, known_of
from tulou.policies.services.webpush import house_public_key
from tulou.policies.services.wishes import (
    close_feed,
    feed_of_token,
    feed_token,
    open_feed,
    set_wishes,
    stop_emails,
    wish_of,
)
from tulou.policies.services.wording import wording_of
from tulou.policies.views.feeds import calendar_answer, calendar_of
from tulou.pool.services.consent import SIGNERS
from tulou.registry.queries import organisation_for
from tulou.registry.roles import Role

FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE, Role.ENTERPRISE_CLERK)
TONES = {"eligible": "green", "possible": "yellow", "closing": "earth", "changed": "azure", "lost": "red"}
ICONS = {
    "eligible": "circle-check",
    "possible": "help-circle",
    "closing": "clock",
    "changed": "pencil",
    "lost": "circle-x",
}
PAGE, FEED = 25, 100


def told(event: MatchEvent) -> dict[str, object]:
    """An event as a page shows it."""
    wording, zh = wording_of(event.version, event.kind, event.cause), tongue() == "zh"
    return {
        "event": event,
        "title": wording.title.zh if zh else wording.title.en,
        "body": wording.body.zh if zh else wording.body.en,
        "tone": TONES[event.kind],
        "icon": ICONS[event.kind],
    }


@page(*FIRM)
def news(request: HouseRequest) -> HttpResponseBase:
    """Everything that the firm was told, newest first."""
    kind = request.GET.get("kind", "")
    found = news_for(request.actor)
    if kind in MatchEvent.Kind.values:
        found = found.filter(kind=kind)
    rows = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "rows": [told(event) for event in rows],
        "page": rows,
        "kind": kind,
        "kinds": MatchEvent.Kind.choices,
        "today": clock.today(),
    }
    return render(request, "policies/push/news.html", context)


@page(*FIRM)
def saved(request: HouseRequest) -> HttpResponseBase:
    """The policies that the firm saved, for the app that keeps them on the device."""
    keys = [key for key, kind in marks_of(request.actor).items() if kind == "saved"]
    rows = public_policies().filter(public_id__in=keys).exclude(current=None)
    found = [
        {"url": reverse("policies:show", args=[row.public_id]), "title": row.current.title}
        for row in rows
        if row.current
    ]
    return JsonResponse({"language": "zh-CN" if tongue() == "zh" else "en", "policies": found})


@page(*FIRM, get_writes=True)
def why(request: HouseRequest, key: str) -> HttpResponseBase:
    """Why the firm was told this: what happened, what changed, and each condition with the firm's value today.

    Whoever may speak for the firm sees its values; that reading is on the record. A clerk sees what happened.
    """
    event = event_for(request.actor, key)
    explanation, refused = None, None
    origins: Mapping[str, Origin] = {}
    if request.actor.has_any(frozenset(SIGNERS)):
        try:
            known = known_of(request.actor)
            explanation, origins = explained(request.actor, event.version, known), known.origins
        except Refused as error:
            refused = error.finding
    context = {
        **told(event),
        "version": event.version,
        "policy": event.version.policy,
        "explanation": explanation,
        "criteria": _criteria(explanation),
        "origins": origins,
        "refused": refused,
        "changes": _changes(event),
        "newer": event.version.policy.current_id != event.version_id,
        "today": clock.today(),
    }
    return render(request, "policies/push/why.html", context)


def _criteria(explanation: Explanation | None) -> tuple[object, ...]:
    if explanation is None:
        return ()
    return explanation.criterion.parts or (explanation.criterion,)


def _changes(event: MatchEvent) -> list[FieldChange]:
    if event.kind != MatchEvent.Kind.CHANGED:
        return []
    rows = event.version.policy.versions.filter(number__lt=event.version.number, state="superseded")
    before = rows.order_by("-number").first()
    return [] if before is None else changed_fields(before, event.version)


@page(*FIRM, methods=["GET", "POST"])
def wishes(request: HouseRequest) -> HttpResponseBase:
    """How the person wants to hear of policies."""
    wish = wish_of(request.actor.person_key or 0)
    form = WishForm(request.POST or None, instance=wish)
    if request.method == "POST" and form.is_valid():
        set_wishes(request.actor, **form.cleaned_data)
        messages.success(request, _("Saved. That is how you will hear of policies."))
        return redirect("policies:wishes")
    feed = feed_for(request.actor)
    token = feed_token(feed) if feed else ""
    context = {
        "form": form,
        "devices": devices_of(request.actor),
        "push_key": house_public_key(),
        "feed": feed,
        "atom": settings.BASE_URL + reverse("policies:follow_atom", args=[token]) if token else "",
        "calendar": settings.BASE_URL + reverse("policies:follow_calendar", args=[token]) if token else "",
    }
    return render(request, "policies/push/wishes.html", context)


@page(*FIRM, methods=["POST"])
def feed(request: HouseRequest) -> HttpResponseBase:
    """Make a secret address (the one before it ends), or take it back."""
    if request.POST.get("do") == "close":
        old = feed_for(request.actor)
        if old is not None:
            close_feed(request.actor, old)
        messages.success(request, _("The address opens nothing any more."))
    else:
        open_feed(request.actor, organisation_for(request.actor, request.actor.organisation_id))
        messages.success(request, _("Here is your secret address. Keep it to yourself."))
    return redirect(reverse("policies:wishes") + "#feeds")


@page(*FIRM, methods=["POST"])
def add_browser(request: HouseRequest) -> HttpResponseBase:
    """Keep this browser's subscription; the page's script sends it."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "public_key", "secret", "name")}
    made = add_device(request.actor, **given)
    return JsonResponse({"device": made.public_id}, status=201)


@page(*FIRM, methods=["POST"])
def remove_browser(request: HouseRequest, key: str) -> HttpResponseBase:
    """Wake a browser no more."""
    remove_device(request.actor, device_for(request.actor, key))
    messages.success(request, _("This device stays quiet from now on."))
    return redirect(reverse("policies:wishes") + "#devices")


@csrf_exempt
@page(public=True, methods=["GET", "POST"])
def unsubscribe(request: HouseRequest, token: str) -> HttpResponseBase:
    """Leave the e-mails: a page with one button; a mail program posts here by itself (RFC 8058). A GET changes nothing.

    The signed address is the proof, so that no session is needed, and no other site can do more than whoever has it.
    """
    person = person_of_token(token)
    if person is None:
        raise Http404
    done = request.method == "POST"
    if done:
        stop_emails(person)
    with translation.override(person.language):
        return render(request, "policies/push/unsubscribe.html", {"done": done})


def followed(token: str) -> Feed:
    """The feed that a secret address opens. Raises Http404 where it is none, was revoked, or its person has left."""
    found = feed_of_token(token)
    if found is None or not may_follow(found):
        raise Http404
    return found


@page(public=True)
def atom(_request: HttpRequest, token: str) -> HttpResponseBase:
    """The firm's news as Atom."""
    found = followed(token)
    with translation.override(found.person.language):
        made = Atom1Feed(
            title=_("Policies for %(firm)s") % {"firm": found.firm.name},
            link=settings.BASE_URL + reverse("policies:news"),
            description="",
            language="zh-Hans" if tongue() == "zh" else "en",
        )
        rows = MatchEvent.objects.select_related("version__policy__department").filter(firm=found.firm).order_by("-id")
        for event in rows[:FEED]:
            shown = told(event)
            made.add_item(
                title=str(shown["title"]),
                link=settings.BASE_URL + reverse("policies:news_why", args=[event.public_id]),
                description=str(shown["body"]),
                unique_id=f"urn:tulou:news:{event.public_id}",
                pubdate=event.created_at,
                updateddate=event.created_at,
                author_name=event.version.policy.department.name,
                categories=[event.kind],
            )
        answer = HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    return private(answer)


@page(public=True)
def calendar(_request: HttpRequest, token: str) -> HttpResponseBase:
    """The deadlines of the policies that are for the firm, as a calendar to subscribe to."""
    found = followed(token)
    today = clock.today()
    held = {key for key, verdict in results_of(found.firm, today).items() if verdict.truth == "T"}
    stock = shelf(today)
    with translation.override(found.person.language):
        name = _("Policies for %(firm)s") % {"firm": found.firm.name}
        made = calendar_of([card for card in stock.cards if card.core.id in held], name)
        return private(calendar_answer(made, "deadlines.ics"))


def private(answer: HttpResponse) -> HttpResponse:
    """Nobody on the way may keep it; no search engine lists it."""
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
