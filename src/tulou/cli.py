"""The command `tulou`: `tulou <room> <verb>`. A room's commands are imported only when they are asked for."""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from tulou import __version__

ROOMS: dict[str, tuple[str, str]] = {
    "demo": ("tulou.demo:app", "Simulate a small province, pool it, resolve it, profile it."),
    "pool": ("tulou.pool.cli:app", "Pool departments' files into one trusted record per enterprise."),
    "link": ("tulou.pool.cli:link_app", "Link the records of two files that speak of the same enterprises."),
    "simulate": ("tulou.simulate.cli:app", "Make a synthetic province, with the truth beside it."),
    "policy": ("tulou.policies.cli:app", "Match policies with firms, and explain every answer."),
    "finance": ("tulou.finance.cli:app", "Train scorecards that explain themselves, use them, and watch them."),
    "serve": ("tulou.portal.cli:serve_app", "Serve the portal."),
    "worker": ("tulou.portal.cli:worker_app", "Do the portal's background work."),
    "migrate": ("tulou.portal.cli:migrate_app", "Bring the portal's database to this version's tables."),
    "manage": ("tulou.portal.cli:manage_app", "Run one of Django's own commands."),
    "backup": (
        "tulou.portal.keeping:backup_app",
        "Copy database, lake and checkpoints into one folder.",
    ),
    "restore": ("tulou.portal.keeping:restore_app", "Check a backup, and put it in place."),
    "audit": ("tulou.portal.cli:audit_app", "Prove the audit log, and sign where it stands."),
    "admin": ("tulou.portal.cli:admin_app", "Say who runs the platform."),
    "bench": ("tulou.benching:app", "Run ours and the named peer on the same work and print the ratio."),
}
"""Name of the room -> (module:typer app, one line of help)."""


class Rooms(typer.core.TyperGroup):
    """A group whose commands live in modules that are imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The rooms, in the order of the house."""
        return list(ROOMS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The room's command, imported now."""
        if cmd_name not in ROOMS:
            return None
        module, _, attribute = ROOMS[cmd_name][0].partition(":")
        app = getattr(importlib.import_module(module), attribute)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the rooms without importing them."""
        with formatter.section("Rooms"):
            formatter.write_dl([(name, text) for name, (_, text) in ROOMS.items()])


app = typer.Typer(
    cls=Rooms,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def print_version(wanted: bool) -> None:
    """Print the version and stop, where it is wanted."""
    if wanted:
        typer.echo(f"tulou {__version__}")
        raise typer.Exit


@app.callback()
def tulou(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One pool of government data, and rooms of service around it, for the small firms of a province."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line (entry point of the script `tulou`)."""
    return app(arguments)


if __name__ == "__main__":
    main()
