"""What changed from one version of a policy to the next, field by field, in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Refused, Text
from tulou.policies.core.rule.wording import lines
from tulou.policies.models import PolicyVersion
from tulou.policies.queries.documents import as_core, catalogue_of

LABELS = {
    "title": Text(zh="名称", en="title"),
    "benefit": Text(zh="支持内容", en="benefit"),
    "conditions": Text(zh="申报条件", en="conditions"),
    "deadline": Text(zh="申报截止日期", en="deadline"),
    "valid_from": Text(zh="生效日期", en="first day"),
    "valid_to": Text(zh="最后有效日", en="last day"),
    "ceiling": Text(zh="最高金额", en="most that one firm gets"),
    "materials": Text(zh="申报材料", en="materials"),
    "office": Text(zh="受理单位", en="office"),
    "contact": Text(zh="联系方式", en="contact"),
}
NOTHING = Text(zh="无", en="none")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after."""

    label: Text
    before: Text
    after: Text


def changed_fields(before: PolicyVersion, after: PolicyVersion) -> list[FieldChange]:
    """The fields that say something else, in the order in which they are read."""
    old, new = _fields(before), _fields(after)
    return [FieldChange(label, old[name], new[name]) for name, label in LABELS.items() if old[name] != new[name]]


def _fields(version: PolicyVersion) -> dict[str, Text]:
    return {
        "title": Text(zh=version.title_zh, en=version.title_en),
        "benefit": Text(zh=version.benefit_zh or NOTHING.zh, en=version.benefit_en or NOTHING.en),
        "conditions": _conditions(version),
        "deadline": _day(version.deadline),
        "valid_from": _day(version.valid_from),
        "valid_to": _day(version.valid_to),
        "ceiling": _amount(version.benefit_ceiling_fen),
        "materials": _list(version.materials),
        "office": Text(zh=version.office_zh or NOTHING.zh, en=version.office_en or NOTHING.en),
        "contact": Text(zh=version.contact or NOTHING.zh, en=version.contact or NOTHING.en),
    }


def _conditions(version: PolicyVersion) -> Text:
    try:
        rows = [text for _, text in lines(as_core(version).eligibility, catalogue_of(version))]
    except Refused:
        return NOTHING
    return Text(zh="；".join(row.zh for row in rows), en="; ".join(row.en for row in rows))


def _day(day: dt.date | None) -> Text:
    return NOTHING if day is None else Text(zh=day.isoformat(), en=day.isoformat())


def _amount(fen: int | None) -> Text:
    return NOTHING if fen is None else Text(zh=f"{fen / 100:,.2f} 元", en=f"CNY {fen / 100:,.2f}")


def _list(rows: list[dict[str, Any]]) -> Text:
    if not rows:
        return NOTHING
    return Text(zh="、".join(str(row["zh"]) for row in rows), en=", ".join(str(row["en"]) for row in rows))
