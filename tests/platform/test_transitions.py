"""Records move along their table, one at a time, and the way they came is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from tulou.kernel.errors import Refused
from tulou.platform.actor import SYSTEM
from tulou.platform.audit.models import AuditEvent
from tulou.platform.story import story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import history, move
from tulou.registry.models import Organisation

pytestmark = pytest.mark.django_db
FLOW = Flow(
    "tests.firm",
    "active",
    [
        Step("suspend", ("active",), "suspended", "suspended", frozenset({"operator.staff"}), reason=True),
        Step("resume", ("suspended",), "active", "resumed"),
        Step("close", ("active", "suspended"), "closed", "closed"),
    ],
)
STAFF = dataclasses.replace(SYSTEM, person_id="s" * 20, roles=frozenset({"operator.staff"}))


def test_a_move_changes_the_row_and_is_kept_and_audited(organisation: Callable[..., Organisation]) -> None:
    firm = organisation()
    with story(STAFF) as told:
        move(told, FLOW, firm, "suspend", reason=" licence lost ", region="350100")
    firm.refresh_from_db()
    assert (firm.state, firm.region) == ("suspended", "350100")
    [row] = history(FLOW, firm)
    assert (row.source, row.target, row.reason, row.person) == ("active", "suspended", "licence lost", "s" * 20)
    event = AuditEvent.objects.get()
    assert (event.action, event.subject) == ("tests.firm.suspended", firm.public_id)


def test_of_two_who_move_at_once_the_second_is_told(organisation: Callable[..., Organisation]) -> None:
    firm = organisation()
    stale = Organisation.objects.get(pk=firm.pk)
    with story(SYSTEM) as told:
        move(told, FLOW, firm, "close")
    with pytest.raises(Refused) as refused, story(SYSTEM) as told:
        move(told, FLOW, stale, "close")
    assert refused.value.finding.code == "transition.illegal"
    assert "closed" in refused.value.finding.text.en
    assert history(FLOW, firm).count() == 1


@pytest.mark.parametrize(
    ("step", "reason", "code"),
    [("resume", "", "transition.illegal"), ("suspend", "x", "transition.role_missing")],
)
def test_what_the_table_does_not_have_is_refused(
    organisation: Callable[..., Organisation], step: str, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as refused, story(SYSTEM) as told:
        move(told, FLOW, organisation(), step, reason=reason)
    assert refused.value.finding.code == code


def test_a_reason_is_asked_for_where_the_table_says_so(organisation: Callable[..., Organisation]) -> None:
    with pytest.raises(Refused) as refused, story(STAFF) as told:
        move(told, FLOW, organisation(), "suspend", reason="  ")
    assert refused.value.finding.code == "transition.reason_missing"


def test_a_table_with_a_state_that_nothing_leads_to_is_an_error() -> None:
    with pytest.raises(ValueError, match="lost"):
        Flow("tests.broken", "a", [Step("go", ("lost",), "b", "gone")])


def test_the_buttons_are_the_moves_of_ones_roles() -> None:
    assert [s.name for s in FLOW.steps_from("active", frozenset())] == ["close"]
    assert FLOW.final("closed")
    assert FLOW.states == {"active", "suspended", "closed"}
