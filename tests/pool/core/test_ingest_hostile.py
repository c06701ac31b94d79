"""Odd and hostile files: each has its verdict at once, with a sentence, and the last good data stay visible."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.pool.core.hostile_files import HOSTILE, METERS, ROW, SHARED, lines

from tulou.pool.core.ingest import ControlTotals, ingest
from tulou.pool.core.lake import Lake, Receipt

NOW = dt.datetime(2020, 4, 1, 9, tzinfo=dt.UTC)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def send(tmp_path: Path) -> Callable[..., Receipt]:
    lake = Lake.create(tmp_path / "pool")

    def deliver(path: Path, delivery_id: str | None = None, **options: object) -> Receipt:
        return ingest(lake, path, METERS, received_at=NOW, delivery_id=delivery_id, **options)  # type: ignore[arg-type]

    return deliver


def codes(receipt: Receipt) -> set[str]:
    return {finding.code for finding in receipt.findings}


def verdicts(folder: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.pool.core.verdicts", str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {told["name"]: told for told in json.loads(done.stdout)}


def check(told: dict[str, Any]) -> None:
    """What holds for every file: nothing lost, nothing half there, little memory, and a sentence that helps."""
    name = told["name"]
    assert told["records"] == told["accepted"] + told["rejected"], name
    assert (told["visible"], told["first_visible"], told["left_over"]) == (told["accepted"], 3, 0), name
    assert told["grown_mib"] <= 100, name
    for zh, en, zh_remedy, en_remedy in told["sentences"]:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh), name
        assert " " in en, name
        assert bool(zh_remedy) == bool(en_remedy), name
        if told["verdict"] == "refused":
            assert zh_remedy, name


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return verdicts(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("name", HOSTILE)
def test_every_record_of_a_spoilt_file_is_accepted_or_rejected(name: str, generated: dict[str, Any]) -> None:
    expected, told = HOSTILE[name], generated[name]
    check(told)
    assert (told["accepted"], told["rejected"]) == (expected.accepted, expected.rejected)
    assert expected.codes <= set(told["codes"])
    assert (told["verdict"] == "refused") is expected.refused


def test_every_file_that_others_made_gets_its_verdict(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "security" / "hostile"
    with (folder / "EXPECTED.csv").open(encoding="utf-8") as stream:
        wanted = {row["file"]: row["verdict"].split()[0].rstrip(":") for row in csv.DictReader(stream)}
    assert set(wanted) == set(SHARED)
    found = verdicts(tmp_path, "--shared", str(folder), "--only", "plain")
    for name, (accepted, expected) in SHARED.items():
        told = found[name]
        check(told)
        assert told["accepted"] == accepted, name
        assert expected <= set(told["codes"]), name
        assert (told["verdict"] == "refused") is (wanted[name] == "reject"), name
        assert bool(told["codes"]) or wanted[name] == "accept", name


def test_the_senders_control_totals_are_checked(send: Callable[..., Receipt], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(lines(ROW, ROW))
    assert codes(send(path, "a", totals=ControlTotals(records=3))) == {"totals.records"}
    assert codes(send(path, "b", totals=ControlTotals(sha256="0" * 64))) == {"totals.sha256"}
    assert send(path, "c", totals=ControlTotals(records=2)).verdict == "accepted"


def test_a_refused_delivery_may_come_again_under_its_id(send: Callable[..., Receipt], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"")
    assert send(path, "a").verdict == "refused"
    path.write_bytes(lines(ROW))
    assert send(path, "a").verdict == "accepted"
    assert send(path, "a").repeated
