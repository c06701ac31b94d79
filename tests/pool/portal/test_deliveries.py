"""Deliveries through HTTP: a department hands a file in, watches it, corrects what was rejected, takes it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django_tasks_db.models import DBTaskResult

from tulou.kernel.errors import Refused
from tulou.platform.outbox.models import InboxItem
from tulou.pool.core.ingest import ingest
from tulou.pool.courtyard import catalogue, found_pool, lake_at_hand
from tulou.pool.models import Delivery
from tulou.pool.services.deliveries import FLOW, adopt_receipts, note_lost_deliveries, pool_delivery
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
DATASET = "power_monthly"
HEAD = "account_no,bill_month,total_energy\n"
GOOD = HEAD + "A1,2020-03,100\nA2,2020-03,200\n"
MIXED = HEAD + "A1,2020-03,100\nA2,2020-13,=1+1\nA3,2020-03\n"


@dataclass
class Stage:
    """Signed-in people of the power company, and the queue."""

    officer: Any
    clerk: Any
    drain: Callable[[], int]

    def send(self, text: str | bytes, name: str = "bills.csv", **fields: object) -> Delivery:
        content = text.encode() if isinstance(text, str) else text
        file = SimpleUploadedFile(name, content, "text/csv")
        answer = self.clerk.post("/pool/deliveries/new/", {"dataset": DATASET, "file": file, **fields})
        assert answer.status_code == 302, answer.content.decode()
        return Delivery.objects.latest("id")

    def pooled(self, text: str | bytes, **fields: object) -> Delivery:
        made = self.send(text, **fields)  # type: ignore[arg-type]
        self.drain()
        made.refresh_from_db()
        return made


@pytest.fixture
def stage(
    organisation: Callable[..., Any], enter: Callable[..., Any], drain: Callable[[], int], tmp_path: Path
) -> Iterator[Stage]:
    department = organisation(Kind.DEPARTMENT, code="POWER")
    with override_settings(POOL=tmp_path / "pool"):
        yield Stage(enter(Role.DEPARTMENT_OFFICER, department), enter(Role.DEPARTMENT_CLERK, department), drain)


def page_of(client: Any, delivery: Delivery, tail: str = "", **more: Any) -> str:
    answer = client.get(f"/pool/deliveries/{delivery.public_id}/{tail}", **more)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_file_is_pooled_where_no_pool_existed_and_every_record_is_accounted_for(stage: Stage) -> None:
    made = stage.send(GOOD, records=2)
    waiting = page_of(stage.clerk, made)
    assert 'hx-trigger="every 2s"' in waiting
    assert stage.drain() >= 1
    made.refresh_from_db()
    assert (made.state, made.records_in, made.accepted, made.rejected) == ("accepted", 2, 2, 0)
    middle = page_of(stage.clerk, made, headers={"HX-Request": "true"})
    assert "every 2s" not in middle
    assert "<html" not in middle
    assert "2 records in = 2 accepted + 0 rejected" in middle
    with lake_at_hand() as lake:
        assert lake.receipt(made.delivery_id).accepted == 2
    assert InboxItem.objects.filter(person=stage.clerk.person, message__code="pool.delivery.accepted").count() == 1


def test_the_same_task_run_again_changes_nothing(stage: Stage) -> None:
    made = stage.pooled(GOOD)
    pool_delivery(made.pk)
    Delivery.objects.filter(pk=made.pk).update(state="pooling")
    pool_delivery(made.pk)
    made.refresh_from_db()
    assert made.state == "accepted"
    with lake_at_hand() as lake:
        assert len(lake.versions(DATASET)) == 1


def test_control_totals_that_do_not_fit_refuse_the_whole_file(stage: Stage) -> None:
    made = stage.pooled(GOOD, records=3)
    assert (made.state, made.records_in) == ("refused", 0)
    shown = page_of(stage.clerk, made)
    assert "totals.records" in shown
    assert "send it again" in shown


@pytest.mark.parametrize(("content", "status"), [(b"MZ\x90\x00 a program", 422), (b"%PDF-1.7", 422), (b"", 200)])
def test_what_can_never_be_a_delivery_is_refused_at_once(stage: Stage, content: bytes, status: int) -> None:
    file = SimpleUploadedFile("bills.csv", content)
    answer = stage.clerk.post("/pool/deliveries/new/", {"dataset": DATASET, "file": file})
    assert answer.status_code == status
    assert not Delivery.objects.exists()


def test_another_departments_datasets_and_deliveries_are_out_of_reach(
    stage: Stage, enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    made = stage.pooled(GOOD)
    tax = enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT, code="TAX"))
    for tail in ("", "rejects/", "rejects.csv", "roll-back/"):
        assert tax.get(f"/pool/deliveries/{made.public_id}/{tail}").status_code == 404
    assert made.file_name not in tax.get("/pool/deliveries/").content.decode()
    file = SimpleUploadedFile("bills.csv", GOOD.encode())
    answer = tax.post("/pool/deliveries/new/", {"dataset": DATASET, "file": file})
    assert answer.status_code == 200
    assert Delivery.objects.count() == 1
    assert enter(Role.BANK_OFFICER).get("/pool/deliveries/").status_code == 403
    operator = enter(Role.OPERATOR_STAFF)
    assert made.file_name in operator.get("/pool/deliveries/").content.decode()


def test_rejected_records_are_corrected_in_the_form_and_come_in_once(stage: Stage) -> None:
    first = stage.pooled(MIXED)
    assert (first.state, first.accepted, first.rejected) == ("accepted_with_rejects", 1, 2)
    shown = page_of(stage.clerk, first, "rejects/")
    assert "Line 3, record 2" in shown
    assert 'name="field-2-1" value="2020-13"' in shown
    assert 'name="raw-3"' in shown
    answers = {"send-2": "1", "field-2-1": "2020-03", "field-2-2": "250"}
    address = f"/pool/deliveries/{first.public_id}/correct/"
    answer = stage.clerk.post(address, answers)
    assert answer.status_code == 302
    assert stage.clerk.post(address, answers).status_code == 409
    assert "Sent again" in page_of(stage.clerk, first, "rejects/")
    stage.drain()
    again = Delivery.objects.get(replays=first)
    assert (again.state, again.accepted) == ("accepted", 1)
    assert "Line 3, record 2" not in page_of(stage.clerk, first, "rejects/")
    with lake_at_hand() as lake:
        assert sum(version.added for version in lake.versions(DATASET)) == 2
    assert stage.clerk.post(address, answers).status_code == 409
    assert stage.clerk.post(address, {"send-3": "1", "raw-3": "A3"}).status_code == 422
    assert stage.clerk.post(address, {"send-3": "1", "raw-3": "A3,2020-03,7"}).status_code == 302
    stage.drain()
    assert "Nothing waits for correction" in page_of(stage.clerk, first, "rejects/")


def test_rejected_records_are_downloaded_without_formulas_and_sent_back_as_a_file(stage: Stage) -> None:
    first = stage.pooled(MIXED)
    text = stage.clerk.get(f"/pool/deliveries/{first.public_id}/rejects.csv").content.decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=1+1" not in text
    corrected = text.replace("2020-13", "2020-03").replace("'=1+1", "5")
    file = SimpleUploadedFile("rejects.csv", corrected.encode())
    answer = stage.clerk.post(f"/pool/deliveries/{first.public_id}/correct/", {"file": file})
    assert answer.status_code == 302
    stage.drain()
    again = Delivery.objects.get(replays=first)
    assert (again.accepted, again.rejected) == (1, 1)


def test_taking_back_shows_first_what_it_would_do_and_then_does_it_with_its_corrections(stage: Stage) -> None:
    first = stage.pooled(MIXED)
    address = f"/pool/deliveries/{first.public_id}/"
    stage.clerk.post(f"{address}correct/", {"send-2": "1", "field-2-1": "2020-03", "field-2-2": "1"})
    stage.drain()
    assert stage.clerk.get(f"{address}roll-back/").status_code == 403
    shown = page_of(stage.officer, first, "roll-back/")
    assert "2 deliveries are taken back together" in shown
    first.refresh_from_db()
    assert first.stands
    assert stage.officer.post(f"{address}roll-back/", {"reason": "wrong month"}).status_code == 302
    assert set(Delivery.objects.values_list("state", flat=True)) == {"rolled_back"}
    assert "wrong month" in page_of(stage.officer, first)
    assert stage.officer.get(f"{address}roll-back/").status_code == 422


def test_a_delivery_that_the_worker_gave_up_is_noted_and_can_be_tried_again(stage: Stage) -> None:
    made = stage.send(GOOD)
    assert note_lost_deliveries() == 0
    DBTaskResult.objects.filter(pk=made.task).update(status="FAILED")
    assert note_lost_deliveries() == 1
    assert "delivery.lost" in page_of(stage.clerk, made)
    assert stage.clerk.post(f"/pool/deliveries/{made.public_id}/retry/").status_code == 302
    stage.drain()
    made.refresh_from_db()
    assert made.state == "accepted"


def test_an_id_that_stands_for_another_file_fails_with_its_reason(stage: Stage) -> None:
    first, second = stage.pooled(GOOD), stage.send(MIXED)
    Delivery.objects.filter(pk=first.pk).update(delivery_id="moved")
    Delivery.objects.filter(pk=second.pk).update(delivery_id=first.delivery_id)
    stage.drain()
    second.refresh_from_db()
    assert (second.state, second.problem["code"]) == ("failed", "delivery.id_reused")


def test_what_came_into_the_lake_by_other_ways_is_adopted_once(stage: Stage, tmp_path: Path) -> None:
    made = stage.pooled(GOOD)
    file = tmp_path / "april.csv"
    file.write_text(HEAD + "A1,2020-04,1\nA1,2020-13,1\n")
    with lake_at_hand() as lake:
        ingest(lake, file, catalogue().contract(DATASET), received_at=made.received_at, delivery_id="by-command")
    assert adopt_receipts() == 1
    assert adopt_receipts() == 0
    adopted = Delivery.objects.get(delivery_id="by-command")
    assert (adopted.state, adopted.rejected, adopted.department) == ("accepted_with_rejects", 1, "power")
    assert "another way than the portal" in page_of(stage.officer, adopted)
    assert "record 2" in page_of(stage.clerk, adopted, "rejects/")


def test_a_pool_is_founded_once_with_its_catalogue(stage: Stage) -> None:
    found_pool()
    found_pool()
    assert len(catalogue().departments) == 17


def test_states_move_only_along_the_table() -> None:
    assert FLOW.final("rolled_back")
    with pytest.raises(Refused):
        FLOW.step("roll_back", "refused", frozenset({Role.DEPARTMENT_OFFICER.value}))
