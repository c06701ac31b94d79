"""A table in a file: CSV of any encoding, Excel, Parquet, ARFF, JSON lines, also gzipped - one column of cells each."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tulou.kernel.errors import Finding, Text, Where, refuse


@dataclass(frozen=True)
class Table:
    """The columns of a file in their order, all of the same length, and what was passed over in reading it."""

    name: str
    columns: dict[str, pa.Array]
    rows: int
    findings: tuple[Finding, ...] = ()


def read_table(path: Path, *, sheet: str | None = None) -> Table:
    """The table in a file. Cells of text files stay text, exactly as written; Parquet keeps its types.

    Raises Refused, with the sentence for the person who sent it, for whatever is no table.
    """
    if not path.is_file():
        raise refuse("finance.file.absent", f"没有文件 {path}", f"There is no file {path}", where=Where(file=str(path)))
    with path.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    table, findings = (_parquet(path), ()) if parquet else _text(path, sheet)
    if not table.num_rows:
        raise refuse(
            "finance.file.no_rows",
            "文件里没有数据行",
            "The file has no rows of data",
            where=Where(file=path.name),
        )
    columns = {name: table.column(i).combine_chunks() for i, name in enumerate(table.column_names)}
    return Table(path.name, columns, table.num_rows, findings)


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error


def _text(path: Path, sheet: str | None) -> tuple[pa.Table, tuple[Finding, ...]]:
    from tulou.pool.core.intake import open_sources  # the pool's intake knows encodings, sheets and hostile files

    with tempfile.TemporaryDirectory() as folder:
        opened = open_sources(path, Path(folder), sheet=sheet)
        source = opened.sources[0]
        names = _names(source.header)
        try:
            table = pa_csv.read_csv(
                source.path,
                read_options=pa_csv.ReadOptions(
                    encoding=source.text_encoding, column_names=names, skip_rows=1, block_size=8 << 20
                ),
                parse_options=pa_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as error:
            raise _unreadable(path, error) from error
    return table, opened.findings


def _names(header: tuple[str, ...]) -> list[str]:
    """The names of the columns; one without a name is called by its place.

    >>> _names(("", "age"))
    ['unnamed_1', 'age']
    """
    return [name or f"unnamed_{place}" for place, name in enumerate(header, 1)]


def _unreadable(path: Path, error: Exception) -> Exception:
    return refuse(
        "finance.file.unreadable",
        f"文件无法读成表格: {error}",
        f"The file cannot be read as a table: {error}",
        where=Where(file=path.name),
        remedy=Text(zh="请检查每行的列数后重新导出", en="See that every row has as many fields, and export it again"),
    )
