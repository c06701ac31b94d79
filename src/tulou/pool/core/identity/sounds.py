"""How signs sound and look: the two ways in which a clerk writes a wrong sign."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from tulou.pool.core.identity.signs import PLANE, Codes, Signs, read_facts


@cache
def sound_table() -> NDArray[np.uint16]:
    """The number of the syllable of every sign of the basic plane, tones left out; 0 for signs without a reading.

    Syllables that input methods and southern speakers mix up (zh/z, ch/c, sh/s; ang/an, eng/en, ing/in) are one.
    """
    table = np.zeros(PLANE, dtype=np.uint16)
    numbers: dict[str, int] = {}
    for line in read_facts("sounds.txt"):
        syllable, signs = line.split()
        table[[ord(sign) for sign in signs]] = numbers.setdefault(syllable, len(numbers) + 1)
    return table


@cache
def lookalikes() -> NDArray[np.uint64]:
    """Every two signs that look alike, as one number (the one sign << 32 | the other), in both orders, sorted."""
    pairs = {
        (ord(one) << 32) | ord(other)
        for line in read_facts("lookalikes.txt")
        for group in line.split()
        for one in group
        for other in group
        if one != other
    }
    return np.array(sorted(pairs), dtype=np.uint64)


@cache
def has_lookalike() -> NDArray[np.bool_]:
    """Which signs of the basic plane look like another."""
    marks = np.zeros(PLANE, dtype=np.bool_)
    marks[(lookalikes() >> np.uint64(32)).astype(np.int64)] = True
    return marks


def look_alike(left: Codes, right: Codes) -> NDArray[np.bool_]:
    """Whether two signs at each place are taken for one another by their looks."""
    known = lookalikes()
    wanted = (left.astype(np.uint64) << np.uint64(32)) | right
    return np.asarray(known[np.minimum(np.searchsorted(known, wanted), len(known) - 1)] == wanted)


def sounded(column: Signs) -> Signs:
    """The column with every sign replaced by the number of its syllable; signs without one stay."""
    sounds = sound_table()[np.minimum(column.codes, PLANE - 1)]
    spoken = (sounds > 0) & (column.codes < PLANE)
    codes: Codes = np.where(spoken, sounds.astype(np.uint32) + np.uint32(0x100000), column.codes).astype(np.uint32)
    return Signs(codes, column.offsets)
