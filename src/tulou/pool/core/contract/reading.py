"""Fields of a document by name and kind, every fault kept with its line until all of it has been read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Finding, Text
from tulou.pool.core.contract.documents import Document, Path, dotted

_NOTHING = object()


@dataclass(slots=True)
class Reader:
    """One mapping of a document. What is asked for is read; `close` tells of names that nobody asked for."""

    document: Document
    path: Path = ()
    findings: list[Finding] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @property
    def value(self) -> Any:
        """The mapping itself; empty where the document has something else there."""
        value = self.document.value
        for step in self.path:
            if isinstance(step, int):
                value = value[step]
            elif isinstance(value, dict):
                value = value.get(step)
            else:
                return {}
        return value if isinstance(value, dict) else {}

    def has(self, name: str) -> bool:
        """Whether the mapping says anything under `name`."""
        return self.value.get(name) is not None

    def fault(self, name: str | int | None, code: str, zh: str, en: str, remedy: Text | None = None) -> None:
        """Keep a fault of the field `name`."""
        path = self.path if name is None else (*self.path, name)
        held = None if name is None else self.value.get(name)
        shown = held if isinstance(held, (str, int, float, Decimal)) else None
        at = dotted(path)
        sentence = Text(zh=f"{at}: {zh}" if at else zh, en=f"{at}: {en}" if at else en)
        self.findings.append(Finding(code, sentence, self.document.where(path, shown), remedy))

    def _take(self, name: str, default: Any) -> Any:
        self.asked.add(name)
        value = self.value.get(name)
        if value is None and default is _NOTHING:
            self.fault(name, "contract.missing", "缺少必填内容", "is missing")
        return value

    def text(self, name: str, default: Any = _NOTHING) -> Any:
        """A text; numbers are taken as they are written."""
        value = self._take(name, default)
        if value is None:
            return "" if default is _NOTHING else default
        if isinstance(value, (dict, list)):
            self.fault(name, "contract.text", "应为文字", "should be a text")
            return "" if default is _NOTHING else default
        return str(value).lower() if isinstance(value, bool) else str(value)

    def whole(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self._take(name, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.fault(name, "contract.whole", "应为整数", "should be a whole number")
        return None

    def flag(self, name: str) -> bool:
        """True or false; false where nothing is said."""
        value = self._take(name, None)
        words = {None: False, "yes": True, "no": False, "是": True, "否": False}
        if isinstance(value, bool):
            return value
        if value is None or (isinstance(value, str) and value in words):
            return words[value]
        self.fault(name, "contract.flag", "应为 true 或 false", "should be true or false")
        return False

    def number(self, name: str) -> Decimal | None:
        """A number, exactly as it is written."""
        value = self._take(name, None)
        if value is None:
            return None
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        try:
            return Decimal(str(value))
        except ArithmeticError:
            self.fault(name, "contract.number", "应为数字", "should be a number")
            return None

    def one_of(self, name: str, choices: Iterable[str], default: Any = _NOTHING) -> Any:
        """One of the words."""
        known = list(choices)
        word = self.text(name, default)
        if word in known or (word == default and default is not _NOTHING):
            return word
        if word != "" or self.has(name):
            near = difflib.get_close_matches(str(word), known, 1)
            self.fault(
                name,
                "contract.choice",
                f"应为以下之一: {', '.join(known)}",
                f"should be one of: {', '.join(known)}",
                Text(zh=f"是否想写 {near[0]}?", en=f"Did you mean {near[0]}?") if near else None,
            )
        return known[0] if default is _NOTHING else default

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of it."""
        value = self._take(name, None)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        if any(isinstance(entry, (dict, list)) or entry is None for entry in values):
            self.fault(name, "contract.texts", "应为文字列表", "should be a list of texts")
            return ()
        return tuple(str(entry).lower() if isinstance(entry, bool) else str(entry) for entry in values)

    def pair(self, name: str, default: Any = _NOTHING) -> Any:
        """A text in both languages: `{zh:, en:}`, or one text for both."""
        value = self._take(name, default)
        if value is None:
            return Text(zh="", en="") if default is _NOTHING else default
        if isinstance(value, dict):
            inner = self.inner(name)
            answer = Text(zh=inner.text("zh"), en=inner.text("en"))
            inner.close()
            return answer
        if isinstance(value, list):
            self.fault(name, "contract.text", "应为文字", "should be a text")
            return Text(zh="", en="")
        return Text(zh=str(value), en=str(value))

    def inner(self, name: str) -> Reader:
        """The mapping under `name`."""
        self.asked.add(name)
        return Reader(self.document, (*self.path, name), self.findings)

    def rows(self, name: str) -> Iterator[Reader]:
        """The mappings of a list, each as a reader."""
        value = self._take(name, None)
        if value is not None and not isinstance(value, list):
            self.fault(name, "contract.list", "应为列表", "should be a list")
            return
        for number, row in enumerate(value or ()):
            if isinstance(row, dict):
                yield Reader(self.document, (*self.path, name, number), self.findings)
            else:
                place = Reader(self.document, (*self.path, name), self.findings)
                place.fault(number, "contract.mapping", "应为 名称: 值 的形式", "should be `name: value` pairs")

    def close(self) -> None:
        """Tell of every name that nobody asked for: most often a misspelling."""
        for name in self.value:
            if name not in self.asked:
                near = difflib.get_close_matches(name, sorted(self.asked), 1)
                self.fault(
                    name,
                    "contract.unknown_name",
                    "不认识的名称",
                    "is a name that is not known here",
                    Text(zh=f"是否想写 {near[0]}?", en=f"Did you mean {near[0]}?")
                    if near
                    else Text(
                        zh=f"可用的名称: {', '.join(sorted(self.asked))}",
                        en=f"Known names: {', '.join(sorted(self.asked))}",
                    ),
                )
