"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tulou.kernel.errors import Text, Where, refuse, wrong_use
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.document.reading import load_policies
from tulou.policies.core.firms.facts import Firm
from tulou.policies.core.firms.files import FirmFile, read_ledger

PoliciesOption = Annotated[Path, typer.Option("--policies", help="File of policies: JSON or YAML, either form.")]
FirmsOption = Annotated[Path, typer.Option("--firms", help="File of firms: CSV, Excel, Parquet, JSON or JSON lines.")]
LedgerOption = Annotated[
    Path | None, typer.Option("--ledger", help="Aid received: a table of firm_id, date, amount (yuan), scheme.")
]
DayOption = Annotated[
    str | None, typer.Option("--as-of", help="The day of the question, YYYY-MM-DD; else each firm's own day.")
]
DictionaryOption = Annotated[
    list[str] | None,
    typer.Option("--dictionary", help="NAME=FILE.csv with the columns code, parent, zh, en. May be given again."),
]
FirmOption = Annotated[str, typer.Option("--firm", help="The firm's id.")]


def read_day(word: str | None) -> dt.date | None:
    """The day that an option says. Raises WrongUse."""
    if word is None:
        return None
    try:
        return dt.date.fromisoformat(word)
    except ValueError as error:
        raise wrong_use(
            "policies.option.day", f"日期应写作 YYYY-MM-DD: {word}", f"A day is written YYYY-MM-DD: {word}"
        ) from error


def today() -> dt.date:
    """Today in China."""
    return dt.datetime.now(tz=ZoneInfo("Asia/Shanghai")).date()


def read_set(path: Path, dictionaries: Sequence[str] | None = None, *, strict: bool = True) -> PolicySet:
    """The policies of a file, with the dictionaries given beside it."""
    named: dict[str, Dictionary] = {}
    for word in dictionaries or ():
        name, _, file = word.partition("=")
        named[name] = read_dictionary(name, Path(file))
    return load_policies(path, strict=strict, dictionaries=named)


def read_dictionary(name: str, path: Path) -> Dictionary:
    """A dictionary of any length from a CSV file with the columns code, parent, zh, en; code alone must be there."""
    if not path.is_file():
        where = Where(file=str(path))
        raise refuse("policies.file.absent", f"没有文件 {path}", f"There is no file {path}", where=where)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or "code" not in rows[0]:
        raise refuse(
            "policies.dictionary.columns",
            "字典文件需要列 code",
            "A dictionary's file needs the column code",
            where=Where(file=str(path)),
        )
    labels = {
        row["code"]: Text(zh=row.get("zh") or row["code"], en=row.get("en") or row.get("zh") or row["code"])
        for row in rows
    }
    parents = [row.get("parent") or None for row in rows]
    return Dictionary(name, path.stem, [row["code"] for row in rows], parents, labels)


def firm_file(path: Path, policies: PolicySet, ledger: Path | None, *, by_day: bool = True) -> FirmFile:
    """A file of firms to read in batches."""
    return FirmFile(path, policies.catalogue, read_ledger(ledger) if ledger else None, by_day=by_day)


def find_firm(file: FirmFile, firm_id: str) -> Firm:
    """The first firm with this id. Raises Refused where there is none."""
    with closing(file.firms()) as firms:
        for firm in firms:
            if firm.firm_id == firm_id:
                return firm
    raise refuse(
        "policies.firms.unknown",
        f"文件中没有企业 {firm_id}",
        f"There is no firm {firm_id} in the file",
        where=Where(file=file.path.name, column="firm_id", value=firm_id),
    )
