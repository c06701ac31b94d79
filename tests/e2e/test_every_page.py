"""Every page that menu and links reach, as every kind of person, over a small furnished province.

Each page is opened in one of the four looks (Chinese or English, light or dark), by turns, on a phone of 360 px. With
`TULOU_WALK=all` in the environment each is looked at in all four looks, on that phone and on a desk, and the test says
how many pages and looks it saw, with how many violations and how many pages that scroll sideways:

    TULOU_WALK=all pytest -n0 tests/e2e/test_every_page.py
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from itertools import count
from typing import Any

import pytest
from tests.e2e.walking import Walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PUBLIC = ["/", "/account/login/", "/offline/"]
ACCOUNTS = ["owner", "bank", "officer", "clerk", "operator", "decider", "system", "security", "audit", "provider",
            "seeker"]  # fmt: skip
THE_SAME = ("account/", "search/", "pool/catalogue/", "registry/claims/", "finance/pots/")
"""Pages that are the same for everybody who is signed in."""
LOOKS = [("zh", "light"), ("en", "dark"), ("zh", "dark"), ("en", "light")]
THOROUGH = os.environ.get("TULOU_WALK", "") == "all"


class Walker:
    """Opens pages in one look or in all of them, and keeps what was wrong about which."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.turns = count()
        self.seen: Counter[str] = Counter()
        self.broken: list[tuple[str, ...]] = []
        self.windows: dict[str, Any] = {}

    def enter(self, account: str) -> None:
        """A window for each language, signed in as the account where one is named."""
        self.close()
        for language in ("zh", "en"):
            self.house.open(size="small", language=language)
            if account:
                self.house.enter(account)
            self.windows[language] = self.house.page

    def close(self) -> None:
        """Close both windows."""
        for page in self.windows.values():
            page.context.close()
        self.house.page, self.windows = None, {}

    def glance(self, account: str, path: str) -> None:
        """Look at the page in the look whose turn it is."""
        language, theme = LOOKS[next(self.turns) % len(LOOKS)]
        self.house.page = self.windows[language]
        self.house.page.emulate_media(color_scheme=theme)
        if self.house.visit(path):
            self._judge(account, language, theme, "small", path)

    def study(self, account: str, path: str) -> None:
        """Look at the page in all four looks, on a small phone and on a desk."""
        next(self.turns)
        for language, page in self.windows.items():
            self.house.page = page
            if self.house.visit(path):
                self.seen["pages"] += language == "zh"
                for size in ("small", "desk"):
                    for theme in ("light", "dark"):
                        self.house.turn(size=size, theme=theme)
                        self._judge(account, language, theme, size, path)

    def _judge(self, account: str, language: str, theme: str, size: str, path: str) -> None:
        wrong = self.house.wrongs()
        self.seen["looks"] += 1
        self.seen["too wide"] += sum("px too wide" in each for each in wrong)
        self.seen["violations"] += sum("px too wide" not in each for each in wrong)
        if wrong:
            self.broken.append((account, language, theme, size, path, *wrong))


def test_every_page_keeps_the_rules_on_a_small_phone(furnished: Any, capsys: Any) -> None:
    """One page of each address pattern; what is the same for everybody is opened once."""
    walker = Walker(furnished)
    open_to_all: set[str] = set()
    for account in ["", *ACCOUNTS]:
        seen = set(open_to_all)
        walk = Walk(furnished.address, seen, ["/workspace/"] if account else PUBLIC)
        walker.enter(account)
        for path in walk.steps(lambda: furnished.page):
            (walker.study if THOROUGH else walker.glance)(account, path)
        open_to_all |= {pattern for pattern in seen if not account or pattern.startswith(THE_SAME)}
    walker.close()
    if THOROUGH:
        with capsys.disabled():
            sys.stdout.write("\n" + ", ".join(f"{name}: {number}" for name, number in walker.seen.items()) + "\n")
    assert not walker.broken, "\n".join(map(str, walker.broken))
    assert next(walker.turns) >= 100
