"""What the tutorial and the guides tell a reader to type works, in the order in which it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENDS_WITH = re.compile(r"# ends with (\d)")


def guides() -> list[Path]:
    """The pages with commands to type, but those that need a running portal: a test of the portal runs theirs."""
    pages = [DOCS / "tutorial" / "first-pool.md", *sorted((DOCS / "how-to").glob("[a-hj-z]*.md"))]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    return [page for page, text in texts.items() if BLOCK.search(text) and "<!-- needs a portal" not in text]


def commands(page: Path) -> Iterator[tuple[str, int]]:
    """Each command of a page with the exit code that it tells: `# ends with 1`, else 0."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            told = ENDS_WITH.search(command.strip().splitlines()[0])
            yield command, int(told[1]) if told else 0


@pytest.mark.parametrize("page", guides(), ids=lambda page: page.stem)
def test_each_command_of_a_guide_does_what_the_guide_says(page: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command, code in commands(page):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "TULOU_LANG": "en"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
