"""Pots: nobody with a better claim is passed over, held against every possible allocation of small cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tulou.finance.core.pots import Claims, Decision, Pot, benefit, decisions, judge, lottery, make_claims, stable
from tulou.finance.core.pots.acceptance import Allocation
from tulou.finance.core.pots.judging import last_in_line
from tulou.kernel.errors import Refused

Award = tuple[int, ...]


@st.composite
def cases(draw: st.DrawFn, *, equal: bool = False, firms: int = 5, pots: int = 3) -> Claims:
    count, size = draw(st.integers(1, pots)), draw(st.integers(1, firms))
    made = [
        Pot(
            f"p{n}",
            budget_fen=None if equal else draw(st.integers(0, 12)),
            places=draw(st.one_of(st.none(), st.integers(0, 3))) if not equal else draw(st.integers(0, 3)),
        )
        for n in range(count)
    ]
    rows = []
    for firm in range(size):
        for pot in draw(st.permutations(range(count)))[: draw(st.integers(0, count))]:
            amount = 1 if equal else draw(st.integers(1, 8))
            rows.append((f"f{firm}", f"p{pot}", draw(st.integers(0, 4)), amount, draw(st.integers(0, 9))))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    return make_claims(
        made,
        firm=columns[0],
        pot=columns[1],
        strength=columns[2],
        amount_fen=columns[3],
        benefit=columns[4],
        seed=draw(st.text(max_size=3)),
    )


def possible(claims: Claims) -> Iterator[Award]:
    """Every allocation that keeps the budgets and the places."""
    options = [[-1, *range(claims.starts[firm], claims.starts[firm + 1])] for firm in range(len(claims.firms))]
    for award in itertools.product(*options):
        met = [index for index in award if index >= 0]
        for number, pot in enumerate(claims.pots):
            here = [index for index in met if claims.pot[index] == number]
            if pot.budget_fen is not None and sum(claims.amount_fen[here]) > pot.budget_fen:
                break
            if pot.places is not None and len(here) > pot.places:
                break
        else:
            yield award


def blocking(claims: Claims, award: Award) -> set[tuple[int, int]]:
    """The blocking pairs by the words of the definition, one by one."""
    held: dict[int, list[int]] = {pot: [] for pot in range(len(claims.pots))}
    for index in award:
        if index >= 0:
            held[int(claims.pot[index])].append(index)
    waiting: dict[int, list[int]] = {pot: [] for pot in range(len(claims.pots))}
    for index in range(len(claims)):
        got = award[claims.firm[index]]
        if claims.eligible[index] and (got < 0 or claims.choice[index] < claims.choice[got]):
            waiting[int(claims.pot[index])].append(index)
    found = set()
    for pot, those in waiting.items():
        money, places = claims.pots[pot].budget_fen, claims.pots[pot].places
        for index in those:
            passed = any(claims.line[other] > claims.line[index] for other in held[pot])
            first = all(claims.line[other] >= claims.line[index] for other in those)
            room = places is None or len(held[pot]) < places
            fits = money is None or sum(claims.amount_fen[held[pot]]) + claims.amount_fen[index] <= money
            if passed or (first and room and fits):
                found.add((int(claims.firm[index]), pot))
    return found


@settings(deadline=None)
@given(cases())
def test_no_pair_blocks_and_every_firm_has_the_best_that_limits_allow(claims: Claims) -> None:
    award = stable(claims).award
    assert blocking(claims, tuple(award.tolist())) == set()
    everything = set(possible(claims))
    assert tuple(award.tolist()) in everything
    levels = [range(int((claims.pot == pot).sum()) + 1) for pot in range(len(claims.pots))]
    for limits in itertools.product(*levels):
        by_limits = tuple(
            next(
                (
                    index
                    for index in range(claims.starts[firm], claims.starts[firm + 1])
                    if claims.eligible[index] and claims.line[index] < limits[claims.pot[index]]
                ),
                -1,
            )
            for firm in range(len(claims.firms))
        )
        if by_limits in everything:
            for mine, other in zip(award, by_limits, strict=True):
                assert other < 0 or (mine >= 0 and claims.choice[mine] <= claims.choice[other])


@settings(deadline=None)
@given(cases(), st.data())
def test_the_judgement_counts_blocking_pairs_as_the_definition_does(claims: Claims, data: st.DataObject) -> None:
    award = data.draw(st.sampled_from(list(itertools.islice(possible(claims), 300))))
    verdict = judge(claims, Allocation("any", np.array(award, dtype=np.int64)))
    pairs = blocking(claims, award)
    assert verdict.blocking_pairs == len(pairs)
    assert verdict.wronged == len({firm for firm, _ in pairs})
    assert verdict.awards == sum(index >= 0 for index in award)


@settings(deadline=None, max_examples=60)
@given(cases(equal=True))
def test_with_equal_amounts_the_most_benefit_is_found(claims: Claims) -> None:
    best = max(sum(claims.benefit[i] for i in award if i >= 0) for award in possible(claims))
    found = benefit(claims)
    assert tuple(found.award.tolist()) in set(possible(claims))
    assert claims.benefit[found.met].sum() == pytest.approx(best)
    assert found.bound == pytest.approx(best)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_with_any_amounts_the_budgets_hold_and_the_bound_is_one(claims: Claims) -> None:
    best = max(sum(claims.benefit[i] for i in award if i >= 0) for award in possible(claims))
    found = benefit(claims)
    assert tuple(found.award.tolist()) in set(possible(claims))
    assert found.bound is not None
    assert claims.benefit[found.met].sum() - 1e-6 <= best <= found.bound + 1e-6
    assert judge(claims, found).benefit >= judge(claims, stable(claims)).benefit * 0.5


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(claims: Claims, random: object) -> None:
    order = list(range(len(claims)))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = make_claims(
        claims.pots,
        firm=[claims.firms[claims.firm[i]] for i in order],
        pot=[claims.pots[claims.pot[i]].name for i in order],
        strength=claims.strength[order],
        amount_fen=claims.amount_fen[order],
        choice=claims.choice[order].astype(float),
        benefit=claims.benefit[order],
        seed=claims.seed,
    )
    assert stable(again).award.tolist() == stable(claims).award.tolist()


@settings(deadline=None, max_examples=60)
@given(cases(equal=True, firms=4), st.data())
def test_with_equal_amounts_no_firm_gains_by_an_untrue_order(claims: Claims, data: st.DataObject) -> None:
    firm = data.draw(st.integers(0, len(claims.firms) - 1)) if claims.firms else 0
    own = [i for i in range(len(claims)) if claims.firm[i] == firm]
    if not own:
        return
    told = data.draw(st.permutations(own))[: data.draw(st.integers(0, len(own)))]
    rows = [i for i in range(len(claims)) if claims.firm[i] != firm] + list(told)
    other = make_claims(
        claims.pots,
        firm=[claims.firms[claims.firm[i]] for i in rows],
        pot=[claims.pots[claims.pot[i]].name for i in rows],
        strength=claims.strength[rows],
        amount_fen=claims.amount_fen[rows],
        seed=claims.seed,
    )
    honest = stable(claims).award[firm]
    if claims.firms[firm] not in other.firms:
        return
    got = stable(other).award[other.firms.index(claims.firms[firm])]
    if got >= 0:
        pot = other.pot[got]
        truly = next(claims.choice[i] for i in own if claims.pot[i] == pot)
        assert honest >= 0
        assert claims.choice[honest] <= truly


def test_a_tie_goes_by_the_published_lottery_and_every_firm_can_draw_it_again() -> None:
    firms = [f"firm {n}" for n in range(20)]
    winners = {}
    for seed in ("first draw", "second draw"):
        claims = make_claims(
            [Pot("a", places=1)], firm=firms, pot=["a"] * 20, strength=[7] * 20, amount_fen=[1] * 20, seed=seed
        )
        winners[seed] = claims.firms[claims.firm[stable(claims).met[0]]]
        assert winners[seed] == min(firms, key=lambda firm: lottery(seed, firm))
    assert len(set(winners.values())) == 2


def test_a_large_claim_in_front_is_not_jumped_and_the_rest_is_named() -> None:
    claims = make_claims(
        [Pot("a", budget_fen=100)],
        firm=["big", "first", "small"],
        pot=["a", "a", "a"],
        strength=[2, 3, 1],
        amount_fen=[60, 50, 40],
    )
    result = stable(claims)
    verdict = judge(claims, result)
    assert [claims.firms[claims.firm[i]] for i in result.met] == ["first"]
    assert (verdict.left_fen, verdict.jumped, verdict.blocking_pairs) == (50, 1, 0)
    assert decisions(claims, result) == [Decision.WAITING, Decision.AWARDED, Decision.WAITING]
    assert claims.firms[claims.firm[last_in_line(claims, result)[0]]] == "first"


def test_a_claim_above_the_whole_budget_stops_nobody() -> None:
    claims = make_claims(
        [Pot("a", budget_fen=100)], firm=["huge", "next"], pot=["a", "a"], strength=[9, 1], amount_fen=[101, 100]
    )
    result = stable(claims)
    assert decisions(claims, result) == [Decision.TOO_LARGE, Decision.AWARDED]
    assert judge(claims, result).blocking_pairs == 0


def test_more_benefit_can_pass_a_better_claim_over_and_the_count_says_so() -> None:
    claims = make_claims(
        [Pot("a", places=1)],
        firm=["strong", "useful"],
        pot=["a", "a"],
        strength=[9, 1],
        amount_fen=[5, 5],
        benefit=[1, 8],
    )
    verdict = judge(claims, benefit(claims))
    assert (verdict.benefit, verdict.passed_over, verdict.wronged) == (8, 1, 1)
    assert decisions(claims, benefit(claims)) == [Decision.PASSED_OVER, Decision.AWARDED]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pot": ["a", "b"]}, "pot"),
        ({"pot": ["a", "a"], "firm": ["x", "x"]}, "pot"),
        ({"amount_fen": [1, 0]}, "amount"),
        ({"strength": [1, float("nan")]}, "claim"),
        ({"benefit": [1, float("inf")]}, "benefit"),
    ],
)
def test_claims_that_cannot_be_meant_are_refused_with_their_row(change: dict[str, list[object]], code: str) -> None:
    good: dict[str, list[object]] = {"firm": ["x", "y"], "pot": ["a", "a"], "strength": [1, 2], "amount_fen": [1, 1]}
    with pytest.raises(Refused, match=rf"finance\.claim\.{code}") as caught:
        make_claims([Pot("a", places=1)], **(good | change))  # type: ignore[arg-type]
    assert caught.value.finding.where.record == 2


def test_two_claims_with_one_choice_and_pots_without_end_are_refused() -> None:
    with pytest.raises(Refused, match=r"finance\.claim\.choice"):
        make_claims(
            [Pot("a", places=1), Pot("b", places=1)],
            firm=["x", "x"],
            pot=["a", "b"],
            strength=[1, 1],
            amount_fen=[1, 1],
            choice=[1, 1],
        )
    with pytest.raises(Refused, match=r"finance\.pot\.endless"):
        Pot("a")
    with pytest.raises(Refused, match=r"finance\.pot\.places"):
        Pot("a", places=-1)
    with pytest.raises(Refused, match=r"finance\.pot\.twice"):
        make_claims([Pot("a", places=1), Pot("a", places=2)], firm=[], pot=[], strength=[], amount_fen=[])
