"""The restore drill: what was backed up comes back, proves itself, and overwrites nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tulou.kernel.errors import Refused, WrongUse
from tulou.pool.core.lake import Lake
from tulou.portal.backup import Places, back_up, read_backup, restore

MADE = {"made_at": "2026-11-24T00:00:00+00:00", "version": "0.1.0"}


def places_in(home: Path) -> Places:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "tulou.sqlite3")}
    return Places(database, home / "pool", home / "attachments", home / "checkpoints")


@pytest.fixture
def portal(tmp_path: Path) -> Places:
    places = places_in(tmp_path / "here")
    (tmp_path / "here").mkdir()
    with sqlite3.connect(places.database["NAME"]) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (text TEXT)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    connection.close()
    Lake.create(places.pool)
    for folder, name in ((places.attachments, "licence.pdf"), (places.checkpoints, "audit.jsonl")):
        folder.mkdir()
        (folder / name).write_text(name)
    return places


def test_what_was_backed_up_comes_back_whole(portal: Places, tmp_path: Path) -> None:
    back_up(portal, tmp_path / "backup", **MADE)
    there = places_in(tmp_path / "there")
    restore(there, tmp_path / "backup", apply=True)
    with sqlite3.connect(there.database["NAME"]) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]
    connection.close()
    assert Lake.open(there.pool).datasets() == []
    assert (there.attachments / "licence.pdf").read_text() == "licence.pdf"
    assert (there.checkpoints / "audit.jsonl").exists()


def test_without_apply_nothing_is_put_in_place(portal: Places, tmp_path: Path) -> None:
    back_up(portal, tmp_path / "backup", **MADE)
    restore(places_in(tmp_path / "there"), tmp_path / "backup", apply=False)
    assert not (tmp_path / "there").exists()


def test_a_running_portal_is_not_overwritten(portal: Places, tmp_path: Path) -> None:
    back_up(portal, tmp_path / "backup", **MADE)
    with pytest.raises(Refused, match="would_overwrite"):
        restore(portal, tmp_path / "backup", apply=True)


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(portal: Places, tmp_path: Path, harm: str) -> None:
    back_up(portal, tmp_path / "backup", **MADE)
    victim = tmp_path / "backup" / "database.sqlite3"
    victim.unlink() if harm == "remove" else victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused, match="damaged"):
        restore(places_in(tmp_path / "there"), tmp_path / "backup", apply=True)
    assert not (tmp_path / "there").exists()


def test_a_backup_goes_only_into_an_empty_folder(portal: Places, tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "something").write_text("")
    with pytest.raises(WrongUse, match="not_empty"):
        back_up(portal, tmp_path / "backup", **MADE)


def test_a_folder_without_a_backup_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"backup\.none"):
        read_backup(tmp_path)
