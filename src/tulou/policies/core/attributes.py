"""What can be asked about a firm: the attributes, their kinds, words, questions and sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files

from tulou.kernel.errors import Text
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.rule.truth import AS_OF


class Kind(StrEnum):
    """What values an attribute takes. Money is kept in fen, dates as proleptic ordinals."""

    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    FLAG = "flag"
    DATE = "date"
    SET = "set"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a firm. `declared`: the applicant is asked, because no department holds it."""

    name: str
    kind: Kind
    label: Text
    dictionary: str | None = None
    unit: Text | None = None
    question: Text | None = None
    source: Text | None = None
    declared: bool = False
    members: Mapping[str, Text] = field(default_factory=dict)

    def asked(self) -> Text:
        """The question to the applicant."""
        if self.question is not None:
            return self.question
        if self.kind is Kind.FLAG:
            return Text(zh=f"是否符合: {self.label.zh}？", en=f"Is this true of you: {self.label.en}?")
        return Text(
            zh=f"贵单位的{self.label.zh}是多少？" if self.kind in NUMERIC else f"贵单位的{self.label.zh}？",
            en=f"What is your {self.label.en}?",
        )


NUMERIC = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.MONEY})
ORDERED = NUMERIC | {Kind.DATE}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The attributes that a file of policies may use, and the dictionaries of their codes."""

    attributes: Mapping[str, Attribute]
    dictionaries: Mapping[str, Dictionary] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Attribute:
        return self.attributes[name]

    def __contains__(self, name: object) -> bool:
        return name in self.attributes

    def __iter__(self) -> Iterator[str]:
        return iter(self.attributes)

    def dictionary_of(self, name: str) -> Dictionary | None:
        """The dictionary of the attribute's codes, or None where its list is open."""
        found = self.attributes.get(name)
        return self.dictionaries.get(found.dictionary) if found is not None and found.dictionary else None

    def label(self, fact: str) -> Text:
        """The words for an attribute or a member of a set (`tags.high_tech`)."""
        if fact in self.attributes:
            return self.attributes[fact].label
        attr, _, member = fact.rpartition(".")
        if attr in self.attributes and self.attributes[attr].kind is Kind.SET:
            inner = self.attributes[attr].members.get(member, Text(zh=member, en=member))
            outer = self.attributes[attr].label
            return Text(zh=f"{outer.zh}: {inner.zh}", en=f"{outer.en}: {inner.en}")
        return Text(zh=fact, en=fact)

    def extended(self, attributes: Mapping[str, Attribute], dictionaries: Mapping[str, Dictionary]) -> Catalogue:
        """This catalogue with more of both; the newer wins."""
        return Catalogue({**self.attributes, **attributes}, {**self.dictionaries, **dictionaries})


AS_OF_ATTRIBUTE = Attribute(AS_OF, Kind.DATE, Text(zh="判定日期", en="day of the question"))


def attribute_from(name: str, row: Mapping[str, object]) -> Attribute:
    """An attribute from its JSON form, which has been checked."""

    def text(key: str) -> Text | None:
        value = row.get(key)
        return Text(**value) if isinstance(value, dict) else None

    members = row.get("members")
    return Attribute(
        name=name,
        kind=Kind(str(row["kind"])),
        label=text("label") or Text(zh=name, en=name),
        dictionary=str(row["dictionary"]) if row.get("dictionary") else None,
        unit=text("unit"),
        question=text("question"),
        source=text("source"),
        declared=bool(row.get("declared", False)),
        members={key: Text(**value) for key, value in members.items()} if isinstance(members, dict) else {},
    )


@cache
def standard_attributes() -> Mapping[str, Attribute]:
    """The attributes that every file of policies may use: `attributes.json` in this package."""
    rows = json.loads(files(__package__).joinpath("attributes.json").read_text(encoding="utf-8"))
    return {AS_OF: AS_OF_ATTRIBUTE} | {name: attribute_from(name, row) for name, row in rows.items()}
