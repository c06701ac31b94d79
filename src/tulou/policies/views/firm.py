"""A firm's policies: three lists, one policy with the firm's own values, answers, calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.platform import clock
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.policies.core.asking import Question, questions
from tulou.policies.core.attributes import Kind
from tulou.policies.core.choices import answered
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.program import compile_policies
from tulou.policies.core.explaining import Criterion, Explanation, failing, question_for
from tulou.policies.core.firms.facts import Unreadable
from tulou.policies.core.rule.tree import All
from tulou.policies.models import Application, Declaration, Policy, PolicyVersion
from tulou.policies.queries.checking import Asked, asked_of, in_words
from tulou.policies.queries.documents import as_core, as_set
from tulou.policies.queries.firm import declaration_for, declarations_for, marks_of, open_application
from tulou.policies.queries.policies import public_policies
from tulou.policies.queries.public import Card, shelf
from tulou.policies.queries.reading import materials
from tulou.policies.services.declaring import declare_fact, mark_policy, note_seen, retract_fact
from tulou.policies.services.standing import Known, Standing, amount_for, by_deadline, explained, known_of, standing_of
from tulou.policies.views.feeds import calendar_answer, calendar_of
from tulou.policies.views.public import not_to_be_had
from tulou.pool.services.consent import SIGNERS

PAGE, ASKED_AT_ONCE = 12, 3
TABS = {
    "eligible": gettext_lazy("For you"),
    "possible": gettext_lazy("Possible"),
    "not": gettext_lazy("Not for you"),
    "saved": gettext_lazy("Saved"),
    "hidden": gettext_lazy("Hidden"),
}
TRUTHS = {"eligible": "T", "possible": "U", "not": "F"}


@page(*SIGNERS, get_writes=True)
def mine(request: HouseRequest) -> HttpResponseBase:
    """The three lists. The firm's values are read through the pool's gate, which keeps a record."""
    standing = standing_of(request.actor)
    marks = marks_of(request.actor)
    lists = tabs(standing, marks)
    tab = request.GET.get("list", "")
    if tab not in TABS:
        tab = "eligible" if lists["eligible"] or not lists["possible"] else "possible"
    shown = Paginator(lists[tab], PAGE).get_page(request.GET.get("page"))
    context = {
        "tab": tab,
        "tabs": [(key, label, len(lists[key])) for key, label in TABS.items() if key in TRUTHS or lists[key]],
        "page": shown,
        "rows": [row(card, standing, marks) for card in shown],
        "asked": asked_first(standing) if tab == "possible" else [],
        "titles": {key: card.version.title for key, card in standing.stock.by_id.items()},
        "today": standing.stock.day,
        "known": len(standing.known.firm.facts),
        "declared": declarations_for(request.actor).count(),
    }
    return render(request, "policies/firm/mine.html", context)


def tabs(standing: Standing, marks: dict[str, str]) -> dict[str, list[Card]]:
    """The lists by their tab; what is hidden stands in its own only."""
    hidden = {key for key, kind in marks.items() if kind == "hidden"}
    found = {
        tab: [card for card in standing.lists[truth] if card.core.id not in hidden] for tab, truth in TRUTHS.items()
    }
    for kind in ("saved", "hidden"):
        kept = [standing.stock.by_id[key] for key, k in marks.items() if k == kind and key in standing.stock.by_id]
        found[kind] = by_deadline(kept)
    return found


def row(card: Card, standing: Standing, marks: dict[str, str]) -> dict[str, object]:
    """A card with what it means for the firm."""
    found = standing.explanation(card)
    return {
        "card": card,
        "truth": found.truth,
        "verified": found.verified,
        "amount": amount_for(card.version, standing.known.firm.facts),
        "missing": len(found.missing),
        "changes": found.changes,
        "why": reason(found),
        "mark": marks.get(card.core.id, ""),
    }


def reason(found: Explanation) -> object:
    """The first row that is not met, for a list."""
    rows = failing(found.criterion)
    return (rows[0].label or rows[0].limit) if rows else None


def asked_first(standing: Standing) -> list[Asked]:
    """The few questions that decide most, each to be answered exactly."""
    best = standing.questions[:ASKED_AT_ONCE]
    facts, day = standing.known.firm.facts, standing.stock.day
    return [asked_of(each, standing.stock.policies, facts, day, exact=True) for each in best]


def policy_to_read(key: str) -> tuple[Policy, PolicyVersion]:
    """A policy that firms may read, and the version in force. Raises Http404."""
    found = public_policies().filter(public_id=key).exclude(current=None).first()
    if found is None or found.current is None:
        raise Http404
    return found, found.current


@page(*SIGNERS, get_writes=True)
def one(request: HouseRequest, key: str) -> HttpResponseBase:
    """One policy for the firm: each condition with the firm's value, where it comes from, and what would change it."""
    policy, version = policy_to_read(key)
    known = known_of(request.actor)
    found = explained(request.actor, version, known)
    application = open_application(request.actor, policy)
    context = {
        "policy": policy,
        "version": version,
        "explanation": found,
        "criteria": conditions(version, found),
        "origins": known.origins,
        "amount": amount_for(version, known.firm.facts),
        "asked": questions_of(version, known) if found.truth == "U" else [],
        "mark": marks_of(request.actor).get(key, ""),
        "application": application,
        "going": application is not None and application.state not in ("paid", "refused", "declined"),
        "over": not_to_be_had(policy, version),
        "materials": materials(version),
        "titles": {},
        "today": clock.today(),
    }
    return render(request, "policies/firm/one.html", context)


def conditions(version: PolicyVersion, found: Explanation) -> Sequence[Criterion]:
    """The rows of the rule without the gate of its dates; the outermost *all of these* needs no heading."""
    core, root = as_core(version), found.criterion
    if core.rule is not core.eligibility:
        root = root.parts[1]
    return root.parts if isinstance(core.eligibility, All) else (root,)


def questions_of(version: PolicyVersion, known: Known) -> list[Asked]:
    """What one policy still asks the firm, best first."""
    policies: PolicySet = as_set([version])
    day = clock.today()
    program = compile_policies({each.id: each.rule for each in policies}, policies.catalogue, day)
    ranked = questions(known.firm, policies, day, program)
    return [asked_of(each, policies, known.firm.facts, day, exact=True) for each in ranked]


@page(*SIGNERS, methods=["POST"])
def answer(request: HouseRequest) -> HttpResponseBase:
    """Keep an answer, and go back to where it was asked."""
    fact, text = request.POST.get("fact", ""), request.POST.get("answer", "").strip()
    if request.POST.get("amount"):
        text = with_entry(request, fact)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("policies:firm")
    if not text:
        messages.error(request, _("Please give an answer first."))
        return redirect(back)
    declare_fact(request.actor, fact, text)
    messages.success(request, _("Noted. You can change it at any time under “Our answers”."))
    return redirect(back)


def with_entry(request: HouseRequest, fact: str) -> str:
    """A ledger with one more entry, as an answer: what was declared before, and the new day, amount and scheme."""
    before = declarations_for(request.actor).filter(fact=fact).values_list("answer", flat=True).first()
    entry = ":".join(request.POST.get(name, "").strip().replace(":", " ") for name in ("on", "amount", "scheme"))
    return entry if before in (None, "none") else f"{before},{entry}"


@page(*SIGNERS)
def answers(request: HouseRequest) -> HttpResponseBase:
    """Every answer that the firm gave, by whom and when, to be changed or taken back."""
    catalogue = shelf().policies.catalogue
    rows = []
    for declaration in declarations_for(request.actor)[:200]:
        try:
            facts = answered({}, declaration.fact, declaration.answer, catalogue)
        except Unreadable:
            continue
        rows.append(
            {
                "declaration": declaration,
                "name": catalogue.label(declaration.fact),
                "value": in_words(declaration.fact, facts, catalogue),
                "asked": asked_again(declaration),
            }
        )
    return render(request, "policies/firm/answers.html", {"rows": rows, "titles": {}})


def asked_again(declaration: Declaration) -> Asked:
    """The question of a declared fact, to change the answer."""
    stock = shelf()
    attribute = stock.policies.catalogue.attributes.get(declaration.fact)
    kind = attribute.kind if attribute else Kind.FLAG
    text = question_for(declaration.fact, stock.policies.catalogue)
    waiting = tuple(policy.id for policy in stock.policies)
    question = Question(declaration.fact, text, kind, 0.0, 0, 0, 0, waiting)
    return asked_of(question, stock.policies, {}, stock.day, exact=True)


@page(*SIGNERS, methods=["POST"])
def retract(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take an answer back."""
    retract_fact(request.actor, declaration_for(request.actor, key))
    messages.success(request, _("Taken back: it counts as unknown again."))
    return redirect("policies:firm_answers")


@page(*SIGNERS, methods=["POST"])
def mark(request: HouseRequest, key: str) -> HttpResponseBase:
    """Save a policy, hide it, or take the mark away."""
    policy, _version = policy_to_read(key)
    mark_policy(request.actor, policy, request.POST.get("kind", ""))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("policies:firm_one", args=[key])
    return redirect(back)


@page(*SIGNERS, methods=["POST"])
def seen(request: HouseRequest, key: str) -> HttpResponseBase:
    """The page tells that it was looked at, once it is shown: a GET alone counts nothing."""
    policy, _version = policy_to_read(key)
    note_seen(request.actor, policy)
    return HttpResponse(status=204)


def dated(request: HouseRequest) -> list[Card]:
    """The deadlines that concern the firm: of what is for it, possible or saved, and not hidden."""
    standing = standing_of(request.actor)
    marks = marks_of(request.actor)
    lists = tabs(standing, marks)
    cards = {card.core.id: card for tab in ("eligible", "possible", "saved") for card in lists[tab]}
    return by_deadline([card for card in cards.values() if card.deadline is not None and not card.over])


@page(*SIGNERS, get_writes=True)
def calendar(request: HouseRequest) -> HttpResponseBase:
    """The firm's deadlines, month by month, and what its applications wait for."""
    cards = dated(request)
    waiting = Application.objects.filter(
        firm=request.actor.organisation_key, state__in=["draft", "returned", "offered"]
    )
    context = {
        "months": [(first, list(rows)) for first, rows in groupby(cards, _month)],
        "waiting": waiting.select_related("version", "policy")[:20],
        "today": clock.today(),
    }
    return render(request, "policies/firm/calendar.html", context)


def _month(card: Card) -> dt.date:
    return (card.deadline or dt.date.max).replace(day=1)


@page(*SIGNERS, get_writes=True)
def calendar_file(request: HouseRequest) -> HttpResponseBase:
    """The same as a file for one's own calendar."""
    cards: Sequence[Card] = dated(request)
    return calendar_answer(calendar_of(cards, _("Our policies' deadlines")), "deadlines.ics")
