"""`monitor` and `recalibrate`: whether a scorecard still holds, and how it is set right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.finance.commands.options import ArtefactArgument, DataArgument, SheetOption, check_writable, show_findings
from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.document import hash_of, write
from tulou.finance.core.drift import drift_findings, monitor
from tulou.finance.core.files import read_table
from tulou.finance.core.outcome import read_outcome_as
from tulou.finance.core.recalibrating import recalibrate
from tulou.finance.core.serving import load_artefact
from tulou.kernel.errors import Text
from tulou.terminal import JsonOption, err, failing, out, print_json, print_table, say

STATES = {
    "stable": (Text(zh="稳定", en="stable"), "green"),
    "watch": (Text(zh="关注", en="watch"), "yellow"),
    "alarm": (Text(zh="警报", en="alarm"), "red"),
}
OutcomeOption = Annotated[
    str | None, typer.Option("--target", help="The column with outcomes, where it is not called as in training.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs to the room."""
    app.command("monitor")(monitor_file)
    app.command("recalibrate")(recalibrate_card)


def monitor_file(
    artefact: ArtefactArgument,
    data: DataArgument,
    target: OutcomeOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="An alarm makes the exit code 1.")] = False,
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare today's firms with those that the card was made from: drift, missing values, level of forecasts."""
    with failing(as_json=as_json):
        card = load_artefact(artefact)
        table = read_table(data, sheet=sheet)
        column = target or card.target.column
        bad = read_outcome_as(table.columns[column], card.target) if column in table.columns else None
        answer = monitor(card, table.columns, bad, file=data.name)
    findings = drift_findings(answer)
    if as_json:
        print_json({"scorecard": hash_of(card), **answer, "findings": [finding.as_dict() for finding in findings]})
    else:
        show_findings(findings)
        _show(answer)
    if strict and answer["state"] == "alarm":
        raise typer.Exit(1)


def _show(answer: dict[str, Any]) -> None:
    word, colour = STATES[answer["state"]]
    out().print(f"{say(word)}: PSI {answer['score']['psi']:.3f}, n = {answer['rows']:,}", style=f"bold {colour}")
    moved = sorted(answer["features"], key=lambda row: -row["psi"])[:10]
    print_table(
        [
            {
                say(Text(zh="特征", en="feature")): row["name"],
                "PSI": row["psi"],
                say(Text(zh="当时缺失", en="missing then")): f"{row['missing_then']:.1%}",
                say(Text(zh="现在缺失", en="missing now")): f"{row['missing_now']:.1%}",
            }
            for row in moved
        ]
    )
    print_table(
        [
            {
                say(Text(zh="等级", en="band")): row["name"],
                say(Text(zh="当时占比", en="share then")): f"{row['share_then']:.1%}",
                say(Text(zh="现在占比", en="share now")): f"{row['share_now']:.1%}",
            }
            for row in answer["bands"]
        ]
    )
    if outcomes := answer.get("outcomes"):
        shown = ("count", "bad_rate", "mean_probability", "auc", "log_loss", "calibration_error")
        print_table([{name: outcomes[name] for name in shown}])


def recalibrate_card(
    artefact: ArtefactArgument,
    outcomes: Annotated[Path, typer.Argument(help="Table of firms whose outcome is known by now.")],
    output: Annotated[
        Path | None,
        typer.Option("--out", help="The new card; else '<card>.recalibrated.json' beside the old."),
    ] = None,
    target: OutcomeOption = None,
    sheet: SheetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the level of the forecasts anew from outcomes: points and ranking stay, the old card is named as parent."""
    with failing(as_json=as_json):
        card = load_artefact(artefact)
        goal = output or artefact.with_name(f"{artefact.stem}.recalibrated.json")
        check_writable(goal)
        table = read_table(outcomes, sheet=sheet)
        new = recalibrate(_renamed(card, target), table.columns, file=outcomes.name)
        new = replace(new, card=replace(new.card, target=card.target, parent=hash_of(card)))
        digest = write(new.card, goal)
    if as_json:
        print_json({"out": goal, "hash": digest, "parent": hash_of(card), **new.figures})
        return
    print_table([{"": say(words), **new.figures[key]} for key, words in _STAGES])
    done = Text(
        zh=f"按 {new.figures['outcomes']} 个结果重新校准, 已写入 {goal}; 启用前须由负责人批准。{digest}",
        en=f"Recalibrated by {new.figures['outcomes']} outcomes into {goal}; somebody answerable approves it before it "
        f"is used. {digest}",
    )
    err().print(say(done), markup=False)


_STAGES = (("before", Text(zh="校准前", en="before")), ("after", Text(zh="校准后", en="after")))


def _renamed(card: Scorecard, target: str | None) -> Scorecard:
    return card if target is None else replace(card, target=replace(card.target, column=target))
