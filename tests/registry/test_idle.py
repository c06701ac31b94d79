"""Sessions end for want of a sign of life, and staff need a second factor on every page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tulou.platform import clock
from tulou.platform.audit.models import AuditEvent
from tulou.registry.idle import OTHERS, POLL, STAFF
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2030, 3, 4, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("role", "limit"),
    [(Role.BANK_OFFICER, STAFF), (Role.DEPARTMENT_OFFICER, STAFF), (Role.ENTERPRISE_LEGAL, OTHERS), (None, OTHERS)],
)
def test_whoever_does_nothing_for_long_enough_is_signed_out(
    enter: Callable[..., Any], role: Role | None, limit: dt.timedelta
) -> None:
    client = enter(role)
    with clock.at(NOW):
        assert client.get("/inbox/").status_code == 200
    with clock.at(NOW + limit - SECOND):
        assert client.get("/inbox/").status_code == 200
    with clock.at(NOW + 2 * limit - SECOND):
        answer = client.get("/inbox/")
    assert answer.headers["Location"] == "/account/login/?next=%2Finbox%2F"
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.filter(action="registry.person.timed_out", person=client.person.public_id).count() == 1
    assert "nothing happened for a while" in client.get("/account/login/").content.decode()


def test_what_a_page_asks_by_itself_is_no_sign_of_life_and_the_button_is(enter: Callable[..., Any]) -> None:
    client = enter(Role.BANK_OFFICER)
    with clock.at(NOW):
        client.get("/inbox/")
    with clock.at(NOW + STAFF - SECOND):
        client.get("/inbox/", headers={POLL: "1"})
    with clock.at(NOW + STAFF):
        gone = client.get("/inbox/", headers={"HX-Request": "true"})
    assert gone.headers["HX-Redirect"] == "/account/login/"
    client = enter(Role.BANK_OFFICER)
    with clock.at(NOW):
        client.get("/inbox/")
    with clock.at(NOW + STAFF - SECOND):
        assert client.post("/workspace/stay/").status_code == 204
    with clock.at(NOW + 2 * STAFF - 2 * SECOND):
        assert client.get("/inbox/").status_code == 200


def test_the_page_says_how_long_it_waits(enter: Callable[..., Any]) -> None:
    assert 'data-idle="900"' in enter(Role.OPERATOR_STAFF).get("/inbox/").content.decode()
    page = enter(Role.ENTERPRISE_LEGAL).get("/inbox/").content.decode()
    assert 'data-idle="1800"' in page
    assert "Are you still there?" in page


@pytest.mark.parametrize(
    "role", [Role.OPERATOR_STAFF, Role.GOVERNMENT_ANALYST, Role.PROVIDER_EDITOR, Role.BANK_OFFICER]
)
@pytest.mark.parametrize("path", ["/workspace/", "/inbox/", "/registry/claims/", "/registry/members/"])
def test_staff_with_one_factor_get_no_further_than_the_page_that_adds_the_second(
    enter: Callable[..., Any], role: Role, path: str
) -> None:
    client = enter(role, strong=False)
    assert client.get(path).headers["Location"] == "/workspace/strengthen/"
    assert client.get("/workspace/strengthen/").status_code == 200
    assert enter(role).get(path).status_code == 200


def test_a_firms_people_may_come_with_one_factor(enter: Callable[..., Any]) -> None:
    assert enter(Role.ENTERPRISE_LEGAL, strong=False).get("/workspace/").status_code == 200
