"""Reading deliveries, and the records that were rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from tulou.kernel.errors import Text
from tulou.platform.actor import Actor
from tulou.pool.core.contract import Contract
from tulou.pool.core.lake.replays import chain_of
from tulou.pool.core.rejects import RejectedRecord, rejected_records
from tulou.pool.core.validation.header import match_header
from tulou.pool.core.validation.sentences import sentence
from tulou.pool.courtyard import catalogue, lake_at_hand
from tulou.pool.models import Delivery
from tulou.pool.queries.disputes import department_of
from tulou.registry.roles import Kind

LONGEST = 5000
"""Rejected records that the workbench shows; the file that is downloaded has all of them."""
RULES = {
    "required": Text(zh="不能为空", en="must not be empty"),
    "type": Text(zh="类型不对", en="not of its type"),
    "minimum": Text(zh="过小", en="too small"),
    "maximum": Text(zh="过大", en="too great"),
    "max_length": Text(zh="过长", en="too long"),
    "pattern": Text(zh="格式不对", en="not in its form"),
    "codes": Text(zh="不在代码集中", en="not one of the codes"),
    "duplicate_key": Text(zh="主键重复", en="a key that another record has"),
}


def deliveries_for(actor: Actor) -> QuerySet[Delivery]:
    """The deliveries of the actor's department; all of them for the operator; for others none."""
    found = Delivery.objects.defer("receipt").select_related("sent_by")
    if actor.organisation_kind == Kind.OPERATOR:
        return found
    if actor.organisation_kind == Kind.DEPARTMENT and (department := department_of(actor)):
        return found.filter(department=department)
    return found.none()


def delivery_for(actor: Actor, public_id: str) -> Delivery:
    """One of `deliveries_for`. Raises Http404 where there is none."""
    found = deliveries_for(actor).defer(None).select_related("replays").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a rejected record as a form shows it; `at` is its place in the record, `name` its column's there."""

    at: int
    name: str
    title: Text
    value: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rejected record that waits for correction, and its fields where they can be told apart."""

    record: RejectedRecord
    fields: tuple[Field, ...]

    @property
    def wrong(self) -> list[Field]:
        """The fields to look at: those named by what is wrong; all of them where none is named."""
        return [field for field in self.fields if field.wrong] or list(self.fields)


def waiting_records(delivery: Delivery, rule: str = "") -> list[Waiting]:
    """The records of a delivery that wait for correction (of one rule where it is given), at the most `LONGEST`."""
    with lake_at_hand() as lake:
        records = list(rejected_records(lake, delivery.delivery_id, limit=LONGEST))
        contract = lake.papers.contract(delivery.delivery_id) or lake.contract(delivery.dataset)
    return [
        Waiting(record, _fields(contract, record))
        for record in records
        if not rule or any(failure.rule == rule for failure in record.failures)
    ]


def _fields(contract: Contract, record: RejectedRecord) -> tuple[Field, ...]:
    if record.fields is None:
        return ()
    places, _ = match_header(record.header, contract, "")
    rules = {rule.name: rule.columns for rule in contract.rules}
    wrong = {failure.column for failure in record.failures if failure.column}
    wrong |= {column for failure in record.failures for column in rules.get(failure.rule, ())}
    titles = {column.name: column.title for column in contract.columns}
    return tuple(
        Field(at, name, titles.get(place or "", Text(zh=name, en=name)), value, place in wrong)
        for at, (name, value, place) in enumerate(zip(record.header, record.fields, places, strict=True))
    )


def count_waiting(delivery: Delivery) -> int:
    """How many rejected records of a delivery nobody has corrected yet."""
    if not delivery.rejected:
        return 0
    with lake_at_hand() as lake:
        receipt = lake.receipt(delivery.delivery_id)
        return chain_of(lake, receipt).outstanding if receipt else 0


def rules_of(delivery: Delivery) -> list[dict[str, Any]]:
    """Which rules failed how often, the most frequent first, with their sentences."""
    known = catalogue().datasets.get(delivery.dataset)
    contract = catalogue().contract(delivery.dataset) if known else None
    counts = delivery.receipt.get("rules_failed", {})
    rows = [{"name": name, "count": count, "text": _told(contract, name)} for name, count in counts.items()]
    return sorted(rows, key=lambda row: -row["count"])


def _told(contract: Contract | None, name: str) -> Text:
    """What a rule says; `name` is the rule, or the column and the rule with a point between."""
    column, _, rule = name.rpartition(".")
    if contract is None:
        return Text(zh=name, en=name)
    known = {one.name: one for one in contract.columns}
    if column not in known:
        return sentence(contract, None, name, None)
    title = known[column].title
    return Text(zh=f"{title.zh}: {RULES[rule].zh}", en=f"{title.en}: {RULES[rule].en}") if rule in RULES else title


def on_its_way_again(delivery: Delivery) -> dict[int, Delivery]:
    """By the number of each record that was sent again a moment ago: the delivery that the worker has yet to pool."""
    later = delivery.corrections.filter(state__in=[Delivery.State.UPLOADED, Delivery.State.POOLING])
    return {number: correction for correction in later.defer("receipt") for number in correction.corrects}
