"""Writing the clerical review: pairs come from the lake, a person decides, the worker tells the lake."""

from __future__ import annotations

from typing import Any

from tulou.kernel.errors import Refused, Text
from tulou.platform import clock
from tulou.platform.actor import SYSTEM, Actor
from tulou.platform.outbox.notice import Notice
from tulou.platform.story import story
from tulou.platform.transitions.flow import Flow, Step
from tulou.platform.transitions.services import move
from tulou.pool.core.identity import decide_review, pairs_under_review, undo_review
from tulou.pool.core.identity.review import Pair
from tulou.pool.core.identity.sides import Side, sides_of
from tulou.pool.courtyard import catalogue, lake_at_hand
from tulou.pool.models import MatchReview
from tulou.pool.queries.matches import REVIEWERS
from tulou.registry.models import Person

BY = frozenset(REVIEWERS)
FLOW = Flow(
    "pool.match",
    MatchReview.State.OPEN.value,
    [
        Step("same", ("open", "unsure"), "decided", "decided", BY, reason=True),
        Step("different", ("open", "unsure"), "decided", "decided", BY, reason=True),
        Step("unsure", ("open",), "unsure", "set_aside", BY, reason=True),
        Step("apply", ("decided",), "applied", "applied"),
        Step("refuse", ("decided",), "open", "refused"),
        Step("undo", ("applied",), "undoing", "undone", BY, reason=True),
        Step("reopen", ("undoing",), "open", "reopened"),
        Step("leave", ("open", "unsure"), "gone", "left"),
        Step("come_back", ("gone",), "open", "came_back"),
    ],
)
VERDICTS = frozenset(MatchReview.Verdict.values)
WAITING = (MatchReview.State.OPEN, MatchReview.State.UNSURE)


def decide_match(actor: Actor, match: MatchReview, verdict: str, *, reason: str) -> None:
    """Say whether both are the same, different, or that it cannot be said yet. The lake follows in the background.

    Raises Refused without a reason, for another role, and where the pair was decided meanwhile.
    """
    if verdict not in VERDICTS:
        raise ValueError(verdict)
    said = {"verdict": verdict, "decided_at": clock.now(), "decided_by": actor.person_id}
    with story(actor) as told:
        move(told, FLOW, match, verdict, reason=reason, **said)
        if verdict != MatchReview.Verdict.UNSURE:
            _enqueue(match)


def undo_match(actor: Actor, match: MatchReview, *, reason: str) -> None:
    """Take a decision back: the pair is to be decided again. History keeps both."""
    with story(actor) as told:
        move(told, FLOW, match, "undo", reason=reason)
        _enqueue(match)


def apply_decision(key: int) -> None:
    """Tell the lake about a pair's decision, or its taking back, and note what the lake answers. Idempotent."""
    match = MatchReview.objects.get(pk=key)
    if match.state == MatchReview.State.DECIDED:
        _apply(match)
    elif match.state == MatchReview.State.UNDOING:
        _take_back(match)


def gather_matches() -> int:
    """Lay new doubtful pairs before the operator and put away those that are no longer in doubt; how many changed."""
    with lake_at_hand() as lake:
        pairs = pairs_under_review(lake, language="zh")
        english = {pair.review_id: pair.evidence for pair in pairs_under_review(lake, language="en")}
        known = {row.review_id: row for row in MatchReview.objects.defer("sides", "evidence_zh", "evidence_en")}
        fresh = [pair for pair in pairs if pair.review_id not in known]
        sides = sides_of(lake, fresh)
    doubtful = {pair.review_id for pair in pairs}
    changed = len(fresh)
    with story(SYSTEM) as told:
        MatchReview.objects.bulk_create(
            [_laid_out(pair, english[pair.review_id], *sides[pair.review_id]) for pair in fresh],
            batch_size=200,
            ignore_conflicts=True,
        )
        if fresh:
            told.record("pool.match.gathered", matches=len(fresh))
        for row in known.values():
            step = _gone_or_back(row, row.review_id in doubtful)
            if step:
                move(told, FLOW, row, step)
                changed += 1
    return changed


def _gone_or_back(row: MatchReview, doubtful: bool) -> str:
    if doubtful:
        return "come_back" if row.state == MatchReview.State.GONE else ""
    return "leave" if row.state in WAITING else ""


def _laid_out(pair: Pair, english: str, subject: Side, enterprise: Side) -> MatchReview:
    dataset = catalogue().datasets.get(pair.dataset)
    return MatchReview(
        review_id=pair.review_id,
        department=dataset.department if dataset else "",
        dataset=pair.dataset,
        subject_key=pair.subject_key[:120],
        enterprise_id=pair.enterprise_id,
        subject_name=(subject.name or pair.own_name or "")[:200],
        enterprise_name=(enterprise.name or pair.name or "")[:200],
        probability=pair.probability,
        doubt=0.5 if pair.probability is None else 1 - 2 * abs(pair.probability - 0.5),
        suggested=pair.suggested or "",
        evidence_zh=pair.evidence,
        evidence_en=english,
        sides={"subject": subject.as_dict(), "enterprise": enterprise.as_dict()},
    )


def _enqueue(match: MatchReview) -> None:
    from tulou.pool.tasks import apply_match_decision

    apply_match_decision.enqueue(match.pk)


def _apply(match: MatchReview) -> None:
    same = match.verdict == MatchReview.Verdict.SAME
    at = match.decided_at or clock.now()
    try:
        with lake_at_hand() as lake:
            outcome = decide_review(lake, match.review_id, same=same, by=match.decided_by, now=at)
    except Refused as refused:
        if not (refused.finding.code == "review.decided" and _is_ours(match)):
            _refuse(match, refused)
            return
        outcome = {"event": "applied_before"}
    with story(SYSTEM) as told:
        move(told, FLOW, match, "apply", outcome=outcome)


def _is_ours(match: MatchReview) -> bool:
    """Whether the decision that the lake has is this one: the worker died between the lake's commit and its note."""
    with lake_at_hand() as lake:
        pairs = pairs_under_review(lake, language="zh", every=True)
    return any(
        (pair.decision, pair.decided_by) == (match.verdict, match.decided_by)
        for pair in pairs
        if pair.review_id == match.review_id
    )


def _refuse(match: MatchReview, refused: Refused) -> None:
    """The lake says no: the pair is open again, and who decided it is told why."""
    text = refused.finding.text
    person = Person.objects.filter(public_id=match.decided_by).values_list("pk", flat=True)
    with story(SYSTEM) as told:
        outcome: dict[str, Any] = {"event": "refused", "problem": refused.finding.as_dict()}
        move(told, FLOW, match, "refuse", reason=text.zh, outcome=outcome, verdict="")
        told.send(
            Notice(
                code="pool.match.refused",
                key=f"{match.public_id}.{match.decided_at}",
                title=Text(zh="裁定未能执行", en="Your decision could not be carried out"),
                body=text,
                people=tuple(person),
                link=f"/pool/matches/{match.public_id}/",
            )
        )


def _take_back(match: MatchReview) -> None:
    try:
        with lake_at_hand() as lake:
            outcome = undo_review(lake, match.review_id, by=match.decided_by, now=clock.now())
    except Refused as refused:
        outcome = {"event": "reopened", "note": refused.finding.code}
    with story(SYSTEM) as told:
        move(told, FLOW, match, "reopen", outcome=outcome, verdict="", decided_at=None)
