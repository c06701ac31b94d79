"""Correcting rejected records: what a clerk wrote in a form, or in the file of rejects, goes in as a replay."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile

from tulou.kernel.errors import Text, Where, refuse
from tulou.platform.actor import Actor
from tulou.pool.core.export import write_table
from tulou.pool.core.rejects import DELIVERY, RECORD, split
from tulou.pool.models import Delivery
from tulou.pool.queries.deliveries import Waiting, on_its_way_again, waiting_records
from tulou.pool.services.deliveries import receive_file

_TICK = re.compile(r"send-(\d{1,15})")
LONGEST = 4000


def correct_records(actor: Actor, delivery: Delivery, answers: Mapping[str, str]) -> Delivery:
    """Send the ticked records of a delivery again with the values of `answers`; the rest of each stays as it was.

    `send-N` ticks record N, `field-N-I` is the new value of its field I, `raw-N` its whole new text where its fields
    cannot be told apart. Raises Refused where nothing was ticked, where a record is on its way already or waits no
    more, or where a text is still no record.
    """
    numbers = {int(match[1]) for name in answers if (match := _TICK.fullmatch(name))}
    if not numbers:
        raise refuse("pool.rejects.none", "请勾选要重送的记录", "Tick the records that are to be sent again")
    _check_open(delivery)
    chosen = [row for row in waiting_records(delivery) if row.record.record in numbers]
    if len(chosen) != len(numbers) or numbers & set(on_its_way_again(delivery)):
        raise refuse("pool.rejects.taken", "其中有记录已经重送", "One of these records was sent again already")
    header = chosen[0].record.header
    if any(row.record.header != header for row in chosen):
        raise refuse("pool.rejects.tables", "请一次只重送同一张表的记录", "Send records of one table at a time")
    rows = [[row.record.delivery_id, row.record.record, *_corrected(row, answers)] for row in chosen]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corrections.csv"
        write_table(path, [DELIVERY, RECORD, *header], rows)
        content = path.read_bytes()
    name = f"{PurePath(delivery.file_name).stem[-40:]}-corrections.csv"
    return receive_file(
        actor,
        SimpleUploadedFile(name, content, "text/csv"),
        dataset=delivery.dataset,
        records=len(rows),
        replays=delivery,
        corrects=sorted(numbers),
    )


def receive_corrections(actor: Actor, delivery: Delivery, upload: UploadedFile[Any]) -> Delivery:
    """Take in the file of rejected records that somebody downloaded and corrected. Raises Refused as `receive_file`."""
    _check_open(delivery)
    return receive_file(actor, upload, dataset=delivery.dataset, replays=delivery)


def _check_open(delivery: Delivery) -> None:
    if not delivery.stands or delivery.replays_id is not None:
        raise refuse(
            "pool.rejects.closed",
            "该交付的记录不能在此更正",
            "Records of this delivery cannot be corrected here",
            remedy=Text(zh="请在首次交付中更正", en="Correct them at the first delivery"),
        )


def _corrected(row: Waiting, answers: Mapping[str, str]) -> list[str]:
    record = row.record
    if row.fields:
        return [answers.get(f"field-{record.record}-{field.at}", field.value)[:LONGEST] for field in row.fields]
    text = answers.get(f"raw-{record.record}", record.raw).replace("\r\n", "\n").strip("\n")
    for delimiter in ",;\t|":
        if (values := split(text, delimiter, len(record.header))) is not None:
            return list(values)
    width = len(record.header)
    raise refuse(
        "pool.rejects.form",
        f"第 {record.line} 行仍不是一条完整记录 (应有 {width} 个字段)",
        f"Line {record.line} is still not one record of {width} fields",
        where=Where(line=record.line, record=record.record),
    )
