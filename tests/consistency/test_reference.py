"""The reference in docs/ is what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_the_command_line_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "reference.py"))
    assert (ROOT / "docs" / "reference" / "cli.md").read_text() == script["page"](), "run `make docs`"
