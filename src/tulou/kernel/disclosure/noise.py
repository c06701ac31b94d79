"""Noise for the public by cell keys: whoever is in a cell decides its noise, so the same cell always reads the same.

After the method of the Australian Bureau of Statistics (Fraser and Wooton 2005) in the form that Eurostat recommends
(Giessing 2016): every contributor has a secret key, the keys of a cell add up to the cell's key, and the key picks the
noise from a distribution of given spread that is as unsurprising as possible (maximal entropy), has mean zero, is never
larger than `most`, turns nothing negative, leaves zero as it is, and never shows a count from 1 to `least` - 1.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from tulou.kernel.errors import wrong_use

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.float64]


def record_keys(secret: bytes, contributors: Sequence[str]) -> Keys:
    """The key of each contributor: the first eight bytes of HMAC-SHA-256 under a secret that is kept for good."""
    if len(secret) < 16:
        raise wrong_use("disclosure.secret", "密钥至少 16 字节", "The secret has 16 bytes or more")
    digests = [hmac.digest(secret, name.encode(), hashlib.sha256)[:8] for name in contributors]
    return np.array([int.from_bytes(digest, "big") for digest in digests], dtype=np.uint64)


def cell_keys(cells: Sequence[int], keys: Keys, size: int) -> Keys:
    """The key of each cell: the sum of its contributors' keys, modulo 2 to the 64th."""
    found = np.zeros(size, np.uint64)
    np.add.at(found, np.asarray(cells, dtype=np.int64), keys)
    return found


@dataclass(frozen=True)
class Noise:
    """Noise of a spread (`variance`), at most `most` to either side; no count from 1 to `least` - 1 is shown."""

    most: int = 5
    variance: float = 4.0
    least: int = 3
    _tables: dict[int, Numbers] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.most < 1 or self.least < 1 or not 0 < self.variance <= self.most**2 or self.most < self.least:
            raise wrong_use("disclosure.noise", "噪声参数不成立", "These settings of noise do not hold together")

    def counts(self, count: Sequence[int], keys: Keys) -> npt.NDArray[np.int64]:
        """The counts to be shown."""
        uniform = (keys >> np.uint64(11)).astype(np.float64) / 2.0**53
        shown = [self._shown(int(n), float(u)) for n, u in zip(count, uniform, strict=True)]
        return np.array(shown, dtype=np.int64)

    def amounts(self, amount: Sequence[int], largest: Sequence[int], keys: Keys, *, share: float = 0.3) -> Numbers:
        """Amounts moved by up to `share` of the largest contribution, and by half of that at least, to either side."""
        turned = keys * np.uint64(0x9E3779B97F4A7C15)
        uniform = (turned >> np.uint64(11)).astype(np.float64) / 2.0**53
        sign = np.where(uniform < 0.5, -1.0, 1.0)
        size = share * (0.5 + np.abs(2 * uniform - 1) / 2)
        moved = np.asarray(amount, dtype=np.float64) + sign * size * np.asarray(largest, dtype=np.float64)
        return np.maximum(moved, 0.0)

    def distribution(self, count: int) -> tuple[npt.NDArray[np.int64], Numbers]:
        """The values that a true count may be shown as, and their probabilities."""
        capped = min(count, self.most + self.least)
        values = np.array(
            [v for v in range(max(capped - self.most, 0), capped + self.most + 1) if v == 0 or v >= self.least]
        )
        if capped not in self._tables:
            self._tables[capped] = _calmest(values - capped, self.variance)
        return values - capped + count, self._tables[capped]

    def _shown(self, count: int, uniform: float) -> int:
        if count == 0:
            return 0
        values, chance = self.distribution(count)
        at = int(np.searchsorted(np.cumsum(chance), uniform, side="right"))
        return int(values[min(at, len(values) - 1)])


def _calmest(steps: npt.NDArray[np.int64], variance: float) -> Numbers:
    """The distribution of most entropy over steps with mean zero and the variance, or the nearest to it there is.

    It has the form exp(a x + b x²) (the dual of the entropy), so two numbers are looked for.
    """
    x = steps.astype(np.float64)
    wanted = max(variance, float(-x[x <= 0].max() * x[x >= 0].min())) if len(x) else variance

    def dual(ab: Numbers) -> tuple[float, Numbers]:
        weights = ab[0] * x + ab[1] * (x**2 - wanted)
        top = weights.max()
        scaled = np.exp(weights - top)
        chance = scaled / scaled.sum()
        return float(top + np.log(scaled.sum())), np.array([chance @ x, chance @ (x**2 - wanted)])

    found = minimize(dual, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-10}).x
    weights = found[0] * x + found[1] * x**2
    scaled = np.exp(weights - weights.max())
    return np.asarray(scaled / scaled.sum())
