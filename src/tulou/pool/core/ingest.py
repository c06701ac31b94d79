"""The trip of a delivery: file, records, contract, typed files, one commit. Nothing of it is lost on the way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tulou.kernel.errors import Finding, Refused, Text, Where, refuse, wrong_use
from tulou.pool.core.contract import Contract
from tulou.pool.core.intake import Opened, Source, open_sources
from tulou.pool.core.lake import Lake, Receipt, StagedDelivery
from tulou.pool.core.lake.durable import digest
from tulou.pool.core.lake.schema import literal
from tulou.pool.core.lake.writing import engine
from tulou.pool.core.validation import Bars, ConservationError, Stamp, Tally, moved_units, validate
from tulou.pool.core.validation.header import fits

SOURCES = "tulou.sources"
"""Under this name a file of rejects says what the tables of the delivery were."""


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What the sender says of the file: how many records it holds and the SHA-256 of its bytes."""

    records: int | None = None
    sha256: str | None = None


NO_TOTALS = ControlTotals()


def ingest(
    lake: Lake,
    file: Path,
    contract: Contract,
    *,
    received_at: dt.datetime,
    delivery_id: str | None = None,
    totals: ControlTotals = NO_TOTALS,
    sheet: str | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> Receipt:
    """Pool one file under a contract. Answers the receipt; where the file was refused whole its findings say why.

    The same `delivery_id` again is answered with the first receipt (without one, the id is made of the dataset and
    the file's SHA-256, so that the same file again is the same delivery). `sheet` names the sheet of a workbook where
    several fit. `report` is told the number of records after each piece.

    Raises WrongUse where the file is not there, and Refused where the id stands for another file or was rolled back.
    """
    draft = draft_of(lake, file, contract, received_at, delivery_id)

    def opened(work: Path) -> Opened:
        return open_sources(file, work, fits=lambda header: fits(header, contract), sheet=sheet)

    return deliver(draft, totals, opened, report)


@dataclass(frozen=True, slots=True)
class Draft:
    """A delivery on its way. `replays` names the delivery whose rejected records it corrects."""

    lake: Lake
    file: Path
    contract: Contract
    delivery_id: str
    sha256: str
    received_at: dt.datetime
    replays: str | None = None


def draft_of(
    lake: Lake,
    file: Path,
    contract: Contract,
    received_at: dt.datetime,
    delivery_id: str | None,
    replays: str | None = None,
) -> Draft:
    """A delivery before anything is known of it but its bytes. Raises WrongUse where there is no such file."""
    check_is_there(file)
    sha256 = digest(file)
    stem = contract.dataset if replays is None else f"{replays}-replay"
    return Draft(lake, file, contract, delivery_id or f"{stem}-{sha256[:16]}", sha256, received_at, replays)


def check_is_there(file: Path) -> None:
    """Raise WrongUse where there is no such file."""
    if file.is_dir():
        raise wrong_use(
            "file.folder", f"{file} 是文件夹, 不是文件", f"{file} is a folder, not a file", where=Where(file=str(file))
        )
    if not file.is_file():
        raise wrong_use("file.none", f"没有文件 {file}", f"There is no file {file}", where=Where(file=str(file)))


def deliver(
    draft: Draft,
    totals: ControlTotals,
    opened: Callable[[Path], Opened],
    report: Callable[[int], None],
    bars: Bars | None = None,
    corrects: Callable[[Path], Path] | None = None,
) -> Receipt:
    """Take a drafted delivery through: once, and a refusal is remembered too."""
    lake = draft.lake
    if (known := lake.earlier(_receipt(draft, Tally(Path()), (), "accepted"), draft.contract.department)) is not None:
        return known.again()
    folder = lake.stage(draft.delivery_id)
    try:
        return _take(draft, folder, totals, opened, report, bars, corrects)
    except Refused as refusal:
        return lake.record_refusal(_receipt(draft, Tally(Path()), (refusal.finding,), "refused"))
    finally:
        lake.unstage(folder)


def _take(
    draft: Draft,
    folder: Path,
    totals: ControlTotals,
    opened: Callable[[Path], Opened],
    report: Callable[[int], None],
    bars: Bars | None,
    corrects: Callable[[Path], Path] | None,
) -> Receipt:
    if totals.sha256 is not None and totals.sha256.lower() != draft.sha256:
        raise _off(draft, "totals.sha256", Text(zh="SHA-256", en="SHA-256"), totals.sha256, draft.sha256)
    work = folder / "work"
    work.mkdir()
    found = opened(work)
    schema = draft.lake.planned(draft.contract)
    stamp = Stamp(draft.delivery_id, draft.received_at.isoformat())
    tally = validate(found.sources, draft.contract, schema, stamp, work, report, bars)
    if totals.records is not None and totals.records != tally.records:
        what = Text(zh="记录数", en="records")
        raise _off(draft, "totals.records", what, f"{totals.records:,}", f"{tally.records:,}")
    if tally.records != tally.accepted + tally.rejected:
        raise ConservationError(f"{tally.records} in, {tally.accepted} accepted, {tally.rejected} rejected")
    findings = [*found.findings, *tally.findings, *_drift(draft, tally), *_empty(draft, tally)]
    verdict = "accepted_with_rejects" if tally.rejected else "accepted"
    receipt = _receipt(draft, tally, findings, verdict, _encodings(found.sources))
    rejects = _collect(tally.rejects, found.sources, folder / "rejects.parquet")
    mapping = None if corrects is None else corrects(folder)
    return draft.lake.commit(draft.contract, StagedDelivery(folder, tuple(tally.data), rejects, receipt, mapping))


def _receipt(
    draft: Draft,
    tally: Tally,
    findings: Sequence[Finding],
    verdict: str,
    encoding: str = "",
) -> Receipt:
    return Receipt(
        delivery_id=draft.delivery_id,
        dataset=draft.contract.dataset,
        department=draft.contract.department,
        contract_version=draft.contract.version,
        file_name=draft.file.name,
        sha256=draft.sha256,
        bytes=draft.file.stat().st_size,
        encoding=encoding,
        records_in=tally.records,
        accepted=tally.accepted,
        rejected=tally.rejected,
        blank=tally.blank,
        verdict=verdict,  # type: ignore[arg-type]
        received_at=draft.received_at,
        findings=tuple(findings),
        rules_failed=dict(tally.rules_failed),
        medians=tally.medians,
        replays=draft.replays,
    )


def _drift(draft: Draft, tally: Tally) -> list[Finding]:
    earlier = None if draft.replays else draft.lake.ledger.latest(draft.contract.dataset)
    if earlier is None:
        return []
    return moved_units(draft.contract, tally.medians, earlier.medians, draft.file.name)


def _off(draft: Draft, code: str, what: Text, stated: str, found: str) -> Refused:
    return refuse(
        code,
        f"与交付方提供的控制总数不符 ({what.zh}): 声明 {stated}, 实际 {found}",
        f"The file does not match the sender's control total ({what.en}): stated {stated}, found {found}",
        where=Where(file=draft.file.name),
        remedy=Text(zh="文件可能被截断或改动, 请重新发送", en="It may have been cut or changed: send it again"),
    )


def _encodings(sources: Sequence[Source]) -> str:
    return ", ".join(dict.fromkeys(source.encoding for source in sources))


def _empty(draft: Draft, tally: Tally) -> list[Finding]:
    if tally.records:
        return []
    sentence = Text(zh="文件只有表头, 没有记录", en="The file has a header and no records")
    return [Finding("file.no_records", sentence, Where(file=draft.file.name), severity="warn")]


def _collect(parts: Sequence[Path], sources: Sequence[Source], target: Path) -> Path | None:
    """The rejected records in one file, in the order of the delivery; it says what the tables were."""
    if not parts:
        return None
    told = [{"name": one.name, "delimiter": one.delimiter, "header": one.header} for one in sources]
    described = json.dumps(told, ensure_ascii=False)
    if len(parts) == 1:
        table = pq.ParquetFile(parts[0]).read()
        pq.write_table(table.replace_schema_metadata({SOURCES: described}), target, compression="zstd")
        return target
    files = ", ".join(literal(str(path)) for path in parts)
    with engine(target.parent) as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_parquet([{files}]) ORDER BY record_no) TO {literal(str(target))} "
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{literal(SOURCES)}: {literal(described)}}})"
        )
    return target
