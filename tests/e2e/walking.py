"""A walk through the portal: from the menu, over links, to one page of every address pattern."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

LEAVE_OUT = ("/static/", "/account/logout/", "/api/v1/", "/demo/", "/metrics", "/healthz")
LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)"


class Walk:
    """What is still to be opened for one account; `seen` is shared by accounts whose pages are the same."""

    def __init__(self, address: str, seen: set[str], start: list[str], deep: int = 2) -> None:
        self.address = address
        self.seen = seen
        self.deep = deep
        self.waiting: deque[tuple[str, int]] = deque()
        for path in start:
            self._add(path, 0)

    def _add(self, path: str, depth: int) -> None:
        pattern = pattern_of(path)
        if pattern and pattern not in self.seen:
            self.seen.add(pattern)
            self.waiting.append((path, depth))

    def steps(self, page: Callable[[], Any]) -> Iterator[str]:
        """Each address that is to be opened; the links of `page()` are taken up when the next one is asked for."""
        while self.waiting:
            path, depth = self.waiting.popleft()
            yield path
            if depth < self.deep:
                for link in page().evaluate(LINKS):
                    parts = urlsplit(link)
                    if f"{parts.scheme}://{parts.netloc}" == self.address:
                        self._add(parts.path + (f"?{parts.query}" if parts.query else ""), depth + 1)


def pattern_of(path: str) -> str:
    """The address pattern of a path; empty for what is no page of the portal."""
    plain = path.partition("?")[0]
    if plain.startswith(LEAVE_OUT):
        return ""
    try:
        return resolve(plain).route or "/"
    except Resolver404:
        return ""
