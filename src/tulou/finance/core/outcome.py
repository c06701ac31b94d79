"""The column that is to be foretold: two values, one of which is the bad outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tulou.finance.core.artefact import Target
from tulou.finance.core.columns import Codes, Numbers, keys
from tulou.finance.core.kinds import ABSENT
from tulou.kernel.errors import Finding, Refused, Text, Where, refuse, wrong_use

ALIASES = {"p_i_f": "pif", "1.0": "1", "0.0": "0"}
ANSWERS = ({"0", "1"}, {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"是", "否"})
_BAD = (
    "1 yes y true t bad default defaulted chgoff charged charged_off chargeoff bankrupt bankruptcy failed failure "
    "late overdue delinquent loss npl 是 违约 坏 不良 逾期 破产 失败 已违约 核销"
)
_GOOD = (
    "0 no n false f good paid pif current ok performing alive healthy repaid fully_paid "
    "否 正常 好 良好 未违约 履约 结清"
)
BAD_WORDS, GOOD_WORDS = frozenset(_BAD.split()), frozenset(_GOOD.split())
GOOD_NAME = re.compile(
    r"(^|[_ ])(approved?|good|repaid|paid([_ ]?(back|off|in[_ ]full))?|fully[_ ]?paid|surviv\w*|solvent)($|[_ ])"
    r"|批准|获批|履约|按时还",
    re.IGNORECASE,
)
"""The name of a column whose yes is the good outcome."""
FEWEST_OF_EACH, FEW_OF_EACH = 10, 50


def read_outcome(column: Any, name: str, *, bad: str | None = None) -> tuple[Numbers, Target, list[Finding]]:
    """1.0 for a bad outcome, 0.0 for a good one, NaN where none is known; what the two values are; what to know about
    it.

    The bad value is `bad`, else the one that a word list knows (1, yes, default, CHGOFF, 违约 …), else the rarer one,
    with a finding. Raises Refused where there are not two values.
    """
    codes, values = _known(*keys(column))
    if len(values) != 2:
        raise _not_two(name, values)
    place, findings = _bad_place(codes, values, name, bad)
    outcome = np.where(codes < 0, np.nan, (codes == place).astype(np.float64))
    return outcome, Target(name, values[place], values[1 - place]), findings


def _known(codes: Codes, values: Sequence[str]) -> tuple[Codes, list[str]]:
    """The same without the words that say that nothing is known, such as NA."""
    kept = [place for place, value in enumerate(values) if value.casefold() not in ABSENT]
    if len(kept) == len(values):
        return codes, list(values)
    table = np.full(len(values) + 1, -1, dtype=np.int32)
    table[kept] = np.arange(len(kept))
    return table.take(codes, mode="wrap"), [values[place] for place in kept]


def read_outcome_as(column: Any, target: Target) -> Numbers:
    """The outcomes of a later table by the values of a scorecard's target; other values count as unknown."""
    codes, values = keys(column)
    known = {target.bad: 1.0, target.good: 0.0}
    table = np.array([*(known.get(value, np.nan) for value in values), np.nan])
    return np.asarray(table.take(codes, mode="wrap"), dtype=np.float64)


def check_enough(outcome: Numbers, name: str) -> list[Finding]:
    """A finding where there are few of one outcome. Raises Refused where there are too few to learn from."""
    bad, good = int(np.nansum(outcome)), int(np.nansum(1 - outcome))
    if min(bad, good) < FEWEST_OF_EACH:
        raise refuse(
            "finance.target.too_few",
            f"目标列 {name} 只有 {bad} 个坏样本和 {good} 个好样本, 每种至少需要 {FEWEST_OF_EACH} 个",
            f"The target {name} has {bad} bad and {good} good outcomes; {FEWEST_OF_EACH} of each are needed",
            where=Where(column=name),
            remedy=Text(zh="请提供更多已有结果的样本", en="Give more rows whose outcome is known"),
        )
    if min(bad, good) >= FEW_OF_EACH:
        return []
    text = Text(
        zh=f"目标列 {name} 只有 {bad} 个坏样本和 {good} 个好样本, 各项指标很不确定",
        en=f"The target {name} has but {bad} bad and {good} good outcomes: no figure is certain",
    )
    return [Finding("finance.target.few", text, Where(column=name), None, "warn")]


def _bad_place(codes: Any, values: Sequence[str], name: str, bad: str | None) -> tuple[int, list[Finding]]:
    if bad is not None:
        if bad not in values:
            raise wrong_use(
                "finance.target.no_such_value",
                f"目标列 {name} 没有取值 {bad}, 只有 {', '.join(values)}",
                f"The target {name} has no value {bad}, only {', '.join(values)}",
                where=Where(column=name, value=bad),
            )
        return values.index(bad), []
    words = ["_".join(value.casefold().split()) for value in values]
    words = [ALIASES.get(word, word) for word in words]
    turned = GOOD_NAME.search(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)) is not None
    if turned and set(words) in ANSWERS:
        place = next(place for place in (0, 1) if words[place] in GOOD_WORDS)
        return place, [_guess(name, values[place], "列名说的是好结果", "the name of the column speaks of the good one")]
    for place in (0, 1):
        if words[place] in BAD_WORDS and words[1 - place] not in BAD_WORDS:
            return place, []
    for place in (0, 1):
        if words[place] in GOOD_WORDS and words[1 - place] not in GOOD_WORDS:
            return 1 - place, []
    rarer = int(np.argmin(np.bincount(codes[codes >= 0], minlength=2)))
    return rarer, [_guess(name, values[rarer], "它较少见", "it is the rarer one")]


def _guess(name: str, value: str, zh: str, en: str) -> Finding:
    return Finding(
        "finance.target.guessed",
        Text(
            zh=f"目标列 {name} 的坏结果推定为 {value}: {zh}",
            en=f"The bad outcome of {name} is taken to be {value}: {en}",
        ),
        Where(column=name, value=value),
        Text(zh="如不正确, 请用 --bad 指定", en="Name it with --bad where that is wrong"),
        "warn",
    )


def _not_two(name: str, values: Sequence[str]) -> Refused:
    shown = ", ".join(values[:10]) + (" …" if len(values) > 10 else "")
    return refuse(
        "finance.target.not_two_values",
        f"目标列 {name} 应恰有两种取值, 实有 {len(values)} 种: {shown}",
        f"The target {name} must have two values, but it has {len(values)}: {shown}",
        where=Where(column=name),
        remedy=Text(zh="请先将目标整理为 0/1 或 是/否", en="Make it 0/1 or yes/no first"),
    )
