"""What holds for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

import tulou

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for path in (ROOT / "src").rglob("*.py") if path.parent.name != "migrations")
VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git tracks and that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def test_the_changelog_starts_with_the_version_of_the_package() -> None:
    versions = re.findall(r"^## (\S+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert versions[0] == tulou.__version__ == declared


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_module_has_one_idea_and_a_name_that_says_it(path: Path) -> None:
    assert path.stem not in VAGUE
    assert path.read_text().count("\n") <= 500, "past 500 lines there are two rooms in it"


def test_no_file_names_a_package_index_or_a_place_on_one_machine() -> None:
    hosts = "|".join(["py" + "pi.org", "python" + "hosted", "npm" + "js.", "deb." + "debian"])
    places = "|".join(["/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/"])
    pattern = re.compile(f"{hosts}|(?<![\\w.]){places}")
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in pattern.finditer(text)]
    assert found == []


def test_the_locks_hold_every_declared_dependency_with_hashes() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    lock = (ROOT / "requirements" / "tulou.txt").read_text()
    pinned = set(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==", lock, re.MULTILINE))
    wanted = {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in declared}
    assert wanted <= pinned
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "index-url" not in lock


def test_every_local_link_of_the_documentation_leads_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_every_decision_record_is_numbered_once_and_listed() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [name[:4] for name in records]
    index = (ROOT / "docs" / "adr" / "index.md").read_text()
    assert len(set(numbers)) == len(numbers)
    assert [name for name in records if name not in index] == []


def test_nothing_in_the_code_is_left_unfinished() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b|raise Not" + r"ImplementedError")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*MODULES, *(ROOT / "benchmarks").glob("*.py")]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ]
    assert found == []
