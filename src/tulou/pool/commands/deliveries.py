"""`tulou pool` for deliveries: in, back, corrected, compared, taken back, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text, wrong_use
from tulou.pool.commands import versions
from tulou.pool.commands.wording import SHOWN, OutOption, PoolOption, tell, worded
from tulou.pool.core.catalogue.store import install_reference
from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.known_contracts import contract_for, named_contract
from tulou.pool.core.lake import Lake, Receipt
from tulou.pool.core.lake.references import ZONE, moment
from tulou.pool.core.lake.replays import Chain, chain_of
from tulou.pool.core.rejects import RejectedRecord, export_rejects, known_delivery, rejected_records
from tulou.pool.core.replay import replay
from tulou.terminal import JsonOption, failing, language, print_finding, print_json, print_table, progress, say


def register(app: typer.Typer) -> None:
    """Add the commands to `tulou pool`."""
    app.command("init")(init)
    app.command("ingest")(ingest_files)
    app.command("rejects")(show_rejects)
    app.command("replay")(replay_file)
    versions.register(app)


def init(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one that is not there yet.")],
    catalog: Annotated[
        str, typer.Option(help="SQLAlchemy URL of the table catalogue; SQLite in the folder where left out.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make an empty pool with the reference catalogue. A pool that is there already is left as it is."""
    with failing(as_json=as_json):
        with closing(Lake.create(folder, catalog_uri=catalog or None)) as lake:
            version = install_reference(lake.root)
            held = len(lake.datasets())
        if as_json:
            print_json({"pool": folder, "catalogue_version": version, "datasets": held})
            return
        tell(
            f"数据池 {folder} 已就绪 (目录第 {version} 版, 已有 {held} 个数据集)。",
            f"The pool {folder} is ready (catalogue version {version}, {held} datasets).",
        )


def ingest_files(
    files: Annotated[list[Path], typer.Argument(help="CSV, Excel, Parquet, JSON lines, ARFF, or a zip of these.")],
    pool: PoolOption,
    contract: Annotated[
        str, typer.Option("--contract", help="A contract file, or a dataset's name; found by the header if left out.")
    ] = "",
    delivery_id: Annotated[
        str, typer.Option("--delivery-id", help="The sender's id; the same id again changes nothing.")
    ] = "",
    rows: Annotated[int | None, typer.Option("--rows", help="How many records the sender says the file has.")] = None,
    sha256: Annotated[str, typer.Option("--sha256", help="The SHA-256 of the file, as the sender states it.")] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="The sheet of a workbook; * means all that fit.")] = "",
    received: Annotated[
        str, typer.Option("--received", metavar="WHEN", help="When the files were received; now if left out.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Pool files: each is checked, becomes visible whole or not at all, and is answered with a receipt.

    Exit code 1 where a file was refused or some of its records were rejected.
    """
    with failing(as_json=as_json):
        if len(files) > 1 and (delivery_id or rows is not None or sha256):
            raise wrong_use(
                "ingest.one_file",
                "--delivery-id, --rows 和 --sha256 一次只能用于一个文件",
                "--delivery-id, --rows and --sha256 speak of one file",
            )
        with closing(Lake.open(pool)) as lake, progress(quiet=as_json) as bars:
            receipts = []
            for file in files:
                task = bars.add_task(file.name, total=None)
                agreed = named_contract(lake, contract) if contract else contract_for(lake, file)
                receipts.append(
                    ingest(
                        lake,
                        file,
                        agreed,
                        received_at=moment(received) if received else dt.datetime.now(ZONE),
                        delivery_id=delivery_id or None,
                        totals=ControlTotals(rows, sha256 or None),
                        sheet=sheet or None,
                        report=lambda count, task=task: bars.advance(task, count),  # type: ignore[misc]
                    )
                )
        _show_receipts(receipts, as_json=as_json)


def _show_receipts(receipts: Sequence[Receipt], *, as_json: bool) -> None:
    if as_json:
        print_json({"deliveries": [_receipt_json(receipt) for receipt in receipts]})
    else:
        print_table([_receipt_row(receipt) for receipt in receipts])
        for receipt in receipts:
            for finding in receipt.findings:
                print_finding(finding)
            if receipt.rejected:
                _hint(receipt.delivery_id)
    if any(receipt.verdict != "accepted" for receipt in receipts):
        raise typer.Exit(1)


def _receipt_json(receipt: Receipt) -> dict[str, Any]:
    findings = [finding.as_dict() for finding in receipt.findings]
    return asdict(receipt) | {"findings": findings, "received_at": receipt.received_at}


def _receipt_row(receipt: Receipt) -> dict[str, Any]:
    row = {
        ("交付", "delivery"): receipt.delivery_id,
        ("数据集", "dataset"): receipt.dataset,
        ("结论", "verdict"): _verdict(receipt),
        ("记录", "records"): receipt.records_in,
        ("接收", "accepted"): receipt.accepted,
        ("退回", "rejected"): receipt.rejected,
    }
    return worded(row)


_VERDICTS = {
    "accepted": Text(zh="已接收", en="accepted"),
    "accepted_with_rejects": Text(zh="已接收, 有退回", en="accepted, with rejects"),
    "refused": Text(zh="整体拒收", en="refused"),
}


def _verdict(receipt: Receipt) -> str:
    text = say(_VERDICTS[receipt.verdict])
    return say(Text(zh=f"{text} (此前已交付)", en=f"{text} (came before)")) if receipt.repeated else text


def _hint(delivery_id: str) -> None:
    tell(
        f"退回的记录: tulou pool rejects {delivery_id} --out 更正.xlsx; 改正后: tulou pool replay 更正.xlsx",
        f"The rejected records: tulou pool rejects {delivery_id} --out corrections.xlsx; "
        "once corrected: tulou pool replay corrections.xlsx",
    )


def show_rejects(
    delivery: Annotated[str, typer.Argument(help="The id of a delivery.")],
    pool: PoolOption,
    target: OutOption = None,
    limit: Annotated[int, typer.Option(help="Records that are shown at most; 0 means all.")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Show the records of a delivery that wait for correction: line, item, value, rule and what to do.

    With --out they go to a file, in which they can be corrected for `replay`. Exit code 1 where there are any.
    """
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        receipt = known_delivery(lake, delivery)
        chain = None if receipt.replays or receipt.verdict == "refused" else chain_of(lake, receipt)
        shown = list(rejected_records(lake, delivery, limit=limit or None))
        waiting = chain.outstanding if chain else receipt.rejected
        written = export_rejects(lake, delivery, target) if target is not None else None
        if as_json:
            body = {"delivery": delivery, "waiting": waiting, "written": written, "file": target}
            print_json(body | {"chain": _chain_json(chain), "records": [_record_json(one) for one in shown]})
        else:
            print_table(
                [row for one in shown for row in _failure_rows(one)],
                empty=Text(zh="没有等待更正的记录。", en="No record waits for correction."),
            )
            _tell_waiting(waiting, len(shown), chain, target)
    if waiting:
        raise typer.Exit(1)


def _chain_json(chain: Chain | None) -> dict[str, Any] | None:
    if chain is None:
        return None
    return {
        "records_in": chain.records_in,
        "accepted": chain.accepted,
        "corrected": chain.corrected,
        "outstanding": chain.outstanding,
        "replays": [replayed.delivery_id for replayed in chain.replays],
    }


def _record_json(one: RejectedRecord) -> dict[str, Any]:
    failures = [
        {
            "item": failure.column,
            "title": asdict(failure.item) if failure.item else None,
            "rule": failure.rule,
            "value": failure.value,
            "message": asdict(failure.text),
        }
        for failure in one.failures
    ]
    fields = dict(zip(one.header, one.fields, strict=True)) if one.fields is not None else None
    return {
        "record": one.record,
        "table": one.table,
        "line": one.line,
        "raw": one.raw,
        "fields": fields,
        "failures": failures,
    }


def _failure_rows(one: RejectedRecord) -> list[dict[str, Any]]:
    return [
        worded(
            {
                ("记录", "record"): one.record,
                ("行", "line"): one.line,
                ("数据项", "item"): failure.item.render(language()) if failure.item else "",
                ("原值", "value"): (failure.value or "")[:60],
                ("规则", "rule"): failure.rule,
                ("说明", "what to do"): say(failure.text),
            }
        )
        for failure in one.failures
    ]


def _tell_waiting(waiting: int, shown: int, chain: Chain | None, target: Path | None) -> None:
    if shown < waiting and target is None:
        tell(
            f"共 {waiting:,} 条, 显示 {shown:,} 条 (--limit 0 显示全部)",
            f"{shown:,} of {waiting:,} records shown (--limit 0 shows all)",
        )
    if chain is not None and chain.replays:
        tell(
            f"首次交付 {chain.records_in:,} 条 = 接收 {chain.accepted:,} + 更正 {chain.corrected:,} "
            f"+ 待更正 {chain.outstanding:,}",
            f"{chain.records_in:,} records first delivered = {chain.accepted:,} accepted + {chain.corrected:,} "
            f"corrected + {chain.outstanding:,} waiting",
        )
    if target is not None:
        tell(
            f"已写入 {target}, 改正后用 tulou pool replay 送回",
            f"Written to {target}; correct it there and send it back with tulou pool replay",
        )


def replay_file(
    file: Annotated[Path, typer.Argument(help="A file that `rejects --out` wrote, corrected.")],
    pool: PoolOption,
    contract: Annotated[
        str, typer.Option("--contract", help="A contract file; that of the first delivery if left out.")
    ] = "",
    delivery_id: Annotated[str, typer.Option("--delivery-id", help="The sender's id for this replay.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Bring corrected records back: what is right now is accepted, the rest is rejected again.

    Exit code 1 where records still wait for correction.
    """
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        with progress(quiet=as_json) as bars:
            task = bars.add_task(file.name, total=None)
            receipt = replay(
                lake,
                file,
                received_at=dt.datetime.now(ZONE),
                delivery_id=delivery_id or None,
                contract=named_contract(lake, contract) if contract else None,
                report=lambda count: bars.advance(task, count),
            )
        chain = chain_of(lake, known_delivery(lake, receipt.replays or receipt.delivery_id))
        if as_json:
            print_json({"delivery": _receipt_json(receipt), "chain": _chain_json(chain)})
        else:
            print_table([_receipt_row(receipt)])
            for finding in receipt.findings:
                print_finding(finding)
            _tell_waiting(chain.outstanding, chain.outstanding, chain, None)
        if chain.outstanding or receipt.verdict == "refused":
            raise typer.Exit(1)
