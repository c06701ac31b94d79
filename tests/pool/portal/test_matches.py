"""The clerical review through HTTP: both sides, a decision with its reason, and what the lake does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings
from tests.identity_fixtures import NOW, firm, links
from tests.pool.core.identity.test_review import doubtful

from tulou.platform.audit.models import AuditEvent
from tulou.platform.outbox.models import InboxItem
from tulou.platform.transitions.models import Move
from tulou.pool.core.identity import decide_review, pairs_under_review
from tulou.pool.core.lake import Lake
from tulou.pool.models import MatchReview
from tulou.pool.services.matches import apply_decision, gather_matches
from tulou.registry.roles import Role

pytestmark = pytest.mark.django_db
__all__ = ["doubtful"]
REASON = "asked the owner"


@dataclass
class Stage:
    """A pool in which a stranger has a firm's telephone and owner; the operator; the queue."""

    lake: Lake
    operator: Any
    drain: Callable[[], int]

    @property
    def pair(self) -> MatchReview:
        return MatchReview.objects.get(subject_key="loc:P7")

    def say(self, step: str, reason: str = REASON) -> Any:
        return self.operator.post(f"/pool/matches/{self.pair.public_id}/", {"step": step, "reason": reason})

    def decided(self, step: str) -> MatchReview:
        assert self.say(step).status_code == 302
        self.drain()
        return self.pair


@pytest.fixture
def stage(doubtful: Lake, enter: Callable[..., Any], drain: Callable[[], int]) -> Iterator[Stage]:
    with override_settings(POOL=doubtful.root):
        gather_matches()
        yield Stage(doubtful, enter(Role.OPERATOR_STAFF), drain)


def test_both_sides_stand_beside_each_other_with_what_agrees(stage: Stage) -> None:
    page = stage.operator.get(f"/pool/matches/{stage.pair.public_id}/").content.decode()
    assert "南平市延平区瓷缘杂货铺" in page
    assert firm(7)["name"] in page
    assert firm(7)["phone"] in page
    assert "one side only" in page
    assert "differs" in page or "similar" in page
    assert "same telephone" in page
    assert AuditEvent.objects.filter(action="pool.match.opened", subject=stage.pair.public_id).exists()


def test_the_list_has_the_pair_and_nobody_but_the_operator_sees_it(stage: Stage, enter: Callable[..., Any]) -> None:
    assert "瓷缘杂货铺" in stage.operator.get("/pool/matches/").content.decode()
    for role in (Role.BANK_OFFICER, Role.DEPARTMENT_OFFICER, Role.OPERATOR_AUDIT):
        assert enter(role).get("/pool/matches/").status_code == 403


def test_the_same_are_one_enterprise_in_the_pool_after_the_worker_was_there(stage: Stage) -> None:
    assert links(stage.lake, "power")["loc:P7"][2] is None
    pair = stage.decided("same")
    assert (pair.state, pair.verdict, pair.outcome["event"]) == ("applied", "same", "merged")
    assert links(stage.lake, "power")["loc:P7"][2] == firm(7)["uscc"]
    assert (
        f"{stage.operator.person.name}: {REASON}"
        in stage.operator.get(f"/pool/matches/{pair.public_id}/").content.decode()
    )


def test_a_decision_needs_a_reason_and_is_made_once(stage: Stage) -> None:
    assert stage.say("same", reason=" ").status_code == 200
    assert stage.pair.state == "open"
    stage.decided("different")
    assert stage.say("same").status_code == 409
    assert stage.pair.verdict == "different"


def test_what_is_set_aside_stays_in_doubt_and_can_be_decided(stage: Stage) -> None:
    stage.say("unsure")
    assert stage.pair.state == "unsure"
    assert (
        len(pairs_under_review(stage.lake, language="en"))
        == MatchReview.objects.filter(state__in=["open", "unsure"]).count()
    )
    assert stage.decided("different").state == "applied"


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_decision_is_taken_back_as_a_new_event(stage: Stage, verdict: str) -> None:
    before = links(stage.lake, "power")["loc:P7"]
    stage.decided(verdict)
    pair = stage.decided("undo")
    assert (pair.state, pair.verdict) == ("open", "")
    assert links(stage.lake, "power")["loc:P7"] == before
    steps = Move.objects.filter(record=pair.public_id).order_by("id").values_list("step", flat=True)
    assert list(steps) == [verdict, "apply", "undo", "reopen"]
    assert stage.decided("same").state == "applied"


def test_a_worker_that_died_between_lake_and_note_ends_what_it_began(stage: Stage) -> None:
    stage.say("same")
    pair = stage.pair
    decide_review(stage.lake, pair.review_id, same=True, by=pair.decided_by, now=pair.decided_at)
    apply_decision(pair.pk)
    apply_decision(pair.pk)
    assert stage.pair.state == "applied"
    assert Move.objects.filter(record=pair.public_id, step="apply").count() == 1


def test_who_decided_is_told_where_the_lake_says_no(stage: Stage) -> None:
    stage.say("same")
    decide_review(stage.lake, stage.pair.review_id, same=False, by="somebody else", now=NOW)
    stage.drain()
    assert stage.pair.state == "open"
    assert stage.pair.outcome["problem"]["code"] == "review.decided"
    assert InboxItem.objects.filter(person=stage.operator.person, title_en__contains="could not").exists()


def test_pairs_that_are_no_longer_in_doubt_are_put_away(stage: Stage) -> None:
    decide_review(stage.lake, stage.pair.review_id, same=False, by="the command line", now=NOW)
    assert gather_matches() == 1
    assert stage.pair.state == "gone"
    assert gather_matches() == 0
