"""Scores with a memory: the card's bytes, the inputs and the answer are kept, so that any can be made again.

A score is one reading of the firm's data under its consent. What the card does not read is not kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tulou.finance.core.market.cost import canonical, digest
from tulou.finance.flows import BANK, MANAGER
from tulou.finance.models import Application, Score, ScoreArtefact
from tulou.finance.queries.scores import artefact_for
from tulou.finance.queries.sources import sources_of
from tulou.finance.services.acting import acting
from tulou.finance.services.facts import facts_of, values_of
from tulou.finance.services.peers import place
from tulou.kernel.errors import refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.pool.core.consent import Wish
from tulou.pool.core.contract.contract import LogicalType
from tulou.pool.core.profile.features import FeatureKind, feature_name
from tulou.pool.courtyard import catalogue
from tulou.pool.models import Consent, ReadDecision
from tulou.pool.queries.consent import signed_grant
from tulou.pool.services.reading import Asked, read_profile

LONGEST_CARD = 8 * 1024**2


def install_artefact(actor: Actor, content: bytes) -> ScoreArtefact:
    """Install a scorecard for the actor's bank; the one before it ends, and stays for its scores.

    Raises Refused where the bytes are no scorecard, or were changed after it was made.
    """
    from tulou.finance.core import load_artefact

    bank = acting(actor, MANAGER)
    if len(content) > LONGEST_CARD:
        raise refuse("finance.artefact.size", "评分卡文件过大", "The file of the scorecard is too large")
    card = load_artefact(content)
    with story(actor) as told:
        ScoreArtefact.objects.filter(bank=bank, ended_at=None).update(ended_at=clock.now())
        made = ScoreArtefact.objects.create(
            bank_id=bank,
            sha256=_sha256(content),
            name=card.name[:120],
            content=content,
            installed_by=actor.person_id,
        )
        told.record("finance.artefact.installed", made, sha256=made.sha256)
    return made


def score_application(actor: Actor, application: Application) -> Score:
    """Score the firm of an application with the bank's card. Raises ReadDenied where the gate says no.

    Raises Refused where no card is installed, or the firm opened no data.
    """
    from tulou.finance.core import load_artefact

    acting(actor, BANK, organisation=application.bank_id)
    artefact = artefact_for(application.bank_id)
    if artefact is None:
        raise refuse("finance.artefact.none", "尚未安装评分卡", "No scorecard is installed")
    if application.consent is None:
        raise refuse("finance.consent.none", "企业未授权数据", "The firm has opened no data")
    read, reading = read_consented(actor, application.consent, application.public_id)
    inputs = inputs_of(read, application)
    kept, answer = answer_of(bytes(artefact.content), inputs)
    codes = [reason["code"] for reason in json.loads(answer)["reasons"]]
    with story(actor) as told:
        made = Score.objects.create(
            application=application,
            artefact=artefact,
            reading=reading,
            as_of=clock.today(),
            inputs=kept,
            answer=answer,
            answer_sha256=seal(artefact.sha256, kept, answer),
            peers=place(artefact, facts_of(read).facts, kept, json.loads(answer)["score"]),
            sources=sources_of(load_artefact(bytes(artefact.content)), codes, read),
            person=actor.person_id,
        )
        told.record("finance.application.scored", application, artefact=artefact.sha256, answer=made.answer_sha256)
    return made


def read_consented(actor: Actor, consent: Consent, name: str) -> tuple[Mapping[str, Any], str]:
    """What the firm opened, read through the gate; and the id of the reading. One reading an hour counts as one.

    Raises ReadDenied.
    """
    wish = Wish.from_document(consent.terms)
    signed = signed_grant(consent)
    items = signed.grant.terms.items if signed else wish.items
    key = f"finance-{name}-{actor.person_id[:20]}-{clock.now():%Y%m%d%H}"
    page = read_profile(actor, consent, Asked(items, wish.data_from, wish.data_until, wish.granularity), key=key)
    row = ReadDecision.objects.filter(key=key, consent=consent).order_by("id").first()
    return page.values, row.public_id if row else ""


def inputs_of(read: Mapping[str, Iterable[Mapping[str, Any]]], application: Application) -> dict[str, Any]:
    """The values of a reading under the names that profiles have in files, and the terms that were asked for."""
    items = catalogue().items
    inputs: dict[str, Any] = {
        "loan__amount": application.need.amount_fen / 100,
        "loan__months": application.need.months,
    }
    for code, rows in read.items():
        numeric = items[code].logical_type in {LogicalType.NUMBER, LogicalType.INTEGER}
        for row in rows:
            name = feature_name(row["dataset"], row["column"], FeatureKind(row["kind"]))
            inputs[name] = _number(row["value"]) if numeric else row["value"]
    return {**inputs, **derived(read)}


def derived(read: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, Any]:
    """What a card may read besides the values as they stand: headcount, age, and growth against the year before."""
    values = values_of(read)
    founded = values.get(("market_register", "established_on", "latest"))
    born = dt.date.fromisoformat(str(founded)[:10]) if founded else None
    return {
        "firm__headcount": _number(values.get(("market_register", "headcount", "latest"))),
        "firm__age_years": (clock.today() - born).days / 365.25 if born else None,
        "firm__sales_growth": _growth(values, "invoice_monthly", "out_total_amount"),
        "firm__power_growth": _growth(values, "power_monthly", "total_energy"),
    }


def _growth(values: Mapping[tuple[str, str, str], Any], dataset: str, column: str) -> float | None:
    now, before = (_number(values.get((dataset, column, kind))) for kind in ("sum12", "prior12"))
    return now / before - 1 if now is not None and before else None


def answer_of(content: bytes, inputs: Mapping[str, Any]) -> tuple[str, str]:
    """The inputs that the card reads and the answer that it gives, both as canonical text."""
    from tulou.finance.core import load_artefact, score_one

    card = load_artefact(content)
    kept = {name: inputs.get(name) for name in card.columns}
    # What is scored is what will be read back, so that a later score of it cannot differ by a type.
    kept = json.loads(canonical(kept))
    found = score_one(card, kept)
    answer = {
        "scored": sum(value is not None for value in kept.values()),
        "score": found.score,
        "probability": found.probability,
        "band": found.band,
        "reasons": [
            {
                "code": reason.code,
                "points": reason.points,
                "shortfall": reason.shortfall,
                "text": {"zh": reason.text.zh, "en": reason.text.en},
            }
            for reason in found.reasons
        ],
    }
    return canonical(kept), canonical(answer)


def reproduce(score: Score) -> bool:
    """Whether the kept card makes the kept answer of the kept inputs again, bit for bit."""
    content = bytes(score.artefact.content)
    if _sha256(content) != score.artefact.sha256:
        return False
    _kept, answer = answer_of(content, json.loads(score.inputs))
    sealed = seal(score.artefact.sha256, score.inputs, score.answer)
    return answer == score.answer and sealed == score.answer_sha256


def seal(artefact: str, inputs: str, answer: str) -> str:
    """One digest over the card's, the inputs and the answer: none of the three can be changed alone."""
    return digest(canonical({"artefact": artefact, "inputs": inputs, "answer": answer}))


def _number(value: Any) -> Any:
    try:
        return None if value is None else float(Decimal(str(value)))
    except InvalidOperation:
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
