"""The portal's commands: serve, worker, migrate, manage, audit, admin."""

from __future__ import annotations

import os
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text, wrong_use
from tulou.portal.demonstration import furnish, place, working
from tulou.terminal import JsonOption, failing, out, print_json, say

serve_app = typer.Typer(add_completion=False, rich_markup_mode=None)
worker_app = typer.Typer(add_completion=False, rich_markup_mode=None)
migrate_app = typer.Typer(add_completion=False, rich_markup_mode=None)
manage_app = typer.Typer(add_completion=False, rich_markup_mode=None)
audit_app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
admin_app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


@audit_app.callback()
def audit() -> None:
    """Prove the audit log, and sign where it stands."""


@admin_app.callback()
def admin() -> None:
    """Who runs the platform."""


def set_up() -> None:
    """Wake Django up. Raises WrongUse where the extra `portal` is not installed."""
    if find_spec("django") is None or find_spec("allauth") is None:
        raise wrong_use(
            "portal.not_installed",
            "门户所需的软件包未安装",
            "The packages that the portal needs are not installed",
            remedy=Text(zh="请运行 pip install 'tulou[portal]'", en="Run pip install 'tulou[portal]'"),
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tulou.portal.settings")
    import django

    django.setup()


def run_manage(*arguments: str) -> None:
    """Run one of Django's own commands."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["tulou manage", *arguments])


@migrate_app.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    with failing():
        set_up()
        run_manage("migrate", "--verbosity", "1")
        run_manage("createcachetable")
        from tulou.platform.search.synonyms import install_synonyms

        install_synonyms()


@manage_app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def manage(context: typer.Context) -> None:
    """Run one of Django's own commands, for example `tulou manage check --deploy`."""
    with failing():
        set_up()
        run_manage(*context.args)


@serve_app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    threads: Annotated[int, typer.Option(help="Threads of each process that answer requests.")] = 4,
    demo: Annotated[
        Path | None, typer.Option(help="Serve what `tulou demo` made in this folder, with a worker and demo people.")
    ] = None,
) -> None:
    """Serve the portal (granian, WSGI)."""
    with failing():
        if demo is not None:
            place(demo)
        set_up()
        from django.conf import settings

        if not settings.STATICFILES_DIRS:
            raise wrong_use(
                "portal.no_assets",
                "缺少前端资源 (Tabler、ECharts)",
                "The browser's files (Tabler, ECharts) are missing",
                remedy=Text(zh="请运行 scripts/assets", en="Run scripts/assets"),
            )
        metrics = Path(settings.CHECKPOINTS).parent / "metrics"
        metrics.mkdir(parents=True, exist_ok=True)
        for old in metrics.glob("*.db"):
            old.unlink()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        run_manage("check", "--fail-level", "ERROR")
        if settings.ENVIRONMENT.production:
            run_manage("collectstatic", "--noinput", "--verbosity", "0")
        if demo is not None:
            for line in furnish():
                out().print(line)
        out().print(say(Text(zh=f"门户已启动：http://{host}:{port}", en=f"The portal is at http://{host}:{port}")))
        with working() if demo is not None else nullcontext():
            _granian(host, port, workers, threads)


def _granian(host: str, port: int, workers: int, threads: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "tulou.portal.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()


@worker_app.command()
def worker(
    until_empty: Annotated[bool, typer.Option("--until-empty", help="Stop when nothing is due.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Work through the queue: deliver messages, run what rooms hand over, and what is due."""
    with failing(as_json=as_json):
        set_up()
        from tulou.platform.tasks.worker import Worker, find_tasks

        find_tasks()
        done = Worker().run(until_empty=until_empty)
        _tell({"done": done}, Text(zh=f"完成 {done} 项任务", en=f"{done} tasks done"), as_json)


@audit_app.command()
def verify(as_json: JsonOption = False) -> None:
    """Walk the whole audit log and hold it against its signed checkpoints; exit 1 where something was changed."""
    with failing(as_json=as_json):
        set_up()
        from tulou.platform.audit.queries import verify_log

        proof = verify_log()
        if as_json:
            print_json({"holds": proof.holds, "proof": proof})
        elif proof.broken is None:
            covered = f"{proof.covered:,}"
            out().print(
                say(
                    Text(
                        zh=f"审计日志完整：{proof.events:,} 条，{proof.checkpoints} 个签名检查点覆盖前 {covered} 条",
                        en=f"The audit log holds: {proof.events:,} events, the first {covered} of them under "
                        f"{proof.checkpoints} signed checkpoints",
                    )
                )
            )
        else:
            out().print(
                say(
                    Text(
                        zh=f"审计日志被改动：第 {proof.broken.seq} 条处 [{proof.broken.code}]",
                        en=f"The audit log was changed at event {proof.broken.seq} [{proof.broken.code}]",
                    )
                )
            )
        if not proof.holds:
            raise typer.Exit(1)


@audit_app.command()
def checkpoint(as_json: JsonOption = False) -> None:
    """Sign where the audit log stands now, into the file outside the database."""
    with failing(as_json=as_json):
        set_up()
        from tulou.platform.audit.services import checkpoint_log

        made = checkpoint_log()
        seq = made.seq if made else None
        text = Text(zh=f"已签名至第 {seq} 条", en=f"Signed up to event {seq}")
        _tell({"seq": seq}, text if made else Text(zh="没有新事件", en="Nothing new to sign"), as_json)


@admin_app.command("create-operator")
def create_operator(
    email: Annotated[str, typer.Argument(help="E-mail address of the person.")],
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    role: Annotated[
        str, typer.Option(help="staff, system_administrator, security_administrator or audit_administrator.")
    ] = "security_administrator",
    as_json: JsonOption = False,
) -> None:
    """Enter a person of the operator; she signs in with a code by e-mail and then adds a passkey."""
    with failing(as_json=as_json):
        set_up()
        from tulou.registry.enrolment import enrol_operator

        person = enrol_operator(email, name, role)
        text = Text(zh=f"已登记 {email} ({role})", en=f"{email} is entered as {role}")
        _tell({"person": person.public_id, "role": role}, text, as_json)


def _tell(document: Any, text: Text, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        out().print(say(text))
