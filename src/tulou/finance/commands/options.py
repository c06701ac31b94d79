"""Options that several verbs share, and what is said the same way by all of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from tulou.finance.core.reasons import Against
from tulou.kernel.errors import Finding, wrong_use
from tulou.terminal import print_finding

ArtefactArgument = Annotated[Path, typer.Argument(help="The scorecard: the JSON document that train wrote.")]
DataArgument = Annotated[Path, typer.Argument(help="Table of firms: CSV, Excel, Parquet, JSON lines or ARFF.")]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", help="The sheet of an Excel workbook, if there are several.")
]
AgainstOption = Annotated[
    Literal["best", "middle"],
    typer.Option("--against", help="Reasons count points below the best cell, or below the one of the median firm."),
]


def against(word: str) -> Against:
    """What reasons are measured by."""
    return "middle" if word == "middle" else "best"


def show_findings(findings: Iterable[Finding]) -> None:
    """Print findings on standard error, one after the other."""
    for finding in findings:
        print_finding(finding)


def check_writable(target: Path) -> None:
    """Raise WrongUse where the folder of a file to be written is not there."""
    if not target.parent.is_dir():
        raise wrong_use(
            "finance.out.no_folder",
            f"没有文件夹 {target.parent}",
            f"There is no folder {target.parent}",
        )
