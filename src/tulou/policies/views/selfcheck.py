"""The self-check: a few questions without a sign-in. The answers travel in the form and are kept nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render

from tulou.kernel.errors import Finding, Refused, Text
from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.attributes import Catalogue, standard_attributes
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.explaining import Explanation, failing
from tulou.policies.queries.checking import MOST_GIVEN, Check, check
from tulou.policies.queries.documents import as_set
from tulou.policies.queries.public import shelf
from tulou.policies.views.public import public_policy

ENOUGH = 8
"""After so many answers the check of all policies shows what it found first, and goes on below."""


@page(public=True, methods=["GET", "POST"])
def check_one(request: HouseRequest, key: str) -> HttpResponseBase:
    """Whether one policy is for me."""
    policy, version = public_policy(key)
    policies = as_set([version])
    day = clock.today()
    program = compile_policies({each.id: each.rule for each in policies}, policies.catalogue, day)
    done, finding = answered(request, policies, program, day)
    context = {"policy": policy, "version": version, "check": done, "finding": finding, **verdict(done)}
    return answer(request, "policies/public/check.html", context)


@page(public=True, methods=["GET", "POST"])
def check_all(request: HouseRequest) -> HttpResponseBase:
    """Which of all policies are for me."""
    stock = shelf()
    done, finding = answered(request, stock.policies, stock.program, stock.day)
    lists = {truth: [stock.by_id[key] for key in keys] for truth, keys in done.lists.items()}
    for truth, cards in lists.items():
        lists[truth] = sorted(cards, key=lambda c: (c.over, c.last_day or stock.day, -(c.ceiling or 0)))
    context = {"check": done, "finding": finding, "lists": lists, "enough": len(done.given) >= ENOUGH}
    return answer(request, "policies/public/check_all.html", {**context, "total": len(stock.cards), "today": stock.day})


def answer(request: HouseRequest, template: str, context: dict[str, Any]) -> HttpResponseBase:
    """The page, or only its middle for htmx; never kept by a browser or a proxy, for it holds what somebody told."""
    made = render(request, template + ("#check" if request.htmx else ""), context)
    made.headers["Cache-Control"] = "no-store"
    return made


def answered(request: HouseRequest, policies: PolicySet, program: Any, day: Any) -> tuple[Check, Finding | None]:
    """Where the check stands after this request; with the finding where the newest answer was none."""
    lines, skipped = given(request)
    newest = new_answer(request)
    change = request.POST.get("change", "")
    if change:
        lines = [line for line in lines if line.partition("=")[0] != change]
        skipped = [fact for fact in skipped if fact != change]
    try:
        return check(policies, program, day, [*lines, *newest], skipped), None
    except Refused as refused:
        try:
            return check(policies, program, day, lines, skipped), refused.finding
        except Refused:
            return check(policies, program, day), refused.finding


def given(request: HouseRequest) -> tuple[list[str], list[str]]:
    """The answers and the skipped questions that the form carries."""
    if "restart" in request.POST:
        return [], []
    lines = request.POST.getlist("given")[:MOST_GIVEN]
    skipped = [*request.POST.getlist("skipped")[:MOST_GIVEN], *request.POST.getlist("skip")[:1]]
    return lines, list(dict.fromkeys(skipped))


def new_answer(request: HouseRequest) -> list[str]:
    """The newest answer, as a line; none where a button other than an answer was pressed."""
    fact, text = request.POST.get("fact", ""), request.POST.get("answer", "").strip()
    if not fact or not text or {"skip", "change", "restart"} & set(request.POST):
        return []
    return [f"{fact}={text}"]


def verdict(done: Check) -> dict[str, Any]:
    """The answer for one policy, with what stands against it."""
    found = done.explanation
    if found is None:
        return {}
    asked = done.asked if found.truth == "U" else None
    return {
        "check": replace(done, asked=asked),
        "explanation": found,
        "against": failing(found.criterion),
        "changes": changes(found, done),
    }


def changes(found: Explanation, done: Check) -> list[dict[str, Any]]:
    """The nearest way to be eligible; values that were chosen as a span are shown as the span."""
    return [
        {"change": change, "name": name_of(change.attr), "value": done.labels.get(change.attr, change.value)}
        for change in found.changes
    ]


def name_of(fact: str) -> Text:
    """What a fact is called."""
    return Catalogue(standard_attributes()).label(fact)
