"""Named streams of random numbers: a seed and a name always give the same numbers, whatever was drawn before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
Array: TypeAlias = npt.NDArray[Any]


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """The generator of this name.

    >>> bool(stream(1, "tax", 3).random() == stream(1, "tax", 3).random())
    True
    >>> bool(stream(1, "tax", 3).random() == stream(1, "tax", 4).random())
    False
    """
    digest = hashlib.blake2b("/".join(map(str, name)).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([seed, *words])))


def pick(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> Indices:
    """`size` places in `weights`, each drawn with a chance in proportion to its weight."""
    ladder = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(ladder / ladder[-1], rng.random(size), side="right").astype(np.int64)


def whole(rng: np.random.Generator, values: Floats) -> Indices:
    """Each value rounded up or down by chance, so that sums keep their expectation."""
    below = np.floor(values)
    return (below + (rng.random(values.shape) < values - below)).astype(np.int64)


def share_of(text: str) -> float:
    """A number in [0, 1) that belongs to a text for good.

    >>> share_of("cash") == share_of("cash")
    True
    """
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48
