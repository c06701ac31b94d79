"""Errors for the person who reads them: what was wrong, where, what was expected and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages of the house.

    >>> Text(zh="文件是空的", en="The file is empty").render("en")
    'The file is empty'
    """

    zh: str
    en: str

    def render(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.zh if language == "zh" else self.en

    def fill(self, **values: object) -> Text:
        """Both sentences with their `{names}` filled in.

        >>> Text(zh="第 {line} 行", en="line {line}").fill(line=3).en
        'line 3'
        """
        return Text(zh=self.zh.format(**values), en=self.en.format(**values))


@dataclass(frozen=True, slots=True)
class Where:
    """The place that an error speaks of; every part that is known is filled in. Lines and records count from 1."""

    file: str | None = None
    record: int | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None
    rule: str | None = None

    def known(self) -> dict[str, str | int]:
        """The parts that are filled in, in reading order."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know about what she gave us: a stable code, a sentence, a place, a remedy."""

    code: str
    text: Text
    where: Where = field(default_factory=Where)
    remedy: Text | None = None
    severity: Literal["reject", "warn"] = "reject"

    def as_dict(self, language: Language | None = None) -> dict[str, Any]:
        """A JSON-ready form: both languages, or one where `language` is given."""

        def put(text: Text) -> Any:
            return {"zh": text.zh, "en": text.en} if language is None else text.render(language)

        row: dict[str, Any] = {"code": self.code, "severity": self.severity, "message": put(self.text)}
        if known := self.where.known():
            row["where"] = known
        if self.remedy is not None:
            row["remedy"] = put(self.remedy)
        return row


class TulouError(Exception):
    """Base of every error that Tulou raises on purpose.

    `finding` holds what a person needs; `exit_code` is what the command line answers.
    """

    exit_code = 1

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"[{finding.code}] {finding.text.en}")
        self.finding = finding


class Refused(TulouError):  # noqa: N818 - reads as the outcome that it is
    """The input was understood and refused: the sender must change it (exit code 1)."""

    exit_code = 1


class WrongUse(TulouError):  # noqa: N818 - reads as the outcome that it is
    """The command or function was called in a way that cannot be meant (exit code 2)."""

    exit_code = 2


def refuse(code: str, zh: str, en: str, *, where: Where | None = None, remedy: Text | None = None) -> Refused:
    """A `Refused`, ready to be raised.

    >>> refuse("file.empty", "文件是空的", "The file is empty").finding.code
    'file.empty'
    """
    return Refused(Finding(code=code, text=Text(zh=zh, en=en), where=where or Where(), remedy=remedy))


def wrong_use(code: str, zh: str, en: str, *, where: Where | None = None, remedy: Text | None = None) -> WrongUse:
    """A `WrongUse`, ready to be raised."""
    return WrongUse(Finding(code=code, text=Text(zh=zh, en=en), where=where or Where(), remedy=remedy))
