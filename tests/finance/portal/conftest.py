"""The market as a fixture."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.finance.portal.stage import NOW, Market, make_market

from tulou.platform import clock
from tulou.registry.models import Organisation


@pytest.fixture
def market(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> Iterator[Market]:
    """A market on 1 July 2021."""
    with clock.at(NOW):
        yield make_market(courtyard, organisation, enter)


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """`with on_disk():` every thread has a connection of its own to a database on disk, as in production.

    SQLite's tests run in memory, where threads share one connection's locks; the memory is copied into a file.
    """

    @contextmanager
    def move() -> Iterator[None]:
        if connection.vendor != "sqlite":
            yield
            return
        connection.ensure_connection()
        memory, name = connection.connection, connection.settings_dict["NAME"]
        with closing(sqlite3.connect(tmp_path / "market.sqlite3")) as file:
            memory.backup(file)
        connection.settings_dict["NAME"], connection.connection = str(tmp_path / "market.sqlite3"), None
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"], connection.connection = name, memory

    return move
