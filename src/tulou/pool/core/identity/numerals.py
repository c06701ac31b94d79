"""Numbers in addresses: 78, ７８, 七十八, 一六三, and which Chinese numerals are none (五一路)."""

from __future__ import annotations

import numpy as np

from tulou.pool.core.identity.signs import Marks, Places, Signs, is_in

DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "0": 0,
    "两": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
UNITS = {"十": 10, "百": 100, "千": 1000, "廿": 20}
_NUMERALS = "".join(sign for sign in (*DIGITS, *UNITS) if not sign.isascii())
COUNTED = "号幢栋座楼层室房单元组弄#之-梯铺门队区期"
"""Signs before which a Chinese numeral in an address is a number."""


def value_of(numeral: str) -> int:
    """The value of a Chinese numeral, by places (一六三) or by units (一百六十三).

    >>> value_of("一六三"), value_of("一百六十三"), value_of("二十"), value_of("十二"), value_of("一百零五")
    (163, 163, 20, 12, 105)
    """
    if not any(sign in UNITS for sign in numeral):
        return int("".join(str(DIGITS[sign]) for sign in numeral))
    total, digit = 0, None
    for sign in numeral:
        if sign == "廿":
            total, digit = total + 20, None
        elif sign in UNITS:
            total, digit = total + (1 if digit is None else digit) * UNITS[sign], None
        else:
            digit = DIGITS[sign]
    return total + (digit or 0)


def with_digits(column: Signs, starts: Places) -> tuple[Signs, Places]:
    """The column with Chinese numerals that are numbers written in digits; `starts` (one a row) move along."""
    numeral = is_in(column.codes, _NUMERALS)
    if not numeral.any():
        return column, starts
    firsts, lasts, rows = _runs(column, numeral)
    follows = np.where(lasts < column.ends[rows], column.at(lasts), np.uint32(0))
    before = np.where(firsts > column.starts[rows], column.at(firsts - 1), np.uint32(0))
    counted = is_in(follows, COUNTED)
    closing = (follows == 0) & is_in(before, "路街道巷弄号-村幢栋座楼")
    digits_around = is_in(before, "0123456789") | is_in(follows, "0123456789")
    wanted = (counted | closing) & (firsts >= starts[rows]) & ~digits_around
    if not wanted.any():
        return column, starts
    return _replaced(column, starts, firsts[wanted], lasts[wanted])


def _runs(column: Signs, marked: Marks) -> tuple[Places, Places, Places]:
    """First and last+1 position and row of every run of marked signs within a row."""
    same = np.concatenate(([False], marked[:-1] & (column.rows[1:] == column.rows[:-1])))
    firsts = np.flatnonzero(marked & ~same)
    goes_on = np.concatenate((marked[1:] & (column.rows[1:] == column.rows[:-1]), [False]))
    lasts = np.flatnonzero(marked & ~goes_on) + 1
    return firsts, lasts, column.rows[firsts]


def _replaced(column: Signs, starts: Places, firsts: Places, lasts: Places) -> tuple[Signs, Places]:
    """The column with spans of Chinese numerals replaced by their values in digits."""
    spans = column.cut(firsts, lasts).strings().to_pylist()
    values = Signs.of([str(value_of(numeral)) for numeral in spans])
    kept = np.ones(len(column.codes), dtype=np.int64)
    kept[firsts] = np.diff(values.offsets)
    for back in range(1, int((lasts - firsts).max())):
        inner = firsts + back
        kept[inner[inner < lasts]] = 0
    index = np.repeat(np.arange(len(column.codes)), kept)
    codes = column.codes[index]
    place = np.concatenate(([0], np.cumsum(kept)))
    spots = np.repeat(place[firsts] - values.offsets[:-1], np.diff(values.offsets)) + np.arange(len(values.codes))
    codes[spots] = values.codes
    return Signs(codes, place[column.offsets]), place[starts]
