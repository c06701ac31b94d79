"""Writing rounds of pots: lay out, decide by one method, publish to the firms, hear appeals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from tulou.finance.core.pots import Allocation, Claims, Judgement, benefit, decisions, judge, make_claims, stable
from tulou.finance.core.pots import Pot as CorePot
from tulou.finance.core.pots.files import read_claims, read_pots
from tulou.finance.core.pots.judging import last_in_line
from tulou.finance.flows_pots import APPEAL, FIRM, OFFICER, ROUND
from tulou.finance.models import Pot, PotAppeal, PotClaim, PotRound
from tulou.finance.services.acting import acting
from tulou.finance.services.notices import to_firm
from tulou.kernel.errors import Text, Where, refuse
from tulou.kernel.uscc import is_uscc
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import Story, story
from tulou.platform.transitions.services import move
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

MOST_CLAIMS = 20_000
"""So many claims are compared while a person waits; more go through `tulou finance allocate`."""
APPEAL_DAYS = 15
METHODS: Mapping[str, Callable[[Claims], Allocation]] = {"stable": stable, "benefit": benefit}


def make_round(actor: Actor, *, title_zh: str, title_en: str, seed: str, pots: Path, claims: Path) -> PotRound:
    """A round from a file of pots and one of claims, with what each method would give. Nothing is decided by it.

    Refused: what `read_pots` and `read_claims` refuse, a firm that is named by no credit code, too many claims.
    """
    organisation = acting(actor, OFFICER)
    found = read_claims(claims, read_pots(pots), seed=seed)
    _check(found)
    comparison = [_figures(judge(found, METHODS[name](found))) for name in METHODS]
    with story(actor) as told:
        made = PotRound.objects.create(
            organisation_id=organisation,
            title_zh=title_zh,
            title_en=title_en,
            seed=seed,
            firms=len(found.firms),
            claims_count=len(found),
            comparison=comparison,
            made_by_id=actor.person_key or 0,
        )
        _keep(made, found)
        told.record("finance.pot_round.made", made, claims=len(found), pots=len(found.pots))
    return made


def decide_round(actor: Actor, row: PotRound, method: str, *, reason: str) -> None:
    """Run one method and keep what becomes of every claim; the firms hear of it when it is published."""
    acting(actor, OFFICER, organisation=row.organisation_id)
    if method not in METHODS:
        raise refuse("finance.pots.method", "没有这种分配方法", "There is no such method", where=Where(value=method))
    kept = list(row.claims.select_related("pot").order_by("id"))
    pots = list(row.pots.all())
    found = _as_claims(row, pots, kept)
    allocation = METHODS[method](found)
    by_key = {(claim.uscc, claim.pot.name): claim for claim in kept}
    for index, decision in enumerate(decisions(found, allocation)):
        claim = by_key[found.firms[found.firm[index]], found.pots[found.pot[index]].name]
        claim.decision = decision.value
    last = last_in_line(found, allocation)
    for number, pot in enumerate(pots):
        met = [index for index in allocation.met if found.pot[index] == number]
        pot.awards, pot.spent_fen = len(met), int(sum(found.amount_fen[met]))
        pot.last_line = int(found.line[last[number]]) + 1 if met else None
        pot.last_strength = float(found.strength[last[number]]) if met else None
    with story(actor) as told:
        now = clock.now()
        move(told, ROUND, row, "decide", reason=reason, method=method, decided_at=now)
        PotRound.objects.filter(pk=row.pk).update(reason=reason, decided_by_id=actor.person_key)
        PotClaim.objects.bulk_update(kept, ["decision"], batch_size=1000)
        Pot.objects.bulk_update(pots, ["awards", "spent_fen", "last_line", "last_strength"])
    row.refresh_from_db()


def undo_round(actor: Actor, row: PotRound, *, reason: str) -> None:
    """Take a decision back before anybody has heard of it."""
    acting(actor, OFFICER, organisation=row.organisation_id)
    with story(actor) as told:
        move(told, ROUND, row, "undo", reason=reason, method="", decided_at=None)
        row.claims.update(decision="")
        row.pots.update(awards=0, spent_fen=0, last_line=None, last_strength=None)


def publish_round(actor: Actor, row: PotRound) -> None:
    """Tell every firm that is on the platform what became of its claims; from now on appeals can be made."""
    acting(actor, OFFICER, organisation=row.organisation_id)
    now = clock.now()
    until = clock.today() + dt.timedelta(days=APPEAL_DAYS)
    with story(actor) as told:
        move(told, ROUND, row, "publish", published_at=now, appeal_until=until)
        for claim in row.claims.filter(firm__isnull=False).exclude(decision="better").select_related("pot", "round"):
            _tell(told, claim)


def appeal_claim(actor: Actor, claim: PotClaim, text: str) -> PotAppeal:
    """A firm objects to what became of its claim, once, while the time runs."""
    if claim.firm_id is None:
        raise refuse("finance.role_missing", "您的角色不能执行此操作", "Your role may not do this")
    acting(actor, FIRM, organisation=claim.firm_id)
    round_ = claim.round
    if round_.state != "published" or round_.appeal_until is None or clock.today() > round_.appeal_until:
        raise refuse("finance.pots.appeal_late", "申诉期已过", "The time for appeals is over")
    with story(actor) as told:
        made, new = PotAppeal.objects.get_or_create(
            claim=claim, defaults={"text": text, "made_by_id": actor.person_key or 0}
        )
        if not new:
            raise refuse("finance.pots.appeal_twice", "您已提出申诉", "You have appealed already")
        told.record("finance.pot_appeal.made", made)
    return made


def answer_appeal(actor: Actor, appeal: PotAppeal, step: str, answer: str) -> None:
    """Grant or turn down an appeal with a reason that the firm reads."""
    claim = appeal.claim
    acting(actor, OFFICER, organisation=claim.round.organisation_id)
    with story(actor) as told:
        move(told, APPEAL, appeal, step, reason=answer, answer=answer)
        if claim.firm_id is not None:
            told.send(
                to_firm(
                    claim.firm_id,
                    "finance.pots.appeal_answered",
                    appeal.public_id,
                    Text(zh="申诉已答复", en="Your appeal was answered"),
                    Text(zh=answer, en=answer),
                    f"/finance/pots/claims/{claim.public_id}/",
                )
            )


def _check(found: Claims) -> None:
    if not len(found):
        raise refuse("finance.pots.empty", "没有申请", "There are no claims")
    if len(found) > MOST_CLAIMS:
        raise refuse(
            "finance.pots.too_many",
            f"网页一次最多 {MOST_CLAIMS:,} 项申请, 更多请用命令行 tulou finance allocate",
            f"A page takes {MOST_CLAIMS:,} claims at most; use tulou finance allocate for more",
        )
    for name in found.firms:
        if not is_uscc(name):
            raise refuse(
                "finance.pots.firm",
                f"“{name}”不是统一社会信用代码",
                f"{name!r} is no unified social credit code",
                where=Where(column="firm", value=name),
            )


def _figures(judged: Judgement) -> dict[str, object]:
    return asdict(judged) | {"blocking_pairs": judged.blocking_pairs}


def _keep(made: PotRound, found: Claims) -> None:
    pots = [
        Pot(
            round=made,
            name=pot.name,
            budget_fen=pot.budget_fen,
            places=pot.places,
            claims_count=int((found.pot == number).sum()),
        )
        for number, pot in enumerate(found.pots)
    ]
    Pot.objects.bulk_create(pots)
    kept = list(made.pots.order_by("id"))
    known = dict(Organisation.objects.filter(kind=Kind.ENTERPRISE, code__in=found.firms).values_list("code", "id"))
    PotClaim.objects.bulk_create(
        [
            PotClaim(
                round=made,
                pot=kept[found.pot[index]],
                uscc=found.firms[found.firm[index]],
                firm_id=known.get(found.firms[found.firm[index]]),
                choice=int(found.choice[index]) + 1,
                strength=float(found.strength[index]),
                amount_fen=int(found.amount_fen[index]),
                benefit=float(found.benefit[index]),
                line=int(found.line[index]) + 1,
                draw=int(found.draw[found.firm[index]]) + 1,
            )
            for index in range(len(found))
        ],
        batch_size=1000,
    )


def _as_claims(row: PotRound, pots: list[Pot], kept: list[PotClaim]) -> Claims:
    return make_claims(
        [CorePot(pot.name, pot.budget_fen, pot.places) for pot in pots],
        firm=[claim.uscc for claim in kept],
        pot=[claim.pot.name for claim in kept],
        strength=[claim.strength for claim in kept],
        amount_fen=[claim.amount_fen for claim in kept],
        choice=[float(claim.choice) for claim in kept],
        benefit=[claim.benefit for claim in kept],
        seed=row.seed,
    )


def _tell(told: Story, claim: PotClaim) -> None:
    won = claim.decision == PotClaim.Decision.AWARDED
    told.send(
        to_firm(
            claim.firm_id or 0,
            "finance.pots.decided",
            claim.public_id,
            Text(zh="资金池分配结果", en="What became of your claim on a pot"),
            Text(
                zh=f"{claim.pot.name}: {'已获分配' if won else '未获分配'}。可查看排序和依据。",
                en=f"{claim.pot.name}: {'awarded' if won else 'not awarded'}. See your place in line and why.",
            ),
            f"/finance/pots/claims/{claim.public_id}/",
        )
    )
