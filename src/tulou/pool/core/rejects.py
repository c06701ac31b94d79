"""What was rejected of a delivery: which record, which item, what stood there, and what to do about it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tulou.kernel.errors import Refused, Text, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.export import write_table
from tulou.pool.core.ingest import SOURCES
from tulou.pool.core.lake import Lake, Receipt
from tulou.pool.core.lake.asking import at_hand
from tulou.pool.core.lake.replays import outstanding, replays_of
from tulou.pool.core.lake.schema import literal
from tulou.pool.core.validation.header import match_header
from tulou.pool.core.validation.sentences import sentence

DELIVERY, RECORD, LINE, TABLE, ITEMS, RAW = "_delivery", "_record", "_line", "_table", "_items", "_raw"
PROBLEM_ZH, PROBLEM_EN = "_problem_zh", "_problem_en"
MARKS = (DELIVERY, RECORD, LINE, TABLE, ITEMS, PROBLEM_ZH, PROBLEM_EN, RAW)
"""The columns of an export that are ours; the sender's columns follow them."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is wrong: the contract's column (None: the whole record), the rule, what stood there, why."""

    column: str | None
    item: Text | None
    rule: str
    value: str | None
    text: Text


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that waits for correction.

    `delivery_id` and `record` name it for ever: the first delivery and the number in it. `line` is where it stands in
    the file (`table` in an archive or workbook) that brought it last. `fields` go with `header`; they are None where
    the record cannot be told apart into fields.
    """

    delivery_id: str
    record: int
    line: int
    table: str
    raw: str
    header: tuple[str, ...]
    fields: tuple[str, ...] | None
    failures: tuple[Failure, ...]


def rejected_records(lake: Lake, delivery_id: str, *, limit: int | None = None) -> Iterator[RejectedRecord]:
    """The records of a delivery that wait for correction, in the order of the file.

    Those that a replay has corrected are not among them; those that a replay brought and that were rejected again are
    shown as the last replay brought them. For a replay's own id: what was rejected of it. Raises Refused where the
    pool does not know the delivery, or refused it whole.
    """
    receipt = known_delivery(lake, delivery_id)
    if receipt.verdict == "refused":
        raise refuse(
            "delivery.refused",
            f"交付 {delivery_id} 被整体拒收: {receipt.findings[0].text.zh if receipt.findings else ''}",
            f"Delivery {delivery_id} was refused whole: {receipt.findings[0].text.en if receipt.findings else ''}",
            remedy=Text(zh="改正后以同一编号重新交付", en="Correct the file and deliver it again under the same id"),
        )
    first = receipt.replays or delivery_id
    tries = [receipt] if receipt.replays else [receipt, *replays_of(lake, delivery_id)]
    readers = [_Reader(lake, one) for one in tries]
    parts = [
        f"SELECT {number} AS _try, {reader.origin} AS _origin, line_no, source, raw, failures FROM {reader.relation}"
        for number, reader in enumerate(readers)
        if reader.relation is not None
    ]
    if not parts:
        return
    query = f"SELECT * FROM ({' UNION ALL '.join(parts)})"
    if not receipt.replays:
        waiting = f"SELECT record_no AS _origin FROM ({outstanding(lake, first)})"
        last = "QUALIFY row_number() OVER (PARTITION BY _origin ORDER BY _try DESC) = 1"
        query += f" AS tried SEMI JOIN ({waiting}) AS waiting USING (_origin) {last}"
    query += " ORDER BY _origin, line_no"
    if limit is not None:
        query += f" LIMIT {limit}"
    with at_hand() as connection:
        answer = connection.execute(query)
        while rows := answer.fetchmany(1000):
            for number, origin, line, source, raw, failures in rows:
                yield readers[number].record(first, origin, line, source, raw, failures)


def known_delivery(lake: Lake, delivery_id: str) -> Receipt:
    """The receipt of a delivery. Raises Refused where the pool has never seen it."""
    receipt = lake.receipt(delivery_id)
    if receipt is None:
        raise refuse(
            "delivery.none",
            f"数据池中没有交付 {delivery_id}",
            f"The pool has no delivery {delivery_id}",
            remedy=Text(zh="tulou pool history 会列出所有交付", en="tulou pool history lists all deliveries"),
        )
    return receipt


class _Reader:
    """The rejects of one delivery, with what is needed to read them."""

    def __init__(self, lake: Lake, receipt: Receipt) -> None:
        path = lake.papers.rejects(receipt.delivery_id)
        corrects = lake.papers.corrects(receipt.delivery_id)
        self._contract = lake.papers.contract(receipt.delivery_id) or lake.contract(receipt.dataset)
        self._tables = tables_of(path) if path else []
        self.relation = None if path is None else f"read_parquet({literal(str(path))})"
        self.origin = "record_no"
        if path is not None and corrects is not None:
            told = f"read_parquet({literal(str(corrects))})"
            self.relation = f"(FROM {self.relation} AS failed JOIN {told} AS told USING (record_no))"
            self.origin = "origin_no"
        self._columns = [_places(table["header"], self._contract) for table in self._tables]

    def record(
        self, delivery_id: str, number: int, line: int, source: int, raw: str, failures: list[dict[str, Any]]
    ) -> RejectedRecord:
        table = self._tables[source]
        header = tuple(table["header"])
        return RejectedRecord(
            delivery_id=delivery_id,
            record=number,
            line=line,
            table=table["name"],
            raw=raw,
            header=header,
            fields=split(raw, table["delimiter"], len(header)),
            failures=tuple(self._failure(one, source) for one in failures),
        )

    def _failure(self, one: dict[str, Any], source: int) -> Failure:
        column, rule, value = one["column"], one["rule"], one["value"]
        item = None
        if column is not None:
            known = next((c for c in self._contract.columns if c.name == column), None)
            written = self._columns[source].get(column, column)
            item = Text(
                zh=(known.title.zh if known else "") or written, en=(known.title.en if known else "") or written
            )
        return Failure(column, item, rule, value, sentence(self._contract, column, rule, value))


def tables_of(rejects: Path) -> list[dict[str, Any]]:
    """The tables of the delivery that a file of rejects belongs to: name, separator and header of each."""
    metadata = pq.read_metadata(rejects).metadata or {}
    tables: list[dict[str, Any]] = json.loads(metadata[SOURCES.encode()])
    return tables


def _places(header: list[str], contract: Contract) -> dict[str, str]:
    """How the sender wrote each column of the contract."""
    try:
        places, _ = match_header(header, contract, "")
    except Refused:
        return {}
    return {place: name for place, name in zip(places, header, strict=True) if place is not None}


def split(raw: str, delimiter: str, width: int) -> tuple[str, ...] | None:
    """The fields of a record, or None where it has not as many as the header."""
    try:
        rows = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return tuple(rows[0]) if len(rows) == 1 and len(rows[0]) == width else None


def export_rejects(lake: Lake, delivery_id: str, target: Path) -> int:
    """Write the records that wait for correction to a file (.csv, .xlsx, .parquet) that `replay` takes back.

    Beside the sender's own columns stand what is wrong with the record, and which it is; where it cannot be told apart
    into fields those are empty and `_raw` holds its text. Answers how many records were written.
    """
    first = next(rejected_records(lake, delivery_id, limit=1), None)
    headers = {name: None for record in rejected_records(lake, delivery_id) for name in record.header} if first else {}
    names = [*MARKS, *headers]
    return write_table(target, names, _rows(lake, delivery_id, list(headers)), sheet="rejects")


def _rows(lake: Lake, delivery_id: str, names: list[str]) -> Iterator[list[Any]]:
    for record in rejected_records(lake, delivery_id):
        items = dict.fromkeys(f.item.zh or f.item.en for f in record.failures if f.item is not None)
        values = dict(zip(record.header, record.fields, strict=True)) if record.fields else {}
        yield [
            record.delivery_id,
            record.record,
            record.line,
            record.table,
            "; ".join(items),
            "; ".join(failure.text.zh for failure in record.failures),
            "; ".join(failure.text.en for failure in record.failures),
            record.raw if record.fields is None else "",
            *(values.get(name, "") for name in names),
        ]
