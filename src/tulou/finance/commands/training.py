"""`train`: from a table with known outcomes to a scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tulou.finance.commands.options import DataArgument, SheetOption, check_writable, show_findings
from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.document import hash_of, write
from tulou.finance.core.files import read_table
from tulou.finance.core.kinds import parse_derivation
from tulou.finance.core.mapping import NOTHING_MAPPED, read_mapping
from tulou.finance.core.rejects import train_with_rejects
from tulou.finance.core.training import POINTS_TO_DOUBLE, SEED, Wishes, train
from tulou.kernel.errors import Text, wrong_use
from tulou.terminal import JsonOption, err, failing, out, print_json, print_table, progress, say

Names = list[str] | None
Method = Literal["boosted", "woe"]
Leaks = Literal["warn", "drop", "strict", "refuse"]


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("train")(train_card)


def train_card(
    data: DataArgument,
    target: Annotated[str, typer.Option("--target", help="The column with the outcome: two values.")],
    output: Annotated[Path, typer.Option("--out", help="Where to write the scorecard (JSON).")],
    bad: Annotated[str | None, typer.Option("--bad", help="The bad one of the two outcomes.")] = None,
    time: Annotated[str | None, typer.Option("--time", help="Column of time; the last part is for a test.")] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Learn up to this time, test after it; else about 30 % are kept.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            help="Table of column, label_zh, label_en, department_zh, department_en, unit, "
            "direction (+ or -), actionable, as_of, lag_days, kind: what each data item means.",
        ),
    ] = None,
    exclude: Annotated[Names, typer.Option("--exclude", help="Leave this column out. May be given again.")] = None,
    category: Annotated[Names, typer.Option("--category", help="These numbers are codes. May be given again.")] = None,
    derive: Annotated[
        Names, typer.Option("--derive", help="'name = first / second' (+ - * /). May be given again.")
    ] = None,
    rising: Annotated[
        Names, typer.Option("--rising", help="More of this column is never worse. May be given again.")
    ] = None,
    falling: Annotated[
        Names, typer.Option("--falling", help="More of this column is never better. May be given again.")
    ] = None,
    pairs: Annotated[int, typer.Option("--pairs", help="So many tables of two features at most, 0 to 10.")] = 10,
    pair: Annotated[
        Names, typer.Option("--pair", help="Exactly these pairs, as 'first:second'. May be given again.")
    ] = None,
    protected: Annotated[
        Names, typer.Option("--protected", help="Never a feature; groups are compared by it. May be given again.")
    ] = None,
    segment: Annotated[
        Names, typer.Option("--segment", help="Check the calibration by this column. May be given again.")
    ] = None,
    leaks: Annotated[
        Leaks,
        typer.Option("--leaks", help="drop what surely knows the outcome; strict drops suspects too."),
    ] = "drop",
    method: Annotated[Method, typer.Option("--method", help="boosted, or the classic weight of evidence.")] = "boosted",
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", help="Refused applications: infer their outcomes, say what it changed."),
    ] = None,
    subject: Annotated[
        Literal["legal", "natural"], typer.Option("--subject", help="Natural persons (sole traders) need human review.")
    ] = "legal",
    name: Annotated[str | None, typer.Option("--name", help="Of the scorecard; else the file's.")] = None,
    points: Annotated[int, typer.Option("--points", help="So many points double the odds.")] = POINTS_TO_DOUBLE,
    seed: Annotated[int, typer.Option("--seed", help="Same table, wishes and seed: same document.")] = SEED,
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a scorecard: points tables, honest figures, and everything that should be known about the columns."""
    with failing(as_json=as_json):
        check_writable(output)
        table = read_table(data, sheet=sheet)
        mapped = read_mapping(mapping) if mapping else NOTHING_MAPPED
        directions = {**mapped.directions, **dict.fromkeys(rising or (), 1), **dict.fromkeys(falling or (), -1)}
        wishes = Wishes(
            target=target.strip(),
            bad=bad,
            name=name or data.name.partition(".")[0],
            method=method,
            seed=seed,
            pairs=pairs,
            declared_pairs=[_pair(word) for word in pair or ()],
            directions={column: sign for column, sign in directions.items() if column in table.columns or not mapping},
            reading=mapped.reading(
                leave_out=exclude or (),
                categories=category or (),
                derivations=[parse_derivation(word) for word in derive or ()],
                columns=list(table.columns),
            ),
            time=time,
            split=split,
            protected=protected or (),
            segments=segment or (),
            leakage=leaks,
            points_to_double=points,
            subject=subject,
        )
        with progress(quiet=as_json) as shown:
            shown.add_task(say(Text(zh="正在训练", en="Training")), total=None)
            if rejected is None:
                trained = train(table.columns, wishes)
            else:
                trained = train_with_rejects(table.columns, read_table(rejected).columns, wishes)
        digest = write(trained.card, output)
    findings = [*table.findings, *trained.findings]
    if as_json:
        summary = summary_of(trained.card)
        print_json({"out": output, "hash": digest, **summary, "findings": [finding.as_dict() for finding in findings]})
        return
    show_findings(findings)
    _show(trained.card, output)


def _pair(word: str) -> tuple[str, str]:
    first, sign, second = word.partition(":")
    if not sign or not first or not second:
        raise wrong_use(
            "finance.train.pair_syntax",
            f"二维表应写作 甲:乙, 而不是 {word!r}",
            f"A pair is written first:second, not {word!r}",
        )
    return first.strip(), second.strip()


def summary_of(card: Scorecard) -> dict[str, Any]:
    """The figures of a card that a person looks at first, as JSON types."""
    report = card.report
    shown = ("count", "bad_rate", "auc", "ks", "log_loss", "brier", "calibration_error", "mean_probability", "psi")

    def figures(name: str) -> dict[str, Any] | None:
        rows = report.get(name)
        return None if rows is None else {key: rows[key] for key in shown if key in rows}

    return {
        "name": card.name,
        "target": {"column": card.target.column, "bad": card.target.bad, "good": card.target.good},
        "rows": report["rows"],
        "features": len(card.features),
        "pairs": [pair.name for pair in card.pairs],
        "validation": figures("validation"),
        "out_of_time": figures("out_of_time"),
        "bands": [
            {"name": band.name, "lowest": band.lowest, "count": band.count, "rate": band.rate} for band in card.bands
        ],
        "dropped": [row["feature"] for row in report["leakage"] if row["dropped"]],
        "suspects": [row["feature"] for row in report["leakage"] if not row["dropped"]],
        "reject_inference": report.get("reject_inference"),
    }


def _shown(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one set of rows, in few columns."""
    return {
        say(Text(zh="行数", en="rows")): figures["count"],
        say(Text(zh="坏率", en="bad")): f"{figures['bad_rate']:.1%}",
        say(Text(zh="预测", en="foretold")): f"{figures['mean_probability']:.1%}",
        "AUC": f"{figures['auc'] or 0.5:.4f}",
        "KS": f"{figures['ks'] or 0.0:.3f}",
        say(Text(zh="对数损失", en="log-loss")): f"{figures['log_loss']:.4f}",
        "PSI": f"{figures['psi']:.3f}" if "psi" in figures else "",
    }


def _show(card: Scorecard, output: Path) -> None:
    summary = summary_of(card)
    kinds = (
        (Text(zh="未见过的行", en="rows not seen"), summary["validation"]),
        (Text(zh="时间外", en="out of time"), summary["out_of_time"]),
    )
    print_table([{"": say(words), **_shown(figures)} for words, figures in kinds if figures is not None])
    out().print()
    weights = card.report["importance"]
    print_table(
        [
            {
                say(Text(zh="特征", en="feature")): say(feature.meaning.label),
                say(Text(zh="平均影响 (分)", en="moves scores by")): weights[feature.name],
                say(Text(zh="段数", en="cells")): feature.cells,
            }
            for feature in card.features[:10]
        ]
    )
    target = card.target
    done = Text(
        zh=f"评分卡已写入 {output}: {summary['rows']:,} 行, {len(card.features)} 个特征, {len(card.pairs)} 个二维表; "
        f"预测 {target.column} = {target.bad} 的概率。{hash_of(card)}",
        en=f"Scorecard written to {output}: {summary['rows']:,} rows, {len(card.features)} features, {len(card.pairs)} "
        f"pairs; it foretells how likely {target.column} is {target.bad}. {hash_of(card)}",
    )
    err().print(say(done), markup=False)
