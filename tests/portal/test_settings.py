"""Every setting is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from tulou.portal.environment import Environment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "platform.md"


def test_every_variable_of_the_portal_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"`TULOU_([A-Z_]+)`", PAGE.read_text().partition("## Settings")[2]))
    assert documented == {field.name.upper() for field in fields(Environment)}
