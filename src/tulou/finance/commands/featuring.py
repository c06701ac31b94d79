"""`features`: numbers of every firm for scorecards, made from the pool as of a day."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from tulou.finance.commands.options import check_writable
from tulou.finance.core.features import FEATURES, Feature, answer_features
from tulou.kernel.errors import Text, wrong_use
from tulou.pool.core.export import kind_of_target, write_table
from tulou.pool.core.lake import Lake
from tulou.terminal import JsonOption, err, failing, out, print_json, print_table, say

DIRECTIONS = {
    1: Text(zh="越高风险越大", en="higher is riskier"),
    -1: Text(zh="越高风险越小", en="higher is safer"),
    0: Text(zh="方向未定", en="not known beforehand"),
}


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("features")(features)


def features(
    pool: Annotated[
        Path | None, typer.Option("--pool", help="The folder of the pool; without it, what there is.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day, YYYY-MM-DD.")] = None,
    known: Annotated[
        str | None, typer.Option("--known", help="Use what was received by this later day, for training on the past.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--out", help="Where to write: .csv, .xlsx or .parquet.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the features, or answer them for every firm of a pool as of a day."""
    with failing(as_json=as_json):
        if pool is None:
            rows = [_described(each) for each in FEATURES]
            if as_json:
                print_json(rows)
            else:
                shown = ("name", "title", "unit", "window", "direction")
                print_table([{name: row[name] for name in shown} for row in rows])
            return
        if as_of is None or output is None:
            raise wrong_use("finance.features.use", "请用 --as-of 和 --out", "Say --as-of and --out")
        check_writable(output)
        kind = kind_of_target(output)
        day, later = _day(as_of), None if known is None else _day(known)
        with closing(Lake.open(pool)) as lake:
            answered = answer_features(lake, day, known=later)
        table = answered.table.append_column("as_of", pa.repeat(pa.scalar(day, pa.date32()), answered.table.num_rows))
        if kind == ".parquet":
            pq.write_table(table, output)
        else:
            columns = [column.to_pylist() for column in table.columns]
            write_table(output, table.column_names, zip(*columns, strict=True), sheet="features")
    missing = [each.name for each in answered.missing]
    if as_json:
        print_json({"out": output, "firms": table.num_rows, "as_of": day, "known": later or day, "missing": missing})
        return
    done = Text(
        zh=f"{table.num_rows:,} 家企业的 {len(answered.features)} 个特征已写入 {output}",
        en=f"{len(answered.features)} features of {table.num_rows:,} firms written to {output}",
    )
    out().print(say(done), markup=False)
    if missing:
        names = ", ".join(missing)
        lacking = Text(zh=f"数据池没有所需数据项: {names}", en=f"The pool lacks the items of: {names}")
        err().print(say(lacking), markup=False)


def _described(each: Feature) -> dict[str, object]:
    return {
        "name": each.name,
        "title": say(each.title),
        "unit": each.unit,
        "window": say(each.window),
        "direction": say(DIRECTIONS[each.direction]),
        "as_of": say(each.as_of_rule),
        "sources": [{"dataset": one.dataset, "column": one.column, "item": one.item} for one in each.sources],
    }


def _day(word: str) -> dt.date:
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        raise wrong_use(
            "finance.features.day", f"日期应写作 YYYY-MM-DD, 得到 {word}", f"Write the day as YYYY-MM-DD, not {word}"
        ) from None
