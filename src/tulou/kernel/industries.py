"""Industries (GB/T 4754-2017): sections, divisions, groups and classes.

A code is the section's letter, then two digits for a division (`C13`), three for a group (`C131`), four for a class
(`C1311`). Departments often write the digits alone: the section follows from the division, so `1311` is understood too.
The facts are in `data/industries.tsv`; `data/README.md` says where they come from and what could not be checked.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from tulou.kernel.errors import Text

IndustryLevel = Literal["section", "division", "group", "class"]

_LEVELS: dict[int, IndustryLevel] = {1: "section", 3: "division", 4: "group", 5: "class"}


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry; groups and classes carry the English of their division with their own code."""

    code: str
    name: Text
    level: IndustryLevel

    @property
    def section(self) -> str:
        """The section's letter."""
        return self.code[0]

    @property
    def division(self) -> str | None:
        """The division's code, or None for a section."""
        return self.code[:3] if len(self.code) >= 3 else None


def industry(code: str) -> Industry | None:
    """The industry of a code with or without its section's letter, or None where there is none.

    >>> industry("C1311").name.zh, industry("1311").code, industry("C13").name.en
    ('稻谷加工', 'C1311', 'Processing of agricultural and sideline food')
    """
    return _by_code().get(full_industry_code(code))


def full_industry_code(code: str) -> str:
    """`code` in capitals with its section's letter, where its first two digits are a division's.

    >>> full_industry_code("1311"), full_industry_code("c13"), full_industry_code("9999")
    ('C1311', 'C13', '9999')
    """
    code = code.strip().upper()
    if code[:1].isdigit():
        return _sections().get(code[:2], "") + code
    return code


def is_within(code: str, ancestor: str) -> bool:
    """Whether `code` is `ancestor` or lies inside it.

    >>> is_within("C1311", "C"), is_within("1311", "C13"), is_within("C1311", "C14")
    (True, True, False)
    """
    return full_industry_code(code).startswith(full_industry_code(ancestor))


def parent_of(code: str) -> Industry | None:
    """The industry one level above, or None for a section.

    >>> parent_of("C1311").code, parent_of("C131").code, parent_of("C13").code, parent_of("C")
    ('C131', 'C13', 'C', None)
    """
    code = full_industry_code(code)
    above = {5: 4, 4: 3, 3: 1}.get(len(code))
    return None if above is None else _by_code().get(code[:above])


def ancestors(code: str) -> tuple[Industry, ...]:
    """The industries above a code, from the nearest to the section."""
    nearest = parent_of(code)
    return () if nearest is None else (nearest, *ancestors(nearest.code))


def children(code: str | None = None) -> tuple[Industry, ...]:
    """The industries one level below a code (None: the sections), in the order of their codes.

    >>> [each.code for each in children("A")], len(children())
    (['A01', 'A02', 'A03', 'A04', 'A05'], 20)
    """
    return _by_parent().get(None if code is None else full_industry_code(code), ())


def industries(level: IndustryLevel | None = None) -> tuple[Industry, ...]:
    """Every industry (of one level), in the order of the codes."""
    return tuple(each for each in _by_code().values() if level is None or each.level == level)


@cache
def _by_code() -> dict[str, Industry]:
    found: dict[str, Industry] = {}
    with (files("tulou.kernel") / "data" / "industries.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            code = row["code"]
            english = row["name_en"] or f"{found[code[:3]].name.en} ({code})"
            found[code] = Industry(code, Text(zh=row["name_zh"], en=english), _LEVELS[len(code)])
    return found


@cache
def _sections() -> dict[str, str]:
    return {each.code[1:]: each.code[0] for each in _by_code().values() if each.level == "division"}


@cache
def _by_parent() -> dict[str | None, tuple[Industry, ...]]:
    found: dict[str | None, list[Industry]] = defaultdict(list)
    for each in _by_code().values():
        above = parent_of(each.code)
        found[None if above is None else above.code].append(each)
    return {code: tuple(inner) for code, inner in found.items()}
