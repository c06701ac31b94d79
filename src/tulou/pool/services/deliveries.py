"""Writing deliveries: a department hands a file in, a task pools it, a department takes it back."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tulou.kernel.errors import Finding, Text, TulouError, refuse
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.attachments.services import tidy_name
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import move
from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.intake.content import HEAD, kind_of_head
from tulou.pool.core.lake import Receipt
from tulou.pool.core.lake.rollback import Rollback, roll_back
from tulou.pool.core.replay import replay
from tulou.pool.courtyard import catalogue, found_pool, lake_at_hand
from tulou.pool.models import Delivery
from tulou.pool.queries.disputes import department_of
from tulou.registry.queries import organisation_by_code, people_of
from tulou.registry.roles import Kind, Role

SENDERS = frozenset({Role.DEPARTMENT_OFFICER.value, Role.DEPARTMENT_CLERK.value})
OFFICERS = frozenset({Role.DEPARTMENT_OFFICER.value})
LARGEST = 2 * 1024**3
"""Bytes of a file that the portal takes; larger ones come by `tulou pool ingest`."""
NOTED = dt.timedelta(seconds=1)
FLOW = Flow(
    "pool.delivery",
    Delivery.State.UPLOADED.value,
    [
        Step("begin", ("uploaded",), "pooling", "begun"),
        Step("accept", ("pooling",), "accepted", "accepted"),
        Step("accept_part", ("pooling",), "accepted_with_rejects", "accepted_with_rejects"),
        Step("refuse", ("pooling",), "refused", "refused"),
        Step("fail", ("uploaded", "pooling"), "failed", "failed"),
        Step("retry", ("failed",), "uploaded", "retried", SENDERS),
        Step("roll_back", ("accepted", "accepted_with_rejects"), "rolled_back", "rolled_back", OFFICERS, reason=True),
    ],
)
_STEPS = {"accepted": "accept", "accepted_with_rejects": "accept_part", "refused": "refuse"}
_OUTCOMES = {
    "accepted": Text(zh="已入池", en="was pooled"),
    "accepted_with_rejects": Text(zh="已入池, 有记录被拒收", en="was pooled; some records were rejected"),
    "refused": Text(zh="被拒收", en="was refused"),
    "failed": Text(zh="处理失败", en="failed"),
}
_LOST = Finding(
    "delivery.lost",
    Text(zh="后台任务多次失败, 未能入池", en="The background work failed several times; nothing was pooled"),
    remedy=Text(
        zh="请重试; 若仍失败, 请联系系统管理员", en="Try again; if it fails again ask the system administrator"
    ),
)


def receive_file(
    actor: Actor,
    upload: UploadedFile[Any],
    *,
    dataset: str,
    records: int | None = None,
    sha256: str = "",
    replays: Delivery | None = None,
    corrects: Sequence[int] = (),
) -> Delivery:
    """Take a file in for one of the actor's department's datasets, and have it pooled.

    `records` and `sha256` are the sender's control totals; `replays` is the delivery of whose rejected records the file
    brings back those numbered in `corrects`. Raises Refused for another department's dataset, and for what can never
    be a delivery.
    """
    known = catalogue().datasets.get(dataset)
    department = department_of(actor)
    if known is None or not department or known.department != department or not actor.has_any(SENDERS):
        raise refuse("pool.dataset.not_found", "贵部门没有这个数据集", "Your department has no such dataset")
    size = upload.size or 0
    if size > LARGEST:
        raise refuse("pool.delivery.too_large", "文件超过 2 GB 上限", "The file is larger than 2 GB")
    name = tidy_name(upload.name or "")[-60:]
    upload.seek(0)
    kind_of_head(upload.read(HEAD), name)
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    delivery = Delivery(
        department=department,
        dataset=dataset,
        contract_version=known.version,
        sent_by_id=actor.person_key,
        file_name=name,
        size=size,
        sha256=digest.hexdigest(),
        stated_records=records,
        stated_sha256=sha256.strip().lower(),
        received_at=clock.now(),
        replays=replays,
        corrects=list(corrects),
    )
    with story(actor) as told:
        delivery.file.save(name, upload, save=False)
        delivery.save()
        told.record("pool.delivery.uploaded", delivery, dataset=dataset, size=size, sha256=delivery.sha256)
        enqueue(delivery)
    return delivery


def enqueue(delivery: Delivery) -> None:
    """Have the worker pool it."""
    from tulou.pool.tasks import pool_delivery_file

    delivery.task = str(pool_delivery_file.enqueue(delivery.pk).id)
    Delivery.objects.filter(pk=delivery.pk).update(task=delivery.task)


def pool_delivery(key: int) -> None:
    """Pool a delivery's file into the lake and note the receipt. Again for the same delivery: nothing happens twice."""
    delivery = Delivery.objects.select_related("replays").get(pk=key)
    if delivery.state == Delivery.State.UPLOADED:
        with story(SYSTEM) as told:
            move(told, FLOW, delivery, "begin")
    if delivery.state != Delivery.State.POOLING:
        return
    found_pool()
    try:
        receipt = _ingested(delivery)
    except TulouError as error:
        with story(SYSTEM) as told:
            move(told, FLOW, delivery, "fail", settled_at=clock.now(), problem=error.finding.as_dict())
            told.send(_to_sender(delivery))
        return
    settle(delivery, receipt)


def _ingested(delivery: Delivery) -> Receipt:
    counted, noted = 0, clock.now()

    def report(records: int) -> None:
        nonlocal counted, noted
        counted += records
        if clock.now() - noted >= NOTED:
            noted = clock.now()
            Delivery.objects.filter(pk=delivery.pk).update(read_so_far=counted)

    file, name, at = Path(delivery.file.path), delivery.delivery_id, delivery.received_at
    totals = ControlTotals(delivery.stated_records, delivery.stated_sha256 or None)
    with lake_at_hand() as lake:
        if delivery.replays is not None:
            return replay(lake, file, received_at=at, delivery_id=name, totals=totals, report=report)
        contract = catalogue().contract(delivery.dataset)
        return ingest(lake, file, contract, received_at=at, delivery_id=name, totals=totals, report=report)


def settle(delivery: Delivery, receipt: Receipt) -> None:
    """Note what the lake answered, once, and tell the sender."""
    changes = {**_columns(receipt), "settled_at": clock.now(), "read_so_far": receipt.records_in}
    with story(SYSTEM) as told:
        move(told, FLOW, delivery, _STEPS[receipt.verdict], **changes)
        told.send(_to_sender(delivery))


def _columns(receipt: Receipt) -> dict[str, Any]:
    return {
        "records_in": receipt.records_in,
        "accepted": receipt.accepted,
        "rejected": receipt.rejected,
        "contract_version": receipt.contract_version,
        "receipt": json.loads(receipt.to_json()),
    }


def retry_delivery(actor: Actor, delivery: Delivery) -> None:
    """Have a failed delivery pooled again, under the same id."""
    with story(actor) as told:
        move(told, FLOW, delivery, "retry", problem={}, settled_at=None, read_so_far=0)
        enqueue(delivery)


def preview_roll_back(delivery: Delivery) -> Rollback:
    """What taking a delivery back would do. Nothing is changed. Raises Refused where it does not stand."""
    with lake_at_hand() as lake:
        return roll_back(lake, delivery.delivery_id)


def take_back(actor: Actor, delivery: Delivery, *, reason: str) -> Rollback:
    """Roll a delivery back, and with it the deliveries that correct it. History keeps what was known meanwhile.

    Where this process dies between the lake's commit and the note of it, `adopt_receipts` writes the note.
    """
    FLOW.step("roll_back", delivery.state, actor.roles)
    if not reason.strip():
        raise refuse("transition.reason_missing", "请填写理由", "Give a reason")
    with lake_at_hand() as lake:
        outcome = roll_back(lake, delivery.delivery_id, apply=True)
    with story(actor) as told:
        for row in Delivery.objects.filter(delivery_id__in=outcome.deliveries):
            if row.stands:
                move(told, FLOW, row, "roll_back", reason=reason)
    delivery.refresh_from_db()
    return outcome


def note_lost_deliveries() -> int:
    """Note as failed what the worker has given up; how many."""
    waiting = Delivery.objects.filter(state__in=[Delivery.State.UPLOADED, Delivery.State.POOLING]).exclude(task="")
    given_up = {
        str(task)
        for task in DBTaskResult.objects.filter(
            pk__in=[row.task for row in waiting], status=TaskResultStatus.FAILED
        ).values_list("pk", flat=True)
    }
    lost = [row for row in waiting if row.task in given_up]
    for delivery in lost:
        with story(SYSTEM) as told:
            move(told, FLOW, delivery, "fail", settled_at=clock.now(), problem=_LOST.as_dict())
            told.send(_to_sender(delivery))
    return len(lost)


def adopt_receipts() -> int:
    """Write down what came into the lake by other ways (commands, other machines), and what was rolled back there.

    Answers how many rows are new or changed.
    """
    with lake_at_hand() as lake:
        receipts = lake.receipts()
    known = {row.delivery_id: row for row in Delivery.objects.defer("receipt", "problem")}
    made = [_adopted(receipt, state) for receipt, state in receipts if receipt.delivery_id not in known]
    with story(SYSTEM) as told:
        Delivery.objects.bulk_create(made, batch_size=200)
        if made:
            told.record("pool.delivery.adopted", deliveries=len(made))
        gone = [
            known[receipt.delivery_id].pk
            for receipt, state in receipts
            if state == "rolled_back" and receipt.delivery_id in known and known[receipt.delivery_id].stands
        ]
        for key in gone:
            delivery = Delivery.objects.get(pk=key)
            Delivery.objects.filter(pk=key).update(state=Delivery.State.ROLLED_BACK)
            told.record("pool.delivery.rolled_back", delivery, source=delivery.state, target="rolled_back")
    return len(made) + len(gone)


def _adopted(receipt: Receipt, state: str) -> Delivery:
    return Delivery(
        delivery_id=receipt.delivery_id,
        department=receipt.department,
        dataset=receipt.dataset,
        file_name=receipt.file_name[-300:],
        size=receipt.bytes,
        sha256=receipt.sha256,
        state="rolled_back" if state == "rolled_back" else receipt.verdict,
        received_at=receipt.received_at,
        settled_at=receipt.received_at,
        read_so_far=receipt.records_in,
        **_columns(receipt),
    )


def _to_sender(delivery: Delivery) -> Notice:
    department = organisation_by_code(Kind.DEPARTMENT, delivery.department)
    outcome = _OUTCOMES[delivery.state]
    people = [delivery.sent_by_id] if delivery.sent_by_id else []
    if not people and department:
        people = people_of(department.pk, *SENDERS)
    title = catalogue().datasets[delivery.dataset].title
    return Notice(
        code=f"pool.delivery.{delivery.state}",
        key=f"{delivery.public_id}.{delivery.task}",
        title=Text(zh=f"“{title.zh}”的交付{outcome.zh}", en=f"Your delivery of '{title.en}' {outcome.en}"),
        body=Text(
            zh=f"{delivery.file_name}: {delivery.records_in:,} 条 = 接收 {delivery.accepted:,} "
            f"+ 拒收 {delivery.rejected:,}",
            en=f"{delivery.file_name}: {delivery.records_in:,} records = {delivery.accepted:,} accepted "
            f"+ {delivery.rejected:,} rejected",
        ),
        people=tuple(people),
        organisation=department.pk if department else None,
        link=f"/pool/deliveries/{delivery.public_id}/",
    )
