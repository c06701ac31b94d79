"""Dates: expired but published, dates that contradict each other, and last days that the text says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tulou.policies.core.document.policy import Policy
from tulou.policies.core.lint import french
from tulou.policies.core.lint.bounds import validity
from tulou.policies.core.lint.faults import Fault, fault
from tulou.policies.core.rule.tree import walk
from tulou.policies.core.rule.wording import day

FAR = 50
"""A last day so many years ahead stands for *no end*, which a file says by leaving it out."""


def check_dates(policy: Policy, as_of: dt.date) -> Iterator[Fault]:
    """Every fault in the dates of one policy."""
    last = policy.valid_to or validity(policy.rule)[1]
    if last is not None and last < as_of and policy.status == "published":
        shown = day(last.toordinal())
        yield fault(
            policy.id,
            "expired",
            f"政策已于{shown.zh}到期, 但仍处于发布状态",
            f"The policy ended on {shown.en} and is still published",
            severity="reject",
            words=last.isoformat(),
            path="valid_to",
        )
    yield from _contradictions(policy, as_of)
    for words in (line for lines in policy.prose.values() for line in lines):
        yield from _last_days(policy, words, last)


def _contradictions(policy: Policy, as_of: dt.date) -> Iterator[Fault]:
    first, last = policy.valid_from, policy.valid_to
    rule_first, rule_last = validity(policy.eligibility) if policy.dates_in_rule else (None, None)
    if first and last and first > last:
        yield fault(policy.id, "dates_crossed", "失效日期早于生效日期", "It ends before it begins", severity="reject")
    if policy.dates_in_rule and (rule_first, rule_last) != (first, last) and (rule_first or rule_last):
        yield fault(
            policy.id,
            "dates_in_rule",
            f"规则中的日期 ({rule_first} 至 {rule_last}) 与政策的有效期 ({first} 至 {last}) 不一致",
            f"The rule's dates ({rule_first} to {rule_last}) are not the policy's ({first} to {last})",
            severity="reject",
        )
    if policy.deadline and last and policy.deadline > last:
        yield fault(
            policy.id,
            "deadline_after_end",
            f"申请截止日 {policy.deadline} 晚于失效日 {last}",
            f"The deadline {policy.deadline} lies after the last day {last}",
            severity="reject",
            path="deadline",
        )
    if last and last.year - as_of.year >= FAR:
        yield fault(
            policy.id,
            "far_end",
            f"失效日期 {last} 像是占位值",
            f"The last day {last} looks like a placeholder",
            path="valid_to",
        )
    for row in walk(policy.eligibility):
        if row.about.effective_to and first and row.about.effective_to < first:
            yield fault(
                policy.id,
                "row_never_in_effect",
                "有条件在政策生效前已失效",
                "A row goes out of effect before the policy begins",
                path=row.about.id,
            )


def _last_days(policy: Policy, words: str, last: dt.date | None) -> Iterator[Fault]:
    """Deadlines in the text against the last day of the rule."""
    for said in french.deadlines(words):
        if last == said.last_day:
            continue
        rule = day(last.toordinal()) if last else None
        if last is not None and said.word == "before" and last == said.last_day + dt.timedelta(days=1):
            yield fault(
                policy.id,
                "last_day",
                f"文字要求在{day(last.toordinal()).zh}之前, 规则却包含当日",
                f"The text says before {day(last.toordinal()).en}; the rule includes that day",
                words=said.words,
                rule=rule,
                path="valid_to",
            )
        elif last is None or abs((last - said.last_day).days) > 1 or said.word == "until":
            shown = day(said.last_day.toordinal())
            yield fault(
                policy.id,
                "deadline_differs",
                f"文字中的最后一天是{shown.zh}, 规则中是{rule.zh if rule else '无'}",
                f"The text's last day is {shown.en}, the rule's {rule.en if rule else 'none'}",
                words=said.words,
                rule=rule,
                path="valid_to",
            )
