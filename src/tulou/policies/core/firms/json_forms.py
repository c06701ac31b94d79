"""Firms in JSON: lists, lines, and the forms of the gold files."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tulou.kernel.errors import Text, Where, refuse
from tulou.policies.core.firms.facts import Provenance

READ = Text(zh="支持 CSV、Excel、Parquet、JSON、JSON lines", en="CSV, Excel, Parquet, JSON and JSON lines are read")


def rows_of_json(path: Path, *, by_day: bool) -> Iterator[dict[str, Any]]:
    """The firms of a JSON file as flat rows.

    A list of firms; or an object with `firms`, of which each may keep its facts under `derived_facts`, and with
    `results` that say on which days each is asked about (`by_day`); or an object with the `facts` of one firm.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    if isinstance(document, list):
        firms, results = document, list[Any]()
    elif isinstance(document, dict) and isinstance(document.get("firms"), list):
        firms, results = document["firms"], document.get("results") or []
    elif isinstance(document, dict) and isinstance(document.get("facts"), dict):
        firms, results = [{"firm_id": "facts", **document["facts"]}], document.get("results") or []
    else:
        raise refuse(
            "policies.firms.form",
            "JSON 里应有企业列表, 或 firms, 或 facts",
            "The JSON should be a list of firms, or have `firms` or `facts`",
            where=Where(file=path.name),
        )
    flat = [_flat(firm, path) for firm in firms]
    days = [row for row in results if isinstance(row, dict) and "as_of" in row] if by_day else []
    if not days:
        yield from flat
        return
    by_id = {row.get("firm_id"): row for row in flat}
    for result in days:
        firm = by_id.get(result.get("firm_id", "facts"))
        if firm is not None:
            yield {**firm, "as_of": result["as_of"]}


def _flat(firm: Any, path: Path) -> dict[str, Any]:
    if not isinstance(firm, dict):
        where = Where(file=path.name, value=str(firm)[:80])
        raise refuse("policies.firms.row", "企业应是一个对象", "A firm should be an object", where=where)
    inner = firm.get("derived_facts") or firm.get("facts") or {}
    return {name: value for name, value in firm.items() if name not in ("derived_facts", "facts")} | dict(inner)


def rows_of_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The firms of a file of JSON lines."""
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                try:
                    yield _flat(json.loads(line, parse_float=Decimal), path)
                except json.JSONDecodeError as error:
                    raise unreadable(path, error, number) from error


def provenance_from(raw: Any) -> dict[str, Provenance]:
    """Where the facts of a firm come from: `{"headcount": {"source": …, "as_of": …, "verified": …}}`.

    A source is text, or text in both languages; a fact without an entry counts as vouched for.
    """
    found: dict[str, Provenance] = {}
    for attr, row in raw.items() if isinstance(raw, dict) else ():
        source, day = row.get("source"), row.get("as_of")
        if isinstance(source, str):
            source = {"zh": source, "en": source}
        found[attr] = Provenance(
            Text(zh=source["zh"], en=source["en"]) if source else None,
            dt.date.fromisoformat(day) if day else None,
            bool(row.get("verified", True)),
        )
    return found


def unreadable(path: Path, error: Exception, line: int | None = None) -> Exception:
    """A refusal of a file that is not what it says."""
    return refuse(
        "policies.firms.unreadable",
        f"文件无法读取: {error}",
        f"The file cannot be read: {error}",
        where=Where(file=path.name, line=line),
        remedy=READ,
    )
