"""A delivery that is taken back leaves the table as if it had never come, and history as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pool.core.lake.test_lake import content, contract, deliver

from tulou.kernel.errors import Refused
from tulou.pool.core.lake import Lake
from tulou.pool.core.lake.rollback import roll_back


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "pool")


def test_without_apply_nothing_happens(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 5)], "d1")
    plan = roll_back(lake, "d1")
    assert (plan.removed, plan.restored, plan.records, plan.snapshot_id) == (1, 0, 0, None)
    assert content(lake) == [("a", "2020-01", 5)]


def test_what_a_delivery_replaced_comes_back_unless_replaced_since(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 1), ("b", "2020-01-01", 1), ("c", "2020-01-01", 1)], "d1")
    deliver(lake, [("a", "2020-01-01", 2), ("b", "2020-01-01", 2), ("d", "2020-01-01", 2)], "d2")
    last = deliver(lake, [("b", "2020-01-01", 3)], "d3")
    done = roll_back(lake, "d2", apply=True)
    assert content(lake) == [("a", "2020-01", 1), ("b", "2020-01", 3), ("c", "2020-01", 1)]
    assert (done.removed, done.restored, done.records) == (2, 1, 3)
    assert len(content(lake, snapshot_id=last.snapshot_id)) == 4
    with pytest.raises(Refused, match="does_not_stand"):
        roll_back(lake, "d2")
    with pytest.raises(Refused, match="rolled_back"):
        deliver(lake, [("a", "2020-01-01", 2), ("b", "2020-01-01", 2), ("d", "2020-01-01", 2)], "d2")
    assert [version.undoes for version in lake.versions("power_use")][-1] == ("d2",)


def test_two_deliveries_taken_back_one_after_the_other_do_not_bring_each_other_back(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 1)], "d1")
    deliver(lake, [("a", "2020-01-01", 2)], "d2")
    deliver(lake, [("a", "2020-01-01", 3)], "d3")
    roll_back(lake, "d2", apply=True)
    roll_back(lake, "d3", apply=True)
    assert content(lake) == [("a", "2020-01", 1)]


def test_a_rollback_whose_answer_was_lost_is_known_from_history(lake: Lake) -> None:
    deliver(lake, [("a", "2020-01-01", 1)], "d1")
    deliver(lake, [("b", "2020-01-01", 1)], "d2")
    roll_back(lake, "d1", apply=True)
    for name in ("d1", "d2"):
        lake.ledger.mark(name, "undoing")
    assert {receipt.delivery_id: state for receipt, state in lake.receipts()} == {"d1": "rolled_back", "d2": "stands"}
    lake.ledger.mark("d1", "undoing")
    with pytest.raises(Refused, match="rolled_back"):
        deliver(lake, [("a", "2020-01-01", 1)], "d1")


def test_what_the_pool_does_not_know_is_refused(lake: Lake) -> None:
    with pytest.raises(Refused, match="no delivery nothing"):
        roll_back(lake, "nothing")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "merge", "append", "replace", "undo"]),
        st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), max_size=3),
        st.integers(0, 6),
    ),
    min_size=2,
    max_size=6,
)


def replayed(deliveries: list[tuple[str, dict[str, int]]]) -> list[tuple[Any, ...]]:
    """What the table holds after some deliveries, told in the simplest way."""
    rows: list[tuple[str, int]] = []
    for mode, brought in deliveries:
        if mode == "replace":
            rows = []
        if mode == "merge":
            rows = [row for row in rows if row[0] not in brought]
        rows += brought.items()
    return sorted((key, "2020-01", value) for key, value in rows)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_is_that_of_the_deliveries_that_stand(
    steps: list[tuple[str, dict[str, int], int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = Lake.create(tmp_path_factory.mktemp("pool") / "pool")
    standing: dict[str, tuple[str, dict[str, int]]] = {}
    for number, (mode, brought, which) in enumerate(steps):
        if mode == "undo":
            if standing:
                name = list(standing)[which % len(standing)]
                said, done = roll_back(lake, name), roll_back(lake, name, apply=True)
                assert (said.removed, said.restored, said.records) == (done.removed, done.restored, done.records)
                del standing[name]
        else:
            rows = [(key, "2020-01-01", value) for key, value in brought.items()]
            deliver(lake, rows, f"d{number}", contract(delivery_mode=mode))
            standing[f"d{number}"] = (mode, brought)
        if lake.datasets():
            assert content(lake) == replayed(list(standing.values()))
