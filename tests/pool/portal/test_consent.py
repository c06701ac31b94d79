"""From a bank's request to a reading, and what stops it: the whole trip over the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.audit.models import AuditEvent
from tulou.pool.core.consent import GrantState, Granularity, ReadDenied, Wish
from tulou.pool.core.consent.gate import KeyReused
from tulou.pool.models import Consent, ReadDecision
from tulou.pool.queries.consent import consent_for, readings_about, receipt_of
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import (
    grant_consent,
    lapse_requests,
    narrow_consent,
    pause_consent,
    reject_consent,
    request_consent,
    resume_consent,
    revoke_consent,
    suspend_consent,
)
from tulou.pool.services.reading import Asked, read_own, read_profile
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2020, 7, 10, 2, tzinfo=dt.UTC)


@dataclass
class Scene:
    """A firm with a record, its owner, a bank's officer, and the items that the market's regulator has opened."""

    firm: Organisation
    owner: Actor
    banker: Actor
    operator: Actor
    items: frozenset[str]
    everything: frozenset[str]

    @property
    def wish(self) -> Wish:
        return Wish(self.items, Granularity.RAW, dt.date(2019, 1, 1), dt.date(2020, 12, 1), 30, 5, 5, 30)

    @property
    def asked(self) -> Asked:
        return Asked(self.items, dt.date(2019, 1, 1), dt.date(2020, 12, 1))

    def request(self) -> Consent:
        return request_consent(self.banker, self.firm, purpose="LOAN_APPLY", wish=self.wish, reason="working capital")

    def granted(self) -> Consent:
        return grant_consent(self.owner, self.request())


@pytest.fixture
def scene(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., object]
) -> object:
    from tulou.pool.courtyard import item_terms

    with clock.at(NOW):
        install_purposes()
        firm = organisation(Kind.ENTERPRISE)
        everything = frozenset(courtyard([firm, organisation(Kind.ENTERPRISE)]))
        shared = sorted(c for c in everything if item_terms()[c].sensitivity <= 3 and item_terms()[c].sharing != 3)[:6]
        officer = enter(Role.DEPARTMENT_OFFICER).actor
        open_items(officer, department="market", dataset="market_register", reader_kind="bank", items=shared)
        yield Scene(
            firm,
            enter(Role.ENTERPRISE_LEGAL, firm).actor,
            enter(Role.BANK_OFFICER).actor,
            enter(Role.OPERATOR_SECURITY).actor,
            frozenset(shared),
            everything,
        )


def test_a_bank_reads_what_the_firm_granted_and_both_see_it_in_the_log(scene: Scene) -> None:
    consent = scene.granted()
    page = read_profile(scene.banker, consent, scene.asked, key="k1")
    assert set(page.values) == scene.items
    fact = next(iter(page.values.values()))[0]
    assert fact["department"] == "market"
    assert fact["delivery"] == "delivery-1"
    (reading,) = readings_about(scene.firm.pk)
    assert (reading.code, reading.delivered, reading.counted) == ("allowed", len(scene.items), True)
    actions = list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))
    assert actions[-2:] == ["pool.reading.decided", "pool.reading.delivered"]


def test_nothing_is_read_before_the_firm_answers_and_the_denial_is_in_the_log(scene: Scene) -> None:
    consent = scene.request()
    with pytest.raises(ReadDenied, match="no_grant"):
        read_profile(scene.banker, consent, scene.asked, key="k1")
    assert [row.code for row in readings_about(scene.firm.pk)] == ["no_grant"]


@pytest.mark.parametrize(
    ("stop", "code"), [(revoke_consent, "revoked"), (pause_consent, "paused")], ids=["revoked", "paused"]
)
def test_a_reading_that_begins_after_the_firm_stops_it_is_denied(
    scene: Scene, stop: Callable[..., None], code: str
) -> None:
    consent = scene.granted()
    stop(scene.owner, consent)
    with pytest.raises(ReadDenied, match=code):
        read_profile(scene.banker, consent, scene.asked, key="k1")


def test_a_paused_consent_is_read_again_after_it_was_resumed(scene: Scene) -> None:
    consent = scene.granted()
    pause_consent(scene.owner, consent)
    resume_consent(scene.owner, consent)
    assert read_profile(scene.banker, consent, scene.asked, key="k1").values


def test_what_was_revoked_cannot_be_resumed(scene: Scene) -> None:
    consent = scene.granted()
    revoke_consent(scene.owner, consent)
    with pytest.raises(Refused, match="transition"):
        resume_consent(scene.owner, consent)
    assert consent.state == GrantState.REVOKED


def test_the_readings_of_a_consent_are_used_up_and_the_same_key_does_not_use_another(scene: Scene) -> None:
    consent = scene.granted()
    for number in range(5):
        read_profile(scene.banker, consent, scene.asked, key=f"k{number}")
    assert read_profile(scene.banker, consent, scene.asked, key="k4").values
    with pytest.raises(ReadDenied, match="used_up"):
        read_profile(scene.banker, consent, scene.asked, key="k5")


def test_a_key_is_not_taken_for_another_question(scene: Scene) -> None:
    consent = scene.granted()
    read_profile(scene.banker, consent, scene.asked, key="k1")
    with pytest.raises(KeyReused):
        read_profile(scene.banker, consent, replace(scene.asked, data_from=dt.date(2020, 1, 1)), key="k1")


def test_another_bank_cannot_use_the_consent(scene: Scene, enter: Callable[..., object]) -> None:
    other = enter(Role.BANK_OFFICER).actor
    with pytest.raises(ReadDenied, match="other_reader"):
        read_profile(other, scene.granted(), scene.asked, key="k1")


def test_items_that_the_department_did_not_open_stay_closed(scene: Scene) -> None:
    consent = scene.granted()
    from tulou.pool.models import AccessRight
    from tulou.pool.services.access import close_items

    department = replace(scene.owner, roles=frozenset({Role.DEPARTMENT_OFFICER.value}))
    close_items(department, AccessRight.objects.get())
    with pytest.raises(ReadDenied, match="no_access_right"):
        read_profile(scene.banker, consent, scene.asked, key="k1")


def test_a_consent_ends_on_its_day_without_any_job(scene: Scene) -> None:
    consent = scene.granted()
    with clock.at(NOW + dt.timedelta(days=30)), pytest.raises(ReadDenied, match="expired"):
        read_profile(scene.banker, consent, scene.asked, key="k1")


def test_a_request_over_the_ceiling_says_which_part(scene: Scene) -> None:
    with pytest.raises(Refused, match="max_reads: 6 > 5"):
        request_consent(
            scene.banker, scene.firm, purpose="LOAN_APPLY", wish=replace(scene.wish, max_reads=6), reason="more"
        )


def test_a_firm_grants_fewer_items_than_were_asked_for(scene: Scene) -> None:
    one = sorted(scene.items)[0]
    consent = grant_consent(scene.owner, scene.request(), items=[one])
    with pytest.raises(ReadDenied, match="item_not_granted"):
        read_profile(scene.banker, consent, scene.asked, key="k1")
    assert set(read_profile(scene.banker, consent, replace(scene.asked, items=frozenset({one})), key="k2").values) == {
        one
    }


def test_narrowing_supersedes_the_wider_consent_at_once(scene: Scene) -> None:
    wide = scene.granted()
    kept = sorted(scene.items)[:2]
    narrow = narrow_consent(scene.owner, wide, items=kept)
    with pytest.raises(ReadDenied, match="not_active"):
        read_profile(scene.banker, wide, scene.asked, key="k1")
    assert set(read_profile(scene.banker, narrow, replace(scene.asked, items=frozenset(kept)), key="k2").values) == set(
        kept
    )


def test_a_body_that_was_changed_in_the_database_reads_nothing(scene: Scene) -> None:
    consent = scene.granted()
    Consent.objects.filter(pk=consent.pk).update(body=consent.body.replace('"total":5', '"total":500'))
    consent.refresh_from_db()
    with pytest.raises(ReadDenied, match="tampered"):
        read_profile(scene.banker, consent, scene.asked, key="k1")


def test_the_operator_suspends_a_consent_with_a_reason(scene: Scene) -> None:
    consent = scene.granted()
    suspend_consent(scene.operator, consent, reason="the licence of the bank was withdrawn")
    with pytest.raises(ReadDenied, match="suspended"):
        read_profile(scene.banker, consent, scene.asked, key="k1")


def test_only_the_firms_own_people_answer(scene: Scene) -> None:
    with pytest.raises(Refused, match="role_missing"):
        grant_consent(scene.banker, scene.request())


def test_a_request_that_nobody_answers_lapses_and_cannot_be_granted_late(scene: Scene) -> None:
    consent = scene.request()
    with clock.at(NOW + dt.timedelta(days=15)):
        with pytest.raises(Refused, match="lapsed"):
            grant_consent(scene.owner, consent)
        assert lapse_requests() == 1
    consent.refresh_from_db()
    assert consent.state == GrantState.LAPSED


def test_a_rejected_request_stays_rejected(scene: Scene) -> None:
    consent = scene.request()
    reject_consent(scene.owner, consent, reason="not now")
    with pytest.raises(Refused, match="transition"):
        grant_consent(scene.owner, consent)


def test_a_firm_reads_about_itself_without_a_consent_and_about_nobody_else(scene: Scene) -> None:
    other = Organisation.objects.exclude(pk=scene.firm.pk).get(kind=Kind.ENTERPRISE)
    page = read_own(scene.owner, scene.firm, replace(scene.asked, items=scene.everything), key="own")
    texts = [fact["value"] for facts in page.values.values() for fact in facts if isinstance(fact["value"], str)]
    assert any(text.startswith(scene.firm.code) for text in texts)
    with pytest.raises(ReadDenied, match="other_subject"):
        read_own(scene.owner, other, scene.asked, key="theirs")


def test_a_receipt_holds_body_events_and_signature(scene: Scene) -> None:
    receipt = receipt_of(scene.granted())
    assert [event["type"] for event in receipt["events"]] == ["requested", "granted"]
    assert receipt["signature"]["algorithm"] == "Ed25519"


def test_a_third_firm_does_not_find_the_consent(scene: Scene, enter: Callable[..., object]) -> None:
    from django.http import Http404

    stranger = enter(Role.ENTERPRISE_LEGAL).actor
    with pytest.raises(Http404):
        consent_for(stranger, scene.granted().public_id)


def test_a_reading_is_counted_once_however_many_pages_it_has(scene: Scene) -> None:
    consent = scene.granted()
    read_profile(scene.banker, consent, scene.asked, key="k1")
    read_profile(scene.banker, consent, scene.asked, key="k1")
    assert ReadDecision.objects.filter(consent=consent, counted=True).count() == 1
