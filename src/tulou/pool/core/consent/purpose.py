"""What a purpose allows at the most: the ceiling that no grant and no reading may pass."""

from __future__ import annotations

from dataclasses import dataclass

from tulou.kernel.errors import Text
from tulou.pool.core.consent.terms import Granularity, SharingType, Terms, months_between


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why somebody may read, and how much at the most (the fair-use ceilings of an account aggregator, made data).

    `max_months` bounds the period of the data, `max_days_valid` the life of a grant, `max_reads` and
    `max_reads_per_day` the number of readings, `max_retention_days` how long the reader may keep what it read.
    `max_sensitivity` (1-4) and `sharing_types` say which items may be asked for at all, `reader_kinds` by whom.
    """

    code: str
    version: int
    title: Text
    lawful_basis: str
    reader_kinds: frozenset[str]
    max_months: int
    max_days_valid: int
    max_reads: int
    max_reads_per_day: int
    max_retention_days: int
    finest: Granularity = Granularity.RAW
    max_sensitivity: int = 3
    sharing_types: frozenset[SharingType] = frozenset({SharingType.UNCONDITIONAL, SharingType.CONDITIONAL})


@dataclass(frozen=True, slots=True)
class Deviation:
    """One attribute of wished terms that is over the purpose's ceiling."""

    attribute: str
    wished: str
    ceiling: str


def deviations(purpose: Purpose, terms: Terms, reader_kind: str) -> tuple[Deviation, ...]:
    """Every attribute of `terms` that passes the ceiling of `purpose`; empty where all is within it.

    An API answers 412 with these attributes, so that the reader can ask again for less.
    """
    limits = (
        ("data_period", months_between(terms.data_from, terms.data_until), purpose.max_months),
        ("validity", (terms.valid_until - terms.valid_from).days, purpose.max_days_valid),
        ("max_reads", terms.max_reads, purpose.max_reads),
        ("max_reads_per_day", terms.max_reads_per_day, purpose.max_reads_per_day),
        ("retention_days", terms.retention_days, purpose.max_retention_days),
    )
    found = [Deviation(name, str(wished), str(ceiling)) for name, wished, ceiling in limits if wished > ceiling]
    if terms.granularity.finer_than(purpose.finest):
        found.append(Deviation("granularity", terms.granularity.value, purpose.finest.value))
    if reader_kind not in purpose.reader_kinds:
        found.append(Deviation("reader_kind", reader_kind, ", ".join(sorted(purpose.reader_kinds))))
    return tuple(found)


SELF = "SELF"
"""A firm reads what is kept about itself; decided by `decide_own`, without a grant."""

BANK, DEPARTMENT, PLATFORM, ENTERPRISE = "bank", "department", "platform", "enterprise"

PURPOSES: dict[str, Purpose] = {
    purpose.code: purpose
    for purpose in (
        Purpose(
            code="LOAN_APPLY",
            version=1,
            title=Text(zh="贷款申请审查", en="Assess a loan application"),
            lawful_basis="PIPL art. 13 (1), art. 23: consent",
            reader_kinds=frozenset({BANK}),
            max_months=24,
            max_days_valid=30,
            max_reads=5,
            max_reads_per_day=5,
            max_retention_days=180,
        ),
        Purpose(
            code="LOAN_MONITOR",
            version=1,
            title=Text(zh="贷后监测", en="Monitor a running loan"),
            lawful_basis="PIPL art. 13 (1), art. 23: consent",
            reader_kinds=frozenset({BANK}),
            max_months=18,
            max_days_valid=1830,
            max_reads=1830,
            max_reads_per_day=1,
            max_retention_days=31,
            finest=Granularity.SUMMARY,
        ),
        Purpose(
            code="LOAN_COLLECT",
            version=1,
            title=Text(zh="逾期催收", en="Collect an overdue loan"),
            lawful_basis="PIPL art. 13 (2): contract",
            reader_kinds=frozenset({BANK}),
            max_months=3,
            max_days_valid=366,
            max_reads=12,
            max_reads_per_day=1,
            max_retention_days=31,
            finest=Granularity.SUMMARY,
            max_sensitivity=2,
        ),
        Purpose(
            code="POLICY_MATCH",
            version=1,
            title=Text(zh="惠企政策匹配", en="Match policies with the enterprise"),
            lawful_basis="PIPL art. 13 (3): statutory duty",
            reader_kinds=frozenset({PLATFORM, DEPARTMENT}),
            max_months=36,
            max_days_valid=366,
            max_reads=100_000,
            max_reads_per_day=1_000,
            max_retention_days=1,
        ),
    )
}
"""The first set of purposes, by code; an administrator of a pool edits her own versions."""
