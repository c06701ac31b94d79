"""The same rules in OpenFisca-core, run by the interpreter of an environment of its own. Knows nothing of Tulou.

Usage: python _openfisca.py FOLDER, which holds `firms.npz` and `rules.json`; writes `openfisca.npz` there.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from openfisca_core.entities import Entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

PERIOD = "2026-06"
FIRM = Entity("firm", "firms", "A firm", "")


def input_variable(name: str, kind: type) -> type[Variable]:
    return type(name, (Variable,), {"value_type": kind, "entity": FIRM, "definition_period": DateUnit.MONTH})


def vector(node: dict[str, Any], firms: Any, period: Any) -> Any:
    """One node as NumPy, as a rule's author would write it by hand."""
    kind = node["kind"]
    if kind == "all":
        return np.logical_and.reduce([vector(part, firms, period) for part in node["parts"]])
    if kind == "any":
        return np.logical_or.reduce([vector(part, firms, period) for part in node["parts"]])
    if kind == "in":
        return np.isin(firms(node["attr"], period), node["codes"])
    if kind == "is":
        return firms(node["attr"], period) == node["value"]
    if kind == "const":
        return np.full(firms.count, node["value"])
    values, found = firms(node["attr"], period), True
    if node.get("ge") is not None:
        found = values >= node["ge"]
    if node.get("le") is not None:
        found = found & (values <= node["le"])
    return found


def rule_variable(name: str, node: dict[str, Any]) -> type[Variable]:
    def formula(firms: Any, period: Any) -> Any:
        return vector(node, firms, period)

    settings = {"value_type": bool, "entity": FIRM, "definition_period": DateUnit.MONTH, "formula": formula}
    return type(name, (Variable,), settings)


def main() -> None:
    folder = Path(sys.argv[1])
    rules = json.loads((folder / "rules.json").read_text())
    columns = dict(np.load(folder / "firms.npz"))
    system = TaxBenefitSystem([FIRM])
    for name, values in columns.items():
        system.add_variable(input_variable(name, bool if values.dtype == bool else int))
    for i, node in enumerate(rules):
        system.add_variable(rule_variable(f"p{i}", node))
    size = len(next(iter(columns.values())))
    simulation = SimulationBuilder().build_default_simulation(system, count=size)
    for name, values in columns.items():
        simulation.set_input(name, PERIOD, values)
    counts = np.zeros(len(rules), np.int64)
    packed = np.zeros((len(rules), -(-size // 8)), np.uint8)
    wall, cpu = time.perf_counter(), time.process_time()
    for i in range(len(rules)):
        answer = simulation.calculate(f"p{i}", PERIOD)
        counts[i] = np.count_nonzero(answer)
        packed[i] = np.packbits(answer, bitorder="little")
        simulation.delete_arrays(f"p{i}")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    np.savez(folder / "openfisca.npz", packed=packed, counts=counts, cpu=cpu, wall=wall)


if __name__ == "__main__":
    main()
