"""A list asks the database equally often however long it is; how often stands here, so that a diff shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tulou.platform import clock
from tulou.pool.models import (
    AccessRight,
    Consent,
    Delivery,
    Dispute,
    MatchReview,
    PurposeVersion,
    ReadDecision,
)
from tulou.pool.services.access import install_purposes
from tulou.registry.models import Claim, Membership, Organisation, Token
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
LISTS: dict[str, tuple[Role, int]] = {
    "/pool/consents/": (Role.ENTERPRISE_LEGAL, 7),
    "/pool/consents/?state=requested": (Role.BANK_OFFICER, 7),
    "/pool/readings/": (Role.ENTERPRISE_LEGAL, 6),
    "/pool/disputes/": (Role.ENTERPRISE_LEGAL, 6),
    "/pool/deliveries/": (Role.DEPARTMENT_OFFICER, 7),
    "/pool/quality/": (Role.DEPARTMENT_OFFICER, 7),
    "/pool/rights/": (Role.DEPARTMENT_OFFICER, 6),
    "/pool/purposes/": (Role.BANK_OFFICER, 5),
    "/pool/matches/": (Role.OPERATOR_STAFF, 8),
    "/registry/claims/": (Role.OPERATOR_STAFF, 6),
    "/registry/members/": (Role.ENTERPRISE_LEGAL, 6),
    "/registry/tokens/": (Role.ENTERPRISE_LEGAL, 6),
    "/inbox/": (Role.ENTERPRISE_LEGAL, 5),
}
"""How many statements a list needs, with those of the frame: session, person, memberships, unread entries."""


def fill(count: int, firm: Organisation, bank: Organisation, start: int, person: Callable[..., Any]) -> None:
    """`count` more rows of everything."""
    purpose = PurposeVersion.objects.get(code="LOAN_APPLY")
    now = clock.now()
    for number in range(start, start + count):
        other = Organisation.objects.create(kind=Kind.BANK, code=f"B{number}", name_zh=f"银行{number}")
        consent = Consent.objects.create(
            subject=firm,
            reader=other if number % 2 else bank,
            purpose=purpose,
            state="requested",
            terms={"items": ["03-0001-0001"]},
            answer_until=now + dt.timedelta(days=3),
        )
        ReadDecision.objects.create(
            consent=consent, reader=other, subject=firm, purpose="LOAN_APPLY", code="allowed", key=f"k{number}"
        )
        Dispute.objects.create(
            subject=firm,
            department="market",
            dataset="market_register",
            item=f"03-{number}",
            value="1",
            explanation="x",
        )
        Delivery.objects.create(
            department="market", dataset="market_register", file_name="x.csv", received_at=now, state="accepted"
        )
        AccessRight.objects.create(department="market", dataset="market_penalty", reader_kind="bank", given_by="x")
        MatchReview.objects.create(review_id=f"r{number}", dataset="power_monthly", subject_key="k", enterprise_id="e")
        someone = person()
        Claim.objects.create(person=someone, organisation=firm, proof="code")
        Membership.objects.create(person=someone, organisation=firm, role=Role.ENTERPRISE_CLERK)
        Token.objects.create(organisation=firm, name="x", hash=f"h{number}", valid_to=now + dt.timedelta(days=9))


def statements(client: Any, path: str) -> int:
    """How many statements a page needs, transaction marks left out."""
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for q in caught.captured_queries)


def test_lists_need_the_same_statements_for_two_rows_and_for_twenty(
    organisation: Callable[..., Organisation], person: Callable[..., Any], enter: Callable[..., Any]
) -> None:
    install_purposes()
    firm, bank = organisation(Kind.ENTERPRISE), organisation(Kind.BANK)
    homes = {Kind.ENTERPRISE: firm, Kind.BANK: bank, Kind.DEPARTMENT: organisation(Kind.DEPARTMENT, code="MARKET")}
    clients = {role: enter(role, homes.get(role.kind)) for role in {role for role, _ in LISTS.values()}}
    fill(2, firm, bank, 0, person)
    few = {path: statements(clients[role], path) for path, (role, _) in LISTS.items()}
    fill(18, firm, bank, 2, person)
    many = {path: statements(clients[role], path) for path, (role, _) in LISTS.items()}
    assert few == many
    assert many == {path: number for path, (_, number) in LISTS.items()}
