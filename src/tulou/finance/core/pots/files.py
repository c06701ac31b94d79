"""Claims and pots in files, under English or Chinese headings; amounts in yuan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tulou.finance.core.columns import keys, numbers
from tulou.finance.core.files import Table, read_table
from tulou.finance.core.pots.acceptance import Allocation
from tulou.finance.core.pots.claims import Claims, Numbers, Pot, Whole, make_claims
from tulou.finance.core.pots.judging import decisions, last_in_line
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.money import to_yuan

HEADINGS = {
    "firm": ("firm", "企业", "统一社会信用代码", "uscc"),
    "pot": ("pot", "资金池"),
    "claim": ("claim", "strength", "得分", "评分"),
    "amount": ("amount", "申请金额", "金额"),
    "choice": ("choice", "志愿", "志愿顺序"),
    "benefit": ("benefit", "效益"),
    "budget": ("budget", "预算"),
    "places": ("places", "名额"),
}
DECISIONS = (
    "firm",
    "pot",
    "choice",
    "claim",
    "amount",
    "benefit",
    "decision",
    "line",
    "draw",
    "last_line",
    "last_claim",
)
"""The columns of a file of decisions.

`line` is the claim's place before its pot and `draw` the firm's place in the lottery, from 1; `last_line` and
`last_claim` are place and strength of the last claim that the pot met.
"""


def read_pots(path: Path) -> list[Pot]:
    """The pots of a file: `pot`, and `budget` (yuan) or `places` or both; an empty cell is no limit."""
    table = read_table(path)
    names = _names(table, "pot")
    budget, places = _optional(table, "budget"), _optional(table, "places")
    wrong = ~np.isnan(places) & ((places < 0) | (places != np.floor(places)))
    _refuse_rows(table, "places", wrong, "名额应为非负整数", "is no whole number of places")
    fen = _fen(table, "budget", budget)
    return [
        Pot(
            name,
            None if np.isnan(budget[row]) else int(fen[row]),
            None if np.isnan(places[row]) else int(places[row]),
        )
        for row, name in enumerate(names)
    ]


def read_claims(path: Path, pots: list[Pot], *, seed: str) -> Claims:
    """The claims of a file: `firm`, `pot`, `claim`, `amount` (yuan), and perhaps `choice` and `benefit`."""
    table = read_table(path)
    strength, amount = _required(table, "claim"), _required(table, "amount")
    _refuse_rows(table, "amount", ~(amount > 0), "金额必须大于零", "is not above zero")
    return make_claims(
        pots,
        firm=_names(table, "firm"),
        pot=_names(table, "pot"),
        strength=strength,
        amount_fen=_fen(table, "amount", amount),
        choice=_required(table, "choice") if _column(table, "choice") else None,
        benefit=_required(table, "benefit") if _column(table, "benefit") else None,
        seed=seed,
    )


def decision_rows(claims: Claims, allocation: Allocation) -> Iterator[list[Any]]:
    """One row for each claim, in the order of `DECISIONS`."""
    found = decisions(claims, allocation)
    last = last_in_line(claims, allocation).tolist()
    for index, decision in enumerate(found):
        firm, pot = int(claims.firm[index]), int(claims.pot[index])
        yield [
            claims.firms[firm],
            claims.pots[pot].name,
            int(claims.choice[index]) + 1,
            float(claims.strength[index]),
            to_yuan(int(claims.amount_fen[index])),
            float(claims.benefit[index]),
            decision.value,
            int(claims.line[index]) + 1,
            int(claims.draw[firm]) + 1,
            int(claims.line[last[pot]]) + 1 if last[pot] >= 0 else None,
            float(claims.strength[last[pot]]) if last[pot] >= 0 else None,
        ]


def _column(table: Table, name: str) -> str | None:
    lowered = {heading.strip().lower(): heading for heading in table.columns}
    return next((lowered[each] for each in HEADINGS[name] if each in lowered), None)


def _needed(table: Table, name: str) -> str:
    found = _column(table, name)
    if found is None:
        shown = " / ".join(HEADINGS[name])
        raise refuse(
            "finance.pots.column",
            f"缺少列 {shown}",
            f"The column {shown} is missing",
            where=Where(file=table.name, column=name),
        )
    return found


def _names(table: Table, name: str) -> list[str]:
    codes, known = keys(table.columns[_needed(table, name)])
    _refuse_rows(table, name, codes < 0, "不能为空", "must not be empty")
    return [known[code] for code in codes.tolist()]


def _required(table: Table, name: str) -> Numbers:
    found = numbers(table.columns[_needed(table, name)])
    _refuse_rows(table, name, np.isnan(found), "不是数", "is no number")
    return found


def _optional(table: Table, name: str) -> Numbers:
    """The numbers of a column that may be absent or empty; what is neither empty nor a number is refused."""
    found = _column(table, name)
    if found is None:
        return np.full(table.rows, np.nan)
    values = numbers(table.columns[found])
    codes, _ = keys(table.columns[found])
    _refuse_rows(table, name, np.isnan(values) & (codes >= 0), "不是数", "is no number")
    return values


def _fen(table: Table, name: str, yuan: Numbers) -> Whole:
    fen = np.rint(np.nan_to_num(yuan) * 100)
    wrong = ~np.isnan(yuan) & ((np.abs(yuan * 100 - fen) > 1e-4) | (np.abs(fen) > 1e17))
    _refuse_rows(table, name, wrong, "金额最多两位小数", "has more than two decimals, or is too large")
    return fen.astype(np.int64)


def _refuse_rows(table: Table, name: str, wrong: Any, zh: str, en: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        column = _needed(table, name)
        value = table.columns[column][row].as_py()
        raise refuse(
            "finance.pots.value",
            f"第 {row + 1} 行的 {column}: {zh}",
            f"{column} in row {row + 1} {en}",
            where=Where(file=table.name, record=row + 1, column=column, value=str(value)),
            remedy=Text(zh="请更正后重新运行", en="Correct it and run again"),
        )
