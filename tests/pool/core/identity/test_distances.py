"""Weighted edit distance, sounds and looks."""

from __future__ import annotations

import duckdb
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tulou.pool.core.identity.distances import SAME_LOOK, SAME_SOUND, SWAPPED, sign_distances, teach
from tulou.pool.core.identity.signs import Signs
from tulou.pool.core.identity.sounds import look_alike, sound_table, sounded

WORDS = st.lists(st.text("鑫森源原元辉晖泰秦华", max_size=6), min_size=1, max_size=6)


def plainly(one: str, other: str) -> float:
    """The same by the book, cell by cell."""
    sounds = sound_table()

    def cost(a: str, b: str) -> float:
        if a == b:
            return 0.0
        if sounds[ord(a)] == sounds[ord(b)] > 0:
            return SAME_SOUND
        pair = np.array([[ord(a)], [ord(b)]], dtype=np.uint32)
        return SAME_LOOK if look_alike(pair[0], pair[1])[0] else 1.0

    table = [[float(i + j) if i * j == 0 else 0.0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            best = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost(one[i - 1], other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                best = min(best, table[i - 2][j - 2] + SWAPPED)
            table[i][j] = best
    return table[-1][-1]


@given(WORDS)
def test_all_pairs_at_once_are_as_far_apart_as_one_by_one(words: list[str]) -> None:
    left, right = words, words[::-1]
    found = sign_distances(left, right)
    assert np.allclose(found, [plainly(a, b) for a, b in zip(left, right, strict=True)], atol=1e-5)


@given(WORDS)
def test_the_distance_is_the_same_in_both_directions_and_nothing_to_itself(words: list[str]) -> None:
    assert np.allclose(sign_distances(words, words[::-1]), sign_distances(words[::-1], words))
    assert not sign_distances(words, words).any()


def test_no_pairs_have_no_distances_and_duckdb_knows_the_function() -> None:
    assert len(sign_distances([], [])) == 0
    with duckdb.connect() as connection:
        teach(connection)
        row = connection.execute("SELECT sign_distance('鑫源', '鑫元') < sign_distance('鑫源', '鑫泰')").fetchone()
    assert row == (True,)


def test_words_that_sound_the_same_have_the_same_sound() -> None:
    column = sounded(Signs.of(["章华", "张花", "章国", "abc"]))
    hashes = column.hashes(column.starts, column.ends)
    assert hashes[0] == hashes[1] != hashes[2]
    assert column.cut(column.starts[3:], column.ends[3:]).strings().to_pylist() == ["abc"]
