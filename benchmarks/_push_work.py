"""What the processes of `benchmarks/push.py` run in a portal of their own: lay out a province, publish, work, count."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from typing import Any

import numpy as np

SMALL = 100
WORDS = {"zh": "员工不超过100人", "en": "at most 100 staff"}
RULE = {
    "op": "range",
    "attr": "headcount",
    "le": SMALL,
    "label": WORDS,
    "citation": {"document": {"zh": "演示文件", "en": "Demonstration"}, "quote": WORDS["zh"]},
}


def lay_out(firms: int) -> dict[str, Any]:
    """An empty portal with `firms` firms, a person each, their facts, and the matching begun."""
    import pyarrow as pa
    from django.conf import settings
    from django.core.management import call_command
    from django.db import transaction

    from tulou.platform import clock
    from tulou.platform.outbox.bulk import insert_rows, keys_of, stored
    from tulou.platform.records import new_public_ids
    from tulou.policies.core.firms.columns import Numbers
    from tulou.policies.core.firms.table import FirmTable
    from tulou.policies.models import Matching
    from tulou.policies.services.sources import catalogue
    from tulou.policies.services.store import save_facts
    from tulou.pool.core.lake import Lake
    from tulou.pool.core.profile.table import PROFILE
    from tulou.pool.services.duty import profile_shape
    from tulou.registry.models import Membership, Organisation, Person

    call_command("migrate", verbosity=0)
    lake = Lake.create(settings.POOL)
    lake.write_derived(PROFILE, pa.table({"as_of": [clock.today()], "enterprise_id": ["E0"], "uscc": ["0"]}))
    lake.close()
    at = stored(Organisation, "created_at", clock.now())
    codes = [f"9135{number:014d}" for number in range(firms)]
    for start in range(0, firms, 20_000):
        part = codes[start : start + 20_000]
        ids = [new_public_ids(len(part)) for _ in range(3)]
        with transaction.atomic():
            insert_rows(
                Organisation,
                (
                    "public_id", "created_at", "kind", "state", "code", "name_zh", "name_en", "region",
                    "contact_email", "contact_phone",
                ),
                [
                    (i, at, "enterprise", "active", code, code, code, "350100", "", "")
                    for i, code in zip(ids[0], part, strict=True)
                ],
            )  # fmt: skip
            insert_rows(
                Person,
                ("password", "public_id", "email", "name", "phone", "language", "is_active", "date_joined"),
                [
                    ("!", i, f"{code}@example.com", "", "", "zh-hans", True, at)
                    for i, code in zip(ids[1], part, strict=True)
                ],
            )
            at_firm, at_person = keys_of(Organisation, ids[0]), keys_of(Person, ids[1])
            insert_rows(
                Membership,
                ("public_id", "created_at", "person", "organisation", "role", "valid_from", "proof"),
                [
                    (i, at, at_person[p], at_firm[o], "enterprise.legal_representative", at, "")
                    for i, o, p in zip(ids[2], ids[0], ids[1], strict=True)
                ],
            )
    rng = np.random.default_rng(7)
    staff = rng.lognormal(2.0, 1.3, firms).astype(np.int64)
    table = FirmTable(firms, {"headcount": Numbers(staff, rng.random(firms) > 0.05)}, catalogue())
    shape = profile_shape()
    assert shape is not None
    facts = save_facts(codes, table, shape.as_of, shape.version)
    Matching.objects.create(facts=facts.name, day=clock.today(), heard_at=clock.now())
    return {"firms": firms}


def publish(_: int) -> dict[str, Any]:
    """A department publishes a policy: from here on the worker works."""
    from dataclasses import replace

    from tulou.platform.actor import SYSTEM
    from tulou.platform.story import story
    from tulou.platform.transitions.services import move
    from tulou.policies.services.drafting import draft_policy
    from tulou.policies.services.flows import OFFICERS, POLICY, VERSION
    from tulou.policies.services.publishing import put_in_force
    from tulou.registry.models import Organisation

    house = replace(SYSTEM, roles=OFFICERS)
    department = Organisation.objects.create(kind="department", code="TAX", name_zh="税务局", name_en="Tax")
    with story(house) as told:
        version = draft_policy(
            house,
            department,
            code="bench",
            title_zh="小微企业补贴",
            title_en="Aid for small firms",
            eligibility=RULE,
            benefit_zh="补贴一万元",
            benefit_en="CNY 10,000",
        )
        move(told, POLICY, version.policy, "submit")
        move(told, VERSION, version, "submit")
        put_in_force(told, version)
    return {}


def work(_: int) -> dict[str, Any]:
    """One worker until nothing is due: its seconds, by the clock and of CPU."""
    from tulou.platform.tasks.worker import Worker, find_tasks

    find_tasks()
    start, cpu = time.perf_counter(), time.process_time()
    Worker().run(until_empty=True)
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def die(seed: int) -> dict[str, Any]:
    """One worker that is killed before a random statement of its telling."""
    from django.db import connection

    from tulou.platform.tasks.worker import Worker, find_tasks
    from tulou.policies.services import telling

    find_tasks()
    telling.CHUNK = 1_000
    left = random.Random(seed).randrange(60, 900)

    def count_down(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count_down):
        Worker().run(until_empty=True)
    return {"lived": True}


def revive(_: int) -> dict[str, Any]:
    """Half a minute later: what lost workers had in hand is due again."""
    import datetime as dt

    from tulou.platform import clock
    from tulou.platform.tasks.services import revive_tasks
    from tulou.policies.models import Run
    from tulou.policies.tasks import keep_matching

    with clock.at(clock.system_time() + dt.timedelta(minutes=2)):
        revived = revive_tasks()
    keep_matching.enqueue()
    run = Run.objects.first()
    return {"revived": revived, "told": run.told if run else 0}


def count(_: int) -> dict[str, Any]:
    """Who should have it, who has it, and whether anybody has it twice."""
    from tulou.platform.outbox.models import InboxItem, Message
    from tulou.policies.core.engine.kleene import answers
    from tulou.policies.models import MatchEvent, Policy
    from tulou.policies.queries.documents import as_core
    from tulou.policies.services.matching import population
    from tulou.registry.models import Organisation

    there, policy = population(), Policy.objects.select_related("current__policy__department").get()
    assert there is not None
    assert policy.current is not None
    found = answers(as_core(policy.current).rule, there.table)
    wanted = {}
    for kind, flags in (("eligible", found.sure), ("possible", found.possible & ~found.sure)):
        wanted[kind] = set(there.codes[flags].tolist())
    codes = dict(Organisation.objects.filter(kind="enterprise").values_list("pk", "code").iterator(chunk_size=20_000))
    figures: dict[str, Any] = {"missed": 0, "wrong": 0}
    for kind, should in wanted.items():
        has = [codes[pk] for pk in MatchEvent.objects.filter(kind=kind).values_list("firm_id", flat=True).iterator()]
        figures |= {kind: len(has)}
        figures["missed"] += len(should - set(has))
        figures["wrong"] += len(set(has) - should) + len(has) - len(set(has))
    items = InboxItem.objects.filter(message__code__startswith="policies.match.")
    people = list(items.values_list("person_id", flat=True).iterator(chunk_size=20_000))
    messages = Message.objects.filter(code__startswith="policies.match.")
    return figures | {
        "inbox": len(people),
        "twice": len(people) - len(set(people)),
        "messages": messages.count(),
        "undelivered": messages.exclude(state="delivered").count(),
    }


def main() -> None:
    import django

    django.setup()
    name, number = sys.argv[1], int(sys.argv[2])
    answer = {each.__name__: each for each in (lay_out, publish, work, die, revive, count)}[name](number)
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
