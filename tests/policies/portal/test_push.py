"""How people hear of news: the page and why, e-mails, devices, feeds, webhooks, and leaving with one click."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.test import Client, override_settings
from tests.policies.portal.laying import amend, at_most, in_region, noon, publish
from tests.policies.portal.profiles import write_pool

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.outbound import OutboundRefused
from tulou.platform.outbox.models import InboxItem, Message, Webhook
from tulou.platform.outbox.notice import Notice
from tulou.policies.models import Device, Errand, Feed, MatchEvent, Wish
from tulou.policies.services import devices
from tulou.policies.services.devices import MOST_DEVICES, add_device
from tulou.policies.services.digests import is_time, send_due, unsubscribe_token
from tulou.policies.services.matching import keep_up
from tulou.policies.services.webpush import b64, public_bytes, unb64
from tulou.registry.models import Membership, Organisation
from tulou.registry.roles import Kind, Role

TODAY = dt.date(2026, 7, 1)
SMALL = {"all": [in_region("350100"), at_most("headcount", 100)]}


class Shop:
    """One firm, signed in as its owner; a policy of a department that it meets has been told."""

    def __init__(self, enter: Callable[..., Any], organisation: Callable[..., Organisation]) -> None:
        self.firm = organisation(Kind.ENTERPRISE)
        self.owner = enter(Role.ENTERPRISE_LEGAL, self.firm)
        write_pool(
            {self.firm.code: {"market_register__district_code": "350102", "market_register__headcount": 10}},
        )
        keep_up()
        self.department = organisation(Kind.DEPARTMENT)
        self.version = publish(self.department, "a", SMALL, deadline=TODAY + dt.timedelta(days=30))

    @property
    def event(self) -> MatchEvent:
        """The latest event."""
        return MatchEvent.objects.order_by("-pk")[0]


@pytest.fixture
def shop(
    db: None, tmp_path: Path, enter: Callable[..., Any], organisation: Callable[..., Organisation]
) -> Iterator[Shop]:
    """A shop at noon of the first of July."""
    with override_settings(POOL=tmp_path / "pool"), noon(TODAY):
        yield Shop(enter, organisation)


def test_news_say_what_happened_and_why_with_every_condition(shop: Shop) -> None:
    """The inbox leads to the page; there stand the conditions, the firm's values and where they come from."""
    keep_up()
    item = InboxItem.objects.get(person=shop.owner.person, link__startswith="/policies/news/")
    page = shop.owner.get(item.link)
    assert page.status_code == 200
    text = page.content.decode()
    assert "You are eligible: Policy a" in text
    assert "every condition of this policy" in text
    assert "market regulation" in text.lower() or "Register of market entities" in text
    assert f"/policies/mine/{shop.version.policy.public_id}/" in text
    listed = shop.owner.get("/policies/news/").content.decode()
    assert item.link in listed
    assert item.link not in shop.owner.get("/policies/news/?kind=lost").content.decode()


def test_nobody_else_sees_a_firm_s_news_and_a_clerk_no_values(shop: Shop, enter: Callable[..., Any]) -> None:
    """Another firm's owner: not there; a clerk: what happened, without the firm's values."""
    keep_up()
    address = f"/policies/news/{shop.event.public_id}/"
    assert enter(Role.ENTERPRISE_LEGAL).get(address).status_code == 404
    assert Client().get(address).status_code == 302
    clerk = enter(Role.ENTERPRISE_CLERK, shop.firm).get(address)
    assert clerk.status_code == 200
    assert "shown to its legal representative" in clerk.content.decode()


def test_a_change_is_shown_field_by_field(shop: Shop) -> None:
    """Before and now; the older news says that there is a newer version."""
    keep_up()
    old = shop.event
    amend(shop.version.policy, benefit_zh="补贴两万元", benefit_en="CNY 20,000")
    keep_up()
    assert shop.event.kind == "changed"
    text = shop.owner.get(f"/policies/news/{shop.event.public_id}/").content.decode()
    assert "<del>CNY 10,000</del>" in text
    assert "<ins>CNY 20,000</ins>" in text
    assert "newer version" in shop.owner.get(f"/policies/news/{old.public_id}/").content.decode()


def test_the_daily_e_mail_holds_each_event_once(shop: Shop) -> None:
    """After eight in the morning, with List-Unsubscribe; the next hour nothing, the next day only what is new."""
    keep_up()
    assert [send_due(), send_due()] == [1, 0]
    (sent,) = mail.outbox
    assert sent.to == [shop.owner.person.email]
    assert "Policy a" in sent.subject or "政策a" in sent.subject
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert leave in sent.body
    with noon(TODAY + dt.timedelta(days=1)):
        assert send_due() == 0
        publish(shop.department, "b", in_region("350100"))
        keep_up()
        assert send_due() == 1
    assert len(mail.outbox) == 2
    assert "政策a" not in mail.outbox[1].body


def test_a_failing_mail_server_loses_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt fails and is not noted; the second sends."""
    keep_up()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", lambda _self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send_due()
    assert send_due() == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("email", "hour", "mailed_hours_ago", "mailed_today", "due"),
    [
        ("instant", 12, None, 0, True),
        ("instant", 12, 1, 2, True),
        ("instant", 12, 1, 3, False),
        ("instant", 22, None, 0, False),
        ("instant", 7, None, 0, False),
        ("daily", 12, 1, 1, False),
        ("daily", 12, 24, 1, True),
        ("weekly", 12, 6 * 24, 1, False),
        ("weekly", 12, 7 * 24, 1, True),
        ("never", 12, None, 0, False),
    ],
)
def test_e_mails_keep_hours_and_cap(
    email: str, hour: int, mailed_hours_ago: int | None, mailed_today: int, due: bool
) -> None:
    """At once up to three a day and never at night; daily, weekly, never."""
    now = dt.datetime.combine(TODAY, dt.time(hour), clock.SHANGHAI)
    mailed = None if mailed_hours_ago is None else now - dt.timedelta(hours=mailed_hours_ago)
    wish = Wish(email=email, mailed_at=mailed, mailed_today=mailed_today)
    with clock.at(now):
        assert is_time(wish) is due


def test_leaving_is_one_post_and_a_look_changes_nothing(shop: Shop) -> None:
    """A mail program fetches the link and nothing happens; its POST, without a session, ends the e-mails."""
    address = f"/policies/unsubscribe/{unsubscribe_token(shop.owner.person)}/"
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(address).status_code == 200
    assert not Wish.objects.exists()
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert stranger.post(address).status_code == 200
    assert Wish.objects.get(person=shop.owner.person).email == "never"
    keep_up()
    assert send_due() == 0
    forged = address[:-3] + ("aa/" if not address.endswith("aa/") else "bb/")
    assert stranger.post(forged).status_code == 404


def test_settings_are_kept_and_wrong_ones_refused(shop: Shop) -> None:
    """Kinds, frequency, hours and cap."""
    given = {
        "kinds": ["eligible", "closing"],
        "email": "weekly",
        "cap": "5",
        "quiet_from": "20:30",
        "quiet_to": "09:00",
    }
    assert shop.owner.get("/policies/news/settings/").status_code == 200
    assert shop.owner.post("/policies/news/settings/", given).status_code == 302
    wish = Wish.objects.get()
    assert (wish.kinds, wish.email, wish.cap, wish.quiet_from) == (
        ["eligible", "closing"],
        "weekly",
        5,
        dt.time(20, 30),
    )
    for wrong in ({"cap": "0"}, {"cap": "21"}, {"email": "hourly"}, {"kinds": ["gossip"]}, {"quiet_to": "25:00"}):
        assert shop.owner.post("/policies/news/settings/", {**given, **wrong}).status_code == 200
    assert Wish.objects.get().cap == 5


def browser_keys() -> dict[str, str]:
    """What a browser says of itself when it subscribes."""
    key = ec.generate_private_key(ec.SECP256R1())
    return {"public_key": b64(public_bytes(key.public_key())), "secret": b64(b"0123456789abcdef")}


def test_a_browser_is_woken_once_for_each_event(
    shop: Shop, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encrypted to its key, signed by the house, with the event as tag; a failure is tried again."""
    endpoint = "https://push.example.com/send/1"
    answer = shop.owner.post(
        "/policies/news/settings/devices/", {"endpoint": endpoint, "name": "Phone", **browser_keys()}
    )
    assert answer.status_code == 201
    calls: list[dict[str, Any]] = []
    statuses = iter([503, 201])

    def send(method: str, url: str, *, body: bytes, headers: dict[str, str]) -> int:
        calls.append({"url": url, "size": len(body), **headers})
        return next(statuses)

    monkeypatch.setattr(devices, "send", send)
    keep_up()
    drain()
    assert Errand.objects.get().sent_at is None
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        drain()
        drain()
    assert len(calls) == 2
    assert Errand.objects.get().sent_at is not None
    assert calls[1]["url"] == endpoint
    assert calls[1]["Content-Encoding"] == "aes128gcm"
    assert calls[1]["Topic"] == shop.event.public_id
    assert calls[1]["Authorization"].startswith("vapid t=")


@pytest.mark.parametrize("status", [404, 410, "refused"])
def test_a_browser_that_is_gone_is_forgotten(
    shop: Shop, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch, status: int | str
) -> None:
    """The push service says so, or its address may not be reached any more."""

    def send(*_: Any, **__: Any) -> int:
        if status == "refused":
            raise OutboundRefused("outbound.host_not_public")
        return int(status)

    monkeypatch.setattr(devices, "send", send)
    add_device(shop.owner.actor, "https://push.example.com/send/1", **browser_keys())
    keep_up()
    drain()
    assert Device.objects.get().gone_at is not None


def test_what_cannot_be_a_browser_is_refused(shop: Shop) -> None:
    """A private address, a key off the curve, a secret too short, no HTTPS; and a machine has no browser."""
    good = {"endpoint": "https://push.example.com/1", **browser_keys()}
    wrong = [
        {"endpoint": "https://10.0.0.1/1"},
        {"endpoint": "http://push.example.com/1"},
        {"public_key": b64(b"\x04" + b"\x01" * 64)},
        {"public_key": "???"},
        {"secret": b64(b"short")},
    ]
    for each in wrong:
        with pytest.raises(Refused):
            add_device(shop.owner.actor, **{**good, **each})
    assert len(unb64(good["secret"])) == 16
    for number in range(MOST_DEVICES + 2):
        add_device(shop.owner.actor, **{**good, "endpoint": f"https://push.example.com/{number}"})
    assert Device.objects.filter(gone_at=None).count() == MOST_DEVICES


def test_a_browser_can_be_taken_back_by_its_person_only(shop: Shop, enter: Callable[..., Any]) -> None:
    """Another person cannot, and does not see it."""
    made = add_device(shop.owner.actor, "https://push.example.com/1", **browser_keys(), name="Phone")
    address = f"/policies/news/settings/devices/{made.public_id}/remove/"
    assert enter(Role.ENTERPRISE_LEGAL).post(address).status_code == 404
    assert "Phone" in shop.owner.get("/policies/news/settings/").content.decode()
    assert shop.owner.post(address).status_code == 302
    assert Device.objects.get().gone_at is not None


def test_a_secret_address_opens_news_and_deadlines_until_it_is_taken_back(shop: Shop) -> None:
    """Atom and iCalendar without a session; a guessed, a changed and a revoked address open nothing."""
    keep_up()
    shop.owner.post("/policies/news/settings/feed/", {"do": "open"})
    page = shop.owner.get("/policies/news/settings/")
    paths = {name: page.context[name].partition("/policies/")[2] for name in ("atom", "calendar")}
    stranger = Client()
    atom, calendar = (stranger.get(f"/policies/{paths[name]}") for name in ("atom", "calendar"))
    assert "政策a" in atom.content.decode()
    assert atom.headers["Cache-Control"] == "private, no-store"
    assert "DTSTART;VALUE=DATE:20260731" in calendar.content.decode()
    assert stranger.get(f"/policies/{paths['atom'][:-12]}x/atom.xml").status_code == 404
    shop.owner.post("/policies/news/settings/feed/", {"do": "open"})
    assert stranger.get(f"/policies/{paths['atom']}").status_code == 404
    again = shop.owner.get("/policies/news/settings/").context["atom"].partition("/policies/")[2]
    assert stranger.get(f"/policies/{again}").status_code == 200
    shop.owner.post("/policies/news/settings/feed/", {"do": "close"})
    assert stranger.get(f"/policies/{again}").status_code == 404
    assert Feed.objects.filter(ended_at=None).count() == 0


def test_a_feed_ends_with_the_person_s_role(shop: Shop) -> None:
    """Who does not act for the firm any more does not read on."""
    shop.owner.post("/policies/news/settings/feed/", {"do": "open"})
    path = shop.owner.get("/policies/news/settings/").context["atom"].partition("/policies/")[2]
    Membership.objects.filter(person=shop.owner.person).update(ended_at=clock.now())
    assert Client().get(f"/policies/{path}").status_code == 404


def test_the_firm_s_own_system_hears_by_webhook_once(shop: Shop) -> None:
    """Code, policy and version, as machines read them."""
    hook = Webhook.objects.create(
        organisation=shop.firm.pk, url="https://erp.example.com/hook", secret="s", codes=["policies.match."]
    )
    Webhook.objects.create(organisation=shop.firm.pk, url="https://erp.example.com/x", secret="s", codes=["pool."])
    keep_up()
    keep_up()
    (message,) = Message.objects.filter(channel="webhook")
    assert (message.webhook, message.code) == (hook, "policies.match.eligible")
    assert message.content["data"] == {"policy": shop.version.policy.public_id, "version": 1, "event": "eligible"}


def test_bulk_and_single_notices_do_not_reach_anybody_twice(shop: Shop) -> None:
    """The same code and key: whichever way it came first, the other is left out."""
    from django.db import transaction

    from tulou.kernel.errors import Text
    from tulou.platform.outbox.bulk import Wording, put_into_inboxes
    from tulou.platform.outbox.services import put_notices

    person, words = shop.owner.person.pk, Text(zh="一", en="one")
    with transaction.atomic():
        assert put_into_inboxes("t.bulk", Wording(words, words), [(person, "k", "/"), (person, "l", "/")]) == 2
        assert put_into_inboxes("t.bulk", Wording(words, words), [(person, "k", "/"), (person, "m", "/")]) == 1
        notice = Notice("t.bulk", "k", words, words, people=(person,))
        assert put_notices([notice]) == []
        assert put_into_inboxes("t.bulk", Wording(words, words), []) == 0
    rows = Message.objects.filter(code="t.bulk")
    assert sorted(rows.values_list("key", flat=True)) == ["k", "l", "m"]
    assert InboxItem.objects.filter(message__in=rows).count() == 3
    assert json.loads(json.dumps(rows[0].content))["title"] == {"zh": "一", "en": "one"}
