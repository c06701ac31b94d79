"""There is no way round the gate: who may import the store, open the lake or speak SQL is a short list."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import tulou
from tulou.pool.core.consent import Granularity, Permit, ReadRequest
from tulou.pool.core.profile.record import Record
from tulou.pool.store import ProfileStore

SOURCE = Path(tulou.__file__).parent
SHELL = ("demo/", "simulate/", "cli.py", "terminal")
"""Not part of the portal: what runs on the operator's or an analyst's own machine, on her own files."""
STORE = {"pool/services/reading.py": "the gate over this database's ledger"}
ENGINES = {
    "pool/services/duty.py": "all firms for a duty of the state, bounded by its purpose, one line of the audit log",
    "policies/services/facts.py": "over rows that the door for duties has handed out, in memory",
    "policies/services/asking_row.py": "over one row that the gate has handed out, in memory, taken back when answered",
}
LAKE = {
    "pool/services/deliveries.py": "writes what departments send",
    "pool/queries/deliveries.py": "shows a department its own rejected records",
    "pool/views/rejects.py": "gives a department the file of its own rejected records",
    "pool/services/duty.py": "the door for duties of the state",
    "pool/services/enrolment.py": "codes and names of enterprises, for the registry",
    "pool/services/matches.py": "the operator's clerical review",
    "pool/demo/work.py": "account numbers for a delivery of the demonstration",
}
SQL = {
    "platform/audit/queries.py": "walks the audit chain",
    "platform/search/services.py": "counts terms",
    "platform/outbox/bulk.py": "writes very many messages at once",
    "portal/views.py": "asks the database whether it is there",
    "portal/backup.py": "copies the database",
}
COPIES = {"pool/store.py": "the store itself"}


def modules() -> list[tuple[str, ast.Module]]:
    """Every module of the portal: the house without its engines and its terminal."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if "/core/" in name or "/commands/" in name or name.startswith(SHELL) or "/migrations/" in name:
            continue
        found.append((name, ast.parse(path.read_text(encoding="utf-8"))))
    return found


MODULES = modules()


def names_in(tree: ast.Module) -> set[str]:
    """The modules that are imported, and every name that is imported or reached through a dot."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
            before = node.value
            known = getattr(before, "id", None) or getattr(before, "attr", None)
            found.add(f"{known}.{node.attr}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "read_parquet" in node.value:
            found.add("read_parquet")
    return found


@pytest.mark.parametrize(
    ("what", "words", "allowed"),
    [
        ("the store", {"tulou.pool.store"}, STORE),
        ("an engine of its own", {"duckdb.connect", "read_parquet", "duckdb"}, ENGINES),
        ("the lake", {"lake_at_hand", "open_lake"}, LAKE),
        (
            "SQL by hand",
            {"connection.cursor", "objects.raw", "objects.extra", "RawSQL", "_base_manager", "sqlite3.connect"},
            SQL,
        ),
        ("the serving copy", {"ServingCopy", "read_record", "tulou.pool.core.profile.serving"}, COPIES),
    ],
    ids=["store", "engine", "lake", "sql", "copy"],
)
def test_nobody_but_the_listed_modules_reaches(what: str, words: set[str], allowed: dict[str, str]) -> None:
    users = {name for name, tree in MODULES if names_in(tree) & words}
    assert users - set(allowed) == set(), f"{what} is used outside its walls"
    assert set(allowed) - users == set(), f"a wall names modules that do not use {what}"


def test_a_permit_cannot_be_made_outside_the_gate() -> None:
    request = ReadRequest("g", "r", "p", "s", "LOAN_APPLY", frozenset({"x"}), Granularity.RAW, *_period(), "key")
    with pytest.raises(PermissionError):
        Permit(request, None, object())
    gate = importlib.import_module("tulou.pool.core.consent.gate")
    stolen = Permit(request, None, gate._SEAL)
    with pytest.raises(PermissionError, match="not open"):
        ProfileStore("91350100MA2XN6K31A").fetch(stolen)


def test_a_record_of_a_firm_is_no_model_of_the_database() -> None:
    from django.apps import apps

    assert not issubclass(Record, tuple(apps.get_models()))


def _period() -> tuple[object, object]:
    import datetime as dt

    return dt.date(2019, 1, 1), dt.date(2020, 1, 1)
