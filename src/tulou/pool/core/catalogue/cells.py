"""Values as the text of one cell, and back: what spreadsheets, CSV and the pool's own copy are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, get_args

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import DeliveryMode, ItemState, OpenType, SourceLevel, UpdateCycle
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import KeyRole, LogicalType
from tulou.pool.core.contract.contract import Grain


class CellError(ValueError):
    """A cell that does not hold what its column asks for; `expected` says what that is."""

    def __init__(self, expected: Text) -> None:
        super().__init__(expected.en)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of cell: how a value is written and read. `choices` are the only texts that it may hold, where set."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    choices: tuple[str, ...] = ()


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _needed(text: str) -> str:
    if not text:
        raise CellError(Text(zh="不能为空", en="a value"))
    return text


def _optional(text: str) -> str | None:
    return text or None


def _whole(text: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        raise CellError(Text(zh="整数", en="a whole number")) from None


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word in {"yes", "true", "1", "是"}:
        return True
    if word in {"no", "false", "0", "否", ""}:
        return False
    raise CellError(Text(zh="yes/no (是/否)", en="yes or no"))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise CellError(Text(zh="数字", en="a number")) from None


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise CellError(Text(zh="日期 YYYY-MM-DD", en="a date, YYYY-MM-DD")) from None


def _enumerated(kind: type[Enum]) -> Cell:
    choices = tuple(str(member.value) for member in kind)
    known = dict(zip(choices, kind, strict=True))

    def read(text: str) -> Enum:
        if text not in known:
            raise _not_among(choices)
        return known[text]

    return Cell(lambda value: str(value.value), read, choices)


def _worded(words: Iterable[str]) -> Cell:
    choices = tuple(words)

    def read(text: str) -> str:
        if text not in choices:
            raise _not_among(choices)
        return text

    return Cell(_plain, read, choices)


def _not_among(choices: tuple[str, ...]) -> CellError:
    shown = ", ".join(choices)
    return CellError(Text(zh=f"以下之一: {shown}", en=f"one of {shown}"))


def write_list(values: Iterable[str]) -> str:
    """Several texts in one cell, one a line; a line end or a backslash inside a text is escaped.

    >>> write_list(["a", "b"]), read_list(write_list(["two\\nlines", "back\\\\slash"]))
    ('a\\nb', ('two\\nlines', 'back\\\\slash'))
    """
    return "\n".join(value.replace("\\", "\\\\").replace("\n", "\\n") for value in values)


def read_list(text: str) -> tuple[str, ...]:
    """The texts that `write_list` wrote."""
    return tuple(_unescaped(line) for line in text.split("\n")) if text else ()


def _unescaped(line: str) -> str:
    parts = line.split("\\\\")
    return "\\".join(part.replace("\\n", "\n") for part in parts)


def write_signed(parts: Iterable[tuple[int, str]]) -> str:
    """The parts of an identity as one text.

    >>> write_signed([(1, "a"), (-1, "b")])
    '+a -b'
    """
    return " ".join(("-" if sign < 0 else "+") + name for sign, name in parts)


def read_signed(text: str) -> tuple[tuple[int, str], ...]:
    """The parts that `write_signed` wrote."""
    words = text.split()
    if not all(word[0] in "+-" and len(word) > 1 for word in words):
        raise CellError(Text(zh="带符号的数据项, 如 +a -b", en="signed items, such as +a -b"))
    return tuple((-1 if word[0] == "-" else 1, word[1:]) for word in words)


CELLS: Mapping[str, Cell] = {
    "needed": Cell(_plain, _needed),
    "text": Cell(_plain, str),
    "optional": Cell(_plain, _optional),
    "whole": Cell(_plain, _whole),
    "flag": Cell(lambda value: "yes" if value else "no", _truth, ("yes", "no")),
    "decimal": Cell(_plain, _decimal),
    "date": Cell(_plain, _date),
    "list": Cell(write_list, read_list),
    "signed": Cell(write_signed, read_signed),
    "level": _enumerated(SourceLevel),
    "open": _enumerated(OpenType),
    "state": _enumerated(ItemState),
    "sharing": _enumerated(SharingType),
    "type": _enumerated(LogicalType),
    "role": _enumerated(KeyRole),
    "grain": _worded(get_args(Grain)),
    "cycle": _worded(get_args(UpdateCycle)),
    "mode": _worded(get_args(DeliveryMode)),
    "severity": _worded(("reject", "warn")),
}
"""Every kind of cell, by name."""
