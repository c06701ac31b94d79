"""800 policies x 437,000 firms: Tulou's bitset tables against OpenFisca-core and Polars, every result compared.

One core, warm: rules are compiled and firms loaded before the clock starts, for each of the three.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any as Answer

import numpy as np
import numpy.typing as npt

from benchmarks._measuring import measured, options, show
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.neutral import CATALOGUE, GOALS
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.document.reading import load_policies
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.engine.live import MatchTable
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.firms.columns import Codes, FlagsColumn, Numbers, Sets
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.lint.france import REGIONS, SECTIONS
from tulou.policies.core.rule.folding import folded
from tulou.policies.core.rule.tree import All, Any, Const, In, Intersects, Is, Limits, Node, Range

AS_OF = dt.date(2026, 6, 12)
OPENFISCA = "openfisca-core==46.0.1"
REGION_NAMES, SECTION_NAMES, GOAL_NAMES = tuple(sorted(REGIONS)), tuple(sorted(SECTIONS)), tuple(GOALS)
PROGRAMMES = Path(__file__).resolve().parents[2] / "shared" / "data" / "policies" / "programs.json"
WARM_RUNS = 5


def make_rules(count: int) -> dict[str, Node]:
    """`count` rules in force: those of the real programmes where they are at hand, then the same with other values."""
    if PROGRAMMES.is_file():
        real = [(policy.id, folded(policy.rule, AS_OF, CATALOGUE)) for policy in load_policies(PROGRAMMES)]
    else:
        real = [(f"made-{i}", made_rule(i)) for i in range(264)]
    live = [(name, rule) for name, rule in real if not isinstance(rule, Const)]
    turns = range(count // len(live) + 1)
    every = ((f"{name}/{turn}", shifted(rule, turn)) for turn in turns for name, rule in live)
    return dict(itertools.islice(every, count))


def made_rule(seed: int) -> Node:
    """A rule of the programmes' shape, where they are not at hand."""
    rng = np.random.default_rng(seed)
    sections = frozenset(rng.choice(SECTION_NAMES, rng.integers(1, 21), replace=False).tolist())
    goals = frozenset(rng.choice(GOAL_NAMES, rng.integers(1, 5), replace=False).tolist())
    regions = frozenset(rng.choice(REGION_NAMES, rng.integers(1, 20), replace=False).tolist())
    size = Range("headcount", Limits(le=int(rng.choice([9, 19, 49, 249, 499]))))
    return All((size, In("naf_section", sections), In("region", regions), Intersects("goals", goals)))


def shifted(node: Node, by: int) -> Node:
    """The rule with every value moved: 7 heads, one region, one section, one goal a step."""
    match node:
        case Range(attr="headcount"):
            ends = {key: getattr(node.limits, key) for key in ("ge", "gt", "le", "lt")}
            return Range(
                "headcount", Limits(**{key: None if end is None else end + 7 * by for key, end in ends.items()})
            )
        case In():
            names = REGION_NAMES if node.attr == "region" else SECTION_NAMES
            return In(node.attr, turned(node.include, names, by))
        case Intersects():
            return Intersects(node.attr, turned(node.members, GOAL_NAMES, by))
        case All():
            return All(tuple(shifted(part, by) for part in node.parts))
        case Any():
            return Any(tuple(shifted(part, by) for part in node.parts))
        case _:
            return node


def turned(codes: frozenset[str], names: tuple[str, ...], by: int) -> frozenset[str]:
    """Each code replaced by the one `by` places on."""
    return frozenset(names[(names.index(code) + by) % len(names)] if code in names else code for code in codes)


def make_firms(count: int) -> FirmTable:
    """Firms of which one value in ten is unknown."""
    rng = np.random.default_rng(437)

    def unknown() -> npt.NDArray[np.bool_]:
        return rng.random(count) < 0.1

    def codes(names: tuple[str, ...]) -> Codes:
        places = rng.integers(0, len(names), count).astype(np.int32)
        return Codes(np.where(unknown(), np.int32(-1), places), names)

    def flags(share: float) -> npt.NDArray[np.int8]:
        return np.where(unknown(), np.int8(-1), (rng.random(count) < share).astype(np.int8))

    headcount = np.minimum(rng.lognormal(2, 1.6, count), 9_000).astype(np.int64)
    columns = {
        "region": codes(REGION_NAMES),
        "naf_section": codes(SECTION_NAMES),
        "headcount": Numbers(headcount, ~unknown()),
        "is_microentrepreneur": FlagsColumn(flags(0.3)),
        "goals": Sets({goal: flags(0.4) for goal in GOAL_NAMES}, np.full(count, -1, np.int8)),
    }
    return FirmTable(count, columns, CATALOGUE)


def best(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of the cheapest of a few warm runs."""
    runs = []
    for _ in range(WARM_RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(runs)


def ours(rules_wanted: int, firms_wanted: int) -> dict[str, Answer]:
    """Tulou: compile, encode, then the warm runs; every answer as bits, one row a policy."""
    rules, table = make_rules(rules_wanted), make_firms(firms_wanted)
    start = time.process_time()
    program = compile_policies(rules, CATALOGUE, AS_OF)
    compiled = time.process_time() - start
    start = time.process_time()
    codes = program.encode(table)
    encoded = time.process_time() - start
    out = np.empty((len(table), 2 * program.width), np.uint64)
    program.run(codes, out)
    cpu, wall = best(lambda: program.run(codes, out))
    bits = program.run(codes, out)
    sure, possible = transposed(bits.sure, len(rules)), transposed(bits.possible, len(rules))
    return {"compile": compiled, "encode": encoded, "cpu": cpu, "wall": wall, "sure": sure, "possible": possible}


def transposed(words: npt.NDArray[np.uint64], policies: int) -> npt.NDArray[np.uint8]:
    """Bits one row a policy, as NumPy packs them."""
    rows = np.zeros((policies, -(-len(words) // 8)), np.uint8)
    for start in range(0, len(words), 32_768):
        piece = np.ascontiguousarray(words[start : start + 32_768])
        flags = np.unpackbits(piece.view(np.uint8).reshape(len(piece), -1), axis=1, count=policies, bitorder="little")
        packed = np.packbits(flags.T, axis=1, bitorder="little")
        rows[:, start // 8 : start // 8 + packed.shape[1]] = packed
    return rows


def memory_of_ours(rules_wanted: int, firms_wanted: int) -> None:
    """What a process needs that matches and does nothing else."""
    program = compile_policies(make_rules(rules_wanted), CATALOGUE, AS_OF)
    table = make_firms(firms_wanted)
    program.match(table)


def live(rules_wanted: int, firms_wanted: int) -> dict[str, float]:
    """One changed policy over all firms, one changed firm over all policies: medians in ms of CPU and wall."""
    policies = [
        Policy(id=name, title=GOALS["ecodesign"], eligibility=rule) for name, rule in make_rules(rules_wanted).items()
    ]
    ids = [f"F{i}" for i in range(firms_wanted)]
    matches = MatchTable(policies, ids, make_firms(firms_wanted), AS_OF)
    changed = [dataclasses.replace(policies[i], eligibility=policies[i + 1].eligibility) for i in range(0, 30, 2)]
    policy = [timed(lambda each=each: matches.put_policy(each)) for each in changed]  # type: ignore[misc]
    matches.compact()
    facts = {"headcount": 12, "region": "Bretagne", "naf_section": "C"}
    firm = [timed(lambda i=i: matches.put_firm(f"F{i}", facts)) for i in range(0, 5_000, 50)]  # type: ignore[misc]
    return {
        "policy_cpu": median(policy, 0),
        "policy_wall": median(policy, 1),
        "firm_cpu": median(firm, 0),
        "firm_wall": median(firm, 1),
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)


def median(rows: list[tuple[float, float]], column: int) -> float:
    return float(np.median([row[column] for row in rows]))


def numbered(node: In) -> list[int]:
    """A set of codes as the numbers that the peers' columns hold; a code that no firm has is left out."""
    names = REGION_NAMES if node.attr == "region" else SECTION_NAMES
    return [names.index(code) for code in sorted(node.include) if code in names]


def polars_expression(node: Node, catalogue: Catalogue) -> Answer:
    """A folded rule in Polars, whose null is Kleene's unknown."""
    import polars as pl

    match node:
        case All():
            return pl.all_horizontal([polars_expression(part, catalogue) for part in node.parts])
        case Any():
            return pl.any_horizontal([polars_expression(part, catalogue) for part in node.parts])
        case Const():
            return pl.lit(node.value)
        case In():
            return pl.col(node.attr).is_in(numbered(node))
        case Is():
            return pl.col(node.attr) == node.value
        case Intersects():
            return pl.any_horizontal([pl.col(f"goals.{member}") for member in sorted(node.members)])
        case Range():
            tests = [pl.col(node.attr) >= node.limits.ge] if node.limits.ge is not None else []
            tests += [pl.col(node.attr) <= node.limits.le] if node.limits.le is not None else []
            return pl.all_horizontal(tests)
        case _:
            raise TypeError(type(node).__name__)


def polars_run(rules_wanted: int, firms_wanted: int) -> dict[str, Answer]:
    """Polars: one lazy select of all rules, on as many threads as POLARS_MAX_THREADS says."""
    import polars as pl

    rules, table = make_rules(rules_wanted), make_firms(firms_wanted)
    columns: dict[str, Answer] = {}
    for name in ("region", "naf_section"):
        places = table.of(name, Codes).places
        columns[name] = pl.Series(name, np.where(places < 0, 0, places).astype(np.uint8)).set(
            pl.Series(places < 0), None
        )
    numbers = table.of("headcount", Numbers)
    columns["headcount"] = pl.Series("headcount", numbers.values.astype(np.int32)).set(pl.Series(~numbers.known), None)
    for name, states in [
        ("is_microentrepreneur", table.of("is_microentrepreneur", FlagsColumn).states),
        *((f"goals.{goal}", table.of("goals", Sets).state(goal)) for goal in GOAL_NAMES),
    ]:
        columns[name] = pl.Series(name, states == 1).set(pl.Series(states < 0), None)
    frame = pl.DataFrame(list(columns.values()))
    nodes = [folded(rule, AS_OF, CATALOGUE) for rule in rules.values()]
    every = [polars_expression(node, CATALOGUE).alias(f"p{i}") for i, node in enumerate(nodes)]
    query = frame.lazy().select(every)
    cpu, wall = best(lambda: query.collect())
    result = query.collect()
    sure = [np.packbits(broad(each.fill_null(False), len(frame)), bitorder="little") for each in result]
    possible = [np.packbits(broad(each.fill_null(True), len(frame)), bitorder="little") for each in result]
    return {"cpu": cpu, "wall": wall, "sure": np.stack(sure), "possible": np.stack(possible)}


def broad(series: Answer, size: int) -> npt.NDArray[np.bool_]:
    """A column as flags; a rule that is decided for everybody comes as one value."""
    flags = series.to_numpy()
    return flags if len(flags) == size else np.full(size, flags[0])


def cache_folder() -> Path:
    """Where the peers' environments live, outside of the source tree."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tulou" / "bench"


def openfisca_python() -> Path:
    """The interpreter of an environment with OpenFisca-core (AGPL, so never in ours); made when it is not there."""
    folder = cache_folder() / OPENFISCA.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / ".complete").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = [sys.executable, "-m", "uv"]
        if subprocess.run([*uv, "--version"], capture_output=True, check=False).returncode == 0:
            subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
            subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), OPENFISCA], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", OPENFISCA], check=True)
        (folder / ".complete").touch()
    return python


def plain(node: Node) -> dict[str, Answer]:
    """A folded rule for OpenFisca's side."""
    match node:
        case All() | Any():
            return {"kind": type(node).__name__.lower(), "parts": [plain(part) for part in node.parts]}
        case Const():
            return {"kind": "const", "value": node.value}
        case In():
            return {"kind": "in", "attr": node.attr, "codes": numbered(node)}
        case Is():
            return {"kind": "is", "attr": node.attr, "value": node.value}
        case Intersects():
            parts = [{"kind": "is", "attr": f"goals_{member}", "value": True} for member in sorted(node.members)]
            return {"kind": "any", "parts": parts}
        case Range():
            return {"kind": "range", "attr": node.attr, "ge": node.limits.ge, "le": node.limits.le}
        case _:
            raise TypeError(type(node).__name__)


def openfisca(rules: dict[str, Node], table: FirmTable, folder: Path) -> dict[str, Answer]:
    """OpenFisca-core over the same firms. It knows no unknown: what is unknown goes in as -1 or false."""
    numbers = table.of("headcount", Numbers)
    columns: dict[str, Answer] = {name: table.of(name, Codes).places for name in ("region", "naf_section")}
    columns["headcount"] = np.where(numbers.known, numbers.values, -1).astype(np.int32)
    columns["is_microentrepreneur"] = table.of("is_microentrepreneur", FlagsColumn).states == 1
    columns |= {f"goals_{goal}": table.of("goals", Sets).state(goal) == 1 for goal in GOAL_NAMES}
    np.savez(folder / "firms.npz", **columns)
    nodes = [plain(folded(rule, AS_OF, CATALOGUE)) for rule in rules.values()]
    (folder / "rules.json").write_text(json.dumps(nodes))
    script = Path(__file__).with_name("_openfisca.py")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1"}
    subprocess.run([str(openfisca_python()), str(script), str(folder)], check=True, env=environment)
    with np.load(folder / "openfisca.npz") as stored:
        return {"cpu": float(stored["cpu"]), "wall": float(stored["wall"]), "sure": stored["packed"]}


def known_firms(table: FirmTable) -> npt.NDArray[np.uint8]:
    """The firms of whom everything is known, as packed bits: on them two-valued logic must agree with ours."""
    known = table.of("headcount", Numbers).known & table.of("is_microentrepreneur", FlagsColumn).known
    for name in ("region", "naf_section"):
        known &= table.of(name, Codes).known
    for goal in GOAL_NAMES:
        known &= table.of("goals", Sets).state(goal) != -1
    return np.packbits(known, bitorder="little")


def reference_agrees(rules: dict[str, Node], table: FirmTable, mine: dict[str, Answer], every: int) -> bool:
    """Every so-manieth policy answered as plain arrays, against the tables' bits."""
    for i, rule in list(enumerate(rules.values()))[::every]:
        plain_answer = answers(folded(rule, AS_OF, CATALOGUE), table)
        for half, flags in (("sure", plain_answer.sure), ("possible", plain_answer.possible)):
            if not np.array_equal(mine[half][i], np.packbits(flags, bitorder="little")):
                return False
    return True


def main() -> None:
    given = options(__doc__ or "", policies=800, firms=437_000, openfisca_policies=800)
    pairs = given.policies * given.firms
    os.environ["POLARS_MAX_THREADS"] = "1"
    mine = measured(ours, given.policies, given.firms).answer
    peak = measured(memory_of_ours, given.policies, given.firms).peak_mib
    theirs = measured(polars_run, given.policies, given.firms).answer
    changes = measured(live, given.policies, given.firms).answer
    rules, table = make_rules(given.policies), make_firms(given.firms)
    some = dict(list(rules.items())[: given.openfisca_policies])
    with tempfile.TemporaryDirectory() as name:
        fisca = openfisca(some, table, Path(name))
    known = known_firms(table)
    same = {
        "plain arrays (every 20th policy)": reference_agrees(rules, table, mine, 20),
        "Polars, all pairs": all(np.array_equal(mine[half], theirs[half]) for half in ("sure", "possible")),
        "OpenFisca, firms fully known": np.array_equal(mine["sure"][: len(some)] & known, fisca["sure"] & known),
    }
    wrong = sum(not np.array_equal(one, two) for one, two in zip(mine["sure"], fisca["sure"], strict=False))
    anew = pairs / (mine["cpu"] + mine["encode"])
    speeds = {
        "tulou": pairs / mine["cpu"],
        "polars": pairs / theirs["cpu"],
        "openfisca": len(some) * given.firms / fisca["cpu"],
    }
    engines = [("tulou bitset tables", "T/F/U", mine, "tulou"), ("polars, 1 thread", "T/F/U", theirs, "polars")]
    engines.append((f"{OPENFISCA}, {len(some)} policies", "T/F", fisca, "openfisca"))
    rows = [
        {"engine": name, "logic": logic, "cpu_s": it["cpu"], "wall_s": it["wall"], "pairs/s": f"{speeds[key]:,.0f}"}
        for name, logic, it, key in engines
    ]
    figures = {
        "policies x firms": f"{given.policies:,} x {given.firms:,} = {pairs:,} pairs",
        "tri-state, warm, one core, CPU s (asked: <= 0.5)": mine["cpu"],
        "ratio to OpenFisca-core, pairs/s (asked: >= 50)": speeds["tulou"] / speeds["openfisca"],
        "ratio to Polars, pairs/s (asked: >= 5)": speeds["tulou"] / speeds["polars"],
        "ratio to OpenFisca-core with encoding the firms anew": anew / speeds["openfisca"],
        "ratio to Polars with encoding the firms anew": anew / speeds["polars"],
        "peak MiB of a process that matches (asked: <= 1024)": peak,
        "one changed policy, all firms, ms CPU (asked: <= 50)": changes["policy_cpu"],
        "one changed policy, all firms, ms wall": changes["policy_wall"],
        "one changed firm, all policies, ms CPU (asked: <= 1)": changes["firm_cpu"],
        "one changed firm, all policies, ms wall": changes["firm_wall"],
        "compile CPU s": mine["compile"],
        "encode firms CPU s": mine["encode"],
        **{f"equal: {what}": answer for what, answer in same.items()},
        "policies that OpenFisca gives to other firms, for want of unknown": wrong,
    }
    show("policies", rows, figures, as_json=given.json)
    if not all(same.values()):
        raise SystemExit("the engines do not agree")


if __name__ == "__main__":
    main()
