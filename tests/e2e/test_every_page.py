"""Every page that menu and links reach, as every kind of person, over a small furnished province."""

from __future__ import annotations

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


def test_every_page_keeps_the_rules_on_a_small_phone(furnished: Any) -> None:
    """One page of each address pattern, the four looks by turns; what is the same for everybody is opened once."""
    turns = count()
    open_to_all: set[str] = set()
    broken = []
    for account in ["", *ACCOUNTS]:
        seen = set(open_to_all)
        walk = Walk(furnished.address, seen, ["/workspace/"] if account else PUBLIC)
        windows = {}
        for language in ("zh", "en"):
            furnished.open(size="small", language=language)
            if account:
                furnished.enter(account)
            windows[language] = furnished.page
        for path in walk.steps(lambda: furnished.page):
            language, theme = LOOKS[next(turns) % len(LOOKS)]
            furnished.page = windows[language]
            furnished.page.emulate_media(color_scheme=theme)
            if furnished.visit(path) and (wrong := furnished.wrongs()):
                broken.append((account, language, theme, path, *wrong))
        open_to_all |= {pattern for pattern in seen if not account or pattern.startswith(THE_SAME)}
        for page in windows.values():
            page.context.close()
        furnished.page = None
    assert not broken, "\n".join(map(str, broken))
    assert next(turns) >= 100
