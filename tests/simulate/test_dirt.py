"""What goes wrong on the way into a file: each kind by itself."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.simulate.chance import pick, share_of, stream, whole
from tulou.simulate.dirt import texts
from tulou.simulate.dirt.naming import NAME_RATES, write_names
from tulou.simulate.dirt.records import grouped
from tulou.simulate.identifiers import phones, text
from tulou.simulate.names import people, trade_names
from tulou.simulate.places import addresses, styles, whole_address, write_addresses
from tulou.simulate.population import Window, populate
from tulou.simulate.vocabulary import districts

chinese = st.text(st.sampled_from("福建鑫源恒达科技贸易有限公司东华"), min_size=1, max_size=12)


@given(st.lists(chinese, min_size=1, max_size=8), st.integers(0, 2**32))
@pytest.mark.parametrize(
    ("slip", "longer"),
    [(texts.homophone, 0), (texts.other_sign, 0), (texts.doubled, 1), (texts.spaced, 1), (texts.swapped, 0)],
)
def test_a_slip_changes_a_text_by_one_sign(slip: texts.Change, longer: int, words: list[str], seed: int) -> None:
    column = pl.Series(words)
    changed = slip(np.random.default_rng(seed), column)  # type: ignore[call-arg, arg-type]
    assert [len(new) - len(old) for new, old in zip(changed, words, strict=True)] == [longer] * len(words)
    assert texts.altered(column, np.zeros(len(words), bool), lambda c: c + "x").equals(column)


def test_a_forgotten_sign_never_leaves_a_name_without_any() -> None:
    column = pl.Series(["福", "鑫源", "鑫源达"])
    assert texts.dropped(np.random.default_rng(1), column).str.len_chars().to_list() == [1, 2, 2]


def test_width_brackets_and_thousands() -> None:
    assert texts.full_width(pl.Series(["A-1"])).to_list() == ["Ａ－１"]
    assert texts.half_brackets(pl.Series(["恒达（福州）"])).to_list() == ["恒达(福州)"]
    assert grouped(pl.Series([1234567.5, -4000.0, 12.0])).to_list() == ["1,234,567.5", "-4,000.0", "12.0"]


def test_names_are_changed_as_often_as_the_rates_say_and_branches_keep_their_heads_name() -> None:
    firms = populate(4000, Window(dt.date(2020, 12, 1), 12), 1)
    written = write_names(stream(1, "n"), firms, NAME_RATES)
    for kind in ("no_place", "homophone", "traditional"):
        assert written.changed[kind].mean() == pytest.approx(NAME_RATES[kind], abs=0.03)
    assert write_names(stream(1, "n"), firms, {}).values.equals(firms["name"])
    former = written.changed["former"]
    assert former.any()
    assert firms.filter(pl.Series(former))["former_name"].is_not_null().all()
    assert (written.values != firms["name"]).to_numpy()[written.touched].mean() > 0.85


def test_addresses_are_written_in_many_ways_and_the_register_in_one() -> None:
    rng = stream(3, "a")
    parts = addresses(rng, rng.integers(0, len(districts()), 500), rng.random(500) < 0.5)
    full = whole_address(parts)
    assert full.str.starts_with("福建省").all()
    loose = write_addresses(parts, styles(rng, 500, 0.7))
    assert 0.01 < (loose == full).mean() < 0.3  # type: ignore[operator]
    assert styles(rng, 20, 0.0).sum() == 0


def test_people_phones_and_trade_names_look_like_what_they_are() -> None:
    rng = stream(4, "p")
    assert people(rng, 200).str.contains(r"^\p{Han}{2,5}$").all()
    assert trade_names(rng, 200).str.contains(r"^\p{Han}{2,4}$").all()
    assert text(phones(rng, 100)).str.contains(r"^1(54|61|63|64|68|69|79)\d{8}$").all()


def test_chance_keeps_expectations() -> None:
    rng = stream(9, "c")
    assert whole(rng, np.full(20_000, 2.25)).mean() == pytest.approx(2.25, abs=0.02)
    drawn = pick(rng, [1.0, 3.0], 20_000)
    assert (drawn == 1).mean() == pytest.approx(0.75, abs=0.02)
    assert 0 <= share_of("x") < 1
