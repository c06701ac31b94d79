# ruff: noqa: A005 - the command is called `tulou bench profile`; only the package benchmarks sees this name.
"""One firm's profile by key: the serving copy against 17 Parquet files read naively, over the same firms in one run."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._measuring import measured, options, show
from tulou.kernel.errors import Text
from tulou.pool.core.contract import LogicalType
from tulou.pool.core.profile.features import Feature, FeatureKind
from tulou.pool.core.profile.record import DatasetPart
from tulou.pool.core.profile.serving import FORMAT, ServingCopy, writing

DEPARTMENTS, ITEMS = 17, 20
AS_OF = dt.date(2020, 9, 30)


def uscc(number: int) -> str:
    return f"91350203MA{number:08d}"


def part(number: int) -> DatasetPart:
    text = Text(zh=f"数据集 {number}", en=f"Dataset {number}")
    features = tuple(
        Feature(
            f"d{number}__i{i}",
            f"d{number}",
            f"i{i}",
            FeatureKind.LATEST,
            text,
            "CNY",
            f"{number:02}-{i:04}",
            LogicalType.NUMBER,
            exact=True,
        )
        for i in range(ITEMS)
    )
    return DatasetPart(f"d{number}", f"department{number}", text, "enterprise-month", features)


def make(folder: Path, firms: int) -> dict[str, float]:
    """17 wide files sorted by USCC, and the serving copy of the same rows."""
    folder.mkdir(exist_ok=True)
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        connection.execute("SELECT setseed(0.5)")
        for number in range(DEPARTMENTS):
            items = ", ".join(f"(random() * 1e6)::DECIMAL(14,2) AS i{i}" for i in range(ITEMS))
            connection.execute(
                f"COPY (SELECT printf('91350203MA%08d', range) AS uscc, {items} FROM range({firms}) ORDER BY range) "
                f"TO '{folder}/d{number}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
    start = time.process_time()
    write_copy(folder, firms)
    size = (folder / "profile.sqlite").stat().st_size
    files = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    return {"build_cpu": time.process_time() - start, "mb": size / 1e6, "files_mb": files / 1e6}


def write_copy(folder: Path, firms: int) -> None:
    with (
        duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection,
        writing(folder / "profile.sqlite") as writer,
    ):
        readers = [
            pq.ParquetFile(folder / f"d{number}.parquet").iter_batches(batch_size=8192) for number in range(DEPARTMENTS)
        ]
        first = 0
        while first < firms:
            bodies: list[pa.Array] = []
            for number, reader in enumerate(readers):
                batch = pa.Table.from_batches([next(reader)])
                connection.register("batch", batch)
                values = ", ".join(f"i{i}::VARCHAR" for i in range(ITEMS))
                origin = f"{number}, '2020-08-01', 'delivery-{number}', 1, '2020-09-10T01:00:00+00:00', 12"
                query = f"SELECT json_array({origin}, {values})::VARCHAR AS body FROM batch"
                bodies.append(connection.execute(query).to_arrow_table()["body"].combine_chunks())
            rows = len(bodies[0])
            joined = [
                f"[{FORMAT},{','.join(row)}]".encode() for row in zip(*(b.to_pylist() for b in bodies), strict=True)
            ]
            heads = [
                f'["e{n}", "{uscc(n)}", null, "企业{n}", "350203", "2015-01-01"]' for n in range(first, first + rows)
            ]
            writer.add(first, heads, joined)
            first += rows
        writer.add_keys((uscc(n), n) for n in range(firms))
        writer.finish(AS_OF, dt.datetime(2020, 10, 1, tzinfo=dt.UTC), [part(number) for number in range(DEPARTMENTS)])


def look_up(folder: Path, firms: int, times: int) -> dict[str, Any]:
    """Milliseconds of wall and CPU time a look-up, every value decoded."""
    copy = ServingCopy(folder / "profile.sqlite")
    chosen = random.Random(1).sample(range(firms), min(times, firms))
    taken, start = [], time.process_time()
    for number in chosen:
        begin = time.perf_counter()
        record = copy.record(uscc(number))
        taken.append(1000 * (time.perf_counter() - begin))
        assert len(record.values) == DEPARTMENTS * ITEMS
    return summary(taken, time.process_time() - start) | {"check": str(copy.record(uscc(7)).values[-1].value)}


def read_files(folder: Path, firms: int, times: int) -> dict[str, Any]:
    """The same, from the 17 files by DuckDB (sorted, so that row groups are skipped)."""
    chosen = random.Random(1).sample(range(firms), min(times, firms))
    taken, check = [], ""
    with duckdb.connect(config={"threads": 2}) as connection:
        start = time.process_time()
        for number in [*chosen, 7]:
            begin = time.perf_counter()
            rows = [
                connection.execute(f"SELECT * FROM '{folder}/d{n}.parquet' WHERE uscc = '{uscc(number)}'").fetchone()
                for n in range(DEPARTMENTS)
            ]
            taken.append(1000 * (time.perf_counter() - begin))
            check = str(rows[-1][-1]) if rows[-1] else ""
        return summary(taken[:-1], time.process_time() - start) | {"check": check}


def summary(taken: list[float], cpu: float) -> dict[str, Any]:
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": statistics.median(taken), "p99": cuts[98], "cpu": 1000 * cpu / len(taken)}


def main() -> None:
    """Run the bench."""
    wished = options(__doc__ or "", firms=437_000, lookups=2_000, naive=30)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bench"
        made = measured(make, folder, wished.firms)
        ours = measured(look_up, folder, wished.firms, wished.lookups).answer
        theirs = measured(read_files, folder, wished.firms, wished.naive).answer
    assert ours["check"] == theirs["check"], "the two do not read the same values"
    rows = [
        {"look-up": name, "p50 ms": found["p50"], "p99 ms": found["p99"], "CPU ms": found["cpu"], "firms": wished.firms}
        for name, found in (("serving copy", ours), ("17 Parquet files, DuckDB", theirs))
    ]
    figures = {
        "p50 of the serving copy, ms (asked: <= 5)": ours["p50"],
        "CPU ratio, files to serving copy": theirs["cpu"] / ours["cpu"],
        "serving copy, MB": made.answer["mb"],
        "17 files, MB": made.answer["files_mb"],
        "serving copy built in CPU s": made.answer["build_cpu"],
    }
    show(f"profile: one firm of {wished.firms:,}, {DEPARTMENTS} x {ITEMS} items", rows, figures, as_json=wished.json)
