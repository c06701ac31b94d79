"""Guarantee pots: 20,000 firms x 200 pots without a blocking pair, and the package matching on a smaller game.

`matching` (HospitalResident, resident-optimal) knows places, no budgets: both play a game without budgets and ties;
their answers are compared firm by firm. The large game has budgets, places, ties and amounts that differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._environments import own_python
from benchmarks._measuring import measured, options, show
from tulou.finance.core.pots import Claims, Pot, benefit, judge, make_claims, stable

MATCHING = "matching==1.4.3"
SEED = 20200922
PROMISED_SECONDS = 5.0


def game(firms: int, pots: int, each: int, *, budgets: bool) -> dict[str, Any]:
    """Made claims: firms like pots by a common and an own taste; the money is there for four in five."""
    rng = np.random.default_rng(SEED)
    firm = np.repeat(np.arange(firms), each)
    pot = np.concatenate([rng.choice(pots, each, replace=False) for _ in range(firms)])
    liking = rng.random(len(firm)) + rng.random(pots)[pot]
    choice = np.empty(len(firm))
    choice[np.lexsort((-liking, firm))] = np.arange(len(firm)) % each
    amount = rng.integers(5, 300, len(firm)) * 1_000_000 if budgets else np.full(len(firm), 1)
    strength = rng.integers(300, 900, len(firm)) if budgets else rng.permutation(len(firm))
    places = max(1, round(firms * 0.79 / pots))
    shares = 0.5 + rng.random(pots)
    budget = [int(amount.mean() * places * share) for share in shares]
    return {
        "pots": [
            Pot(f"pot {n}", budget[n], None if n % 2 else round(places * 1.2))
            if budgets
            else Pot(f"pot {n}", places=places)
            for n in range(pots)
        ],
        "firm": [f"firm {n}" for n in firm],
        "pot": [f"pot {n}" for n in pot],
        "strength": strength,
        "amount_fen": amount,
        "choice": choice,
        "benefit": rng.integers(1, 1_000, len(firm)),
    }


def ours(firms: int, pots: int, each: int, budgets: bool, method: str) -> dict[str, Any]:
    """Claims to an allocation and its judgement; what is timed begins with the rows and ends with the awards."""
    work = game(firms, pots, each, budgets=budgets)
    start, cpu = time.perf_counter(), time.process_time()
    claims = make_claims(work.pop("pots"), seed="2026-06-12", **work)
    prepared = time.process_time() - cpu
    allocation = stable(claims) if method == "stable" else benefit(claims)
    took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - start, "prepared": prepared}
    verdict = judge(claims, allocation)
    award = {claims.firms[claims.firm[i]]: claims.pots[claims.pot[i]].name for i in allocation.met}
    return {"took": took, "verdict": verdict, "award": award, "claims": len(claims)}


def matching(firms: int, pots: int, each: int) -> dict[str, Any]:
    """The package matching on the game with places."""
    work = game(firms, pots, each, budgets=False)
    claims = make_claims(work.pop("pots"), seed="2026-06-12", **work)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "claims.json").write_text(json.dumps(as_dictionaries(claims)))
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        script = str(Path(__file__).with_name("_matching.py"))
        subprocess.run([str(own_python(MATCHING)), script, folder], check=True, env=environment)
        answer: dict[str, Any] = json.loads((Path(folder) / "awards.json").read_text())
    return answer


def as_dictionaries(claims: Claims) -> dict[str, Any]:
    """The claims as the package wants them: names in the order of liking."""
    firms: dict[str, list[str]] = {name: [] for name in claims.firms}
    for index in range(len(claims)):
        firms[claims.firms[claims.firm[index]]].append(claims.pots[claims.pot[index]].name)
    pots: dict[str, list[str]] = {pot.name: [] for pot in claims.pots}
    for index in np.lexsort((claims.line, claims.pot)):
        pots[claims.pots[claims.pot[index]].name].append(claims.firms[claims.firm[index]])
    return {"firms": firms, "pots": pots, "places": {pot.name: pot.places for pot in claims.pots}}


def main() -> None:
    """Both games."""
    asked = options(__doc__ or "", firms=20_000, pots=200, each=64, peer_firms=2_000, peer_pots=40, peer_each=13)
    small = (asked.peer_firms, asked.peer_pots, asked.peer_each)
    large = (asked.firms, asked.pots, asked.each)
    mine = measured(ours, *small, False, "stable", repeat=3).answer
    peer = matching(*small)
    big = {method: measured(ours, *large, True, method).answer for method in ("stable", "benefit")}
    rows = [
        row("Tulou stable", small, mine["took"], mine["verdict"].blocking_pairs, mine["verdict"]),
        row(MATCHING.replace("==", " "), small, peer["figures"], "as ours" if peer["award"] == mine["award"] else "-"),
        *(
            row(f"Tulou {method}, budgets", large, answer["took"], answer["verdict"].blocking_pairs, answer["verdict"])
            for method, answer in big.items()
        ),
    ]
    found, most = big["stable"]["verdict"], big["benefit"]["verdict"]
    notes = {
        "same awards as matching": peer["award"] == mine["award"],
        "matching / Tulou, CPU": peer["figures"]["cpu"] / mine["took"]["cpu"],
        "seconds promised for the large game": PROMISED_SECONDS,
        "large game, claims": big["stable"]["claims"],
        "large game, wall seconds (stable)": big["stable"]["took"]["wall"],
        "blocking pairs (stable)": found.blocking_pairs,
        "blocking pairs (most benefit)": most.blocking_pairs,
        "firms passed over (most benefit)": most.wronged,
        "benefit given up by the stable allocation": 1 - found.benefit / most.benefit,
        "most benefit, gap to its bound": 1 - most.benefit / (most.bound or most.benefit),
        "left in budgets (stable), share": found.left_fen / (found.left_fen + found.awarded_fen),
        "held": found.blocking_pairs == 0
        and peer["award"] == mine["award"]
        and big["stable"]["took"]["wall"] <= PROMISED_SECONDS,
    }
    show("Guarantee and subsidy pots", rows, notes, as_json=asked.json)


def row(
    name: str, size: tuple[int, ...], took: dict[str, float], blocking: object, verdict: Any = None
) -> dict[str, Any]:
    """One line of the table."""
    return {
        "method": name,
        "firms x pots x claims": " x ".join(f"{part:,}" for part in size),
        "CPU s": took["cpu"],
        "wall s": took["wall"],
        "blocking pairs": blocking,
        "awards": verdict.awards if verdict else "",
        "benefit": verdict.benefit if verdict else "",
    }


if __name__ == "__main__":
    main()
