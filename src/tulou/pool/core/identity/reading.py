"""A file to be linked as a table of text, whatever its kind and encoding."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tulou.kernel.errors import Text, Where, refuse, wrong_use
from tulou.pool.core.intake import Kind, Source, kind_of, open_sources


def read_table(path: Path) -> pl.DataFrame:
    """The records of a CSV, Excel, Parquet, JSON lines or ARFF file (or a zip with one), every value as text.

    Missing values are null. Raises WrongUse where the file is not there, Refused for what is no table.
    """
    if not path.is_file():
        raise wrong_use("file.none", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path)))
    if kind_of(path) is Kind.PARQUET:
        return pl.read_parquet(path).with_columns(pl.all().cast(pl.String, strict=False))
    with TemporaryDirectory() as folder:
        sources = open_sources(path, Path(folder)).sources
        if len(sources) != 1:
            raise refuse(
                "link.many_tables",
                f"文件里有 {len(sources)} 个表, 只能有一个",
                f"The file holds {len(sources)} tables; there must be one",
                where=Where(file=path.name),
            )
        return _read(sources[0])


def _read(source: Source) -> pl.DataFrame:
    names = [name or f"column_{number}" for number, name in enumerate(source.header, 1)]
    parts = []
    for piece in source.pieces():
        if not piece.records:
            continue
        content = piece.content[int(piece.starts[0]) :]
        table = pl.read_csv(
            content,
            has_header=False,
            new_columns=names,
            separator=source.delimiter,
            infer_schema=False,
            quote_char='"' if piece.quotes else None,
            truncate_ragged_lines=True,
        )
        table = table.select(names[: table.width]).filter(~pl.all_horizontal(pl.all().is_null()))
        if len(table) > piece.records or table.width < len(names):
            raise _torn(source)
        parts.append(table)
    return pl.concat(parts) if parts else pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in names})


def _torn(source: Source) -> Exception:
    return refuse(
        "link.torn_records",
        f"{source.name} 的记录与表头的 {len(source.header)} 列不符",
        f"The records of {source.name} do not fit the {len(source.header)} columns of its header",
        where=Where(file=source.name),
        remedy=Text(zh="请检查引号和分隔符", en="Look at its quotation marks and separators"),
    )
