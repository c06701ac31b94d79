"""`tulou link`, `tulou pool resolve` and `tulou pool review`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
import yaml

from tulou.kernel.errors import Text, Where, wrong_use
from tulou.terminal import JsonOption, failing, language, out, print_json, print_table, progress, say

if TYPE_CHECKING:
    import polars as pl

    from tulou.pool.core.identity.linking import Linking
    from tulou.pool.core.identity.review import Pair
    from tulou.pool.core.identity.truth import Quality

link_app = typer.Typer(add_completion=False, rich_markup_mode=None)

_STEPS = {
    "read": Text(zh="读取文件", en="reading the files"),
    "compare": Text(zh="比较记录", en="comparing the records"),
    "answer": Text(zh="整理结果", en="writing the answer"),
}
SHOWN, REASONS = 5, 4


@link_app.command()
def link(
    left: Annotated[Path, typer.Argument(help="A file of firms or persons: CSV, Excel, Parquet, JSON lines.")],
    right: Annotated[
        Path | None, typer.Argument(help="The file to link it with; without it, duplicates within LEFT are found.")
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            help="The truth: a file (left_id, right_id; or id, cluster), or a column with each record's cluster."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write the pairs here: .csv, .parquet, .jsonl or .xlsx.")
    ] = None,
    groups_to: Annotated[
        Path | None, typer.Option("--clusters", help="Duplicates in one file: write id and cluster here.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Least probability of a pair (default 0.5).")
    ] = None,
    one_to_one: Annotated[
        bool | None,
        typer.Option(
            "--one-to-one/--many-to-many", help="Whether a record has at most one partner (default: found out)."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON: columns (role: name or [left, right]), ignore, threshold, one_to_one."),
    ] = None,
    model_to: Annotated[
        Path | None, typer.Option("--model", help="Write the estimated model here, as settings of Splink 5.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Link the records of two files that speak of the same firms or persons, without training data.

    Columns are found by their headers and their content. With one file its duplicates are found.
    """
    with failing(as_json=as_json):
        from tulou.pool.core.identity.linking import link_files

        wishes = _wishes(config, threshold, one_to_one)
        with progress(quiet=as_json) as bar:
            task = bar.add_task(say(_STEPS["read"]), total=len(_STEPS))

            def report(step: str) -> None:
                bar.update(task, description=say(_STEPS[step]), advance=1)

            answer = link_files(left, right, truth=truth, wishes=wishes, report=report)
        _write(answer, to, groups_to, model_to)
        if as_json:
            print_json(_document(answer, wishes.threshold, shown=to is None))
        else:
            _print(answer, wishes.threshold)


def _wishes(config: Path | None, threshold: float | None, one_to_one: bool | None) -> Any:
    from dataclasses import replace

    from tulou.pool.core.identity.linking import Wishes

    wishes = Wishes()
    if config is not None:
        if not config.is_file():
            raise wrong_use(
                "file.none", f"没有文件 {config}", f"There is no file {config}", where=Where(file=str(config))
            )
        document = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
        wishes = Wishes.of(document)
    if threshold is not None:
        wishes = replace(wishes, threshold=threshold)
    if one_to_one is None:
        return wishes
    return replace(wishes, partners="one_to_one" if one_to_one else "many_to_many")


def _write(answer: Linking, to: Path | None, groups_to: Path | None, model_to: Path | None) -> None:
    import json

    if to is not None:
        write_table(answer.with_evidence(language()).rename({"left": "left_id", "right": "right_id"}), to)
    if groups_to is not None:
        if answer.groups is None:
            raise wrong_use(
                "link.no_clusters",
                "--clusters 只用于单个文件的查重",
                "--clusters is for the duplicates of one file",
                remedy=Text(zh="请只给出一个文件, 或改用 --out", en="Name one file only, or use --out"),
            )
        write_table(answer.groups, groups_to)
    if model_to is not None:
        kind = "dedupe_only" if answer.groups is not None else "link_only"
        model_to.write_text(
            json.dumps(answer.model.splink_settings(kind), ensure_ascii=False, indent=2), encoding="utf-8"
        )


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write a table as the kind of file that the path's ending says. Raises WrongUse for other endings."""
    import polars as pl

    kind = path.suffix.lower()
    if kind == ".parquet":
        table.write_parquet(path)
    elif kind == ".csv":
        # A spreadsheet takes a cell that begins with one of these for a formula.
        risky = r"^[=+\-@\t\r]"
        text = pl.col(pl.String)
        table.with_columns(pl.when(text.str.contains(risky)).then("'" + text).otherwise(text).name.keep()).write_csv(
            path
        )
    elif kind in (".jsonl", ".ndjson"):
        table.write_ndjson(path)
    elif kind == ".xlsx":
        _write_workbook(table, path)
    else:
        raise wrong_use(
            "file.kind",
            f"不认识的文件类型 {path.name}",
            f"{path.name} has no ending that is known",
            remedy=Text(zh="可用: .csv .xlsx .parquet .jsonl", en="Known: .csv .xlsx .parquet .jsonl"),
        )


def _write_workbook(table: pl.DataFrame, path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("pairs")
    sheet.append(table.columns)
    for row in table.iter_rows():
        sheet.append(row)
    book.save(path)


def _quality(quality: Quality) -> dict[str, float | int]:
    return {
        "precision": round(quality.precision, 6),
        "recall": round(quality.recall, 6),
        "f1": round(quality.f1, 6),
        "found": quality.found,
        "true": quality.true,
        "right": quality.right,
    }


def _document(answer: Linking, threshold: float, *, shown: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "records": [len(table) for table in answer.tables],
        "columns": [{"role": str(pairing.role), "columns": list(pairing.columns)} for pairing in answer.pairings],
        "compared": len(answer.linked.pairs),
        "partners": answer.linked.partners,
        "threshold": threshold,
        "pairs": len(answer.pairs),
    }
    if answer.groups is not None:
        document["clusters"] = int(answer.groups["cluster"].n_unique())
    if answer.quality is not None:
        document["quality"] = _quality(answer.quality)
    if answer.groups_quality is not None:
        document["cluster_quality"] = _quality(answer.groups_quality)
    if shown:
        document["links"] = answer.with_evidence(language()).to_dicts()
    return document


def _print(answer: Linking, threshold: float) -> None:
    console = out()
    paired = [
        {say(Text(zh="用途", en="role")): str(pairing.role), **_named(pairing.columns)} for pairing in answer.pairings
    ]
    print_table(paired, title=say(Text(zh="比较的列", en="Columns compared")))
    records = " x ".join(f"{len(table):,}" for table in answer.tables)
    one = answer.linked.partners == "one_to_one"
    relation = Text(zh="一对一", en="one to one") if one else Text(zh="多对多", en="many to many")
    console.print(
        say(
            Text(
                zh=f"记录 {records}; 比较了 {len(answer.linked.pairs):,} 对; {relation.zh}",
                en=f"{records} records; {len(answer.linked.pairs):,} pairs compared; {relation.en}",
            )
        )
    )
    console.print(
        say(
            Text(
                zh=f"概率不低于 {threshold:g} 的有 {len(answer.pairs):,} 对",
                en=f"{len(answer.pairs):,} pairs with a probability of {threshold:g} or more",
            )
        )
    )
    if answer.groups is not None:
        number = answer.groups["cluster"].n_unique()
        console.print(say(Text(zh=f"{number:,} 组不同的对象", en=f"{number:,} different ones")))
    weakest = answer.with_evidence(language()).tail(SHOWN)
    rows = [
        {
            say(Text(zh="左", en="left")): row["left"],
            say(Text(zh="右", en="right")): row["right"],
            say(Text(zh="概率", en="probability")): round(row["probability"], 4),
            say(Text(zh="依据 (log2 权重)", en="evidence (log2 weights)")): "; ".join(
                row["evidence"].split("; ")[:REASONS]
            ),
        }
        for row in weakest.to_dicts()
    ]
    print_table(rows, title=say(Text(zh="最没有把握的几对", en="The least certain pairs")))
    _print_quality(answer)


def _first(evidence: str) -> str:
    return "; ".join(evidence.split("; ")[:REASONS])


def _named(columns: tuple[str, ...]) -> dict[str, str]:
    if len(columns) == 1:
        return {say(Text(zh="列", en="column")): columns[0]}
    return {say(Text(zh="左", en="left")): columns[0], say(Text(zh="右", en="right")): columns[1]}


def _print_quality(answer: Linking) -> None:
    rows = []
    if answer.quality is not None:
        rows.append({"": say(Text(zh="对", en="pairs")), **_quality(answer.quality)})
    if answer.groups_quality is not None:
        rows.append({"": say(Text(zh="分组", en="clusters")), **_quality(answer.groups_quality)})
    if rows:
        print_table(rows, title=say(Text(zh="与真值相比", en="Against the truth")))


PoolOption = Annotated[Path, typer.Option("--pool", help="The folder of the pool.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides; it is kept with the decision.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why; it is kept with the decision.")]

review_app = typer.Typer(
    help="Decide the doubtful pairs of a resolution.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_RUNGS = {
    "uscc": Text(zh="统一社会信用代码", en="credit code"),
    "org_code": Text(zh="组织机构代码", en="organisation code"),
    "crosswalk": Text(zh="对照关系", en="numbers seen beside a code"),
    "exact_name": Text(zh="同名同地", en="same name and place"),
    "model": Text(zh="概率模型", en="model"),
    "founder": Text(zh="新立主体", en="nobody known"),
}


def resolve(
    pool: PoolOption,
    as_of: Annotated[
        datetime | None,
        typer.Option(help="Only with what was received until the end of this day.", formats=["%Y-%m-%d"]),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find out whose every record of the pool is: one enterprise, one id, whatever the department wrote."""
    with failing(as_json=as_json):
        from tulou.pool.core.identity.resolution import resolve as resolve_pool
        from tulou.pool.core.lake import Lake

        until = None if as_of is None else as_of.replace(tzinfo=_zone()) + timedelta(days=1, microseconds=-1)
        with progress(quiet=as_json) as bar:
            task = bar.add_task(say(Text(zh="识别企业身份", en="resolving")), total=None)

            def report(step: str, done: int, total: int) -> None:
                bar.update(
                    task, description=step or say(Text(zh="比较主体", en="comparing")), completed=done, total=total
                )

            done = resolve_pool(Lake.open(pool), now=datetime.now(tz=_zone()), as_of=until, report=report)
        if as_json:
            print_json(done)
            return
        rows = [
            {
                say(Text(zh="依据", en="by")): say(_RUNGS.get(rung, Text(zh=rung, en=rung))),
                say(Text(zh="主体", en="subjects")): number,
            }
            for rung, number in done.rungs.items()
        ]
        print_table(rows, empty=Text(zh="没有新的主体。", en="There are no new subjects."))
        _say(
            f"企业 {done.enterprises:,} 家: 新立 {done.created:,}, 并入 {done.merged:,}; 待审 {done.reviews:,} 对",
            f"{done.enterprises:,} enterprises: {done.created:,} founded, {done.merged:,} merged into another; "
            f"{done.reviews:,} pairs to review",
        )


def _say(zh: str, en: str) -> None:
    out().print(say(Text(zh=zh, en=en)))


def _zone() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


@review_app.command("list")
def list_reviews(
    pool: PoolOption,
    every: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the pairs that a person must decide, the most doubtful first."""
    with failing(as_json=as_json):
        from tulou.pool.core.identity.review import pairs_under_review
        from tulou.pool.core.lake import Lake

        pairs = pairs_under_review(Lake.open(pool), language=language(), every=every)
        if as_json:
            print_json(pairs[:limit])
            return
        if not pairs:
            _say("没有待审的对。", "There is nothing to review.")
        for pair in pairs[:limit]:
            _print_pair(pair)
        if len(pairs) > limit:
            _say(f"共 {len(pairs):,} 对", f"{len(pairs):,} pairs in all")


def _print_pair(pair: Pair) -> None:
    verdict = pair.decision or pair.suggested or ""
    chance = "" if pair.probability is None else f"{pair.probability:.3f} "
    out().print(f"{pair.review_id}  {pair.dataset}  {chance}{verdict}", style="bold", markup=False)
    out().print(f"  {pair.own_name or pair.subject_key}  =?  {pair.name or pair.enterprise_id}", markup=False)
    out().print(f"  {pair.evidence}", style="dim", markup=False)


@review_app.command("decide")
def decide(
    review_id: Annotated[str, typer.Argument(help="The id of the pair.")],
    pool: PoolOption,
    by: ByOption,
    same: Annotated[bool, typer.Option("--same/--different", help="Whether both are one enterprise.")],
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide a pair: the same enterprise, or different ones. The decision stands in every later resolution."""
    with failing(as_json=as_json):
        from tulou.pool.core.identity.review import decide_review
        from tulou.pool.core.lake import Lake

        now = datetime.now(tz=_zone())
        done = decide_review(Lake.open(pool), review_id, same=same, by=by, now=now, note=note)
        if as_json:
            print_json(done)
        elif "retired" in done:
            _say(
                f"{done['retired']} 已并入 {done['enterprise_id']}",
                f"{done['retired']} is retired into {done['enterprise_id']}",
            )
        else:
            _say("已记录: 不是同一家", "Noted: they are different")


@review_app.command("split")
def split(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    subject_key: Annotated[str, typer.Argument(help="The subject's key, as entity.link has it.")],
    pool: PoolOption,
    by: ByOption,
    note: NoteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a subject's records out of the enterprise that they were wrongly tied to."""
    with failing(as_json=as_json):
        from tulou.pool.core.identity.review import split_subject
        from tulou.pool.core.lake import Lake

        now = datetime.now(tz=_zone())
        done = split_subject(Lake.open(pool), dataset, subject_key, by=by, now=now, note=note)
        if as_json:
            print_json(done)
        else:
            _say(
                f"已从 {done['left']} 拆出, 新立 {done['enterprise_id']}",
                f"Taken out of {done['left']}; it is {done['enterprise_id']} now",
            )


def register(app: typer.Typer) -> None:
    """Add `resolve` and `review` to `tulou pool`."""
    app.command("resolve")(resolve)
    app.add_typer(review_app, name="review")
