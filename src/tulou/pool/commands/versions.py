"""`tulou pool` for versions: what happened, what changed, what was known then; names, roll-backs and checks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text
from tulou.pool.commands.wording import SHOWN, ApplyOption, OutOption, PoolOption, tell, worded
from tulou.pool.core.export import kind_of_target, write_query
from tulou.pool.core.lake import Lake, quoted
from tulou.pool.core.lake.checking import LEASE, Health, check
from tulou.pool.core.lake.comparing import Difference, diff
from tulou.pool.core.lake.history import events, overview
from tulou.pool.core.lake.references import ZONE, Reference, moment, resolve, tag
from tulou.pool.core.lake.rollback import Rollback, roll_back
from tulou.pool.core.lake.schema import PROVENANCE
from tulou.pool.core.lake.writing import engine
from tulou.terminal import JsonOption, failing, print_finding, print_json, print_table, progress, say


def register(app: typer.Typer) -> None:
    """Add the commands to `tulou pool`."""
    app.command("history")(show_history)
    app.command("diff")(show_difference)
    app.command("rollback")(take_back)
    app.command("as-of")(as_of)
    app.command("tag")(tag_version)
    app.command("fsck")(verify)
    app.command("verify", hidden=True)(verify)


def show_history(
    pool: PoolOption,
    dataset: Annotated[str, typer.Argument(help="A dataset; without one, all of them in short.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the datasets of the pool, or what happened to one of them, in order."""
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        if not dataset:
            states = overview(lake)
            if as_json:
                print_json({"datasets": states})
                return
            rows = [
                worded(
                    {
                        ("数据集", "dataset"): state.dataset,
                        ("名称", "title"): say(state.title),
                        ("部门", "department"): state.department,
                        ("记录", "records"): state.records,
                        ("交付", "deliveries"): state.deliveries,
                        ("最近", "last"): state.last_received.astimezone(ZONE).date().isoformat()
                        if state.last_received
                        else "",
                    }
                )
                for state in states
            ]
            print_table(rows, empty=Text(zh="数据池是空的。", en="The pool is empty."))
            return
        told = events(lake, dataset)
        if not told:
            lake.table(dataset)
        if as_json:
            print_json({"dataset": dataset, "events": told})
            return
        print_table(
            [
                worded(
                    {
                        ("时间", "when"): event.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"),
                        ("操作", "operation"): _operation(event.operation, event.state),
                        ("交付", "delivery"): event.delivery_id or ", ".join(event.undoes),
                        ("接收", "accepted"): event.accepted,
                        ("退回", "rejected"): event.rejected,
                        ("现有", "records"): event.records,
                        ("标签", "tags"): ", ".join(event.tags),
                    }
                )
                for event in told
            ]
        )


_OPERATIONS = {
    "append": Text(zh="追加", en="append"),
    "merge": Text(zh="合并", en="merge"),
    "replace": Text(zh="替换", en="replace"),
    "replay": Text(zh="更正重送", en="replay"),
    "rollback": Text(zh="撤回", en="rollback"),
    "refused": Text(zh="拒收", en="refused"),
}


def _operation(name: str, state: str | None) -> str:
    text = say(_OPERATIONS.get(name, Text(zh=name, en=name)))
    return say(Text(zh=f"{text} (已撤回)", en=f"{text} (rolled back)")) if state == "rolled_back" else text


def show_difference(
    before: Annotated[str, typer.Argument(help="A delivery, DATASET, or DATASET@TAG, @DATE, @SNAPSHOT.")],
    after: Annotated[str, typer.Argument(help="Another one of the same dataset.")],
    pool: PoolOption,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions of a dataset: records added, removed and changed by key, and columns."""
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        found = diff(lake, before, after)
        if as_json:
            print_json(found)
        else:
            _show_difference(found)


def _show_difference(found: Difference) -> None:
    tell(
        f"{found.dataset}: {found.records_before:,} -> {found.records_after:,} 条; 新增 {found.added:,}, "
        f"删除 {found.removed:,}, 变更 {found.changed:,}",
        f"{found.dataset}: {found.records_before:,} -> {found.records_after:,} records; {found.added:,} added, "
        f"{found.removed:,} removed, {found.changed:,} changed",
    )
    for change in found.schema:
        line = f"  {say(_CHANGES[change.change])}: {change.column} ({change.before or ''} -> {change.after or ''})"
        tell(line, line)
    for name, count in found.columns_changed.items():
        tell(f"  {name}: {count:,} 条变更", f"  {name}: {count:,} changed")
    for title, rows in (
        (Text(zh="新增", en="added"), found.added_sample),
        (Text(zh="删除", en="removed"), found.removed_sample),
        (Text(zh="变更", en="changed"), [_arrowed(row) for row in found.changed_sample]),
    ):
        if rows:
            names = list(dict.fromkeys(name for row in rows for name in row))
            print_table([{name: row.get(name) for name in names} for row in rows], title=say(title))


_CHANGES = {
    "added": Text(zh="新增列", en="new column"),
    "removed": Text(zh="删除列", en="column gone"),
    "renamed": Text(zh="列改名", en="column renamed"),
    "widened": Text(zh="列类型变宽", en="column widened"),
}


def _arrowed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value[0] if value[0] is not None else '∅'} -> {value[1] if value[1] is not None else '∅'}"
        if isinstance(value, list)
        else value
        for name, value in row.items()
    }


def take_back(
    delivery: Annotated[str, typer.Argument(help="The id of a delivery.")],
    pool: PoolOption,
    apply: ApplyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a delivery back (with its replays): what it replaced comes back, unless something later has replaced it."""
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        plan = roll_back(lake, delivery, apply=apply)
        if as_json:
            print_json(asdict(plan) | {"applied": plan.snapshot_id is not None})
        else:
            _tell_rollback(plan)


def _tell_rollback(plan: Rollback) -> None:
    names = ", ".join(plan.deliveries)
    zh = f"移除 {plan.removed:,} 条, 恢复 {plan.restored:,} 条, {plan.dataset} 剩 {plan.records:,} 条。"
    en = f"{plan.removed:,} records removed, {plan.restored:,} restored, {plan.records:,} left in {plan.dataset}."
    if plan.snapshot_id is None:
        tell(f"将撤回 {names}: {zh}加 --apply 执行。", f"Would take back {names}: {en} Run with --apply to do it.")
    else:
        tell(f"已撤回 {names}: {zh}", f"Took back {names}: {en}")


def as_of(
    when: Annotated[str, typer.Argument(metavar="DATE", help="A day (its end), or a moment in ISO 8601.")],
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    pool: PoolOption,
    target: OutOption = None,
    limit: Annotated[int, typer.Option(help="Records that are shown at most.")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Show a dataset as it was known then, or write it to a file."""
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        moment(when)
        reference = resolve(lake, f"{dataset}@{when}")
        if target is not None:
            kind_of_target(target)
        total, rows, written = _version(lake, reference, target, limit)
        if as_json:
            print_json(
                {
                    "dataset": dataset,
                    "as_of": when,
                    "snapshot_id": reference.snapshot_id,
                    "records": total,
                    "rows": rows,
                    "file": target,
                    "written": written,
                }
            )
            return
        if target is None:
            print_table(rows, empty=Text(zh="当时还没有记录。", en="Nothing was known then."))
        tell(
            f"{when} 的 {dataset}: {total:,} 条" + (f", 已写入 {target}" if target else ""),
            f"{dataset} as of {when}: {total:,} records" + (f", written to {target}" if target else ""),
        )


def _version(
    lake: Lake, reference: Reference, target: Path | None, limit: int
) -> tuple[int, list[dict[str, Any]], int | None]:
    if reference.snapshot_id is None:
        return 0, [], None
    plan = lake.plan(reference.dataset, snapshot_id=reference.snapshot_id)
    folder = lake.stage(f"as-of-{reference.dataset}")
    try:
        with engine(folder) as connection:
            relation = plan.duckdb()
            ((total,),) = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
            if target is not None:
                return total, [], write_query(connection, f"SELECT * FROM {relation}", target, sheet=reference.dataset)
            names = [field.name for field in plan.schema.fields if field.name not in PROVENANCE]
            listed = ", ".join(map(quoted, names))
            rows = connection.execute(f"SELECT {listed} FROM {relation} LIMIT {limit}").fetchall()
            return total, [dict(zip(names, row, strict=True)) for row in rows], None
    finally:
        lake.unstage(folder)


def tag_version(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    name: Annotated[str, typer.Argument(help="The name that the version shall have.")],
    pool: PoolOption,
    at: Annotated[
        str, typer.Option(help="Which version: a delivery, or DATASET@WHEN; the current one if left out.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Give a version of a dataset a name that stays, to be read as DATASET@NAME."""
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        reference = tag(lake, dataset, name, at=at or None)
        if as_json:
            print_json(reference)
        else:
            tell(
                f"{reference.text} 指版本 {reference.snapshot_id}",
                f"{reference.text} stands for version {reference.snapshot_id}",
            )


def verify(
    pool: PoolOption,
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove what is left over, and write a wrong ledger anew.")
    ] = False,
    lease: Annotated[
        float, typer.Option(help="Hours for which files that no version names are left alone.")
    ] = LEASE.total_seconds() / 3600,
    as_json: JsonOption = False,
) -> None:
    """Check the pool: every file there and whole, the ledger equal to history, nothing left over.

    Exit code 1 where something is missing, damaged or wrong.
    """
    with failing(as_json=as_json), closing(Lake.open(pool)) as lake:
        with progress(quiet=as_json) as bars:
            task = bars.add_task(say(Text(zh="检查文件", en="checking files")), total=None)
            health = check(
                lake,
                now=dt.datetime.now(dt.UTC),
                apply=apply,
                lease=dt.timedelta(hours=lease),
                report=lambda count: bars.advance(task, count),
            )
        if as_json:
            findings = [finding.as_dict() for finding in health.findings]
            print_json(asdict(health) | {"findings": findings, "sound": health.sound})
        else:
            _tell_health(health)
        if not health.sound:
            raise typer.Exit(1)


def _tell_health(health: Health) -> None:
    for finding in health.findings:
        print_finding(finding)
    size, left = health.bytes / 2**20, len(health.orphans)
    tell(
        f"{health.tables} 张表, {health.versions} 个版本, {health.files} 个文件 ({size:,.1f} MiB), "
        f"{health.deliveries} 次交付; {'完好' if health.sound else '有问题'}; {left} 个遗留文件"
        f"{' 已清除' if health.cleaned else ''}",
        f"{health.tables} tables, {health.versions} versions, {health.files} files ({size:,.1f} MiB), "
        f"{health.deliveries} deliveries; {'sound' if health.sound else 'NOT sound'}; {left} left over"
        f"{', removed' if health.cleaned else ''}",
    )
