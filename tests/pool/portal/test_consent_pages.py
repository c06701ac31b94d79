"""The consent centre through HTTP: a bank asks, a firm answers on its page, both see what was read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tulou.platform import clock
from tulou.platform.actor import SYSTEM
from tulou.pool.courtyard import catalogue
from tulou.pool.models import AccessRight, Consent, Dispute, PurposeVersion, ReadDecision
from tulou.pool.queries.own import items_of
from tulou.pool.services.access import install_purposes, open_items
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
DATASET = "market_register"
NOW = dt.datetime(2020, 7, 10, 2, tzinfo=dt.UTC)


@dataclass
class Stage:
    """Signed-in clients of a firm, a bank, the department that owns the dataset and the operator."""

    firm: Organisation
    owner: object
    bank: object
    department: object
    security: object

    def ask(self, **changes: object) -> object:
        self.bank.post("/pool/consents/find/", {"firm": self.firm.code})
        wanted = {
            "purpose": "LOAN_APPLY",
            "datasets": [DATASET],
            "granularity": "raw",
            "months": 24,
            "days_valid": 30,
            "max_reads": 5,
            "max_reads_per_day": 5,
            "retention_days": 30,
            "reason": "working capital for a spring order",
        }
        return self.bank.post("/pool/consents/ask/", {**wanted, **changes})

    def granted(self) -> Consent:
        self.ask()
        consent = Consent.objects.get()
        self.owner.post(f"/pool/consents/{consent.public_id}/grant/", {"items": consent.terms["items"]})
        consent.refresh_from_db()
        return consent


@pytest.fixture
def stage(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., object]
) -> Iterator[Stage]:
    with clock.at(NOW):
        yield make_stage(courtyard, organisation, enter)


def make_stage(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., object]
) -> Stage:
    install_purposes()
    firm = organisation(Kind.ENTERPRISE)
    courtyard([firm], DATASET)
    market = organisation(Kind.DEPARTMENT, code="MARKET")
    department = enter(Role.DEPARTMENT_OFFICER, market)
    open_items(department.actor, department="market", dataset=DATASET, reader_kind="bank")
    return Stage(
        firm,
        enter(Role.ENTERPRISE_LEGAL, firm),
        enter(Role.BANK_OFFICER),
        department,
        enter(Role.OPERATOR_SECURITY),
    )


def test_a_bank_asks_a_firm_grants_and_the_profile_shows_value_source_and_date(stage: Stage) -> None:
    consent = stage.granted()
    assert consent.state == "active"
    page = stage.bank.get(f"/pool/consents/{consent.public_id}/profile/").content.decode()
    assert f"{stage.firm.code}-" in page
    assert "delivery-1" in page


def test_the_firms_number_stands_in_no_address(stage: Stage) -> None:
    answer = stage.bank.post("/pool/consents/find/", {"firm": stage.firm.code}, follow=True)
    assert all(stage.firm.code not in url for url, _ in answer.redirect_chain)


def test_a_firm_that_nobody_knows_is_said_to_be_unknown(stage: Stage) -> None:
    assert (
        "No firm on the register" in stage.bank.post("/pool/consents/find/", {"firm": "91350100XXXX"}).content.decode()
    )


def test_looking_up_many_firms_is_stopped(stage: Stage) -> None:
    statuses = [stage.bank.post("/pool/consents/find/", {"firm": f"nobody {n}"}).status_code for n in range(22)]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 503


def test_a_request_over_the_ceiling_is_refused_beside_its_field(stage: Stage) -> None:
    page = stage.ask(max_reads=6).content.decode()
    assert "max_reads: 6 &gt; 5" in page
    assert not Consent.objects.exists()


def test_after_the_owner_takes_it_back_the_bank_sees_no_value(stage: Stage) -> None:
    consent = stage.granted()
    stage.bank.get(f"/pool/consents/{consent.public_id}/profile/")
    stage.owner.post(f"/pool/consents/{consent.public_id}/revoke/")
    answer = stage.bank.get(f"/pool/consents/{consent.public_id}/profile/")
    assert answer.status_code == 403
    assert f"{stage.firm.code}-" not in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_owner_reads_who_looked_and_what_was_refused(stage: Stage) -> None:
    consent = stage.granted()
    stage.bank.get(f"/pool/consents/{consent.public_id}/profile/")
    stage.owner.post(f"/pool/consents/{consent.public_id}/revoke/")
    stage.bank.get(f"/pool/consents/{consent.public_id}/profile/")
    page = stage.owner.get("/pool/readings/").content.decode()
    assert "Reading is allowed" in page
    assert "The enterprise has revoked the grant" in page


def test_the_owner_sees_what_is_known_about_her_firm_and_disputes_it(stage: Stage) -> None:
    page = stage.owner.get(f"/pool/own/{DATASET}/").content.decode()
    assert f"{stage.firm.code}-" in page
    item = next(iter(stage.granted().terms["items"]))
    shown = {"value": "42", "period": "2020-06-01", "delivery": "delivery-1"}
    opened = stage.owner.post(f"/pool/own/items/{item}/dispute/", {**shown, "open": "1"}).content.decode()
    assert "What is wrong" in opened
    stage.owner.post(f"/pool/own/items/{item}/dispute/", {**shown, "explanation": "It was 43.", "proposed": "43"})
    dispute = Dispute.objects.get()
    stage.department.post(f"/pool/disputes/{dispute.public_id}/", {"step": "decline", "answer": "The form says 42."})
    assert "The form says 42." in stage.owner.get(f"/pool/disputes/{dispute.public_id}/").content.decode()


def test_a_reading_says_which_items_it_was_about_to_both_sides_and_to_nobody_else(
    stage: Stage, enter: Callable[..., object]
) -> None:
    consent = stage.granted()
    stage.bank.get(f"/pool/consents/{consent.public_id}/profile/")
    stage.owner.get(f"/pool/own/{DATASET}/")
    other, own = (f"/pool/readings/{row.public_id}/" for row in ReadDecision.objects.order_by("own", "id"))
    titles = {item.title.en for code, item in catalogue().items.items() if code in consent.terms["items"]}
    for reader in (stage.owner, stage.bank):
        page = reader.get(other).content.decode()
        assert [title for title in titles if title not in page] == []
        assert "Reading is allowed" in page
    assert stage.bank.person.name not in stage.owner.get(other).content.decode(), "the firm sees which organisation"
    assert stage.owner.person.name in stage.owner.get(own).content.decode()
    assert stage.bank.get(own).status_code == 404
    assert enter(Role.ENTERPRISE_LEGAL).get(other).status_code == 404


def test_the_owner_sees_where_something_is_held_about_her_and_where_nothing(stage: Stage) -> None:
    page = stage.owner.get("/pool/own/").content.decode()
    held = stage.owner.get(f"/pool/own/{DATASET}/").content.decode().count("<tr>") - 1
    assert f"{held} values in 1 datasets." in page
    assert f"{len(catalogue().datasets) - 1} datasets hold nothing about your firm" in page
    read = ReadDecision.objects.filter(subject=stage.firm, own=True)
    assert {tuple(row.items) for row in read} == {tuple(sorted(items_of([DATASET])))}, "counting is no reading"


def test_a_dispute_is_not_declined_without_a_reason(stage: Stage) -> None:
    item = next(iter(stage.granted().terms["items"]))
    stage.owner.post(f"/pool/own/items/{item}/dispute/", {"value": "42", "explanation": "No."})
    dispute = Dispute.objects.get()
    assert stage.department.post(f"/pool/disputes/{dispute.public_id}/", {"step": "decline"}).status_code == 409
    dispute.refresh_from_db()
    assert dispute.state == "open"


def test_another_department_does_not_see_the_dispute(stage: Stage, organisation: Callable, enter: Callable) -> None:
    item = next(iter(stage.granted().terms["items"]))
    stage.owner.post(f"/pool/own/items/{item}/dispute/", {"value": "42", "explanation": "No."})
    other = enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT, code="TAX"))
    assert other.get(f"/pool/disputes/{Dispute.objects.get().public_id}/").status_code == 404


def test_a_closed_dataset_delivers_nothing_though_the_firm_allows_it(stage: Stage) -> None:
    consent = stage.granted()
    stage.department.post(f"/pool/rights/{AccessRight.objects.get().public_id}/close/")
    assert stage.bank.get(f"/pool/consents/{consent.public_id}/profile/").status_code == 403


def test_the_security_administrator_lowers_a_ceiling_and_the_consent_over_it_stops(stage: Stage) -> None:
    consent = stage.granted()
    purpose = PurposeVersion.objects.get(code="LOAN_APPLY", ended_at=None)
    limits = {
        "max_months": 12,
        "max_days_valid": 30,
        "max_reads": 5,
        "max_reads_per_day": 5,
        "max_retention_days": 180,
        "max_sensitivity": 3,
    }
    stage.security.post(f"/pool/purposes/{purpose.public_id}/", limits)
    assert PurposeVersion.objects.get(code="LOAN_APPLY", ended_at=None).version == 2
    assert stage.bank.get(f"/pool/consents/{consent.public_id}/profile/").status_code == 403


def test_a_receipt_is_for_the_firm_and_the_reader_only(stage: Stage, enter: Callable) -> None:
    consent = stage.granted()
    path = f"/pool/consents/{consent.public_id}/receipt/"
    assert stage.owner.get(path).json()["record_id"] == consent.public_id
    assert enter(Role.BANK_OFFICER).get(path).status_code == 404


@pytest.mark.parametrize("path", ["own/", f"own/{DATASET}/", "consents/", "readings/", "disputes/"])
def test_every_page_of_the_owner_opens_with_and_without_data(stage: Stage, path: str) -> None:
    assert stage.owner.get(f"/pool/{path}").status_code == 200
    stage.granted()
    assert stage.owner.get(f"/pool/{path}").status_code == 200


def test_the_departments_and_the_operators_pages_open(stage: Stage) -> None:
    consent = stage.granted()
    assert stage.department.get("/pool/rights/").status_code == 200
    assert stage.department.get("/pool/disputes/").status_code == 200
    assert stage.security.get("/pool/purposes/").status_code == 200
    assert stage.security.get(f"/pool/consents/{consent.public_id}/").status_code == 200


def test_the_owner_keeps_fewer_items_and_the_bank_reads_only_those(stage: Stage) -> None:
    consent = stage.granted()
    kept = consent.terms["items"][:1]
    stage.owner.post(f"/pool/consents/{consent.public_id}/narrow/", {"items": kept})
    narrower = Consent.objects.get(supersedes=consent)
    assert narrower.terms["items"] == kept
    assert stage.bank.get(f"/pool/consents/{consent.public_id}/profile/").status_code == 403
    assert stage.bank.get(f"/pool/consents/{narrower.public_id}/profile/").status_code == 200


def test_an_action_that_does_not_exist_is_not_found(stage: Stage) -> None:
    assert stage.owner.post(f"/pool/consents/{stage.granted().public_id}/explode/").status_code == 404


def test_purposes_are_installed_once() -> None:
    assert install_purposes(SYSTEM) == 4
    assert install_purposes(SYSTEM) == 0
