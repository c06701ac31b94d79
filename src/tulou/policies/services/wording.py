"""What is said of an event, in both languages: in the inbox, by e-mail, on the lock screen, in feeds."""

from __future__ import annotations

import datetime as dt

from tulou.kernel.errors import Text
from tulou.platform.outbox.bulk import Wording
from tulou.policies.models import MatchEvent, PolicyVersion
from tulou.policies.services.changes import changed_fields

Kind = MatchEvent.Kind
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def wording_of(version: PolicyVersion, kind: str, cause: str = "") -> Wording:
    """Title and text of an event."""
    title = version.titles
    match Kind(kind):
        case Kind.ELIGIBLE:
            return Wording(
                Text(zh=f"您符合条件：{title.zh}", en=f"You are eligible: {title.en}"),
                _joined(_benefit(version), _deadline(version)),
            )
        case Kind.POSSIBLE:
            return Wording(
                Text(zh=f"您可能符合条件：{title.zh}", en=f"You may be eligible: {title.en}"),
                _joined(
                    _benefit(version),
                    Text(zh="还有几项情况需要您确认。", en="A few facts are still open; your answers decide."),
                    _deadline(version),
                ),
            )
        case Kind.LOST:
            return Wording(
                Text(zh=f"不再适用：{title.zh}", en=f"No longer for you: {title.en}"),
                Text(
                    zh="政策已停止，或您的情况有变化。点开可查看原因。",
                    en="The policy stopped, or what is known of your firm changed. Open this to see why.",
                ),
            )
        case Kind.CHANGED:
            return Wording(
                Text(zh=f"政策有变化：{title.zh}", en=f"The policy changed: {title.en}"),
                _joined(_change(version), _deadline(version)),
            )
        case Kind.CLOSING:
            left = int(cause.rpartition(".")[2])
            days = "1 day" if left == 1 else f"{left} days"
            return Wording(
                Text(zh=f"还有 {left} 天截止：{title.zh}", en=f"{days} left: {title.en}"),
                _joined(_benefit(version), _deadline(version)),
            )


def _joined(*parts: Text | None) -> Text:
    kept = [part for part in parts if part is not None]
    return Text(zh="".join(part.zh for part in kept), en=" ".join(part.en for part in kept))


def _benefit(version: PolicyVersion) -> Text | None:
    zh, en = version.benefit_zh or version.summary_zh, version.benefit_en or version.summary_en
    if not zh and not en:
        return None
    return Text(zh=_stopped(zh or en, "。"), en=_stopped(en or zh, "."))


def _stopped(text: str, stop: str) -> str:
    return text if text[-1] in "。.!！?？" else text + stop


def _deadline(version: PolicyVersion) -> Text | None:
    day = version.deadline
    if day is None:
        return None
    return Text(zh=f"申报截止：{day.year}年{day.month}月{day.day}日。", en=f"Apply by {english(day)}.")


def english(day: dt.date) -> str:
    """A day in English words.

    >>> english(dt.date(2026, 3, 1))
    '1 March 2026'
    """
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _change(version: PolicyVersion) -> Text | None:
    if version.change_zh or version.change_en:
        zh, en = version.change_zh or version.change_en, version.change_en or version.change_zh
        return Text(zh=_stopped(zh, "。"), en=_stopped(en, "."))
    before = version.policy.versions.filter(number__lt=version.number).order_by("-number").first()
    fields = [] if before is None else [change.label for change in changed_fields(before, version)]
    if not fields:
        return None
    return Text(
        zh=f"变化：{'、'.join(label.zh for label in fields)}。",
        en=f"Changed: {', '.join(label.en for label in fields)}.",
    )
