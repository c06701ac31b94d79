"""Columns of text as code points: folding, hashing, cutting, looking up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.pool.core.identity.signs import Lexicon, Signs, hash_of, is_in

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=8)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("臺灣萬鴻發展", "台湾万鸿发展"),
        ("ＡＢＣ　Ｔｒａｄｉｎｇ", "abctrading"),
        ("鑫源【福建】贸易", "鑫源(福建)贸易"),
        ("㈱鑫源", "(株)鑫源"),
        ("湖滨南路78—1号", "湖滨南路78-1号"),
        (" \u200b鑫·源\n", "鑫源"),
        (None, ""),
        ("𠮷野家", "𠮷野家"),
    ],
)
def test_what_is_written_in_many_ways_folds_into_one(written: str | None, folded: str) -> None:
    assert Signs.of([written]).folded().strings().to_pylist() == [folded]


@given(TEXTS)
def test_a_column_comes_back_as_it_was(texts: list[str]) -> None:
    assert Signs.of(texts).strings().to_pylist() == texts


@given(TEXTS)
def test_folding_what_is_folded_changes_nothing(texts: list[str]) -> None:
    once = Signs.of(texts).folded()
    assert once.folded().strings().to_pylist() == once.strings().to_pylist()


@given(TEXTS)
def test_equal_text_has_the_same_hash_wherever_it_stands(texts: list[str]) -> None:
    column = Signs.of([*texts, "鑫源"])
    hashes = column.hashes(column.starts, column.ends).tolist()
    assert hashes == [hash_of(text) for text in [*texts, "鑫源"]]
    assert len(set(hashes)) == len({*texts, "鑫源"})


def test_the_longest_word_is_found_at_both_ends_of_a_row() -> None:
    words = Lexicon({"有限公司": 1, "公司": 2, "福州": 3, "福": 4})
    column = Signs.of(["福州有限公司", "福公司", "", "司"])
    assert [part.tolist() for part in words.at_end(column, column.starts, column.ends)] == [
        [4, 2, 0, 0],
        [1, 2, -1, -1],
    ]
    assert [part.tolist() for part in words.at_start(column, column.starts, column.ends)] == [
        [2, 1, 0, 0],
        [3, 4, -1, -1],
    ]


def test_signs_beyond_a_column_are_none() -> None:
    column = Signs.of(["号"])
    assert column.at(column.ends + 5).tolist() == [0]
    assert Signs.of([]).at(column.starts).tolist() == [0]
    assert is_in(column.codes, "号楼").tolist() == [True]
