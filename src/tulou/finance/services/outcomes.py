"""Outcomes that a bank uploads: how loans stand in its own ledger, for the models to learn from."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass

from tulou.finance.core.market.delinquency import bucket_of, is_bad
from tulou.finance.flows import BANK
from tulou.finance.models import Contract, Outcome
from tulou.finance.services.acting import acting
from tulou.kernel.errors import Where, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story

COLUMNS = ("contract", "observed_on", "days_past_due")
MOST_ROWS = 20_000
LARGEST = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """How one loan stood on one day. `bad` says it where the bank knows better than the days."""

    contract: str
    observed_on: dt.date
    days_past_due: int
    bad: bool | None = None


def record_outcomes(actor: Actor, rows: list[OutcomeRow], *, source: str = "upload") -> int:
    """Keep outcomes of the actor's own bank's loans; the same loan and day is corrected. All of them or none.

    Raises Refused with the record for a contract that is not the bank's, or a day that cannot be.
    """
    bank = acting(actor, BANK)
    wanted = {row.contract for row in rows}
    own = {row.number: row for row in Contract.objects.filter(bank=bank, number__in=wanted)}
    with story(actor) as told:
        for record, row in enumerate(rows, 1):
            contract = own.get(row.contract)
            if contract is None or contract.disbursed_on is None:
                raise _wrong(record, "contract", row.contract, "没有这份已放款的合同", "No contract of yours paid out")
            if not contract.disbursed_on <= row.observed_on <= clock.today():
                raise _wrong(record, "observed_on", str(row.observed_on), "日期不在贷款期内", "Not a day of this loan")
            bad = row.bad if row.bad is not None else is_bad(row.days_past_due)
            Outcome.objects.update_or_create(
                contract=contract,
                observed_on=row.observed_on,
                source=source,
                defaults={"days_past_due": row.days_past_due, "bucket": bucket_of(row.days_past_due), "bad": bad},
            )
        told.record("finance.outcomes.recorded", rows=len(rows), source=source)
    return len(rows)


def read_outcomes(content: bytes) -> list[OutcomeRow]:
    """The rows of a CSV file with the columns contract, observed_on, days_past_due and, where known, bad.

    Raises Refused with the line for anything that cannot be read.
    """
    if len(content) > LARGEST:
        raise refuse("finance.outcomes.size", "文件过大", "The file is too large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse("finance.outcomes.encoding", "文件须为 UTF-8", "The file must be UTF-8") from error
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise refuse(
            "finance.outcomes.columns",
            f"缺少列：{'、'.join(missing)}",
            f"Columns are missing: {', '.join(missing)}",
            where=Where(column=missing[0]),
        )
    rows: list[OutcomeRow] = []
    for line in reader:
        if len(rows) >= MOST_ROWS:
            raise refuse("finance.outcomes.rows", f"一次最多 {MOST_ROWS} 行", f"At most {MOST_ROWS} rows at once")
        rows.append(_row(line, reader.line_num))
    return rows


def _row(line: dict[str, str | None], number: int) -> OutcomeRow:
    try:
        bad = (line.get("bad") or "").strip().lower()
        days = int(str(line["days_past_due"]))
        if days < 0 or bad not in {"", "0", "1", "false", "true"}:
            raise ValueError
        return OutcomeRow(
            str(line["contract"]).strip(),
            dt.date.fromisoformat(str(line["observed_on"]).strip()),
            days,
            None if not bad else bad in {"1", "true"},
        )
    except ValueError as error:
        raise refuse(
            "finance.outcomes.row",
            f"第 {number} 行无法读取",
            f"Line {number} cannot be read",
            where=Where(line=number),
        ) from error


def _wrong(record: int, column: str, value: str, zh: str, en: str) -> Exception:
    return refuse(
        "finance.outcomes.record",
        f"第 {record} 条：{zh}",
        f"Record {record}: {en}",
        where=Where(record=record, column=column, value=value),
    )
