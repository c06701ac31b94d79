"""How Tulou speaks on a terminal: tables and sentences for people, JSON for machines, one way to fail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tulou.kernel.errors import Finding, Language, Text, TulouError, Where, wrong_use

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines instead of text.")]


_WIDE = 400
"""Columns of a table that goes to a file or a pipe: none of its lines is broken."""


def language() -> Language:
    """The reader's language: TULOU_LANG where set, else the locale's (zh or en)."""
    wished = os.environ.get("TULOU_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "zh" if wished.lower().startswith("zh") else "en"


def say(text: Text) -> str:
    """`text` in the reader's language."""
    return text.render(language())


def out() -> Console:
    """The console on standard output; lines are not broken when it is not a terminal."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
    return Console(soft_wrap=True, highlight=False, width=_WIDE)


def err() -> Console:
    """The console on standard error: progress and errors, so that standard output stays clean for pipes."""
    return Console(stderr=True, soft_wrap=not sys.stderr.isatty(), highlight=False)


def jsonable(value: Any) -> Any:
    """`value` in types that JSON knows: dataclasses and mappings become objects, dates ISO, decimals strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        return value.isoformat()
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(jsonable(item) for item in value)
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [jsonable(item) for item in value]
    if hasattr(value, "item") and callable(value.item):
        return value.item()
    return value


def print_json(value: Any) -> None:
    """Print `value` as one JSON document on standard output."""
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=False, indent=2) + "\n")


def print_table(rows: Sequence[Mapping[str, Any]], *, title: str | None = None, empty: Text | None = None) -> None:
    """Print `rows` as a table; the keys of the first row are its columns, numbers stand on the right."""
    if not rows:
        out().print(say(empty or Text(zh="没有记录。", en="Nothing to show.")))
        return
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name, value in rows[0].items():
        table.add_column(name, justify="right" if isinstance(value, (int, float, Decimal)) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row.values()))
    out().print(table)


def cell(value: Any) -> str:
    """One value as a person reads it: thousands separated, nothing for None.

    >>> cell(1234567), cell(None), cell(0.98765)
    ('1,234,567', '', '0.9877')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return say(Text(zh="是", en="yes") if value else Text(zh="否", en="no"))
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return str(value)


def print_finding(finding: Finding) -> None:
    """Print a finding on standard error: the sentence, the place, the remedy and the stable code."""
    console = err()
    colour = "red" if finding.severity == "reject" else "yellow"
    console.print(say(finding.text), style=colour, markup=False)
    for name, value in finding.where.known().items():
        shown = str(value)
        label = say(_PLACES.get(name, Text(zh=name, en=name)))
        console.print(f"  {label}: {shown if len(shown) <= 200 else shown[:200] + '…'}", markup=False)
    if finding.remedy is not None:
        console.print("  -> " + say(finding.remedy), markup=False)
    console.print(f"  [{finding.code}]", style="dim", markup=False)


_PLACES = {
    "file": Text(zh="文件", en="file"),
    "record": Text(zh="记录", en="record"),
    "line": Text(zh="行", en="line"),
    "column": Text(zh="列", en="column"),
    "value": Text(zh="值", en="value"),
    "rule": Text(zh="规则", en="rule"),
}


@contextmanager
def failing(*, as_json: bool = False) -> Iterator[None]:
    """Turn a TulouError, or a file that cannot be had, into a message (or a JSON error) and its exit code."""
    try:
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError, FileExistsError) as error:
            raise _not_given(error) from error
    except TulouError as error:
        if as_json:
            print_json({"error": error.finding.as_dict()})
        else:
            print_finding(error.finding)
        raise typer.Exit(error.exit_code) from error


def _not_given(error: OSError) -> TulouError:
    why = {
        FileNotFoundError: Text(zh="没有这个文件或文件夹", en="There is no such file or folder"),
        IsADirectoryError: Text(zh="这是文件夹, 不是文件", en="This is a folder, not a file"),
        NotADirectoryError: Text(zh="这是文件, 不是文件夹", en="This is a file, not a folder"),
        PermissionError: Text(zh="没有权限", en="This is not permitted"),
        FileExistsError: Text(zh="已经存在", en="This is there already"),
    }[type(error)]
    return wrong_use("file.system", why.zh, why.en, where=Where(file=str(error.filename or "")))


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """A progress display on standard error; silent where `quiet` or where standard error is not a terminal."""
    shown = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err(),
        disable=quiet or not sys.stderr.isatty(),
    )
    with shown:
        yield shown
