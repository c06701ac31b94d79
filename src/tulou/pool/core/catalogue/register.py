"""The register of item codes: a code is given once and never again, to whatever becomes of the item.

Run `python -m tulou.pool.core.catalogue.register` after adding lines to the reference's data files.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tulou.pool.core.catalogue.reference_files import ROOT, compose, read_codes
from tulou.pool.core.catalogue.values import Catalogue

Codes = Mapping[tuple[str, str], str]


def extended(codes: Codes, catalogue: Catalogue) -> dict[tuple[str, str], str]:
    """The register with a code for every item that has none: department, dataset and the next free number in it."""
    register = dict(codes)
    for dataset in catalogue.datasets.values():
        prefix = f"{catalogue.departments[dataset.department].code}-{dataset.code}-"
        taken = [int(code[-4:]) for code in register.values() if code.startswith(prefix)]
        number = max(taken, default=0)
        for item in dataset.items:
            if (dataset.id, item.technical_name) not in register:
                number += 1
                register[dataset.id, item.technical_name] = f"{prefix}{number:04d}"
    return register


def write_register(path: Path) -> None:
    """Extend the register in `path` by the items that are new in the data files."""
    codes = read_codes(path) if path.exists() else {}
    register = extended(codes, compose(codes))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["item_code", "dataset", "technical_name"])
        writer.writerows(sorted((code, *key) for key, code in register.items()))


if __name__ == "__main__":
    write_register(Path(str(ROOT)) / "item_codes.csv")
