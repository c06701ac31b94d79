"""Which products a need fits, and in which order: the rule of the ranking is public.

First those whose conditions are met, then those of which something is not known yet, then the others with what stands
against them. Among equals the whole cost at the bank's highest rate decides, then the days until its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tulou.finance.core.market.cost import METHODS, Cost, cost_of, fee_of
from tulou.finance.core.market.words import COLLATERALS, PURPOSES, known
from tulou.finance.models import Need, ProductVersion
from tulou.finance.queries.shelf import on_shelf
from tulou.kernel.errors import Text
from tulou.kernel.money import format_money
from tulou.platform import clock
from tulou.platform.criteria import Judgement, Question, Reason, Truth, engine

ORDER: dict[Truth, int] = {"T": 0, "U": 1, "F": 2}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product for a need: whether it fits, row by row, and its cost at the bank's lowest and highest rate."""

    version: ProductVersion
    truth: Truth
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    method: str
    low: Cost
    high: Cost

    @property
    def method_text(self) -> Text:
        """How it would be paid back."""
        return known(METHODS, self.method)

    @property
    def against(self) -> list[Reason]:
        """What stands against it."""
        return [reason for reason in self.reasons if reason.truth == "F"]

    @property
    def open(self) -> list[Reason]:
        """What is not known yet."""
        return [reason for reason in self.reasons if reason.truth == "U"]


def ranked(need: Need, versions: Iterable[ProductVersion] | None = None) -> list[Candidate]:
    """Every product of the shelf for a need, the best first."""
    found = [candidate(need, version) for version in (on_shelf() if versions is None else versions)]
    return sorted(
        found, key=lambda c: (ORDER[c.truth], c.high.cost_fen, c.version.answer_days, c.version.product.public_id)
    )


def candidate(need: Need, version: ProductVersion) -> Candidate:
    """One product for a need."""
    judged = judge(need, version)
    rows = [*_fits(need, version), *judged.reasons]
    truths = {row.truth for row in _fits(need, version)} | {judged.truth}
    truth: Truth = "F" if "F" in truths else "U" if "U" in truths else "T"
    amount = min(max(need.amount_fen, version.min_fen), version.max_fen)
    months = min(max(need.months, version.min_months), version.max_months)
    method, today = version.methods[0], clock.today()
    fee = fee_of(amount, version.fee_rate)
    low = cost_of(amount, version.rate_from, months, method, fee_fen=fee, first_day=today)
    high = cost_of(amount, version.rate_to, months, method, fee_fen=fee, first_day=today)
    return Candidate(version, truth, tuple(rows), judged.missing, method, low, high)


def judge(need: Need, version: ProductVersion) -> Judgement:
    """What the product's rule says about the firm, by the pool's facts and its own."""
    return engine().judge(version.rule, need.known_facts, clock.today())


def questions_for(candidates: Sequence[Candidate]) -> list[Question]:
    """What to ask the firm: facts that undecided products wait for, those that most wait for first."""
    waiting: dict[str, int] = {}
    for found in candidates:
        if found.truth == "U":
            for name in found.missing:
                waiting[name] = waiting.get(name, 0) + 1
    names = sorted(waiting, key=lambda name: (-waiting[name], name))[:5]
    return list(engine().questions(names))


def _fits(need: Need, version: ProductVersion) -> list[Reason]:
    low, high = version.min_fen, version.max_fen
    return [
        _row(
            low <= need.amount_fen <= high,
            Text(
                zh=f"金额在 {format_money(low)} 至 {format_money(high)} 之间",
                en=f"Between {format_money(low, 'en')} and {format_money(high, 'en')}",
            ),
            Text(zh=format_money(need.amount_fen), en=format_money(need.amount_fen, "en")),
        ),
        _row(
            version.min_months <= need.months <= version.max_months,
            Text(
                zh=f"期限在 {version.min_months} 至 {version.max_months} 个月之间",
                en=f"From {version.min_months} to {version.max_months} months",
            ),
            Text(zh=f"{need.months} 个月", en=f"{need.months} months"),
        ),
        _row(
            need.collateral in version.collaterals,
            _listed("担保方式", "Collateral", [known(COLLATERALS, code) for code in version.collaterals]),
            known(COLLATERALS, need.collateral),
        ),
        *(
            [
                _row(
                    need.purpose in version.purposes,
                    _listed("用途", "For", [known(PURPOSES, code) for code in version.purposes]),
                    known(PURPOSES, need.purpose),
                )
            ]
            if version.purposes
            else []
        ),
    ]


def _row(holds: bool, limit: Text, value: Text) -> Reason:
    return Reason("T" if holds else "F", limit, value)


def _listed(zh: str, en: str, texts: Sequence[Text]) -> Text:
    return Text(zh=f"{zh}：{'、'.join(t.zh for t in texts)}", en=f"{en}: {', '.join(t.en.lower() for t in texts)}")
