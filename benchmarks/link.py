"""Tulou's linkage against plain Splink with the same blocking: 437k x 437k registers, and name + address only.

Plain Splink is used as its documentation does: Jaro-Winkler and exact levels of its comparison library with term
frequencies, u by random sampling, m by expectation-maximisation on two blocking rules. It gets the parts of names and
addresses and the blocking keys that Tulou makes as ready columns, and what they cost is not counted against it. Both
answers are one-to-one (the mutually best pairs). Splink's threshold is the one that serves it best with the truth in
hand; Tulou's is its default. The second generator is one that Tulou's linkage was not developed on alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from benchmarks import _dirty_firms
from benchmarks._measuring import Cost, measured, options, show

Mode = Literal["full", "name_address"]
ASKED: Mapping[str, tuple[float, float]] = {"full": (0.998, 0.98), "name_address": (0.99, 0.92)}
"""Precision and recall that are asked for."""

THRESHOLD = 0.5
"""The probability from which `tulou link` names a pair, unless told otherwise."""

ROLES = {"full": ["name", "address", "phone", "person", "established"], "name_address": ["name", "address"]}


def make_files(folder: Path, size: int, mode: Mode, seed: int, source: str) -> None:
    """Left, right and truth as Parquet, from the simulator or from the second generator."""
    if source == "simulator":
        from tulou.simulate import pairs

        left, right, truth = pairs(size, mode=mode, seed=seed)
    else:
        left, right, truth = _dirty_firms.pairs(size, mode=mode, seed=seed)
    left.write_parquet(folder / "left.parquet")
    right.write_parquet(folder / "right.parquet")
    truth.write_parquet(folder / "truth.parquet")


def ours(folder: str, mode: Mode) -> dict[str, float]:
    """The whole trip from the files to scored pairs in a file."""
    from tulou.pool.core.identity.firm_scheme import firm_scheme
    from tulou.pool.core.identity.firms import prepare_firms
    from tulou.pool.core.identity.linkage import link

    files = [pl.read_parquet(Path(folder) / f"{side}.parquet") for side in ("left", "right")]
    roles = ROLES[mode]
    sides = prepare_firms([{role: file[role].to_arrow() for role in roles} for file in files])
    linked = link(sides, firm_scheme(set(roles)))
    pl.DataFrame(
        {"left": linked.pairs.left, "right": linked.pairs.right, "probability": linked.probability}
    ).write_parquet(Path(folder) / "ours.parquet")
    return {"compared": float(len(linked.pairs))}


def make_keys(folder: Path, mode: Mode) -> list[str]:
    """What the peer gets for nothing: the parts of names and addresses, and the blocking keys, as columns of files."""
    from tulou.pool.core.identity.addresses import parse_addresses
    from tulou.pool.core.identity.blocking import with_keys
    from tulou.pool.core.identity.firm_scheme import firm_scheme
    from tulou.pool.core.identity.firms import phone_numbers, prepare_firms
    from tulou.pool.core.identity.names import parse_names

    files = [pl.read_parquet(folder / f"{side}.parquet") for side in ("left", "right")]
    roles = ROLES[mode]
    keys = firm_scheme(set(roles)).keys
    sides = with_keys(prepare_firms([{role: file[role].to_arrow() for role in roles} for file in files]), keys)
    names = [f"key_{key.name}" for key in keys]
    for side, file, frame in zip(("left", "right"), files, sides, strict=True):
        parsed, located = (
            parse_names(file["name"].to_arrow(), home=35),
            parse_addresses(file["address"].to_arrow(), home=35),
        )
        parts = {
            "trade_name": pl.Series(parsed.core),
            "trade": pl.Series(parsed.trade),
            "legal_form": pl.Series(parsed.legal),
            "place": pl.Series(parsed.place),
            "branch": pl.Series(parsed.branch),
            "county": frame["county"],
            "street": pl.Series(located.street),
            "house": pl.Series(located.house),
            "room": pl.Series(located.room),
        }
        if mode == "full":
            parts |= {"phone": phone_numbers(file["phone"].to_arrow()), "person": file["person"]}
            parts["established"] = frame["established"]
        empty = [
            pl.when(values.cast(pl.String).is_in(["", "0"])).then(None).otherwise(values).alias(name)
            for name, values in parts.items()
        ]
        pl.select(empty).with_columns(frame[name] for name in names).with_row_index("unique_id").write_parquet(
            folder / f"{side}_keys.parquet"
        )
    return names


def plain_splink(folder: str, mode: Mode, keys: list[str]) -> dict[str, float]:
    """Splink 5 as documented, on columns that were cleaned and taken apart beforehand, with the given blocking keys."""
    import duckdb
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    comparisons: list[Any] = [
        cl.JaroWinklerAtThresholds("trade_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("trade", [0.8]),
        cl.ExactMatch("legal_form"),
        cl.ExactMatch("place"),
        cl.ExactMatch("branch"),
        cl.ExactMatch("county"),
        cl.JaroWinklerAtThresholds("street", [0.9]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("house"),
        cl.ExactMatch("room"),
    ]
    if mode == "full":
        comparisons += [
            cl.LevenshteinAtThresholds("phone", 1).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("person", [0.9]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("established"),
        ]
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="unique_id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(key) for key in keys],
    )
    connection = duckdb.connect()
    api = DuckDBAPI(connection)
    tables = []
    for side in ("left", "right"):
        connection.execute(f"CREATE TABLE {side}_records AS SELECT * FROM '{folder}/{side}_keys.parquet'")
        tables.append(api.register(f"{side}_records", dataset_display_name=side))
    linker = Linker(tables, settings, log_level="ERROR")
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("trade_name", "trade", "county")], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=1e6)
    training.estimate_parameters_using_expectation_maximisation(block_on("trade_name", "trade"))
    training.estimate_parameters_using_expectation_maximisation(block_on("street", "house", "county"))
    scored = linker.inference.predict(threshold_match_probability=0.01)
    connection.execute(
        f"COPY (SELECT unique_id_l AS left, unique_id_r AS right, match_probability AS probability, "
        f"match_weight AS weight FROM {scored.physical_name}) TO '{folder}/splink.parquet' (FORMAT parquet)"
    )
    return {}


def quality(folder: Path, answer: str, threshold: float | None, asked: float) -> tuple[float, float]:
    """Precision and recall of the mutually best pairs at a threshold.

    Without a threshold, at the one with the highest recall among those whose precision is as asked.
    """
    left, right = (pl.read_parquet(folder / f"{side}.parquet")["id"] for side in ("left", "right"))
    truth = pl.read_parquet(folder / "truth.parquet").with_columns(true=pl.lit(value=True))
    pairs = pl.read_parquet(folder / answer)
    rank = "weight" if "weight" in pairs.columns else "probability"
    mutual = (pl.col(rank) == pl.col(rank).max().over("left")) & (pl.col(rank) == pl.col(rank).max().over("right"))
    best = pairs.filter(mutual).sort(rank, descending=True)
    named = best.with_columns(left_id=left[best["left"]], right_id=right[best["right"]])
    true = named.join(truth, on=["left_id", "right_id"], how="left", maintain_order="left")["true"]
    hits = np.cumsum(true.fill_null(value=False).to_numpy())
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / len(truth)
    if threshold is not None:
        spot = int((named["probability"] >= threshold).sum()) - 1
    else:
        good = np.flatnonzero(precision >= asked)
        spot = int(good[-1]) if len(good) else len(hits) - 1
    return float(precision[spot]), float(recall[spot])


def compared(folder: Path, size: int, mode: Mode, seed: int, source: str, *, peer: bool) -> list[dict[str, Any]]:
    """One row for Tulou and, where wanted, one for the peer, on registers made for the occasion."""
    make_files(folder, size, mode, seed, source)
    asked = ASKED[mode][0]
    costs: dict[str, Cost] = {}
    if peer:
        costs["plain Splink"] = measured(plain_splink, str(folder), mode, make_keys(folder, mode))
    costs["tulou link"] = measured(ours, str(folder), mode)
    rows = []
    for who, cost in costs.items():
        own = who == "tulou link"
        found = quality(folder, "ours.parquet" if own else "splink.parquet", THRESHOLD if own else None, asked)
        rows.append(
            {
                "registers": f"{source}, {mode}, {size:,} x {size:,}",
                "who": who,
                "precision": found[0],
                "recall": found[1],
                "cpu_s": cost.cpu,
                "wall_s": cost.wall,
                "peak_mib": cost.peak_mib,
            }
        )
    return rows


def main() -> None:
    given = options(__doc__ or "", size=437_000, small=50_000, seed=20_260_101)
    rows: list[dict[str, Any]] = []
    jobs: list[tuple[int, Mode, str, bool]] = [
        (given.size, "full", "simulator", True),
        (given.small, "name_address", "simulator", True),
        (given.small, "full", "second generator", False),
        (given.small, "name_address", "second generator", False),
    ]
    for size, mode, source, peer in jobs:
        folder = Path(tempfile.mkdtemp())
        try:
            rows += compared(folder, size, mode, given.seed, source, peer=peer)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    figures = {
        "full: CPU of ours / plain Splink (asked: <= 1.3)": rows[1]["cpu_s"] / rows[0]["cpu_s"],
        "full: precision (asked: >= 0.998)": rows[1]["precision"],
        "full: recall (asked: >= 0.98)": rows[1]["recall"],
        "name and address: precision (asked: >= 0.99)": rows[3]["precision"],
        "name and address: recall (asked: >= 0.92)": rows[3]["recall"],
    }
    show("link", rows, figures, as_json=given.json)


if __name__ == "__main__":
    main()
