"""The API of consents, readings, disputes, rights and matches: as organisations' own systems use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from tulou.platform import clock
from tulou.platform.idempotency.models import AnsweredRequest
from tulou.pool.models import Consent, MatchReview, ReadDecision
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import grant_consent, revoke_consent
from tulou.registry.models import Organisation, Token
from tulou.registry.roles import Kind, Role
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
DATASET = "market_register"
NOW = dt.datetime(2020, 7, 10, 2, tzinfo=dt.UTC)
SCOPES = ["pool:read", "pool:write", "matches:read", "matches:write"]


@dataclass
class Machine:
    """An organisation's own system."""

    secret: str
    count: int = field(default=0)

    def get(self, path: str, **query: Any) -> Any:
        return Client().get(f"/api/v1/pool/{path}", query, headers={"Authorization": f"Bearer {self.secret}"})

    def post(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        self.count += 1
        headers = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key or f"key-{self.count}"}
        return Client().post(f"/api/v1/pool/{path}", body or {}, content_type="application/json", headers=headers)


@dataclass
class Stage:
    firm: Organisation
    owner: Any
    items: list[str]
    bank: Machine
    firms_own: Machine
    department: Machine

    @property
    def request(self) -> dict[str, Any]:
        return {
            "firm": self.firm.code,
            "purpose": "LOAN_APPLY",
            "items": self.items[:3],
            "data_from": "2019-01-01",
            "data_until": "2020-07-01",
            "reason": "working capital",
        }

    def granted(self) -> Consent:
        made = self.bank.post("consents", self.request)
        assert made.status_code == 201, made.content
        return grant_consent(self.owner.actor, Consent.objects.get(public_id=made.json()["id"]))


@pytest.fixture
def machine(enter: Callable[..., Any]) -> Callable[..., Machine]:
    def make(role: Role, at: Organisation | None = None) -> Machine:
        head = enter(role, at)
        organisation = Organisation.objects.get(pk=head.actor.organisation_key)
        return Machine(make_token(head.actor, organisation, name="system", scopes=SCOPES)[1])

    return make


@pytest.fixture
def stage(
    courtyard: Callable[..., list[str]],
    organisation: Callable[..., Organisation],
    enter: Callable[..., Any],
    machine: Callable[..., Machine],
) -> Iterator[Stage]:
    with clock.at(NOW):
        install_purposes()
        firm, market = organisation(Kind.ENTERPRISE), organisation(Kind.DEPARTMENT, code="MARKET")
        items = courtyard([firm], DATASET)
        officer = enter(Role.DEPARTMENT_OFFICER, market)
        open_items(officer.actor, department="market", dataset=DATASET, reader_kind="bank")
        owner = enter(Role.ENTERPRISE_LEGAL, firm)
        yield Stage(
            firm,
            owner,
            items,
            machine(Role.BANK_MANAGER),
            machine(Role.ENTERPRISE_LEGAL, firm),
            machine(Role.DEPARTMENT_OFFICER, market),
        )


def test_a_bank_asks_and_after_the_grant_reads_value_and_source(stage: Stage) -> None:
    consent = stage.granted()
    shown = stage.bank.get(f"consents/{consent.public_id}").json()
    assert (shown["state"], shown["terms"]["items"]) == ("active", sorted(stage.items[:3]))
    assert [event["kind"] for event in shown["events"]] == ["requested", "granted"]
    read = stage.bank.post(f"consents/{consent.public_id}/readings", key="reading-1")
    assert read.status_code == 200
    facts = read.json()["values"][stage.items[0]]
    assert facts[0]["delivery"] == "delivery-1"
    assert stage.firm.code in str(facts[0]["value"])
    assert stage.bank.get(f"consents/{consent.public_id}/receipt").json()["signature"]
    logged = stage.firms_own.get("readings").json()["items"]
    assert [(row["decision"], row["delivered"]) for row in logged] == [("allowed", 3)]


def test_no_value_is_kept_for_the_key_and_the_key_names_the_reading(stage: Stage) -> None:
    consent = stage.granted()
    path = f"consents/{consent.public_id}/readings"
    assert stage.bank.post(path, key="one").status_code == stage.bank.post(path, key="one").status_code == 200
    assert not AnsweredRequest.objects.filter(answer__contains=stage.firm.code).exists()
    assert ReadDecision.objects.filter(counted=True).count() == 1
    assert stage.bank.post(path, {"items": stage.items[:1]}, key="one").status_code == 409
    assert "no-store" in stage.bank.post(path, key="one").headers["Cache-Control"]


def test_after_the_firm_took_it_back_the_same_key_gives_nothing_and_the_refusal_stays_on_record(stage: Stage) -> None:
    consent = stage.granted()
    path = f"consents/{consent.public_id}/readings"
    assert stage.bank.post(path, key="one").status_code == 200
    revoke_consent(stage.owner.actor, consent)
    answer = stage.bank.post(path, key="one")
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.revoked")
    assert stage.firm.code not in answer.content.decode()
    assert ReadDecision.objects.filter(code="revoked").count() == 1


def test_the_firms_own_system_takes_back_but_never_gives(stage: Stage) -> None:
    consent = stage.granted()
    for action, state in (("pause", "paused"), ("resume", "active"), ("revoke", "revoked")):
        answer = stage.firms_own.post(f"consents/{consent.public_id}/{action}", {"reason": "audit"})
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    assert stage.firms_own.post(f"consents/{consent.public_id}/revoke").status_code == 409
    waiting = stage.bank.post("consents", stage.request).json()["id"]
    assert stage.firms_own.post(f"consents/{waiting}/grant").status_code == 404
    assert stage.bank.post(f"consents/{waiting}/reject").status_code == 422
    assert stage.firms_own.post(f"consents/{waiting}/reject", {"reason": "no"}).json()["state"] == "rejected"


def test_a_request_over_the_ceiling_names_the_attribute(stage: Stage) -> None:
    answer = stage.bank.post("consents", {**stage.request, "max_reads": 6})
    assert (answer.status_code, answer.json()["code"]) == (422, "consent.over_ceiling")
    assert answer.json()["where"]["column"] == "max_reads"
    assert stage.bank.post("consents", {**stage.request, "firm": "nobody"}).status_code == 404
    assert stage.firms_own.post("consents", stage.request).status_code == 422
    assert not Consent.objects.exists()


def test_a_machine_that_looks_firms_up_too_often_has_to_wait(stage: Stage) -> None:
    statuses = [stage.bank.post("consents", {**stage.request, "firm": f"nobody {n}"}).status_code for n in range(22)]
    assert statuses[:20] == [404] * 20
    assert statuses[-1] == 503


def test_a_firm_reads_what_is_held_about_it_and_nobody_else_does(stage: Stage) -> None:
    page = stage.firms_own.post("own/readings", {"dataset": DATASET})
    assert stage.firm.code in page.content.decode()
    assert stage.firms_own.post("own/readings", {"dataset": "nothing"}).status_code == 404
    assert stage.bank.post("own/readings", {"dataset": DATASET}).status_code == 403
    assert [row["own"] for row in stage.firms_own.get("readings").json()["items"]] == [True]


def test_a_dispute_goes_to_the_department_and_back(stage: Stage) -> None:
    body = {"item": stage.items[0], "value": "42", "explanation": "it is 43"}
    made = stage.firms_own.post("disputes", body)
    assert made.status_code == 201
    assert stage.firms_own.post("disputes", body).status_code == 409
    key = made.json()["id"]
    assert stage.bank.get(f"disputes/{key}").status_code == 404
    assert [row["id"] for row in stage.department.get("disputes").json()["items"]] == [key]
    assert stage.department.post(f"disputes/{key}/decline").json()["code"] == "transition.reason_missing"
    done = stage.department.post(f"disputes/{key}/accept", {"answer": "we look into it"})
    assert (done.json()["state"], done.json()["answer"]) == ("accepted", "we look into it")
    assert stage.firms_own.post(f"disputes/{key}/accept").status_code in {403, 409}
    assert stage.department.post(f"disputes/{key}/nonsense").status_code == 404


def test_a_department_opens_and_closes_its_own_datasets_only(stage: Stage) -> None:
    assert len(stage.bank.get("rights").json()["items"]) == 1
    opened = stage.department.post("rights", {"dataset": "market_penalty", "reader_kind": "bank"})
    assert opened.status_code == 201
    assert len(stage.bank.get("rights").json()["items"]) == 2
    assert stage.department.post("rights", {"dataset": "tax_credit", "reader_kind": "bank"}).status_code == 404
    assert stage.bank.post("rights", {"dataset": DATASET, "reader_kind": "bank"}).status_code == 404
    assert stage.department.post(f"rights/{opened.json()['id']}/close").status_code == 200
    assert len(stage.bank.get("rights").json()["items"]) == 1
    assert {row["code"] for row in stage.bank.get("purposes").json()["items"]} >= {"LOAN_APPLY", "POLICY_MATCH"}


def test_matches_are_for_the_operators_tools(stage: Stage, machine: Callable[..., Machine]) -> None:
    pair = MatchReview.objects.create(review_id="r1", dataset="power", subject_key="loc:1", enterprise_id="e1")
    operator = machine(Role.OPERATOR_SECURITY)
    assert [row["id"] for row in operator.get("matches").json()["items"]] == [pair.public_id]
    assert stage.bank.get("matches").json()["items"] == []
    assert stage.bank.get(f"matches/{pair.public_id}").status_code == 404
    said = operator.post(f"matches/{pair.public_id}/decisions", {"verdict": "different", "reason": "two shops"})
    assert (said.status_code, said.json()["state"]) == (200, "decided")
    again = operator.post(f"matches/{pair.public_id}/decisions", {"verdict": "same", "reason": "one shop"})
    assert again.status_code == 409
    assert Role.OPERATOR_STAFF.value in Token.objects.latest("id").roles


def test_a_nul_in_an_address_or_a_body_is_no_server_error(stage: Stage) -> None:
    assert stage.bank.get("consents/a%00b").status_code == 404
    assert stage.bank.post("consents", {**stage.request, "reason": "a\x00b"}).status_code == 422
