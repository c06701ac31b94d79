"""Rounds of pots in the portal: laid out, compared, decided, published, appealed; each only by whom it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tulou.finance.models import PotAppeal, PotClaim, PotRound
from tulou.finance.services.pots import decide_round
from tulou.kernel.errors import Refused
from tulou.kernel.uscc import make_uscc
from tulou.platform.audit.models import AuditEvent
from tulou.platform.outbox.models import Message
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
OTHERS = [make_uscc("9", "1", "350203", f"MA{n:06d}") for n in range(3)]
POTS = "pot,budget,places\nguarantee,100,\nsubsidy,60,1\n"


@dataclass
class Stage:
    """A department's officer, and a firm with its owner."""

    officer: Any
    firm: Organisation
    owner: Any

    def claims(self) -> str:
        mine = self.firm.code
        rows = [
            (mine, "guarantee", 70, 60, 1, 5),
            (mine, "subsidy", 10, 60, 2, 5),
            (OTHERS[0], "guarantee", 90, 90.5, 1, 1),
            (OTHERS[1], "subsidy", 70, 40, 1, 1),
        ]
        return "firm,pot,claim,amount,choice,benefit\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)

    def lay_out(self, **changes: Any) -> Any:
        files = {
            "pots": SimpleUploadedFile("pots.csv", changes.pop("pots", POTS).encode()),
            "claims": SimpleUploadedFile("claims.csv", changes.pop("claims", self.claims()).encode()),
        }
        fields = {"title_zh": "2021 年担保与补贴", "title_en": "Guarantees 2021", "seed": "draw 7", **changes}
        return self.officer.post("/finance/pots/own/new/", {**fields, **files})

    def round(self) -> PotRound:
        self.lay_out()
        return PotRound.objects.get()

    def published(self, method: str = "stable") -> PotRound:
        row = self.round()
        path = f"/finance/pots/own/{row.public_id}/"
        self.officer.post(f"{path}decide/", {"method": method, "reason": "by the rules"})
        self.officer.post(f"{path}publish/")
        row.refresh_from_db()
        return row


@pytest.fixture
def stage(enter: Callable[..., Any], organisation: Callable[..., Organisation]) -> Stage:
    firm = organisation(Kind.ENTERPRISE, code=make_uscc("9", "1", "350203", "MA000009"))
    return Stage(enter(Role.DEPARTMENT_OFFICER), firm, enter(Role.ENTERPRISE_LEGAL, firm))


def test_the_trade_off_is_seen_before_anything_is_decided(stage: Stage) -> None:
    row = stage.round()
    page = stage.officer.get(f"/finance/pots/own/{row.public_id}/").content.decode()
    assert "What each method would give" in page
    assert "Firms passed over though their claim is better" in page
    stable, most = row.comparison
    assert (stable["blocking_pairs"], stable["awards"], most["wronged"]) == (0, 2, 1)
    assert row.state == "draft"
    assert not PotClaim.objects.exclude(decision="").exists()


def test_a_round_is_decided_and_published_and_the_firm_reads_why(stage: Stage) -> None:
    row = stage.published()
    assert (row.state, row.method, row.reason) == ("published", "stable", "by the rules")
    mine = PotClaim.objects.get(firm=stage.firm, pot__name="guarantee")
    assert mine.decision == "waiting"
    assert "/finance/pots/claims/" in stage.owner.get("/finance/pots/claims/").content.decode()
    page = stage.owner.get(f"/finance/pots/claims/{mine.public_id}/").content.decode()
    assert "The money did not reach your place in line." in page
    assert "2 / 2" in page
    assert Message.objects.filter(code="finance.pots.decided").exists()
    public = stage.owner.get(f"/finance/pots/{row.public_id}/").content.decode()
    assert "draw 7" in public
    assert stage.firm.code not in public
    assert AuditEvent.objects.filter(action__startswith="finance.pot_round.").count() == 3


def test_a_decision_can_be_taken_back_until_it_is_published(stage: Stage) -> None:
    row = stage.round()
    path = f"/finance/pots/own/{row.public_id}/"
    assert stage.officer.post(f"{path}decide/", {"method": "benefit", "reason": ""}).status_code == 200
    stage.officer.post(f"{path}decide/", {"method": "benefit", "reason": "most jobs"})
    assert PotClaim.objects.filter(decision="passed_over").count() == 1
    stage.officer.post(f"{path}undo/", {"reason": "a wrong method"})
    row.refresh_from_db()
    assert (row.state, row.method) == ("draft", "")
    assert not PotClaim.objects.exclude(decision="").exists()
    stage.officer.post(f"{path}decide/", {"method": "stable", "reason": "by the rules"})
    stage.officer.post(f"{path}publish/")
    row.refresh_from_db()
    with pytest.raises(Refused, match=r"transition\.illegal"):
        decide_round(stage.officer.actor, row, "benefit", reason="again")


def test_a_firm_appeals_once_and_is_answered(stage: Stage) -> None:
    stage.published()
    mine = PotClaim.objects.get(firm=stage.firm, pot__name="guarantee")
    path = f"/finance/pots/claims/{mine.public_id}/"
    stage.owner.post(path, {"text": "My tax grade is A, not B"})
    appeal = PotAppeal.objects.get()
    again = stage.owner.post(path, {"text": "And once more"})
    assert again.status_code == 200
    assert PotAppeal.objects.count() == 1
    stage.officer.post(
        f"/finance/pots/appeals/{appeal.public_id}/answer/", {"step": "grant", "answer": "You are right"}
    )
    appeal.refresh_from_db()
    assert (appeal.state, appeal.answer) == ("granted", "You are right")
    assert "You are right" in stage.owner.get(path).content.decode()


def test_nobody_else_reaches_a_round_or_a_claim(stage: Stage, enter: Callable[..., Any]) -> None:
    row = stage.round()
    mine = PotClaim.objects.filter(firm=stage.firm).first()
    assert mine is not None
    other_officer, other_firm = enter(Role.DEPARTMENT_OFFICER), enter(Role.ENTERPRISE_LEGAL)
    assert other_officer.get(f"/finance/pots/own/{row.public_id}/").status_code == 404
    assert other_firm.get(f"/finance/pots/own/{row.public_id}/").status_code in {403, 404}
    assert stage.owner.get(f"/finance/pots/{row.public_id}/").status_code == 404
    assert stage.owner.get(f"/finance/pots/claims/{mine.public_id}/").status_code == 404
    stage_path = f"/finance/pots/own/{row.public_id}/"
    stage.officer.post(f"{stage_path}decide/", {"method": "stable", "reason": "by the rules"})
    stage.officer.post(f"{stage_path}publish/")
    assert other_firm.get(f"/finance/pots/claims/{mine.public_id}/").status_code == 404
    assert stage.owner.get(f"/finance/pots/claims/{mine.public_id}/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pots": "pot\nguarantee\n"}, "neither a budget nor a number of places"),
        ({"claims": "firm,pot,claim,amount\nnobody,guarantee,1,1\n"}, "no unified social credit code"),
        ({"claims": f"firm,pot,claim,amount\n{OTHERS[0]},lottery,1,1\n"}, "no such pot"),
    ],
)
def test_files_that_cannot_be_meant_are_refused_with_a_sentence(
    stage: Stage, changes: dict[str, str], words: str
) -> None:
    page = stage.lay_out(**changes)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not PotRound.objects.exists()


def asking(who: Any) -> Callable[[str], Any]:
    """The API as the organisation of somebody."""
    at = Organisation.objects.get(pk=who.actor.organisation_key)
    _token, secret = make_token(who.actor, at, name="pots", scopes=["finance:read"])
    return lambda path: Client().get(f"/api/v1/finance/pots{path}", headers={"Authorization": f"Bearer {secret}"})


def test_the_api_tells_rounds_their_comparison_and_the_own_claims(stage: Stage, enter: Callable[..., Any]) -> None:
    row = stage.round()
    officer, firm, stranger = asking(stage.officer), asking(stage.owner), asking(enter(Role.DEPARTMENT_OFFICER))
    path = f"/rounds/{row.public_id}"
    assert [found["state"] for found in officer("/rounds").json()["items"]] == ["draft"]
    stable, most = officer(f"{path}/comparison").json()
    assert (stable["method"], stable["blocking_pairs"], most["wronged"]) == ("stable", 0, 1)
    for other in (firm, stranger):
        assert other("/rounds").json()["items"] == []
        assert {other(f"{path}{end}").status_code for end in ("", "/comparison", "/claims")} == {404}
    own = f"/finance/pots/own/{row.public_id}/"
    stage.officer.post(f"{own}decide/", {"method": "stable", "reason": "by the rules"})
    assert firm("/claims").json()["items"] == []
    stage.officer.post(f"{own}publish/")
    mine = firm("/claims").json()["items"]
    assert {(claim["pot"], claim["decision"]) for claim in mine} == {("guarantee", "waiting"), ("subsidy", "waiting")}
    assert {claim["firm"] for claim in mine} == {stage.firm.public_id}
    assert stranger("/claims").json()["items"] == []
    pots = {pot["name"]: pot for pot in stranger(path).json()["pots"]}
    assert (pots["guarantee"]["awards"], pots["guarantee"]["budget_fen"]) == (1, 100_00)
    assert stranger(f"{path}/claims").status_code == 404, "who claimed stays with the organisation that gives out"
    assert len(officer(f"{path}/claims").json()["items"]) == 4
    assert {claim["decision"] for claim in officer(f"{path}/claims?decision=awarded").json()["items"]} == {"awarded"}
