"""Messages go out after the commit, each once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.utils import translation

from tulou.kernel.errors import Text
from tulou.platform.actor import SYSTEM
from tulou.platform.outbox import webhooks
from tulou.platform.outbox.models import InboxItem, Message, Webhook
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.registry.models import Person

pytestmark = pytest.mark.django_db


def notice(person: Person, **more: object) -> Notice:
    known = {
        "code": "tests.thing.done",
        "key": "1",
        "title": Text(zh="好了", en="It is done"),
        "body": Text(zh="请看", en="Have a look"),
        "people": (person.pk,),
        "link": "/workspace/",
    }
    return Notice(**{**known, **more})  # type: ignore[arg-type]


def test_a_notice_lies_in_the_inbox_once_however_often_it_is_sent(
    person: Callable[..., Person], drain: Callable[[], int]
) -> None:
    reader = person()
    for _ in range(3):
        with story(SYSTEM) as told:
            told.send(notice(reader))
    drain()
    drain()
    item = InboxItem.objects.get(person=reader)
    with translation.override("en"):
        assert (item.title, item.body) == ("It is done", "Have a look")
    with translation.override("zh-hans"):
        assert (item.title, item.body) == ("好了", "请看")


def test_nobody_hears_of_a_story_that_failed(person: Callable[..., Person], drain: Callable[[], int]) -> None:
    reader = person()

    def tell() -> None:
        with story(SYSTEM) as told:
            told.send(notice(reader))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        tell()
    drain()
    assert Message.objects.count() == InboxItem.objects.count() == 0


@pytest.mark.parametrize(("language", "subject"), [("en", "It is done"), ("zh-hans", "好了")])
def test_an_urgent_notice_is_an_email_in_the_readers_language(
    person: Callable[..., Person], drain: Callable[[], int], language: str, subject: str
) -> None:
    reader = person(language=language)
    with story(SYSTEM) as told:
        told.send(notice(reader, urgent=True))
    drain()
    sent = mail.outbox[0]
    assert sent.subject == subject
    assert sent.to == [reader.email]
    assert "/workspace/" in str(sent.body)


def test_a_webhook_is_signed_and_hears_only_what_it_asked_for(
    monkeypatch: pytest.MonkeyPatch, person: Callable[..., Person], drain: Callable[[], int]
) -> None:
    heard = []

    def send(method: str, url: str, *, body: bytes, headers: dict[str, str]) -> int:
        heard.append((url, body, headers))
        return 204

    monkeypatch.setattr(webhooks, "send", send)
    hook = Webhook.objects.create(organisation=7, url="https://a.example/", secret="s" * 32, codes=["tests.thing."])
    Webhook.objects.create(organisation=7, url="https://b.example/", secret="s" * 32, codes=["other.thing.done"])
    with story(SYSTEM) as told:
        told.send(notice(person(), people=(), organisation=7, data={"id": "x"}))
    drain()
    [(url, body, headers)] = heard
    at = int(headers["Tulou-Signature"].split(",")[0].removeprefix("t="))
    assert url == hook.url
    assert headers["Tulou-Signature"] == webhooks.signature(hook.secret, at, body)
    assert Message.objects.get().state == Message.State.DELIVERED


def test_a_webhook_at_a_forbidden_address_is_given_up_with_the_reason(drain: Callable[[], int]) -> None:
    Webhook.objects.create(organisation=7, url="https://127.0.0.1/", secret="s", codes=["tests.thing.done"])
    with story(SYSTEM) as told:
        told.send(Notice("tests.thing.done", "1", Text("a", "a"), Text("b", "b"), organisation=7))
    drain()
    message = Message.objects.get()
    assert (message.state, message.failure) == (Message.State.FAILED, "outbound.host_not_public")
