"""Numbers in Chinese prose.

以上, 以下, 以内, 不超过, 不低于 include the number (Civil Code, article 1259); 超过, 不满, 不足 do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tulou.policies.core.lint.claims import Claim, Comparison, Measure, Subject

NUMBER = r"(?P<n>-?\d[\d,]*(?:\.\d+)?|[一二两三四五六七八九十百]+)"
UNIT = r"(?P<u>亿元|万元|元|人次|人|名|%|％|个百分点|周年|年|个月|月|天|日|次|件|项|家|户|万千瓦时|千瓦时)"
BEFORE: tuple[tuple[str, Comparison], ...] = (
    ("不超过", "le"),
    ("不高于", "le"),
    ("不多于", "le"),
    ("不大于", "le"),
    ("未超过", "le"),
    ("最高不超过", "le"),
    ("至多", "le"),
    ("不少于", "ge"),
    ("不低于", "ge"),
    ("不小于", "ge"),
    ("至少", "ge"),
    ("达到", "ge"),
    ("超过", "gt"),
    ("高于", "gt"),
    ("大于", "gt"),
    ("多于", "gt"),
    ("不满", "lt"),
    ("未满", "lt"),
    ("不足", "lt"),
    ("低于", "lt"),
    ("少于", "lt"),
    ("小于", "lt"),
    ("满", "ge"),
)
AFTER: Mapping[str, Comparison] = {"以上": "ge", "以下": "le", "以内": "le"}
LIMIT = re.compile(
    rf"(?:(?P<b>{'|'.join(sorted((word for word, _ in BEFORE), key=len, reverse=True))})\s*)?"
    rf"{NUMBER}\s*{UNIT}\s*(?:（含(?:本数)?）|\(含\)|及|含)?\s*(?P<a>以上|以下|以内)?"
)
SUBJECTS: tuple[tuple[Subject, Measure, re.Pattern[str]], ...] = (
    (Subject.HEADCOUNT, Measure.PERSONS, re.compile("从业人|职工|员工|参保|用工|人员")),
    (Subject.REVENUE, Measure.MONEY, re.compile("营业收入|销售额|主营业务收入|年销售")),
    (Subject.ASSETS, Measure.MONEY, re.compile("资产总额|总资产")),
    (Subject.AID, Measure.MONEY, re.compile("累计(?:获得|享受|补助)|补助总额")),
    (Subject.PROJECT, Measure.MONEY, re.compile("总投资|设备投资|投资额|项目投资|固定资产投资")),
    (Subject.AGE, Measure.MONTHS, re.compile("成立|注册|登记|设立|创办|经营")),
)
UNITS: Mapping[str, tuple[Measure, int]] = {
    "亿元": (Measure.MONEY, 10**10),
    "万元": (Measure.MONEY, 10**6),
    "元": (Measure.MONEY, 100),
    "人": (Measure.PERSONS, 1),
    "名": (Measure.PERSONS, 1),
    "人次": (Measure.PERSONS, 1),
    "%": (Measure.PERCENT, 1),
    "％": (Measure.PERCENT, 1),
    "个百分点": (Measure.PERCENT, 1),
    "年": (Measure.MONTHS, 12),
    "周年": (Measure.MONTHS, 12),
    "个月": (Measure.MONTHS, 1),
    "天": (Measure.DAYS, 1),
    "日": (Measure.DAYS, 1),
    "次": (Measure.TIMES, 1),
    "件": (Measure.PLAIN, 1),
    "项": (Measure.PLAIN, 1),
    "家": (Measure.PLAIN, 1),
    "户": (Measure.PLAIN, 1),
    "千瓦时": (Measure.PLAIN, 1),
    "万千瓦时": (Measure.PLAIN, 10**4),
}
DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"两": 2}
CLAUSES = re.compile(r"[，；;。\n]|,(?!\d)")
FALLING = re.compile("(?:下降|减少|下滑|降低)(?:幅度)?$")
"""Before a percentage: *a fall of 20 % or more* is a growth of -20 % or less."""
TURNED: Mapping[Comparison, Comparison] = {"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}
NOT_A_LIMIT = re.compile("补贴|补助|奖励|贴息|给予|返还|减按|减半|扣除|免征|抵扣|按照|标准")
"""Words of what is given: their numbers are the benefit, not a limit."""


def claims(text: str) -> Iterator[Claim]:
    """Every comparison with a number. The subject is the nearest that is named before it in the sentence."""
    sentence_subject: tuple[Subject, Measure] | None = None
    for clause in CLAUSES.split(text):
        for match in LIMIT.finditer(clause):
            comparison = _comparison(match)
            unit = UNITS.get(match["u"])
            if comparison is None or unit is None:
                continue
            measure, size = unit
            found = _subject(clause[: match.end()], measure)
            sentence_subject = (found, measure) if found else sentence_subject
            subject = found or (sentence_subject[0] if sentence_subject and sentence_subject[1] is measure else None)
            value = _number(match["n"]) * size
            if measure is Measure.PERCENT and FALLING.search(clause[: match.start()]):
                comparison, value = TURNED[comparison], -value
            whole = int(value) if value == int(value) else value
            yield Claim(subject or Subject.OTHER, measure, comparison, whole, match.group().strip())


def limits_of(text: str) -> Iterator[Claim]:
    """The claims of a text that are limits, not benefits."""
    for sentence in re.split(r"[。；;\n]", text):
        if not NOT_A_LIMIT.search(sentence):
            yield from claims(sentence)


def _comparison(match: re.Match[str]) -> Comparison | None:
    if match["b"]:
        return dict(BEFORE)[match["b"]]
    return AFTER.get(match["a"] or "")


def _subject(before: str, measure: Measure) -> Subject | None:
    found: tuple[int, Subject] | None = None
    for subject, of, words in SUBJECTS:
        if of is measure:
            for match in words.finditer(before):
                if found is None or match.start() >= found[0]:
                    found = (match.start(), subject)
    return found[1] if found else None


def _number(text: str) -> float:
    if text[-1].isdigit():
        return float(text.replace(",", ""))
    total, current = 0, 0
    for char in text:
        if char == "十":
            total, current = total + (current or 1) * 10, 0
        elif char == "百":
            total, current = total + (current or 1) * 100, 0
        else:
            current = DIGITS[char]
    return total + current
