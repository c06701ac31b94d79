"""Numbers that registers give: unique by construction, with right check digits, made a whole column at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from tulou.kernel.uscc import ORG_ALPHABET, USCC_ALPHABET
from tulou.simulate.chance import Booleans, Indices

Block = npt.NDArray[np.uint8]

_USCC = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
_ORG_CHECKS = np.frombuffer(b"0X987654321", dtype=np.uint8)
_USCC_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int64)
_ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_SCATTER = 7_368_787  # Prime, hence coprime to 31 and 10: multiplying by it permutes the numbers of a register.


def text(block: Block) -> pl.Series:
    """Rows of ASCII bytes as strings."""
    rows, width = block.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    data = pa.py_buffer(np.ascontiguousarray(block).tobytes())
    array = pa.StringArray.from_buffers(rows, pa.py_buffer(offsets.tobytes()), data)
    return pl.Series(pl.from_arrow(array))


def digits(numbers: Indices, width: int) -> Block:
    """Numbers as rows of decimal digits with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def org_codes(numbers: Indices, recent: Booleans, offset: int) -> Block:
    """Organisation codes with their check character: eight digits of old, MA and six characters since October 2015."""
    body = digits((numbers * _SCATTER + offset) % 10**8, 8)
    scattered = (numbers * _SCATTER + offset) % 31**6
    powers = 31 ** np.arange(5, -1, -1, dtype=np.int64)
    body[recent, :2] = np.frombuffer(b"MA", dtype=np.uint8)
    body[recent, 2:] = _USCC[scattered[recent, None] // powers % 31]
    value = _values(ORG_ALPHABET)[body].astype(np.int64)
    return np.column_stack([body, _ORG_CHECKS[value @ _ORG_WEIGHTS % 11]])


def usccs(kinds: Indices, regions: Indices, codes: Block) -> Block:
    """Unified social credit codes of organisation codes; `kinds` are 91, 92 or 93, `regions` six digits as a number."""
    body = np.column_stack([digits(kinds, 2), digits(regions, 6), codes])
    value = _values(USCC_ALPHABET)[body].astype(np.int64)
    return np.column_stack([body, _USCC[-(value @ _USCC_WEIGHTS) % 31]])


def reg_nos(regions: Indices, classes: Indices, numbers: Indices) -> Block:
    """Registration numbers of 15 digits: authority, class and sequence, check digit (ISO 7064 MOD 11,10)."""
    body = np.column_stack([digits(regions, 6), digits(classes, 1), digits(numbers % 10**7, 7)])
    product = np.full(len(body), 10, dtype=np.int64)
    for place in range(14):
        total = (product + body[:, place] - ord("0")) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    return np.column_stack([body, ((11 - product) % 10 + ord("0")).astype(np.uint8)])


def phones(rng: np.random.Generator, size: int) -> Block:
    """Mobile numbers in ranges that no operator has been given, so that nobody owns them."""
    ranges = np.array([154, 161, 163, 164, 168, 169, 179], dtype=np.int64)
    return np.column_stack([digits(rng.choice(ranges, size), 3), digits(rng.integers(0, 10**8, size), 8)])


def _values(alphabet: str) -> Block:
    table = np.zeros(256, dtype=np.uint8)
    table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return table
