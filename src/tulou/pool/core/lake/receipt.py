"""What a sender gets for a delivery, and what the pool remembers of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tulou.kernel.errors import Finding, Text, Where

BRIEF = 20
"""Findings in a brief receipt."""

Verdict = Literal["accepted", "accepted_with_rejects", "refused"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a delivery. records_in == accepted + rejected; `blank` lines are no records.

    `repeated` says that this id had come before and nothing happened now; `medians` are the medians of the numeric
    columns (as text), against which the next delivery's units are checked; `replays` names the delivery whose rejected
    records this one brings back. `bytes` is the size of the file as sent.
    """

    delivery_id: str
    dataset: str
    department: str
    contract_version: str
    file_name: str
    sha256: str
    bytes: int
    encoding: str
    records_in: int
    accepted: int
    rejected: int
    blank: int
    verdict: Verdict
    received_at: dt.datetime
    findings: tuple[Finding, ...] = ()
    rules_failed: Mapping[str, int] = field(default_factory=dict)
    medians: Mapping[str, str] = field(default_factory=dict)
    replays: str | None = None
    snapshot_id: int | None = None
    repeated: bool = False

    def __post_init__(self) -> None:
        if self.records_in != self.accepted + self.rejected:
            raise ValueError(
                f"records are not conserved: {self.records_in} in, {self.accepted} accepted, {self.rejected} rejected"
            )

    def to_json(self, *, brief: bool = False) -> str:
        """The receipt as one JSON document; `repeated` belongs to an answer, not to the delivery, and is left out.

        `brief` keeps the first findings only: the versions of a table carry it, and are read at every commit.
        """
        findings = self.findings[:BRIEF] if brief else self.findings
        body = asdict(self) | {
            "received_at": self.received_at.isoformat(),
            "findings": [finding.as_dict() for finding in findings],
        }
        del body["repeated"]
        return json.dumps(body, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, document: str) -> Receipt:
        """The receipt that `to_json` wrote."""
        body: dict[str, Any] = json.loads(document)
        body["received_at"] = dt.datetime.fromisoformat(body["received_at"])
        body["findings"] = tuple(finding_from_dict(row) for row in body["findings"])
        return cls(**body)

    def again(self) -> Receipt:
        """The same answer, to a delivery that came again."""
        return replace(self, repeated=True)


def finding_from_dict(row: Mapping[str, Any]) -> Finding:
    """The finding that `Finding.as_dict()` wrote, both languages in it."""
    remedy = row.get("remedy")
    return Finding(
        code=row["code"],
        text=Text(**row["message"]),
        where=Where(**row.get("where", {})),
        remedy=Text(**remedy) if remedy else None,
        severity=row["severity"],
    )


@dataclass(frozen=True, slots=True)
class StagedDelivery:
    """What validation hands to the lake: Parquet files with field ids, the rejects, and the receipt to be given.

    `folder` lies in the pool's staging; `data` and `rejects` are files in it. `rejects` is None where nothing was.
    `corrects` says, for a replay, which record of the first delivery each of its records brings back.
    """

    folder: Path
    data: tuple[Path, ...]
    rejects: Path | None
    receipt: Receipt
    corrects: Path | None = None

    @property
    def is_replay(self) -> bool:
        """Whether it brings back rejected records of another delivery."""
        return self.corrects is not None
