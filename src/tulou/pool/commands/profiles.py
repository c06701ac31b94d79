"""`tulou pool profile`, `build-profiles` and `query`: what the pool knows of firms, one by one and all together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID

from tulou.kernel.errors import Text, WrongUse, wrong_use
from tulou.kernel.regions import current_region
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.lake import Lake
from tulou.pool.core.profile import FILE, FeatureKind, Record, ServingCopy, Value, build_profiles, read_record
from tulou.pool.core.profile.expressions import TIME_ZONE
from tulou.pool.core.query import Answer, asked, write_answer
from tulou.terminal import JsonOption, failing, jsonable, out, print_json, print_table, progress, say

PoolOption = Annotated[Path, typer.Option("--pool", help="The folder of the pool.", envvar="TULOU_POOL")]
AsOfOption = Annotated[
    str, typer.Option("--as-of", metavar="DATE", help="What was known at the end of this day, YYYY-MM-DD.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `tulou pool`."""
    app.command("profile")(profile)
    app.command("build-profiles")(build)
    app.command("query")(query)


def profile(
    key: Annotated[str, typer.Argument(help="USCC, enterprise id, organisation code, registry number or exact name.")],
    pool: PoolOption,
    as_of: AsOfOption = "",
    dataset: Annotated[str, typer.Option(help="Only this dataset.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show one firm's record: every value with its department, dataset, period, delivery and date.

    Without a date, or with that of the last build, the serving copy answers; else the lake does, which takes longer.
    """
    with failing(as_json=as_json):
        record = _record(pool, key, _day(as_of))
        values = [value for value in record.values if dataset in ("", value.dataset)]
        if as_json:
            print_json({"firm": record.firm, "as_of": record.as_of, "values": [_plain(value) for value in values]})
        else:
            _show_record(record, values)


def build(
    pool: PoolOption,
    as_of: AsOfOption = "",
    features: Annotated[
        str, typer.Option(help="Kinds of columns, separated by commas: latest, sum12, mean12, prior12.")
    ] = ",".join(FeatureKind),
    datasets: Annotated[str, typer.Option(help="Only these datasets, separated by commas.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Build the table of all firms (profile.enterprise) as of a date, and the serving copy for look-ups."""
    with failing(as_json=as_json), progress(quiet=as_json) as shown:
        now = dt.datetime.now(TIME_ZONE)
        built = build_profiles(
            Lake.open(pool),
            _day(as_of) or now.date(),
            built_at=now,
            kinds=_kinds(features),
            datasets=[name.strip() for name in datasets.split(",")] if datasets else None,
            report=_bars(shown),
        )
        if as_json:
            print_json(built)
            return
        print_table(
            [
                {say(Text(zh="项目", en="what")): say(name), say(Text(zh="数值", en="value")): value}
                for name, value in (
                    (Text(zh="截止日期", en="as of"), str(built.as_of)),
                    (Text(zh="企业", en="firms"), f"{built.firms:,}"),
                    (Text(zh="数据集", en="datasets"), f"{built.datasets:,}"),
                    (Text(zh="列", en="columns"), f"{built.columns:,}"),
                    (Text(zh="宽表 MB", en="table MB"), f"{built.table_bytes / 1e6:,.1f}"),
                    (Text(zh="服务副本 MB", en="serving copy MB"), f"{built.serving_bytes / 1e6:,.1f}"),
                )
            ]
        )


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over datasets and items by name.")],
    pool: PoolOption,
    as_of: AsOfOption = "",
    limit: Annotated[int, typer.Option(min=1, help="Rows to print; a file gets all.")] = 50,
    to_file: Annotated[Path | None, typer.Option("--out", help="Write the rows to a .csv, .xlsx or .parquet.")] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Stop the query after this time.")] = 120,
    as_json: JsonOption = False,
) -> None:
    """Ask the pool in read-only SQL, and see exactly which items the question reads.

    Tables are datasets (power_monthly) and profile.enterprise; columns are items by technical name, or by title in
    double quotes.
    """
    with failing(as_json=as_json), asked(Lake.open(pool), sql, as_of=_day(as_of), seconds=seconds) as answer:
        rows: list[dict[str, Any]] = []
        more = False
        written = None
        if to_file is not None:
            written = write_answer(answer.rows, to_file)
        else:
            rows, more = _first(answer, limit)
        if as_json:
            body = {"rows": rows, "truncated": more} if to_file is None else {"file": to_file, "rows_written": written}
            print_json(body | {"items": answer.items, "datasets": answer.question.datasets})
        else:
            _show_answer(answer, rows, more, written, to_file)


def _record(pool: Path, key: str, as_of: dt.date | None) -> Record:
    lake = Lake.open(pool)
    if (pool / FILE).exists():
        with closing(ServingCopy(pool / FILE)) as copy:
            if as_of in (None, copy.as_of):
                return copy.record(key)
    return read_record(lake, key, as_of or dt.datetime.now(TIME_ZONE).date())


def _plain(value: Value) -> dict[str, Any]:
    row: dict[str, Any] = jsonable(value)
    return row


def _show_record(record: Record, values: Sequence[Value]) -> None:
    firm = record.firm
    region = current_region(firm.region) if firm.region else None
    out().print(f"[bold]{escape(firm.name or firm.enterprise_id)}[/bold]  {firm.uscc or ''}  {firm.enterprise_id}")
    facts = [
        say(Text(zh=f"截至 {record.as_of}", en=f"as of {record.as_of}")),
        say(region.name) if region else "",
        say(Text(zh=f"成立于 {firm.established}", en=f"established {firm.established}")) if firm.established else "",
    ]
    out().print("  ".join(fact for fact in facts if fact))
    if not values:
        out().print(say(Text(zh="没有数据。", en="Nothing is known.")))
    departments = reference_catalogue().departments
    for (department, dataset), group in groupby(values, key=lambda value: (value.department, value.dataset)):
        part = list(group)
        title = say(departments[department].title) if department in departments else department
        origin = [
            say(Text(zh=f"期间 {part[0].period}", en=f"period {part[0].period}")) if part[0].period else "",
            say(Text(zh="收到", en="received")) + f" {part[0].received_at.astimezone(TIME_ZONE).date()}",
            say(Text(zh="交付", en="delivery")) + f" {part[0].delivery_id}",
        ]
        out().print()
        out().print(f"[bold]{title} / {dataset}[/bold]  {escape('  '.join(each for each in origin if each))}")
        print_table(list(_rows(part)))


def _rows(values: Iterable[Value]) -> Iterator[dict[str, str]]:
    for value in values:
        kind = "" if value.kind is FeatureKind.LATEST else f" ({say(value.kind.text)})"
        yield {
            say(Text(zh="数据项", en="item")): say(value.title) + kind,
            say(Text(zh="值", en="value")): _shown(value.value),
            say(Text(zh="单位", en="unit")): value.unit or "",
        }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return say(Text(zh="是", en="yes") if value else Text(zh="否", en="no"))
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, (int, Decimal)) else str(value)


def _first(answer: Answer, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """The first rows of an answer, and whether there are more."""
    rows: list[dict[str, Any]] = []
    for batch in answer.rows:
        rows += batch.slice(0, limit + 1 - len(rows)).to_pylist()
        if len(rows) > limit:
            return rows[:limit], True
    return rows, False


def _show_answer(
    answer: Answer, rows: Sequence[dict[str, Any]], more: bool, written: int | None, to_file: Path | None
) -> None:
    if written is None:
        print_table([{name: _cell(value) for name, value in row.items()} for row in rows])
        if more:
            out().print(say(Text(zh=f"只显示前 {len(rows)} 行。", en=f"Only the first {len(rows)} rows are shown.")))
    else:
        out().print(say(Text(zh=f"已写入 {written:,} 行: {to_file}", en=f"{written:,} rows written to {to_file}")))
    out().print()
    print_table(
        [
            {
                say(Text(zh="读取的数据项", en="item read")): f"{item.dataset}.{item.column}",
                say(Text(zh="名称", en="title")): say(item.title) if item.title else "",
                say(Text(zh="编码", en="code")): item.item or "",
                say(Text(zh="部门", en="department")): item.department or "",
            }
            for item in answer.items
        ],
        empty=Text(zh="没有读取任何数据项。", en="No item is read."),
    )


def _cell(value: Any) -> Any:
    return "" if value is None else _shown(value) if isinstance(value, (bool, Decimal, float)) else value


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise _no_date(text) from None


def _no_date(text: str) -> WrongUse:
    return wrong_use(
        "option.date",
        f"“{text}”不是日期",
        f"{text!r} is no date",
        remedy=Text(zh="写成 2024-07-31", en="Write 2024-07-31"),
    )


def _kinds(text: str) -> list[FeatureKind]:
    wished = [word.strip() for word in text.split(",") if word.strip()]
    unknown = sorted(set(wished) - set(FeatureKind))
    if unknown or not wished:
        raise wrong_use(
            "option.features",
            f"没有这种列: {'、'.join(unknown)}",
            f"There are no such columns: {', '.join(unknown)}",
            remedy=Text(zh=f"可用: {'、'.join(FeatureKind)}", en=f"There are: {', '.join(FeatureKind)}"),
        )
    return [FeatureKind(word) for word in wished]


def _bars(shown: Progress) -> Any:
    """A report that moves a bar over the datasets and one over the firms."""
    titles = (
        Text(zh="汇总各数据集", en="Answering datasets"),
        Text(zh="写宽表和服务副本", en="Writing table and serving copy"),
    )
    tasks: list[TaskID] = []

    def report(_step: str, done: int, total: int) -> None:
        if done == 0:
            tasks.append(shown.add_task(say(titles[min(len(tasks), 1)]), total=total))
        shown.update(tasks[-1], completed=done, total=total)

    return report
