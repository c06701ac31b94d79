"""Linking registers: how good, how robust, and groups out of pairs."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
import pytest
from benchmarks import _dirty_firms

from tulou.pool.core.identity.clusters import clusters
from tulou.pool.core.identity.firm_scheme import firm_scheme
from tulou.pool.core.identity.firms import days, phone_numbers, prepare_firms
from tulou.pool.core.identity.linkage import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_ONE, Linked, link
from tulou.simulate import pairs as simulated

Tables = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
Mode = Literal["full", "name_address"]


def linked(left: pl.DataFrame, right: pl.DataFrame) -> Linked:
    roles = [name for name in left.columns if name != "id"]
    sides = prepare_firms([{role: table[role].to_arrow() for role in roles} for table in (left, right)])
    return link(sides, firm_scheme(set(roles)))


def quality(tables: Tables, threshold: float = 0.5) -> tuple[float, float]:
    left, right, truth = tables
    answer = linked(left, right)
    kept = answer.probability >= threshold
    found = set(zip(left["id"][answer.pairs.left[kept]], right["id"][answer.pairs.right[kept]], strict=True))
    good = len(found & set(truth.iter_rows()))
    return good / len(found), good / len(truth)


@pytest.mark.parametrize(("mode", "precision", "recall"), [("full", 0.99, 0.98), ("name_address", 0.98, 0.92)])
@pytest.mark.parametrize("source", ["simulator", "second generator"])
def test_two_registers_are_linked_as_well_as_is_asked(source: str, mode: Mode, precision: float, recall: float) -> None:
    size, seed = 3_000, 77
    made = simulated(size, mode, seed) if source == "simulator" else _dirty_firms.pairs(size, mode=mode, seed=seed)
    found = quality((made[0], made[1], made[2]))
    assert found[0] >= precision
    assert found[1] >= recall


@pytest.mark.parametrize("size", [30, 100, 300, 600])
@pytest.mark.parametrize("mode", ["full", "name_address"])
def test_small_files_are_linked_by_who_is_who_and_not_by_where_they_are(size: int, mode: Mode) -> None:
    for seed in (1, 2):
        found = quality(simulated(size, mode, seed))
        assert found[0] >= 0.97
        assert found[1] >= 0.95


def test_the_duplicates_of_firms_in_one_small_file_are_found() -> None:
    left, right, truth = simulated(200, "full", 4)
    both = pl.concat([left, right])
    sides = prepare_firms([{role: both[role].to_arrow() for role in both.columns if role != "id"}])
    answer = link(sides, firm_scheme(set(both.columns) - {"id"}))
    kept = answer.probability >= 0.5
    found = set(zip(both["id"][answer.pairs.left[kept]], both["id"][answer.pairs.right[kept]], strict=True))
    good = len(found & set(truth.iter_rows()))
    assert good / len(found) >= 0.95
    assert good / len(truth) >= 0.95


def test_thousands_of_firms_of_one_name_are_told_apart_by_their_doors() -> None:
    size = 3_000
    names = ["福州鑫源贸易有限公司"] * size
    doors = [f"福建省福州市鼓楼区五四路{number}号" for number in range(size)]
    left = pl.DataFrame({"id": [f"L{n}" for n in range(size)], "name": names, "address": doors})
    right = pl.DataFrame({"id": [f"R{n}" for n in range(size)], "name": names, "address": doors[::-1]})
    truth = pl.DataFrame({"left_id": left["id"], "right_id": right["id"].reverse()})
    assert quality((left, right, truth)) == (1.0, 1.0)


def test_records_that_say_nothing_are_linked_with_nobody() -> None:
    left = pl.DataFrame(
        {"name": ["鑫源贸易有限公司", None, ""], "address": [None, None, None]}, schema_overrides={"address": pl.String}
    )
    answer = linked(left, left)
    assert not (answer.probability[(answer.pairs.left > 0) | (answer.pairs.right > 0)] >= 0.5).any()


def test_rivals_share_a_probability_and_the_many_do_not() -> None:
    left = pl.DataFrame({"name": ["福州鑫源贸易有限公司"], "address": ["福州市鼓楼区五四路1号"]})
    right = pl.concat([left, left])
    sides = prepare_firms([{role: table[role].to_arrow() for role in left.columns} for table in (left, right)])
    scheme = firm_scheme(set(left.columns))
    one = link(sides, scheme, partners=ONE_TO_ONE)
    turned = link(sides[::-1], scheme, partners=MANY_TO_ONE, model=one.model)
    many = link(sides, scheme, partners=MANY_TO_MANY, model=one.model)
    assert one.probability.sum() <= 1.0
    assert np.allclose(turned.probability, many.probability)
    assert (many.probability >= one.probability).all()


def test_one_good_pair_does_not_join_groups_that_disagree() -> None:
    left, right = np.array([0, 0, 1, 2, 2, 3], dtype=np.int32), np.array([1, 2, 2, 3, 4, 4], dtype=np.int32)
    chance = np.array([0.99, 0.01, 0.6, 0.98, 0.97, 0.96])
    assert clusters(6, left, right, chance, 0.5).tolist() == [0, 0, 2, 2, 2, 5]


def test_telephones_and_dates_are_read_however_they_are_written() -> None:
    written = pl.Series(["+86 139-1234-5678", "(0591)8708-2363", "139 1234 5678转1", "13900000000", None, "12"])
    assert phone_numbers(written.to_arrow()).to_list() == ["13912345678", "87082363", "13912345678", "", "", ""]
    dates = pl.Series(["2011-5-17", "2011/05/17", "20110517", "2011年5月17日", "17.05.2011", "2011-13-40", ""])
    assert days(dates.to_arrow()).to_list() == [15111] * 5 + [None, None]
