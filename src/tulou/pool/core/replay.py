"""Corrected records go back in: what is right now is accepted, the rest rejected again, and nothing comes in twice."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tulou.kernel.errors import Text, Where, refuse
from tulou.pool.core.contract import Contract
from tulou.pool.core.export import restored
from tulou.pool.core.ingest import NO_TOTALS, ControlTotals, check_is_there, deliver, draft_of
from tulou.pool.core.intake import Kind, Opened, Source, open_sources
from tulou.pool.core.intake.rows import RowWriter
from tulou.pool.core.intake.text import UTF8
from tulou.pool.core.lake import Lake, Receipt
from tulou.pool.core.lake.ledger import STANDS
from tulou.pool.core.lake.replays import corrected, outstanding, replays_of
from tulou.pool.core.lake.schema import DELIVERY_ID, literal, quoted
from tulou.pool.core.lake.writing import engine
from tulou.pool.core.rejects import DELIVERY, MARKS, RAW, RECORD, known_delivery
from tulou.pool.core.validation import Bar
from tulou.pool.core.validation.arrays import numbers
from tulou.pool.core.validation.records import split_record

_NOWHERE = -1
"""The number of a record that does not say which one it corrects."""


def replay(
    lake: Lake,
    file: Path,
    *,
    received_at: dt.datetime,
    delivery_id: str | None = None,
    contract: Contract | None = None,
    totals: ControlTotals = NO_TOTALS,
    report: Callable[[int], None] = lambda _: None,
) -> Receipt:
    """Bring corrected records back: a file that `export_rejects` wrote and somebody has edited.

    Each record says in `_delivery` and `_record` which one it corrects. It is checked like any other, under the
    contract of the first delivery (or `contract`), and comes in once: a record that was corrected already, that never
    waited, or whose key a later delivery has brought, is rejected. Over a delivery and its replays records are
    conserved (`chain_of`). The receipt names the first delivery in `replays`.

    Raises WrongUse where the file is not there, and Refused where it does not say what it corrects.
    """
    first = _first_delivery(lake, file)
    agreed = contract or lake.papers.contract(first.delivery_id) or lake.contract(first.dataset)
    draft = draft_of(lake, file, agreed, received_at, delivery_id, replays=first.delivery_id)
    told = _Told(first.delivery_id)

    def opened(work: Path) -> Opened:
        found = open_sources(file, work, fits=_has_marks)
        sources = tuple(_corrected(one, work / f"corrected-{n}.csv", told) for n, one in enumerate(found.sources))
        return Opened(sources, found.findings)

    with lake.lock(first.dataset):
        return deliver(
            draft,
            totals,
            opened,
            report,
            bars=lambda data: _bars(lake, first, agreed, told, data),
            corrects=lambda folder: told.written(folder / "corrects.parquet"),
        )


def _has_marks(header: Sequence[str]) -> bool:
    return DELIVERY in header and RECORD in header


def _first_delivery(lake: Lake, file: Path) -> Receipt:
    """The delivery whose records the file corrects, by the first of its records that says so."""
    check_is_there(file)
    work = lake.stage("replay")
    try:
        for source in open_sources(file, work, fits=_has_marks).sources:
            if not _has_marks(source.header):
                continue
            place = source.header.index(DELIVERY)
            for _, raw in _records(source):
                fields, fault = split_record(raw, source.delimiter, len(source.header))
                if fault is None and (name := restored(fields[place])):
                    return _standing(lake, name)
    finally:
        lake.unstage(work)
    raise refuse(
        "replay.unmarked",
        f"文件没有说明更正的是哪次交付: 缺少列 {DELIVERY} 和 {RECORD}",
        f"The file does not say what it corrects: it lacks the columns {DELIVERY} and {RECORD}",
        where=Where(file=file.name, line=1),
        remedy=Text(
            zh="请用 tulou pool rejects DELIVERY --out FILE 导出, 在其中改正, 保留前面几列",
            en="Correct the file that tulou pool rejects DELIVERY --out FILE writes, and keep its first columns",
        ),
    )


def _standing(lake: Lake, name: str) -> Receipt:
    receipt = known_delivery(lake, name)
    if receipt.replays:
        receipt = known_delivery(lake, receipt.replays)
    if lake.ledger.states([receipt.delivery_id])[receipt.delivery_id] != STANDS:
        raise refuse(
            "delivery.does_not_stand",
            f"交付 {receipt.delivery_id} 已撤回或被拒收, 不能更正",
            f"Delivery {receipt.delivery_id} was rolled back or refused; nothing of it can be corrected",
            remedy=Text(zh="请以新的编号重新交付", en="Deliver the file again under a new id"),
        )
    return receipt


def _records(source: Source) -> Iterator[tuple[int, str]]:
    """The records of a table as text, with their lines."""
    for piece in source.pieces():
        lines = piece.lines(np.arange(piece.records)).tolist()
        for index, line in enumerate(lines):
            yield line, piece.raw(index)


@dataclass(slots=True)
class _Told:
    """What the records of a replay say of themselves: which record of the first delivery each corrects, in order."""

    delivery_id: str
    origins: array[int] = field(default_factory=lambda: array("q"))
    foreign: dict[int, str] = field(default_factory=dict)

    def add(self, delivery_id: str, record: str) -> None:
        """Take the marks of the next record."""
        self.origins.append(int(record) if record.isascii() and record.isdigit() and len(record) < 18 else _NOWHERE)
        if delivery_id != self.delivery_id:
            self.foreign[len(self.origins)] = delivery_id

    def written(self, path: Path) -> Path:
        """The numbers in a Parquet file: `record_no` in the replay, `origin_no` in the first delivery."""
        places = numbers(np.arange(1, len(self.origins) + 1))
        held = pa.Table.from_arrays([places, numbers(self.origins)], ["record_no", "origin_no"])
        pq.write_table(held, path, compression="zstd")
        return path


def _corrected(source: Source, target: Path, told: _Told) -> Source:
    """The sender's own columns of a table, without our marks and apostrophes.

    A record that cannot be told apart into fields, or was left as it was, becomes one field: it is rejected again.
    """
    header = list(source.header)
    places = [place for place, name in enumerate(header) if name not in MARKS]
    marks = [header.index(DELIVERY), header.index(RECORD)] if _has_marks(header) else []
    back = str if source.encoding == Kind.PARQUET else restored
    with RowWriter(target) as writer:
        writer.write(0, [header[place] for place in places] or [""])
        for line, raw in _records(source):
            fields, fault = split_record(raw, source.delimiter, len(header))
            delivery_id, record = ("", "") if fault or not marks else (back(fields[place]).strip() for place in marks)
            told.add(delivery_id, record)
            values = [] if fault else [back(fields[place]) for place in places]
            if not any(values):
                untouched = raw if fault or RAW not in header else back(fields[header.index(RAW)])
                values = [untouched, *([""] if len(places) == 1 else [])]
            writer.write(line, values)
        lines = writer.lines()
    return Source(source.name, target, source.encoding, UTF8, ",", tuple(header[place] for place in places), lines)


def _bars(lake: Lake, first: Receipt, contract: Contract, told: _Told, data: Sequence[Path]) -> Mapping[int, Bar]:
    """The records of a replay that are good in themselves and must not come in."""
    folder = data[0].parent
    told_file = literal(str(told.written(folder / "told.parquet")))
    files = ", ".join(literal(str(path)) for path in data)
    bars = {number: Bar(None, "replay.other_delivery", name) for number, name in told.foreign.items()}
    waiting = f"SELECT record_no AS origin_no FROM ({outstanding(lake, first.delivery_id)})"
    with engine(folder) as connection:
        connection.execute(
            f"CREATE TABLE good AS SELECT record_no, origin_no FROM read_parquet({told_file}) "
            f"SEMI JOIN (SELECT _record_no AS record_no FROM read_parquet([{files}])) AS good USING (record_no)"
        )
        good = {number for (number,) in connection.execute("SELECT record_no FROM good").fetchall()}
        for rule, query in (
            (
                "replay.corrected_already",
                f"SELECT * FROM good SEMI JOIN ({corrected(lake, first.delivery_id)}) USING (origin_no)",
            ),
            (
                "replay.unknown_record",
                f"SELECT * FROM good ANTI JOIN ({waiting}) USING (origin_no)",
            ),
            (
                "replay.twice",
                "SELECT * FROM good QUALIFY row_number() OVER (PARTITION BY origin_no ORDER BY record_no) > 1",
            ),
        ):
            for number, origin in connection.execute(query).fetchall():
                bars.setdefault(number, Bar(None, rule, str(origin) if origin != _NOWHERE else ""))
        for number, bar in _held_keys(lake, first, contract, connection, f"read_parquet([{files}])"):
            bars.setdefault(number, bar)
    return {number: bar for number, bar in bars.items() if number in good}


def _held_keys(
    lake: Lake, first: Receipt, contract: Contract, connection: duckdb.DuckDBPyConnection, brought: str
) -> Iterator[tuple[int, Bar]]:
    """Records whose key the first delivery (or a replay of it) holds already, or a later one has brought."""
    key = contract.primary_key
    if not key or contract.delivery_mode == "append" or first.dataset not in lake.datasets():
        return
    own = {first.delivery_id, *(receipt.delivery_id for receipt in replays_of(lake, first.delivery_id))}
    order = [version.delivery_id for version in lake.versions(first.dataset)]
    later = {name for name in order[order.index(first.delivery_id) :] if name is not None}
    names = ", ".join(map(quoted, key))
    listed = ", ".join(map(literal, sorted(own | later)))
    query = (
        f"SELECT b._record_no, min(t.{DELIVERY_ID}) FROM {brought} b "
        f"JOIN (SELECT {names}, {DELIVERY_ID} FROM {lake.relation(first.dataset)} WHERE {DELIVERY_ID} IN ({listed})) t "
        f"USING ({names}) GROUP BY ALL"
    )
    for number, holder in connection.execute(query).fetchall():
        if holder in own:
            yield number, Bar(key[0], "duplicate_key", f"= a record of {holder}")
        else:
            yield number, Bar(None, "superseded", holder)
