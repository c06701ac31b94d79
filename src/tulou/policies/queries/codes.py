"""Looking codes up in a dictionary: by number, by name in either language, or from the top down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tulou.kernel.errors import Text
from tulou.policies.core.dictionaries import Dictionary

MOST = 24
SMALL = 40
PROVINCE = "350000"


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its words; `inner` is whether there are codes under it, `above` what it lies in."""

    code: str
    label: Text
    inner: bool = False
    above: Text | None = None


def described(dictionary: Dictionary | None, code: str) -> Code:
    """One code as the picker shows it."""
    if dictionary is None:
        return Code(code, Text(zh=code, en=code))
    line = dictionary.lineage(code)
    above = dictionary.label(line[1]) if len(line) > 1 else None
    return Code(code, dictionary.label(code), bool(dictionary.children(code)), above)


def is_small(dictionary: Dictionary) -> bool:
    """Whether all of its codes can be shown at once."""
    return len(dictionary) <= SMALL


def found(dictionary: Dictionary, question: str = "", under: str = "") -> list[Code]:
    """The codes for a question; without one, those directly under a code; without either, the first ones."""
    if question.strip():
        return [described(dictionary, code) for code in _hits(dictionary, question.strip().lower())]
    if is_small(dictionary):
        return [described(dictionary, code) for code in dictionary.codes]
    start = under if under in dictionary else PROVINCE if PROVINCE in dictionary else None
    inner = dictionary.children(start)
    shown = [start, *inner] if start else list(inner)
    return [described(dictionary, code) for code in shown]


def _hits(dictionary: Dictionary, question: str) -> Iterable[str]:
    """Codes that begin with the question, then names that do, then names that contain it."""
    ranked: list[tuple[int, int, str]] = []
    for position, code in enumerate(dictionary.codes):
        label = dictionary.label(code)
        names = (label.zh.lower(), label.en.lower())
        if code.lower().startswith(question):
            ranked.append((0, position, code))
        elif any(name.startswith(question) for name in names):
            ranked.append((1, position, code))
        elif any(question in name for name in names):
            ranked.append((2, position, code))
    ranked.sort(key=lambda each: (each[0], not each[2].startswith(PROVINCE[:2]), each[1]))
    return [code for _, _, code in ranked[:MOST]]
