"""`explain` and `report`: one row's score, and the scorecard itself, for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.finance.commands.options import (
    AgainstOption,
    ArtefactArgument,
    DataArgument,
    SheetOption,
    against,
    check_writable,
)
from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.document import hash_of
from tulou.finance.core.files import Table, read_table
from tulou.finance.core.model_card import page_of, summary_of_card
from tulou.finance.core.reasons import Change, Reason, changes_of, lines_of, reason_rows
from tulou.finance.core.scalar import Row
from tulou.finance.core.serving import Score, load_artefact, score_one
from tulou.kernel.errors import Text, Where, wrong_use
from tulou.terminal import JsonOption, err, failing, jsonable, out, print_json, print_table, say


def register(app: typer.Typer) -> None:
    """Add the verbs to the room."""
    app.command("explain")(explain_row)
    app.command("report")(report)


def explain_row(
    artefact: ArtefactArgument,
    data: DataArgument,
    row: Annotated[int, typer.Option("--row", help="Which row, counted from 1 (the header is not counted).")] = 1,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The day as of which the data were known, where they do not say it.")
    ] = None,
    measure: AgainstOption = "best",
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why one row has its score: the reasons with their sources, every point, and what would change it."""
    with failing(as_json=as_json):
        card = load_artefact(artefact)
        table = read_table(data, sheet=sheet)
        values = _row(table, row)
        answer = score_one(card, values, against=against(measure), as_of=as_of)
        changes = changes_of(card, values)
    if as_json:
        print_json(_document(card, values, answer, changes, row))
    else:
        _show(card, values, answer, changes)


def _row(table: Table, row: int) -> Row:
    if not 1 <= row <= table.rows:
        raise wrong_use(
            "finance.explain.no_such_row",
            f"数据只有 {table.rows:,} 行, 没有第 {row} 行",
            f"The data have {table.rows:,} rows, there is no row {row}",
            where=Where(file=table.name, record=row),
        )
    return {name: column[row - 1].as_py() for name, column in table.columns.items()}


def _document(card: Scorecard, values: Row, answer: Score, changes: list[Change], row: int) -> dict[str, Any]:
    return {
        "row": row,
        "scorecard": hash_of(card),
        "score": answer.score,
        "probability": answer.probability,
        "band": card.band(answer.score),
        "base": card.base,
        "reasons": reason_rows(answer.reasons),
        "points": [jsonable(line) for line in lines_of(card, values)],
        "changes": changes,
        "human_review": card.subject == "natural",
    }


def _show(card: Scorecard, values: Row, answer: Score, changes: list[Change]) -> None:
    console = out()
    band = card.band(answer.score)
    limits = f" ({band.low:.1%} - {band.high:.1%}, n = {band.count:,})" if band else ""
    outcome, chance = f"{card.target.column} = {card.target.bad}", f"{answer.probability:.1%}"
    heading = Text(
        zh=f"得分 {answer.score}, {outcome} 的概率 {chance}, 等级 {answer.band}{limits}",
        en=f"Score {answer.score}, chance of {outcome} {chance}, band {answer.band}{limits}",
    )
    console.print(say(heading), style="bold", markup=False)
    if answer.reasons:
        console.print(say(Text(zh="主要原因:", en="The principal reasons:")))
    for reason in answer.reasons:
        console.print(f"  -{reason.shortfall}  {say(reason.text)}", markup=False)
        if source := _source(reason):
            console.print(f"        {source}", style="dim", markup=False)
    if changes:
        console.print(say(Text(zh="可以改变什么:", en="What would change it:")))
        for change in changes:
            console.print(f"  +{change.gain}  {say(change.text)}", markup=False)
    if card.subject == "natural":
        duty = Text(
            zh="自然人: 须由人工复核, 当事人可提出异议。",
            en="A natural person: a human must review it, and it may be disputed.",
        )
        console.print(say(duty), style="yellow", markup=False)
    console.print()
    rows = [{"": say(Text(zh="基础分", en="base")), say(POINTS): card.base, say(VALUE): ""}]
    rows += [
        {"": say(line.text), say(POINTS): line.points, say(VALUE): line.value or ""} for line in lines_of(card, values)
    ]
    print_table(rows)


POINTS, VALUE = Text(zh="分", en="points"), Text(zh="值", en="value")


def _source(reason: Reason) -> str:
    """Where the data items of a reason come from, as one line."""
    told = []
    for source in reason.sources:
        parts = [
            source.column,
            say(source.department) if source.department else "",
            source.value or "",
            source.as_of or "",
        ]
        told.append(", ".join(part for part in parts if part))
    return " | ".join(told)


def report(
    artefact: ArtefactArgument,
    output: Annotated[
        Path | None,
        typer.Option("--out", help="The HTML page, the JSON beside it; else beside the card."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the model card: one HTML page with all charts and tables in both languages, and the same as JSON."""
    with failing(as_json=as_json):
        card = load_artefact(artefact)
        page = output or artefact.with_suffix(".html")
        check_writable(page)
        beside = page.with_suffix(".card.json")
        page.write_text(page_of(card), encoding="utf-8")
        document = jsonable(summary_of_card(card))
        beside.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json({"html": page, "json": beside, **document})
    else:
        done = Text(zh=f"模型卡已写入 {page} 和 {beside}", en=f"The model card is in {page} and {beside}")
        err().print(say(done), markup=False)
