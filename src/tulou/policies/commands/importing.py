"""`import`: policies of a file become drafts of a department of the portal."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text, refuse, wrong_use
from tulou.terminal import JsonOption, failing, out, print_finding, print_json, say


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("import")(import_file)


def import_file(
    file: Annotated[Path, typer.Argument(help="Policies: JSON in either form, or .xlsx and .csv after the template.")],
    department: Annotated[str, typer.Option(help="The department's code in the portal, for example TAX.")],
    as_json: JsonOption = False,
) -> None:
    """Keep every policy of a file as a draft of a department; refused lines are named. Nothing is published."""
    with failing(as_json=as_json):
        wake()
        done = _imported(file, department)
    numbers = {name: len(getattr(done, name)) for name in ("made", "changed", "same", "refused")}
    if as_json:
        print_json({"file": file.name, **numbers, "findings": [each.as_dict() for each in done.refused]})
    else:
        for each in done.refused:
            print_finding(each)
        out().print(
            say(
                Text(
                    zh="新草稿 {made}，改动 {changed}，相同 {same}，拒绝 {refused}",
                    en="{made} new drafts, {changed} changed, {same} the same, {refused} refused",
                ).fill(**numbers)
            )
        )
    if done.refused:
        raise typer.Exit(1)


def wake() -> None:
    """Wake the portal's Django up. Raises WrongUse where the extra `portal` is not installed."""
    if find_spec("django") is None or find_spec("allauth") is None:
        raise wrong_use("portal.not_installed", "门户所需的软件包未安装", "The portal's packages are not installed")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tulou.portal.settings")
    import django

    django.setup()


def _imported(file: Path, department: str) -> Any:
    from dataclasses import replace

    from tulou.platform.actor import SYSTEM
    from tulou.policies.services.flows import OFFICERS
    from tulou.policies.services.importing import import_policies, read_upload
    from tulou.registry.queries import organisation_by_code
    from tulou.registry.roles import Kind

    owner = organisation_by_code(Kind.DEPARTMENT, department)
    if owner is None:
        raise refuse("policies.import.department", f"没有部门 {department}", f"There is no department {department}")
    if not file.is_file():
        raise refuse("policies.file.absent", f"没有文件 {file}", f"There is no file {file}")
    actor = replace(SYSTEM, roles=OFFICERS, organisation_key=owner.pk, organisation_id=owner.public_id)
    with file.open("rb") as stream:
        return import_policies(actor, owner, read_upload(stream, file.name))
