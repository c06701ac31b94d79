"""The self-check: one question at a time, without a sign-in, without JavaScript, and nothing is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from tests.policies.portal.laying import in_region, publish, row

from tulou.platform.audit.models import AuditEvent
from tulou.platform.idempotency.models import AnsweredRequest
from tulou.policies.models import Declaration, PolicyVersion, Sighting
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

pytestmark = pytest.mark.django_db
RULE = {
    "all": [
        in_region("350500"),
        row(op="range", attr="headcount", le=300, gt=10),
        row(op="is", attr="tax_arrears", value=False),
    ]
}


@pytest.fixture
def version(organisation: Callable[..., Organisation]) -> PolicyVersion:
    return publish(organisation(Kind.DEPARTMENT, code="INDUSTRY"), "one", RULE)


class Asked:
    """The form of a self-check as a browser without JavaScript sends it."""

    def __init__(self, address: str, **headers: str) -> None:
        self.client, self.address = Client(headers={"Accept-Language": "en", **headers}), address
        self.answer = self.client.get(address)

    @property
    def body(self) -> str:
        return str(self.answer.content.decode())

    @property
    def question(self) -> str:
        return str(self.answer.context["check"].asked.fact)

    @property
    def offered(self) -> list[str]:
        return [choice.label.en for choice in self.answer.context["check"].asked.choices]

    def send(self, **pressed: str) -> Asked:
        hidden: dict[str, list[str]] = {}
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.body):
            hidden.setdefault(name, []).append(value)
        self.answer = self.client.post(self.address, {**hidden, **pressed})
        assert self.answer.status_code == 200
        return self


@pytest.fixture
def asked(version: PolicyVersion) -> Asked:
    return Asked(f"/policies/{version.policy.public_id}/check/")


def test_the_questions_lead_to_a_yes_in_the_language_of_the_reader(asked: Asked) -> None:
    steps = []
    answers = {"region": ["350000", "350500"], "headcount": ["11"], "tax_arrears": ["false"]}
    while asked.answer.context["explanation"].truth == "U":
        steps.append(asked.question)
        asked.send(answer=answers[asked.question].pop(0))
    assert sorted(steps) == ["headcount", "region", "region", "tax_arrears"]
    assert "Yes, this is for you" in asked.body
    assert "CNY 10,000" in asked.body


def test_a_number_is_answered_by_the_spans_that_the_rule_tells_apart(asked: Asked) -> None:
    while asked.question != "headcount":
        asked.send(skip=asked.question)
    assert asked.offered == [
        "at most 10 persons",
        "more than 10 persons and at most 300 persons",
        "more than 300 persons",
    ]


def test_a_no_says_which_condition_the_source_and_the_nearest_change(asked: Asked) -> None:
    while asked.question != "headcount":
        asked.send(skip=asked.question)
    asked.send(answer="301")
    assert asked.answer.context["explanation"].truth == "F"
    for words in (
        "Not as things stand",
        "more than 300 persons",
        "测试",
        "now more than 300 persons, needed 300 persons",
    ):
        assert words in asked.body


def test_a_place_is_asked_level_by_level(asked: Asked) -> None:
    while asked.question != "region":
        asked.send(skip=asked.question)
    assert asked.offered == ["Fujian", "Another one"]
    asked.send(answer="350000")
    while asked.question != "region":
        asked.send(skip=asked.question)
    assert "Quanzhou" in asked.offered


def test_an_answer_can_be_changed_and_a_question_left_open(asked: Asked) -> None:
    first = asked.question
    asked.send(skip=first)
    assert asked.question != first
    second = asked.question
    choice = asked.answer.context["check"].asked.choices[0].answer
    asked.send(answer=choice)
    asked.send(change=second)
    assert asked.question == second
    asked.send(restart="1")
    assert asked.question == first


def test_what_is_left_open_in_the_end_is_named(asked: Asked) -> None:
    while asked.answer.context["check"].asked is not None:
        asked.send(skip=asked.question)
    assert "Possibly" in asked.body
    assert "tax arrears" in asked.body


def test_nothing_of_it_is_kept_anywhere(asked: Asked) -> None:
    before = AuditEvent.objects.count()
    while asked.answer.context["explanation"].truth == "U" and asked.answer.context["check"].asked:
        choices = asked.answer.context["check"].asked.choices
        asked.send(answer=choices[0].answer)
    for model in (Declaration, Sighting, AnsweredRequest, Session):
        assert not model.objects.exists()
    assert AuditEvent.objects.count() == before
    assert asked.answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "sent",
    [
        {"fact": "headcount", "answer": "many"},
        {"fact": "nonsense", "answer": "1"},
        {"given": ["headcount=x", "x"], "fact": "headcount", "answer": "3"},
        {"given": "region=000000"},
        {"fact": "headcount", "answer": ""},
        {"change": "nothing"},
    ],
)
def test_what_cannot_be_an_answer_is_said_and_harms_nothing(asked: Asked, sent: dict[str, Any]) -> None:
    answer = asked.client.post(asked.address, sent)
    assert answer.status_code == 200
    assert answer.context["check"].asked is not None


def test_the_check_of_all_policies_sorts_them_into_three_lists(
    version: PolicyVersion, organisation: Callable[..., Organisation]
) -> None:
    publish(organisation(Kind.DEPARTMENT, code="TAX"), "all", in_region("350000"))
    asked = Asked("/policies/check/")

    def counts() -> list[int]:
        return [len(asked.answer.context["lists"][truth]) for truth in "TUF"]

    assert (counts(), asked.question) == ([0, 2, 0], "region")
    asked.send(answer="350000")
    assert counts() == [1, 1, 0]
    while asked.question != "tax_arrears":
        asked.send(skip=asked.question)
    asked.send(answer="true")
    assert counts() == [1, 0, 1]
    assert "for you" in asked.body
