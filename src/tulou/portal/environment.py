"""What the surroundings say: every `TULOU_*` variable of the portal, read once, in one place."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from tulou.kernel.errors import Text, wrong_use

Mode = Literal["demo", "dev", "production"]

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA temp_store=MEMORY;"
        "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;"
    ),
}
"""The one set under which SQLite neither answers 'database is locked' nor waits for nothing (ADR 1)."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The portal's surroundings. Every field has a variable `TULOU_<NAME>`; docs/explanation/platform.md lists them."""

    mode: Mode
    home: Path
    secret_key: str
    hosts: tuple[str, ...]
    base_url: str
    database_url: str
    email_url: str
    email_from: str
    checkpoints: Path
    pool: Path
    behind_proxy: bool
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    metrics_token: str
    webhook_hosts: tuple[str, ...]
    frames: tuple[str, ...]
    time_shift: int

    @property
    def production(self) -> bool:
        """Whether people's real data are at stake."""
        return self.mode == "production"

    @property
    def oidc_origin(self) -> str:
        """Where the identity provider's pages are: forms of the sign-in page may lead there."""
        parts = urlsplit(self.oidc_issuer)
        return f"{parts.scheme}://{parts.netloc}"


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Read the variables (default: the process's).

    Raises WrongUse where one cannot be meant: an unknown mode, production without a secret key or hosts.
    """
    given = os.environ if variables is None else variables

    def value(name: str, default: str = "") -> str:
        return given.get(f"TULOU_{name}", default).strip()

    mode = value("MODE", "dev")
    if mode not in {"demo", "dev", "production"}:
        raise wrong_use(
            "portal.mode_unknown",
            f"TULOU_MODE={mode} 无效，应为 demo、dev 或 production",
            f"TULOU_MODE={mode} is none of demo, dev, production",
        )
    home = Path(value("HOME", "var")).resolve()
    base_url = value("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
    hosts = tuple(host for host in value("HOSTS").split(",") if host)
    if mode == "production" and not (hosts and value("SECRET_KEY")):
        raise wrong_use(
            "portal.production_incomplete",
            "生产模式必须设置 TULOU_SECRET_KEY 和 TULOU_HOSTS",
            "Production needs TULOU_SECRET_KEY and TULOU_HOSTS",
            remedy=Text(
                zh="例如 TULOU_SECRET_KEY=<50 位以上随机字符> TULOU_HOSTS=portal.example.gov.cn",
                en="For example TULOU_SECRET_KEY=<50 or more random characters> TULOU_HOSTS=portal.example.gov.cn",
            ),
        )
    return Environment(
        mode=cast("Mode", mode),
        home=home,
        secret_key=value("SECRET_KEY") or kept_secret(home / "secret.key"),
        hosts=hosts or ("127.0.0.1", "localhost", "[::1]", "testserver"),
        base_url=base_url,
        database_url=value("DATABASE_URL"),
        email_url=value("EMAIL_URL"),
        email_from=value("EMAIL_FROM", "Tulou <no-reply@localhost>"),
        checkpoints=Path(value("CHECKPOINTS") or home / "checkpoints").resolve(),
        pool=Path(value("POOL") or home / "pool").resolve(),
        behind_proxy=value("BEHIND_PROXY") == "1",
        oidc_issuer=value("OIDC_ISSUER"),
        oidc_client_id=value("OIDC_CLIENT_ID"),
        oidc_client_secret=value("OIDC_CLIENT_SECRET"),
        metrics_token=value("METRICS_TOKEN"),
        webhook_hosts=tuple(host for host in value("WEBHOOK_HOSTS").split(",") if host),
        frames=tuple(host for host in value("FRAMES").split(",") if host),
        time_shift=int(value("TIME_SHIFT") or 0) if mode == "demo" else 0,
    )


def kept_secret(path: Path) -> str:
    """The secret that lies in `path`; made, readable by its owner only, when it is first asked for."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def database(url: str, home: Path) -> dict[str, Any]:
    """Django's description of the database that `url` names; without one, SQLite in the portal's home.

    >>> database("postgresql+psycopg://me@db.example:5433/tulou", Path("."))["HOST"]
    'db.example'
    """
    if not url or url.startswith("sqlite"):
        name = url.partition("///")[2] or str(home / "tulou.sqlite3")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "CONN_MAX_AGE": None,
            "OPTIONS": SQLITE_OPTIONS,
        }
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        raise wrong_use(
            "portal.database_unknown",
            f"TULOU_DATABASE_URL 的协议 {parts.scheme} 不受支持，应为 postgresql:// 或 sqlite:///",
            f"TULOU_DATABASE_URL speaks {parts.scheme}; postgresql:// or sqlite:/// was expected",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "tulou",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
    }


def mail(url: str, home: Path) -> dict[str, Any]:
    """Django's mail settings: the server of `url` (smtp:// or smtps://), else files in the portal's home.

    >>> mail("smtps://me:secret@mail.example:465", Path("."))["EMAIL_USE_SSL"]
    True
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": home / "mail"}
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }
