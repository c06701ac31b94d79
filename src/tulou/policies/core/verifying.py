"""Answers held against a file that says what they should be: firms with `results` of one letter a programme."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tulou.kernel.errors import Where, refuse
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.answering import Answering
from tulou.policies.core.firms.files import FirmFile

MOST_SHOWN = 20
LETTERS = ("result", "publicodes")
"""Where a result keeps its letters; `-` there is a programme that was not asked about."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One answer that is not the expected one."""

    firm_id: str
    policy_id: str
    as_of: str | None
    expected: str
    found: str


@dataclass
class Verification:
    """How many answers agree, and of those that are unknown, how many name the expected missing facts."""

    results: int = 0
    agreed: int = 0
    missing_sets: int = 0
    missing_agreed: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def perfect(self) -> bool:
        """Whether nothing differs."""
        return self.results == self.agreed and self.missing_sets == self.missing_agreed

    def add(self, other: Verification) -> None:
        """Count another file in."""
        self.results += other.results
        self.agreed += other.agreed
        self.missing_sets += other.missing_sets
        self.missing_agreed += other.missing_agreed
        self.disagreements += other.disagreements


def verify(policies: PolicySet, path: Path) -> Verification:
    """Answer the firms of a gold file and compare. Raises Refused where the file holds no expected results."""
    document = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not isinstance(document, dict) or not {"results", "program_ids"} <= set(document):
        raise refuse(
            "policies.verify.form",
            "文件里没有期望结果 (results, program_ids)",
            "The file holds no expected results (results, program_ids)",
            where=Where(file=str(path)),
        )
    expected = dict(_expected(document))
    found = Verification()
    answering = Answering(policies)
    for batch in FirmFile(path, policies.catalogue).batches():
        for piece in answering.answer(batch):
            for row in piece.to_pylist():
                day = row["as_of"].isoformat() if row["as_of"] else None
                wanted = expected.pop((row["firm_id"], day, row["policy_id"]), None)
                if wanted is not None:
                    _compare(found, row, day, wanted)
    found.results += len(expected)
    for firm_id, day, policy_id in list(expected)[:MOST_SHOWN]:
        found.disagreements.append(Disagreement(firm_id, policy_id, day, expected[firm_id, day, policy_id][0], "-"))
    return found


def _expected(
    document: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, str | None, str], tuple[str, frozenset[str] | None]]]:
    sets = [frozenset(each) for each in document.get("missing_sets", ())]
    for result in document["results"]:
        letters = next(result[name] for name in LETTERS if name in result)
        missing = {at: sets[int(number)] for number, places in result.get("missing", {}).items() for at in places}
        firm_id = result.get("firm_id", "facts")
        for at, (policy_id, letter) in enumerate(zip(document["program_ids"], letters, strict=True)):
            if letter != "-":
                yield (firm_id, result["as_of"], policy_id), (letter, missing.get(at))


def _compare(
    found: Verification, row: Mapping[str, Any], day: str | None, wanted: tuple[str, frozenset[str] | None]
) -> None:
    letter, missing = wanted
    found.results += 1
    same = row["result"] == letter
    found.agreed += same
    if missing is not None:
        found.missing_sets += 1
        found.missing_agreed += frozenset(row["missing"]) == missing
        same = same and frozenset(row["missing"]) == missing
    if not same and len(found.disagreements) < MOST_SHOWN:
        facts = "" if missing is None else f" {sorted(missing)}"
        shown = f"{row['result']} {row['missing']}"
        found.disagreements.append(Disagreement(row["firm_id"], row["policy_id"], day, letter + facts, shown))
