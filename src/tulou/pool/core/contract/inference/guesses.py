"""What a draft says of a column, with its evidence and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from tulou.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing that was concluded. `column` is its technical name, empty for the whole; `confidence` is 0 to 1."""

    column: str
    about: str
    value: str
    confidence: float
    evidence: Text


def sureness(agreeing: int, looked_at: int) -> float:
    """How sure `agreeing` of `looked_at` observations make one (Laplace's rule of succession).

    >>> round(sureness(8, 8), 2), round(sureness(1000, 1000), 3), sureness(0, 0)
    (0.9, 0.999, 0.5)
    """
    return (agreeing + 1) / (looked_at + 2)


def figure(number: int | float) -> str:
    """A number as it is read: thousands separated, at most four decimals.

    >>> figure(1234567), figure(0.25)
    ('1,234,567', '0.25')
    """
    return f"{number:,}" if isinstance(number, int) else f"{number:,.4f}".rstrip("0").rstrip(".")
