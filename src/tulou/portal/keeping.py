"""The commands `tulou backup` and `tulou restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tulou import __version__
from tulou.kernel.errors import Text
from tulou.portal.backup import Backup, Places, back_up, restore
from tulou.portal.cli import set_up
from tulou.terminal import JsonOption, failing, out, print_json, say

backup_app = typer.Typer(add_completion=False, rich_markup_mode=None)
restore_app = typer.Typer(add_completion=False, rich_markup_mode=None)


def places() -> Places:
    """Where the parts of this portal lie, from its settings."""
    from django.conf import settings

    return Places(settings.DATABASES["default"], Path(settings.POOL), settings.ATTACHMENTS, Path(settings.CHECKPOINTS))


@backup_app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="An empty folder, or one that is not there yet.")],
    as_json: JsonOption = False,
) -> None:
    """Copy database, lake, attachments and checkpoints into one folder; the portal may run meanwhile."""
    with failing(as_json=as_json):
        set_up()
        from tulou.platform import clock
        from tulou.platform.audit.services import checkpoint_log

        checkpoint_log()
        made = back_up(places(), target, made_at=clock.now().isoformat(), version=__version__)
        _tell(made, Text(zh=f"已备份到 {target}", en=f"Backed up to {target}"), as_json)


@restore_app.command("restore")
def restore_command(
    source: Annotated[Path, typer.Argument(help="A folder that `tulou backup` made.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Put it in place; without it the backup is only checked.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a backup, and with --apply put it in place, into a portal that has nothing yet."""
    with failing(as_json=as_json):
        set_up()
        known = restore(places(), source, apply=apply)
        done = Text(zh="已恢复", en="Restored") if apply else Text(zh="备份完好", en="The backup is whole")
        _tell(known, done, as_json)


def _tell(known: Backup, text: Text, as_json: bool) -> None:
    if as_json:
        print_json({"files": len(known.files), "bytes": known.bytes, "engine": known.engine, "made_at": known.made_at})
    else:
        figures = Text(
            zh=f"{len(known.files):,} 个文件, {known.bytes / 2**20:,.1f} MiB, {known.made_at}",
            en=f"{len(known.files):,} files, {known.bytes / 2**20:,.1f} MiB, made at {known.made_at}",
        )
        out().print(f"{say(text)}: {say(figures)}")
