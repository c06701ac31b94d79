"""The lists of policies ask the database equally often however many policies there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from tests.policies.portal.laying import at_most, in_region, publish, row
from tests.policies.portal.profiles import write_pool

from tulou.platform import clock
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
FIRM = {"market_register__district_code": "350582", "market_register__headcount": 12}
OPEN = row(op="range", attr="project.cost", ge=100_000)
LISTS: dict[str, tuple[Role, int]] = {
    "/policies/mine/?list=eligible": (Role.ENTERPRISE_LEGAL, 21),
    "/policies/mine/?list=possible": (Role.ENTERPRISE_LEGAL, 21),
    "/policies/mine/?list=not": (Role.ENTERPRISE_LEGAL, 21),
    "/policies/mine/calendar/": (Role.ENTERPRISE_LEGAL, 21),
    "/policies/": (Role.ENTERPRISE_LEGAL, 5),
    "/policies/?theme=fund&sort=amount": (Role.ENTERPRISE_LEGAL, 5),
    "/policies/?q=一万元": (Role.ENTERPRISE_LEGAL, 9),
    "/policies/department/": (Role.DEPARTMENT_OFFICER, 6),
}
"""How many statements a list needs. Those of a firm's own lists hold the reading through the gate, and its record."""


def fill(department: Organisation, start: int, count: int) -> None:
    """`count` more policies of each answer: yes, perhaps, no."""
    soon = clock.today() + dt.timedelta(days=9)
    for number in range(start, start + count):
        publish(department, f"sure{number}", in_region("350500"), deadline=soon)
        publish(department, f"open{number}", {"all": [in_region("350000"), OPEN]}, deadline=soon)
        publish(department, f"never{number}", at_most("headcount", 10), deadline=soon)


def statements(client: Any, path: str) -> int:
    """How many statements a page needs once it was shown before, transaction marks left out."""
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for q in caught.captured_queries)


def test_lists_need_the_same_statements_for_two_policies_of_each_answer_and_for_ten(
    organisation: Callable[..., Organisation], enter: Callable[..., Any], tmp_path: Path
) -> None:
    firm, department = organisation(Kind.ENTERPRISE), organisation(Kind.DEPARTMENT, code="INDUSTRY")
    with override_settings(POOL=tmp_path / "pool"):
        write_pool({firm.code: FIRM})
        clients = {
            Role.ENTERPRISE_LEGAL: enter(Role.ENTERPRISE_LEGAL, firm),
            Role.DEPARTMENT_OFFICER: enter(Role.DEPARTMENT_OFFICER, department),
        }
        fill(department, 0, 2)
        few = {path: statements(clients[role], path) for path, (role, _) in LISTS.items()}
        fill(department, 2, 8)
        many = {path: statements(clients[role], path) for path, (role, _) in LISTS.items()}
    assert few == many
    assert many == {path: number for path, (_, number) in LISTS.items()}
