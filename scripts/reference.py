"""Write docs/reference/cli.md from the commands themselves (`make docs`); a test keeps the page true."""

from __future__ import annotations

from pathlib import Path

import typer
import typer.main
from typer.cli import get_docs_for_click

from tulou.cli import app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"


def page() -> str:
    """The whole page as Markdown."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="tulou")
    return get_docs_for_click(obj=command, ctx=context, name="tulou", title="The command line").rstrip() + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page())
