"""`tulou policy`: match, explain, ask; check, test and compare rules; read and describe their files."""

from __future__ import annotations

import typer

from tulou.policies.commands import authoring, explaining, importing, matching

app = typer.Typer(
    help="Match policies with firms, and explain every answer.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

for module in (matching, explaining, authoring, importing):
    module.register(app)
