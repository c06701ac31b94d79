"""E-mails about policies: at once, daily or weekly, never at night, never more than wished, each event once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tulou.platform import clock
from tulou.policies.models import MatchEvent, Matching, Wish
from tulou.policies.services.telling import FIRM_ROLES
from tulou.policies.services.wording import wording_of
from tulou.registry.models import Membership, Person

CHUNK = 500
MOST_LINES = 30
SALT = "policies.unsubscribe"
EVENING = dt.time(8)
"""Who has said nothing gets the daily e-mail after eight in the morning."""


def unsubscribe_token(person: Person) -> str:
    """What stands in an e-mail's link: whom it is about, signed."""
    return signing.dumps(person.public_id, salt=SALT)


def person_of_token(token: str) -> Person | None:
    """The person whom a link is about; None where it was not made here."""
    try:
        return Person.objects.filter(public_id=signing.loads(token, salt=SALT)).first()
    except signing.BadSignature:
        return None


def send_due() -> int:
    """Send every e-mail that is due now; how many. A person's events since her last e-mail are in it, each once."""
    sent = 0
    for person, wish in _due():
        sent += send_digest(person, wish)
    _note_day()
    return sent


def _due() -> Iterator[tuple[Person, Wish]]:
    """People whose hour has come: those with wishes whenever these say so, the others once a day."""
    for wish in Wish.objects.exclude(email=Wish.Email.NEVER).select_related("person").iterator(chunk_size=CHUNK):
        if wish.person.is_active and is_time(wish):
            yield wish.person, wish
    local = clock.now().astimezone(clock.SHANGHAI)
    state = Matching.objects.filter(pk=1).first()
    if state is None or local.time() < EVENING or state.mailed_on == local.date():
        return
    firms = MatchEvent.objects.filter(created_at__gt=clock.now() - dt.timedelta(days=2)).values("firm_id")
    members = Membership.objects.filter(organisation_id__in=firms, role__in=FIRM_ROLES, ended_at=None)
    silent = Person.objects.filter(is_active=True, pk__in=members.values("person_id"))
    known = Wish.objects.values("person_id")
    for person in silent.exclude(pk__in=known).order_by("pk").iterator(chunk_size=CHUNK):
        yield person, Wish(person=person)


def _note_day() -> None:
    local = clock.now().astimezone(clock.SHANGHAI)
    if local.time() >= EVENING:
        Matching.objects.filter(pk=1).update(mailed_on=local.date())


def is_time(wish: Wish) -> bool:
    """Whether an e-mail may go now: not in quiet hours, not above the cap, and as often as wished."""
    now = clock.now().astimezone(clock.SHANGHAI)
    if in_quiet(now.time(), wish.quiet_from, wish.quiet_to):
        return False
    last = wish.mailed_at.astimezone(clock.SHANGHAI).date() if wish.mailed_at else None
    match wish.email:
        case Wish.Email.INSTANT:
            return last != now.date() or wish.mailed_today < wish.cap
        case Wish.Email.DAILY:
            return last != now.date()
        case Wish.Email.WEEKLY:
            return last is None or last <= now.date() - dt.timedelta(days=7)
        case _:
            return False


def in_quiet(time: dt.time, since: dt.time, until: dt.time) -> bool:
    """Whether a time lies in quiet hours, which may go over midnight; equal ends are no quiet hours.

    >>> night = (dt.time(21), dt.time(8))
    >>> in_quiet(dt.time(23), *night), in_quiet(dt.time(8), *night), in_quiet(dt.time(7, 59), *night)
    (True, False, True)
    """
    if since == until:
        return False
    return since <= time < until if since < until else time >= since or time < until


def send_digest(person: Person, wish: Wish) -> bool:
    """Put one person's e-mail into the outbox of the mail server; whether there was anything to say.

    The note that it is sent and the sending are not one: the note is written first and taken back where the sending
    fails, so that nobody is written to twice.
    """
    events = list(_events(person, wish))
    if not events:
        return False
    now = clock.now()
    local = now.astimezone(clock.SHANGHAI).date()
    with transaction.atomic():
        kept, _made = Wish.objects.select_for_update().get_or_create(person=person)
        if kept.last_event != wish.last_event:
            return False
        same_day = kept.mailed_at is not None and kept.mailed_at.astimezone(clock.SHANGHAI).date() == local
        kept.last_event = max(event.pk for event in events)
        kept.mailed_at, kept.mailed_today = now, kept.mailed_today + 1 if same_day else 1
        kept.save(update_fields=["last_event", "mailed_at", "mailed_today"])
        _mail(person, events).send()
    return True


def _events(person: Person, wish: Wish) -> Iterable[MatchEvent]:
    """What happened to her firms since her last e-mail; for who never had one, in the last two days."""
    now = clock.now()
    firms = Membership.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=now), person=person, role__in=FIRM_ROLES, ended_at=None
    ).values("organisation_id")
    rows = MatchEvent.objects.filter(firm_id__in=firms, pk__gt=wish.last_event, kind__in=wish.kinds)
    if not wish.last_event:
        rows = rows.filter(created_at__gt=now - dt.timedelta(days=2))
    return rows.select_related("version__policy__department", "firm").order_by("firm_id", "pk")


def _mail(person: Person, events: list[MatchEvent]) -> EmailMultiAlternatives:
    base = settings.BASE_URL
    leave = f"{base}/policies/unsubscribe/{quote(unsubscribe_token(person), safe=':')}/"
    chinese = person.language.startswith("zh")
    lines = []
    for event in events[:MOST_LINES]:
        wording = wording_of(event.version, event.kind, event.cause)
        lines.append(
            {
                "title": wording.title.zh if chinese else wording.title.en,
                "body": wording.body.zh if chinese else wording.body.en,
                "link": f"{base}/policies/news/{event.public_id}/",
                "firm": event.firm.name_zh if chinese else event.firm.name_en or event.firm.name_zh,
            }
        )
    with translation.override(person.language):
        context = {
            "lines": lines,
            "more": max(0, len(events) - MOST_LINES),
            "all": f"{base}/policies/news/",
            "settings": f"{base}/policies/news/settings/",
            "leave": leave,
            "firms": len({event.firm_id for event in events}) > 1,
        }
        title = ngettext("%(n)d news about policies", "%(n)d news about policies", len(events)) % {"n": len(events)}
        subject = f"{lines[0]['title']}" if len(events) == 1 else title
        text = render_to_string("policies/mail/digest.txt", context)
        mail = EmailMultiAlternatives(
            subject=f"{subject} · {_('Tulou')}",
            body=text,
            to=[person.email],
            headers={
                "List-Unsubscribe": f"<{leave}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Message-ID": f"<policies.{person.public_id}.{max(event.pk for event in events)}@tulou>",
                "Auto-Submitted": "auto-generated",
            },
        )
        mail.attach_alternative(render_to_string("policies/mail/digest.html", context), "text/html")
    return mail
