"""The market's figures: right, and nobody to be found in them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.test import Client
from tests.finance.portal.stage import Market

from tulou.finance.queries import province
from tulou.finance.queries.province import Board, Seen, province_board
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db


def firms(count: int) -> list[Seen]:
    rng = np.random.default_rng(4)
    cities, sectors = ("3501", "3502", "3505", "3507"), ("C", "F", "G", "I", "E")
    return [
        Seen(
            f"firm {n}",
            {
                "sector": sectors[int(rng.integers(len(sectors)) * rng.random())],
                "region": cities[int(rng.integers(len(cities)) * rng.random() * 1.4) % 4],
                "size": str(int(rng.integers(3))),
            },
            bool(rng.random() < 0.6),
            bool(rng.random() < 0.3),
            int(rng.integers(10, 400)) * 1_000_000,
            (Decimal("0.05") + Decimal(int(rng.integers(40))) / 1000,),
            float(rng.integers(5, 90)),
        )
        for n in range(count)
    ]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Seen]:
    made = firms(90)
    monkeypatch.setattr(province, "_seen", lambda: made)
    return made


def shown(board: Board) -> list[int]:
    """Every count of firms on the board."""
    rows = [row for table in board.tables.values() for row in table]
    counts = [count for row in rows for count in (row.firms, row.met) if count is not None]
    return [*counts, *(count for count in (board.firms, board.met, board.first_time) if count is not None)]


def test_officials_read_exact_figures_and_no_small_one(seen: list[Seen]) -> None:
    board = province_board(exact=True)
    assert not {1, 2, 3, 4} & set(shown(board))
    assert board.firms == 90
    by_sector = {row.name.en: row for row in board.tables["sector"]}
    for row in by_sector.values():
        true = [each for each in seen if province.sector_name(each.places["sector"]).en == row.name.en]
        assert row.firms in {None, len(true)}
        assert row.met in {None, sum(each.met for each in true)}
    assert any(row.firms is None or row.met is None for row in by_sector.values())


def test_one_hidden_sector_cannot_be_had_by_subtraction(seen: list[Seen]) -> None:
    for table in province_board(exact=True).tables.values():
        hidden = sum(row.met is None for row in table)
        assert hidden != 1 or province_board(exact=True).met is None


def test_everybody_reads_the_same_noise_every_time(seen: list[Seen]) -> None:
    first, second = province_board(exact=False), province_board(exact=False)
    assert first == second
    assert not {1, 2} & set(shown(first))
    assert first.firms is not None
    assert abs(first.firms - 90) <= 5
    assert first.banks == []


def test_no_rate_of_fewer_than_five_firms_is_shown_whatever_the_noise(seen: list[Seen]) -> None:
    for exact in (True, False):
        for axis, rows in province_board(exact=exact).tables.items():
            for row, key in zip(rows, sorted({each.places[axis] for each in seen}), strict=True):
                borrowers = sum(each.met and each.places[axis] == key for each in seen)
                assert row.apr is None or borrowers >= 5


def test_a_market_of_one_firm_tells_nothing(market: Market) -> None:
    market.running()
    board = province_board(exact=True)
    assert (board.firms, board.met, board.amount_fen, board.hours, board.apr) == (None, None, None, None, None)
    assert all(row.firms is None for table in board.tables.values() for row in table)


def test_who_reads_which_page(enter: Callable[..., Any], seen: list[Seen]) -> None:
    exact = enter(Role.GOVERNMENT_ANALYST).get("/finance/province/")
    assert exact.status_code == 200
    assert "Exact figures." in exact.content.decode()
    assert "Firms that stated a need" in exact.content.decode()
    blurred = Client(headers={"Accept-Language": "en"}).get("/finance/figures/")
    assert blurred.status_code == 200
    assert "Banks compared" not in blurred.content.decode()
    assert enter(Role.ENTERPRISE_LEGAL).get("/finance/province/").status_code == 403
    assert enter(Role.BANK_MANAGER).get("/finance/province/").status_code == 403


def test_an_empty_market_says_so(db: None) -> None:
    page = Client(headers={"Accept-Language": "en"}).get("/finance/figures/").content.decode()
    assert "No firm has stated a need yet." in page
    assert "No bank has refused anybody yet." in page
