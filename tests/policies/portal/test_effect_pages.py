"""Figures for the department: the live count, who gains and loses, reach, drop-outs, overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from tests.policies.portal.laying import at_most, in_region, noon, publish
from tests.policies.portal.profiles import write_pool

from tulou.platform import clock
from tulou.policies.models import Application, PolicyVersion, Sighting
from tulou.policies.queries.effect import effect_of, overlaps_of
from tulou.policies.queries.reach import reach_of
from tulou.policies.services.matching import keep_up
from tulou.policies.services.publishing import begin_amendment
from tulou.policies.tasks import end_policies
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

TODAY = dt.date(2026, 7, 1)
FUZHOU, XIAMEN = "350102", "350203"


@pytest.fixture
def officer(
    db: None, tmp_path: Path, organisation: Callable[..., Organisation], enter: Callable[..., Any]
) -> Iterator[Any]:
    """An officer before six firms: five in Fuzhou with 10 to 50 people, one in Xiamen whose headcount is unknown."""
    values = {
        f"FIRM{n}": {"market_register__district_code": FUZHOU, "market_register__headcount": n * 10}
        for n in range(1, 6)
    }
    values["FIRM6"] = {"market_register__district_code": XIAMEN, "market_register__headcount": None}
    with override_settings(POOL=tmp_path / "pool"), noon(TODAY):
        for code in values:
            organisation(Kind.ENTERPRISE, code=code)
        write_pool(values)
        keep_up()
        yield enter(Role.DEPARTMENT_OFFICER)


def department_of(client: Any) -> Organisation:
    return Organisation.objects.get(pk=client.actor.organisation_key)


def rule(limit: int) -> dict[str, Any]:
    return {"all": [in_region("350000"), at_most("headcount", limit)]}


def test_the_editor_counts_the_firms_and_the_unsaved_criterion_at_once(officer: Any) -> None:
    version = publish(department_of(officer), "p", rule(30))
    draft = begin_amendment(officer.actor, version.policy)
    address = f"/policies/department/versions/{draft.public_id}/rule/"
    page = officer.get(address).content.decode()
    assert '<dd class="text-tone-green">3</dd>' in page
    given = {"at": "1", "attr": "headcount", "high_op": "le", "high": "40", "revision": "0"}
    live = officer.post(f"{address}live/", given).content.decode()
    assert '<dd class="text-tone-green">4</dd>' in live
    assert "<dd>1</dd>" in live


def test_an_amendment_shows_who_gains_who_loses_and_where(officer: Any) -> None:
    version = publish(department_of(officer), "p", rule(30))
    draft = begin_amendment(officer.actor, version.policy)
    PolicyVersion.objects.filter(pk=draft.pk).update(eligibility=rule(50))
    draft.refresh_from_db()
    found = effect_of(draft, TODAY)
    assert found is not None
    assert (found.before.sure, found.after.sure, found.after.possible) == (3, 5, 1)
    assert (found.moves.gain, found.moves.lose) == (2, 0)
    cities = {part.label.en: part.change for part in found.by[0][1]}
    assert cities == {"Fuzhou": 2, "Xiamen": 0}
    page = officer.get(f"/policies/department/versions/{draft.public_id}/effect/").content.decode()
    assert "2 firms become eligible" in page
    assert "headcount: at most 50 persons" in page


def test_reach_counts_firms_from_could_to_got(officer: Any) -> None:
    department = department_of(officer)
    version = publish(department, "p", rule(30), budget_fen=1_000_000)
    firms = list(Organisation.objects.filter(kind=Kind.ENTERPRISE).order_by("code"))
    for firm in firms[:3]:
        Sighting.objects.create(firm=firm, policy=version.policy, version=version)
    states = [("accepted", 250_000), ("refused", None)]
    for firm, (state, granted) in zip(firms, states, strict=False):
        Application.objects.create(firm=firm, policy=version.policy, version=version, state=state, granted_fen=granted)
    policy = version.policy
    policy.refresh_from_db()
    found = reach_of(policy, TODAY)
    assert found.eligible is not None
    assert (found.eligible.sure, found.saw, found.applied, found.got, found.refused) == (3, 3, 2, 1, 1)
    assert found.spent == 0.25
    assert [(each.keeps_out, each.alone, each.unknown) for each in found.drop_outs] == [(2, 2, 1), (0, 0, 0)]
    other = publish(department, "q", rule(20), title_en="The other one")
    assert [(each.version, each.firms) for each in overlaps_of(policy.current, TODAY)] == [(other, 2)]
    page = officer.get(f"/policies/department/{policy.public_id}/reach/").content.decode()
    assert "The other one" in page
    assert "25.0 % of the budget" in page


def test_the_hourly_job_ends_policies(officer: Any) -> None:
    version = publish(department_of(officer), "p", rule(30), valid_to=TODAY - dt.timedelta(days=1))
    end_policies.func()
    version.policy.refresh_from_db()
    assert version.policy.state == "expired"
    assert clock.today() == TODAY
