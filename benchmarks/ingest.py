"""Validated ingest against raw DuckDB COPY and Polars: 1 M x 50, types, 44 rules, reject report, SHA-256, count."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path

import duckdb
import numpy as np

from benchmarks._measuring import measured, options, show
from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, LogicalType, Rule
from tulou.pool.core.ingest import ingest
from tulou.pool.core.lake import Lake

AMOUNTS, COUNTS, CODES = 26, 12, 8
NAMES = [
    "uscc",
    "period",
    "opened",
    "seen",
    *(f"amount{i}" for i in range(AMOUNTS)),
    *(f"count{i}" for i in range(COUNTS)),
    *(f"code{i}" for i in range(CODES)),
]
WORDS = ("A01", "B02", "C03", "D04", "工业", "商业")


def kind(name: str) -> LogicalType:
    if name in ("opened", "seen"):
        return LogicalType.DATE
    if name.startswith("amount"):
        return LogicalType.NUMBER
    if name.startswith("count"):
        return LogicalType.INTEGER
    return LogicalType.STRING


def contract() -> Contract:
    """50 columns and 44 rules: one for each amount, count, code but two, and six over several columns."""
    columns = tuple(
        Column(
            name,
            kind(name),
            Text(zh=name, en=name),
            precision=14 if kind(name) is LogicalType.NUMBER else None,
            scale=2 if kind(name) is LogicalType.NUMBER else None,
            required=name in ("uscc", "period"),
        )
        for name in NAMES
    )
    predicates = [f"amount{i} >= 0" for i in range(AMOUNTS)] + [
        f"count{i} BETWEEN 0 AND 10000000" for i in range(COUNTS)
    ]
    predicates += ["opened <= DATE '2100-01-01'", "seen >= DATE '1949-10-01'", "length(uscc) = 18"]
    predicates += [f"code{i} IN {WORDS}" for i in range(3)]
    rules = tuple(Rule(f"rule{i}", text, Text(zh=text, en=text)) for i, text in enumerate(predicates))
    assert len(rules) == 44
    return Contract("bench", "stat", "1", Text(zh="基准", en="Bench"), columns, rules=rules, delivery_mode="append")


def make_file(path: Path, rows: int) -> None:
    """A CSV in which 0.02 % of the cells are wrong."""
    rng = np.random.default_rng(20200922)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join(NAMES) + "\n")
        for start in range(0, rows, 50_000):
            n = min(50_000, rows - start)
            cells = np.empty((n, len(NAMES)), dtype=object)
            for i, name in enumerate(NAMES):
                cells[:, i] = column(name, n, rng)
            for _ in range(n * len(NAMES) // 5000):
                cells[rng.integers(n), rng.integers(2, 42)] = "n/a"
            stream.write("\n".join(map(",".join, cells.tolist())) + "\n")


def column(name: str, n: int, rng: np.random.Generator) -> list[str]:
    if name == "uscc":
        return [f"9135{number:014d}" for number in rng.integers(0, 10**14, n)]
    if name == "period":
        return [f"2020-{month:02d}" for month in rng.integers(1, 13, n)]
    if name in ("opened", "seen"):
        return (np.datetime64("2000-01-01") + rng.integers(0, 7000, n)).astype(str).tolist()
    if name.startswith("amount"):
        return [f"{value:.2f}" for value in rng.lognormal(8, 2, n)]
    if name.startswith("count"):
        return list(map(str, rng.integers(0, 100_000, n).tolist()))
    return [WORDS[i] for i in rng.integers(0, len(WORDS), n)]


def duckdb_type(name: str) -> str:
    kinds = {LogicalType.DATE: "DATE", LogicalType.NUMBER: "DECIMAL(14,2)", LogicalType.INTEGER: "BIGINT"}
    return kinds.get(kind(name), "VARCHAR")


def raw_copy(path: str, target: str) -> int:
    """DuckDB alone, typed, its own defaults; what it cannot read it drops."""
    columns = ", ".join(f"'{name}': '{duckdb_type(name)}'" for name in NAMES)
    with duckdb.connect(config={"threads": 2}) as connection:
        source = (
            f"read_csv('{path}', header=true, auto_detect=false, delim=',', columns={{{columns}}}, ignore_errors=true)"
        )
        row = connection.execute(f"COPY (SELECT * FROM {source}) TO '{target}' (FORMAT parquet)").fetchone()
    return int(row[0]) if row else 0


def polars_typed(path: str, target: str) -> int:
    """Polars, typed, without a report of what it makes null."""
    import polars as pl

    kinds = {"DATE": pl.Date, "DECIMAL(14,2)": pl.Float64, "BIGINT": pl.Int64, "VARCHAR": pl.String}
    schema = {name: kinds[duckdb_type(name)] for name in NAMES}
    frame = pl.read_csv(path, schema=schema, ignore_errors=True)
    frame.write_parquet(target, compression="snappy")
    return frame.height


def ours(path: str, pool: str) -> tuple[int, int, int]:
    """The whole trip: hash, encoding, count, types, rules, rejects, one durable commit."""
    shutil.rmtree(pool, ignore_errors=True)
    lake = Lake.create(Path(pool))
    receipt = ingest(lake, Path(path), contract(), received_at=dt.datetime.now(tz=dt.UTC), delivery_id="bench")
    return receipt.records_in, receipt.accepted, receipt.rejected


def main() -> None:
    given = options(__doc__ or "", rows=1_000_000, repeat=3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "bench.csv"
        make_file(path, given.rows)
        costs = {
            "DuckDB COPY, typed (the bar)": measured(
                raw_copy, str(path), str(folder / "raw.parquet"), repeat=given.repeat
            ),
            "Polars, typed": measured(polars_typed, str(path), str(folder / "polars.parquet"), repeat=given.repeat),
            "tulou pool ingest": measured(ours, str(path), str(folder / "pool"), repeat=given.repeat),
        }
        size = path.stat().st_size / 2**20
    bar, mine = costs["DuckDB COPY, typed (the bar)"], costs["tulou pool ingest"]
    rows = [
        {"path": what, "cpu_s": c.cpu, "wall_s": c.wall, "peak_mib": c.peak_mib, "answer": c.answer}
        for what, c in costs.items()
    ]
    figures = {
        "file MiB": size,
        "ratio raw/ours, CPU (asked: >= 0.70)": bar.cpu / mine.cpu,
        "ratio raw/ours, wall": bar.wall / mine.wall,
        "peak MiB of ours (asked: <= 2048)": mine.peak_mib,
    }
    show("ingest", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
