"""`export`: the same scorecard for other people's machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tulou.finance.commands.options import ArtefactArgument, check_writable
from tulou.finance.core.pmml import to_pmml
from tulou.finance.core.python_code import to_python
from tulou.finance.core.serving import load_artefact
from tulou.finance.core.sql import to_sql
from tulou.kernel.errors import Text
from tulou.terminal import JsonOption, err, failing, print_json, say


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("export")(export)


def export(
    artefact: ArtefactArgument,
    form: Annotated[Literal["pmml", "sql", "python"], typer.Option("--format", help="What to write.")],
    output: Annotated[Path | None, typer.Option("--out", help="The file; else standard output.")] = None,
    dialect: Annotated[Literal["duckdb", "postgres", "spark"], typer.Option(help="Of SQL.")] = "duckdb",
    table: Annotated[str, typer.Option(help="The table that the SQL reads.")] = "firms",
    keep: Annotated[list[str] | None, typer.Option(help="Columns that the SQL carries over.")] = None,
    text: Annotated[
        bool, typer.Option("--text", help="The table that the SQL reads holds numbers and days as text.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the card as PMML, as one SQL query, or as a Python module of the standard library; all score the same."""
    with failing(as_json=as_json):
        card = load_artefact(artefact)
        if form == "sql":
            storage = dict.fromkeys(card.columns, "text") if text else {}
            written = to_sql(card, dialect, table=table, keep=keep or (), storage=storage)  # type: ignore[arg-type]
        else:
            written = to_pmml(card) if form == "pmml" else to_python(card)
        if output is not None:
            check_writable(output)
            output.write_text(written, encoding="utf-8")
    if as_json:
        print_json({"format": form, "out": output, "text": None if output else written})
    elif output is None:
        typer.echo(written, nl=False)
    else:
        err().print(say(Text(zh=f"已写入 {output}", en=f"Written to {output}")), markup=False)
