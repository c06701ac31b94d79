"""What the commands of `tulou pool` share: options, and saying things in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text
from tulou.terminal import out, say

PoolOption = Annotated[Path, typer.Option("--pool", help="The folder of the pool.", envvar="TULOU_POOL")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write to this file (.csv, .xlsx or .parquet).")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; without this only show what would be done.")]
SHOWN = 20
"""Rows that are printed where nobody asked for more."""


def tell(zh: str, en: str) -> None:
    """Print a sentence in the reader's language."""
    out().print(say(Text(zh=zh, en=en)), markup=False)


def worded(row: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """A row whose names (zh, en) are in the reader's language."""
    return {say(Text(zh=zh, en=en)): value for (zh, en), value in row.items()}


HEADINGS: Mapping[str, str] = {
    "key": "编号",
    "name": "名称",
    "column": "表.列",
    "score": "相关度",
    "kind": "种类",
    "dataset": "数据集",
    "title": "名称",
    "grain": "粒度",
    "cycle": "更新周期",
    "items": "数据项",
    "department": "部门",
    "code": "代码",
    "datasets": "数据集",
    "n": "数量",
    "codes": "编号",
}


def headed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose names are in the reader's language, for tables that machines get under the English ones."""
    return [worded({(HEADINGS.get(name, name), name): value for name, value in row.items()}) for row in rows]
