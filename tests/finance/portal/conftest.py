"""The market as a fixture."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.finance.portal.stage import NOW, Market, make_market

from tulou.finance.core.document import to_document
from tulou.finance.core.training import Wishes, train
from tulou.finance.models import Score
from tulou.finance.services.scoring import install_artefact, score_application
from tulou.platform import clock
from tulou.registry.models import Organisation


@pytest.fixture
def market(
    courtyard: Callable[..., list[str]], organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> Iterator[Market]:
    """A market on 1 July 2021."""
    with clock.at(NOW):
        yield make_market(courtyard, organisation, enter)


@pytest.fixture(scope="session")
def card() -> bytes:
    """A small scorecard over two columns that a reading has."""
    chance = random.Random(20200922)
    heads = [chance.randint(1, 200) for _ in range(800)]
    columns: dict[str, Any] = {
        "firm__headcount": [float(n) for n in heads],
        "market_register__capital": [chance.uniform(10, 500) for _ in heads],
        "bad": [int(chance.random() < 0.6 - n / 400) for n in heads],
    }
    document = to_document(train(columns, Wishes(target="bad", bad="1", method="woe", pairs=0, name="small")).card)
    return json.dumps(document, ensure_ascii=False).encode()


Scored = Callable[[Market], Score]


@pytest.fixture
def scored(card: bytes) -> Scored:
    """`scored(market)`: the first bank's score of the firm, by the card."""

    def score(market: Market) -> Score:
        install_artefact(market.banks[0].manager.actor, card)
        return score_application(market.banks[0].officer.actor, market.asked()[0])

    return score


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
