"""Walking a document with the path in hand, so that every complaint names its place."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Refused, Text, Where, refuse


@dataclass(frozen=True, slots=True)
class Place:
    """A value inside a document, with its path (`policies[3].eligibility.all[2].le`)."""

    value: Any
    path: str = "$"
    file: str | None = None

    def fault(self, code: str, zh: str, en: str, *, remedy: Text | None = None) -> Refused:
        """A refusal that names this place and shows its value."""
        shown = repr(self.value) if not isinstance(self.value, str) else self.value
        where = Where(file=self.file, column=self.path, value=shown[:120])
        return refuse(
            f"policies.document.{code}", f"{self.path}: {zh}", f"{self.path}: {en}", where=where, remedy=remedy
        )

    def mapping(self) -> Mapping[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, Mapping):
            raise self.fault("object", "这里应是一个对象", "an object is expected here")
        return self.value

    def items(self) -> list[Place]:
        """The places of a list."""
        if not isinstance(self.value, list):
            raise self.fault("list", "这里应是一个列表", "a list is expected here")
        return [Place(item, f"{self.path}[{i}]", self.file) for i, item in enumerate(self.value)]

    def has(self, key: str) -> bool:
        """Whether the object has a `key` that is not null."""
        return self.mapping().get(key) is not None

    def at(self, key: str) -> Place:
        """The place under `key`, which must be there."""
        if not self.has(key):
            raise self.fault("absent", f"缺少“{key}”", f"“{key}” is missing")
        return Place(self.mapping()[key], key if self.path == "$" else f"{self.path}.{key}", self.file)

    def maybe(self, key: str) -> Place | None:
        """The place under `key`, or None."""
        return self.at(key) if self.has(key) else None

    def only(self, known: Collection[str]) -> None:
        """Refuse a key that is not `known`, with the nearest one that is."""
        for key in self.mapping():
            if key not in known:
                near = difflib.get_close_matches(str(key), sorted(known), n=1)
                guess = near[0] if near else None
                raise self.fault(
                    "unknown_key",
                    f"不认识的键“{key}”",
                    f"the key “{key}” is not known",
                    remedy=Text(
                        zh=f"是否想写“{guess}”？" if guess else f"可用的键: {', '.join(sorted(known))}",
                        en=f"Did you mean “{guess}”?" if guess else f"Known keys: {', '.join(sorted(known))}",
                    ),
                )

    def text(self) -> str:
        """A string that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fault("text", "这里应是非空文字", "text that is not empty is expected here")
        return self.value

    def texts(self) -> Iterable[str]:
        """The strings of a list that is not empty."""
        places = self.items()
        if not places:
            raise self.fault("empty", "列表不能为空", "the list must not be empty")
        return [place.text() for place in places]

    def both(self) -> Text:
        """A sentence in both languages."""
        self.only({"zh", "en"})
        return Text(zh=self.at("zh").text(), en=self.at("en").text())

    def boolean(self) -> bool:
        """True or false, nothing else."""
        if not isinstance(self.value, bool):
            raise self.fault("boolean", "这里应是 true 或 false", "true or false is expected here")
        return self.value

    def whole(self, least: int = 0) -> int:
        """A whole number from `least` up."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            raise self.fault(
                "whole", f"这里应是不小于 {least} 的整数", f"a whole number not below {least} is expected here"
            )
        return self.value

    def day(self) -> dt.date:
        """An ISO date."""
        if isinstance(self.value, dt.date) and not isinstance(self.value, dt.datetime):
            return self.value
        try:
            return dt.date.fromisoformat(self.text())
        except ValueError as error:
            raise self.fault("date", "这里应是日期 YYYY-MM-DD", "a date YYYY-MM-DD is expected here") from error

    def one_of(self, known: Collection[str]) -> str:
        """One of the `known` words."""
        word = self.text()
        if word not in known:
            listed = ", ".join(sorted(known))
            raise self.fault("word", f"应是以下之一: {listed}", f"one of {listed} is expected")
        return word
