"""`score`: a score, a probability, a band and reasons for every row of a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from tulou.finance.commands.options import (
    AgainstOption,
    ArtefactArgument,
    DataArgument,
    SheetOption,
    against,
    check_writable,
    show_findings,
)
from tulou.finance.core.document import hash_of
from tulou.finance.core.files import Table, read_table
from tulou.finance.core.serving import ScoredRows, load_artefact, score_rows, unread_findings
from tulou.kernel.errors import Text, Where, wrong_use
from tulou.pool.core.export import kind_of_target, write_table
from tulou.terminal import JsonOption, err, failing, language, print_json, say

COLUMNS = ("row", "score", "probability", "band", "reasons", "reason_codes")


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("score")(score_file)


def score_file(
    artefact: ArtefactArgument,
    data: DataArgument,
    output: Annotated[Path, typer.Option("--out", help="Where to write the scores: .csv, .xlsx or .parquet.")],
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="Carry this column of the data over. May be given again.")
    ] = None,
    measure: AgainstOption = "best",
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score every row: whole points, the chance of the bad outcome, the band, and at most four reasons."""
    with failing(as_json=as_json):
        check_writable(output)
        kind_of_target(output)
        card = load_artefact(artefact)
        table = read_table(data, sheet=sheet)
        kept = _kept(table, keep or ())
        scored = score_rows(card, table.columns, against=against(measure), file=data.name)
        write_scores(output, scored, kept)
        digest = hash_of(card)
    findings = [*table.findings, *unread_findings(scored)]
    if as_json:
        bands = {band.name: scored.band.count(band.name) for band in card.bands}
        mean = {"score": float(scored.score.mean()), "probability": float(scored.probability.mean())}
        answer = {"out": output, "rows": len(scored), "scorecard": digest, "mean": mean, "bands": bands}
        print_json({**answer, "findings": [each.as_dict() for each in findings]})
        return
    show_findings(findings)
    done = Text(
        zh=f"{len(scored):,} 行得分已写入 {output}, 评分卡 {digest}",
        en=f"{len(scored):,} rows scored into {output} by {digest}",
    )
    err().print(say(done), markup=False)


def _kept(table: Table, names: Sequence[str]) -> dict[str, pa.Array]:
    for name in names:
        if name not in table.columns or name in COLUMNS:
            raise wrong_use(
                "finance.score.no_such_column",
                f"不能带上列 {name}: 数据中没有, 或与结果列重名",
                f"The column {name} cannot be carried over: it is not there, or is called like a column of results",
                where=Where(file=table.name, column=name),
            )
    return {name: table.columns[name] for name in names}


def write_scores(target: Path, scored: ScoredRows, kept: dict[str, pa.Array]) -> None:
    """One row for each row of the data, in their order; Parquet keeps types."""
    names = [COLUMNS[0], *kept, *COLUMNS[1:]]
    if kind_of_target(target) != ".parquet":
        others = [column.to_pylist() for column in kept.values()]
        write_table(target, names, _rows(scored, others), sheet="scores")
        return
    spoken = [_spoken(scored, row) for row in range(len(scored))]
    columns: list[Any] = [
        pa.array(range(1, len(scored) + 1), type=pa.int64()),
        *kept.values(),
        pa.array(scored.score),
        pa.array(scored.probability),
        pa.array(scored.band),
        pa.array([reasons for reasons, _ in spoken]),
        pa.array([codes for _, codes in spoken]),
    ]
    pq.write_table(pa.table(columns, names=names), target)


def _rows(scored: ScoredRows, others: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    for row in range(len(scored)):
        carried = [column[row] for column in others]
        points, chance = int(scored.score[row]), float(scored.probability[row])
        yield [row + 1, *carried, points, chance, scored.band[row], *_spoken(scored, row)]


def _spoken(scored: ScoredRows, row: int) -> tuple[str, str]:
    """The reasons of a row as sentences in the reader's language, and as a JSON list of codes."""
    stop = "; "
    reasons = stop.join(f"{text.render(language())} (-{lost})" for text, lost in scored.reasons(row))
    return reasons, json.dumps(scored.codes(row), ensure_ascii=False)
