"""`tulou pool` and `tulou link`."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

import typer

app = typer.Typer(
    help="Pool departments' files into one trusted record per enterprise.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

for name in ("deliveries", "catalogue", "identity", "profiles"):
    if find_spec(f"tulou.pool.commands.{name}"):
        importlib.import_module(f"tulou.pool.commands.{name}").register(app)


def __getattr__(name: str) -> typer.Typer:
    """`link_app`, imported on first use."""
    if name == "link_app":
        link_app: typer.Typer = importlib.import_module("tulou.pool.commands.identity").link_app
        return link_app
    raise AttributeError(name)
