"""Many senders at once, each sending everything, some of it twice: every delivery takes effect once."""

from __future__ import annotations

import datetime as dt
import os
import random
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, make_url, text
from tests.faults.story import METERS, file_of

from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake
from tulou.pool.core.lake.checking import check

SENDERS, DELIVERIES = 16, 60
NOW = dt.datetime(2020, 4, 1, tzinfo=dt.UTC)


def rows(number: int) -> str:
    """Ten firms of its own, and one that every delivery speaks of."""
    own = "".join(f"firm{number:02}{k},{number}.00\n" for k in range(10))
    return own + f"shared,{number}.00\n"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def catalog(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "sqlite":
        yield None
        return
    server = os.environ.get("TULOU_TEST_POSTGRES")
    if not server:
        pytest.skip("TULOU_TEST_POSTGRES names no server")
    name = f"tulou_pool_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_sixteen_senders_and_every_delivery_once(tmp_path: Path, catalog: str | None) -> None:
    root = tmp_path / "pool"
    Lake.create(root, catalog_uri=catalog).close()
    files = [file_of(tmp_path, f"d{number}", rows(number)) for number in range(DELIVERIES)]

    def send_all(sender: int) -> list[str]:
        order = list(range(DELIVERIES))
        random.Random(sender).shuffle(order)
        order += order[:3]
        answers = []
        with closing(Lake.open(root)) as lake:
            for number in order:
                receipt = ingest(lake, files[number], METERS, received_at=NOW, delivery_id=f"d{number}")
                answers.append(f"{receipt.delivery_id} {receipt.accepted} {receipt.snapshot_id}")
        return answers

    with ThreadPoolExecutor(SENDERS) as senders:
        told = list(senders.map(send_all, range(SENDERS)))
    assert len({answer for answers in told for answer in answers}) == DELIVERIES
    with closing(Lake.open(root)) as lake, duckdb.connect() as connection:
        assert sorted(receipt.delivery_id for receipt, state in lake.receipts()) == sorted(
            f"d{n}" for n in range(DELIVERIES)
        )
        assert [version.operation for version in lake.versions("power_meter")] == ["merge"] * DELIVERIES
        query = f"SELECT count(*), count(DISTINCT uscc) FROM {lake.relation('power_meter')}"
        assert connection.execute(query).fetchall() == [(10 * DELIVERIES + 1, 10 * DELIVERIES + 1)]
        last = lake.versions("power_meter")[-1].delivery_id
        query = f"SELECT _delivery_id FROM {lake.relation('power_meter')} WHERE uscc = 'shared'"
        assert connection.execute(query).fetchall() == [(last,)]
        assert check(lake, now=dt.datetime.now(dt.UTC)).sound
