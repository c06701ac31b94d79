"""The pairs on which linkage is measured: true, repeatable, and hard."""

from __future__ import annotations

import pytest

from tulou.kernel.errors import WrongUse
from tulou.simulate import pairs


@pytest.mark.parametrize("mode", ["full", "name_address"])
def test_pairs_have_as_many_records_as_asked_and_a_truth_that_points_into_both(mode: str) -> None:
    left, right, truth = pairs(400, mode, seed=3)  # type: ignore[arg-type]
    assert (len(left), len(right), len(truth)) == (400, 400, 300)
    assert set(truth["left_id"]) <= set(left["id"])
    assert set(truth["right_id"]) <= set(right["id"])
    assert truth["left_id"].n_unique() == truth["right_id"].n_unique() == 300
    wanted = ["id", "name", "address"] + (["phone", "person", "established"] if mode == "full" else [])
    assert left.columns == right.columns == wanted


def test_the_same_seed_gives_the_same_pairs_and_another_seed_others() -> None:
    assert pairs(200, seed=5).right.equals(pairs(200, seed=5).right)
    assert not pairs(200, seed=5).right.equals(pairs(200, seed=6).right)


def test_the_register_is_tidy_and_the_clients_are_not() -> None:
    left, right, truth = pairs(2000, "full", seed=1)
    both = truth.join(left, left_on="left_id", right_on="id").join(
        right, left_on="right_id", right_on="id", suffix="_r"
    )
    assert left["name"].n_unique() == 2000
    assert 0.3 < (both["name"] == both["name_r"]).mean() < 0.55  # type: ignore[operator]
    assert (both["address"] == both["address_r"]).mean() < 0.1  # type: ignore[operator]
    assert 0.02 < right["address"].null_count() / 2000 < 0.09
    assert right["person"].null_count() > 0
    assert right["phone"].null_count() > 0


def test_pairs_of_a_handful_or_of_an_unknown_mode_are_refused() -> None:
    with pytest.raises(WrongUse):
        pairs(3)
    with pytest.raises(WrongUse):
        pairs(100, "keys")  # type: ignore[arg-type]
