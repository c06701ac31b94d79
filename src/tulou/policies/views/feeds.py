"""Policies for machines that people own: JSON Feed, Atom and iCalendar of whatever the filters of the list leave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, linebreaks
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from tulou.platform.clock import EPOCH
from tulou.platform.templatetags.ui import day, money
from tulou.platform.web.access import page
from tulou.platform.web.middleware import tongue
from tulou.platform.web.request import HouseRequest
from tulou.policies.queries.public import Card, find, shelf
from tulou.policies.views.public import parameters

MOST = 200
CALENDAR = "text/calendar; charset=utf-8"


def address(name: str, *keys: str) -> str:
    """An address of the portal as others know it."""
    return settings.BASE_URL + reverse(f"policies:{name}", args=keys)


def wanted(request: HouseRequest) -> list[Card]:
    """The policies of the filters in the URL, newest first."""
    return list(find({**request.GET.dict(), "sort": "new"}).cards)[:MOST]


def gist(card: Card) -> list[str]:
    """The few lines that say what a policy gives and until when."""
    lines = [card.version.benefit, card.version.summary]
    if card.ceiling is not None:
        lines.append(_("At most: %(amount)s") % {"amount": money(card.ceiling)})
    if card.deadline is not None:
        lines.append(_("Apply by: %(day)s") % {"day": day(card.deadline)})
    lines.append(_("Department: %(name)s") % {"name": card.policy.department.name})
    return [line for line in lines if line]


@page(public=True)
def json_feed(request: HouseRequest) -> HttpResponseBase:
    """JSON Feed 1.1."""
    items = [
        {
            "id": card.core.id,
            "url": address("show", card.core.id),
            "title": card.version.title,
            "content_text": "\n".join(gist(card)),
            "date_published": (card.version.published_at or EPOCH).isoformat(),
            "tags": [card.version.theme],
            "authors": [{"name": card.policy.department.name}],
            "_tulou": {
                "version": card.version.number,
                "ceiling_fen": card.ceiling,
                "deadline": card.deadline,
                "valid_to": card.version.valid_to,
                "no_application": card.version.no_application,
            },
        }
        for card in wanted(request)
    ]
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _("Policies for firms"),
        "home_page_url": address("home"),
        "feed_url": f"{address('feed_json')}?{parameters(request)}".rstrip("?"),
        "language": "zh-Hans" if tongue() == "zh" else "en",
        "items": items,
    }
    answer = JsonResponse(body, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False})
    return open_to_all(answer)


@page(public=True)
def atom_feed(request: HouseRequest) -> HttpResponseBase:
    """Atom (RFC 4287)."""
    feed = Atom1Feed(
        title=_("Policies for firms"),
        link=address("home"),
        description="",
        language="zh-Hans" if tongue() == "zh" else "en",
        feed_url=f"{address('feed_atom')}?{parameters(request)}".rstrip("?"),
    )
    for card in wanted(request):
        published = card.version.published_at or EPOCH
        feed.add_item(
            title=card.version.title,
            link=address("show", card.core.id),
            description=format_html("{}", linebreaks("\n".join(gist(card)), autoescape=True)),
            unique_id=f"urn:tulou:policy:{card.core.id}",
            pubdate=published,
            updateddate=published,
            author_name=card.policy.department.name,
            categories=[card.version.theme],
        )
    return open_to_all(HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"))


@page(public=True)
def deadlines(request: HouseRequest) -> HttpResponseBase:
    """The deadlines of the policies of the filters, as a calendar to subscribe to."""
    cards = [card for card in wanted(request) if card.deadline is not None]
    return calendar_answer(calendar_of(cards), "deadlines.ics")


@page(public=True)
def deadline(_request: HouseRequest, key: str) -> HttpResponseBase:
    """One deadline for one's own calendar."""
    card = shelf().by_id.get(key)
    if card is None or card.deadline is None:
        raise Http404
    return calendar_answer(calendar_of([card]), "deadline.ics")


def calendar_of(cards: Iterable[Card], name: str = "") -> Calendar:
    """Deadlines as whole days with a reminder a week before (RFC 5545)."""
    made = Calendar()
    made.add("prodid", "-//Tulou//policies//ZH")
    made.add("version", "2.0")
    made.add("name", name or _("Deadlines of policies"))
    made.add("x-wr-calname", name or _("Deadlines of policies"))
    for card in cards:
        if card.deadline is None:
            continue
        event, alarm = Event(), Alarm()
        event.add("uid", f"{card.core.id}.deadline@tulou")
        event.add("dtstamp", card.version.published_at or EPOCH)
        event.add("dtstart", card.deadline)
        event.add("dtend", card.deadline + dt.timedelta(days=1))
        event.add("summary", _("Last day: %(title)s") % {"title": card.version.title})
        event.add("description", "\n".join(gist(card)))
        event.add("url", address("show", card.core.id))
        event.add("transp", "TRANSPARENT")
        alarm.add("action", "DISPLAY")
        alarm.add("description", card.version.title)
        alarm.add("trigger", dt.timedelta(days=-7))
        event.add_component(alarm)
        made.add_component(event)
    return made


def calendar_answer(made: Calendar, name: str) -> HttpResponse:
    """A calendar as a file."""
    answer = HttpResponse(made.to_ical(), content_type=CALENDAR)
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def open_to_all(answer: HttpResponse) -> HttpResponse:
    """Any page may read a public feed."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
