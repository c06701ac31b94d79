"""Loans: the firm's and the bank's side of one contract, its schedule, and what can be done now."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tulou.finance.core.market.cost import METHODS, known_method
from tulou.finance.flows import CONTRACT, LIVE
from tulou.finance.forms.bank import DisbursementForm, PaymentForm, PlanForm, WordsForm
from tulou.finance.forms.fields import tell
from tulou.finance.models import Contract
from tulou.finance.queries.market import contract_for, contracts_for
from tulou.finance.queries.portfolio import portfolio_of, warnings_of
from tulou.finance.services import contracts as services
from tulou.finance.services import repayment
from tulou.finance.views.states import WORDS, shown, tone
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.pages.lists import Column, Filter, ListPage
from tulou.platform.transitions.services import history
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry.roles import Kind, Role

FIRM = (Role.ENTERPRISE_LEGAL, Role.ENTERPRISE_DELEGATE)
HEAD = (Role.ENTERPRISE_LEGAL,)
BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER)

LIST = ListPage(
    columns=[
        Column("number", gettext_lazy("Contract"), lambda row: row.number,
               link=lambda row: reverse("finance:contract", args=[row.public_id])),
        Column("firm", gettext_lazy("Enterprise"), lambda row: row.firm.name, "firm__name_zh"),
        Column("bank", gettext_lazy("Bank"), lambda row: row.bank.name, "bank__name_zh"),
        Column("amount", gettext_lazy("Amount"), lambda row: row.principal_fen, "principal_fen", "money"),
        Column("rate", gettext_lazy("Yearly rate"), lambda row: f"{row.annual_rate * 100:.2f} %", "annual_rate"),
        Column("state", gettext_lazy("State"), lambda row: shown("contract", row.state), "state", "badge", None,
               lambda row: tone("contract", row.state)),
        Column("out", gettext_lazy("Paid out on"), lambda row: row.disbursed_on, "disbursed_on", "date"),
    ],
    filters=[
        Filter("state", gettext_lazy("State"), "state", [(key, shown("contract", key)) for key in WORDS["contract"]])
    ],
    search=["number", "firm__name_zh", "firm__name_en", "bank__name_zh"],
    default_sort="-out",
    file_name="loans",
    empty_title=gettext_lazy("No loans yet"),
    empty_text=gettext_lazy("An accepted offer becomes a contract and stands here."),
)  # fmt: skip


@page(*FIRM)
def loans(request: HouseRequest) -> HttpResponseBase:
    """The firm's loans."""
    return LIST.answer(request, contracts_for(request.actor), "finance/loans.html")


@page(*BANK)
def portfolio(request: HouseRequest) -> HttpResponseBase:
    """The bank's loans: what is out, what is late, and which need a look."""
    rows = contracts_for(request.actor)
    manager = request.actor.has_any(frozenset({Role.BANK_MANAGER.value}))
    context = {"summary": portfolio_of(rows), "warnings": warnings_of(rows)[:10], "manager": manager}
    return LIST.answer(request, rows, "finance/portfolio.html", context)


@page(*FIRM, *BANK)
def contract(request: HouseRequest, key: str) -> HttpResponseBase:
    """One contract."""
    return _page(request, contract_for(request.actor, key))


@page(*HEAD, methods=["POST"])
def firm_act(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """Confirm, step back, answer a new plan."""
    steps = {
        "confirm": services.confirm_contract,
        "rescind": services.rescind_contract,
        "agree": repayment.agree_plan,
        "keep": repayment.decline_plan,
    }
    if step not in steps:
        raise Http404
    steps[step](request.actor, contract_for(request.actor, key))
    messages.success(request, _("Done."))
    return redirect("finance:contract", key=key)


@page(*BANK, methods=["POST"])
def bank_act(request: HouseRequest, key: str, step: str) -> HttpResponseBase:
    """Pay out, note a payment, propose a plan or a write-off, decide one."""
    found = contract_for(request.actor, key)
    forms: dict[str, type[Any]] = {
        "disburse": DisbursementForm, "payment": PaymentForm, "plan": PlanForm,
        "cancel": WordsForm, "write-off": WordsForm,
    }  # fmt: skip
    if step in {"agree-write-off", "keep-claim"}:
        repayment.decide_write_off(request.actor, found, agree=step == "agree-write-off")
        messages.success(request, _("Done."))
        return redirect("finance:contract", key=key)
    if step not in forms:
        raise Http404
    form = forms[step](request.POST)
    if form.is_valid():
        try:
            _do(request, found, step, form.cleaned_data)
            messages.success(request, _("Done."))
            return redirect("finance:contract", key=key)
        except Refused as refused:
            tell(form, refused)
    return _page(request, contract_for(request.actor, key), **{step.replace("-", "_"): form})


@page(*FIRM, *BANK)
def terms(request: HouseRequest, key: str) -> HttpResponseBase:
    """The frozen terms as a file, with their digest."""
    found = contract_for(request.actor, key)
    body = {"number": found.number, "sha256": found.terms_sha256, "terms": json.loads(found.terms)}
    answer = HttpResponse(json.dumps(body, ensure_ascii=False, indent=2), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.number}.json"'
    return answer


def _do(request: HouseRequest, found: Contract, step: str, data: dict[str, Any]) -> None:
    actor = request.actor
    if step == "disburse":
        services.disburse(actor, found, paid_out=data["paid_out"], reference=data["reference"])
    elif step == "payment":
        repayment.record_payment(
            actor, found, request_id=data["request_id"], amount_fen=data["amount"], paid_on=data["paid_on"]
        )
    elif step == "plan":
        repayment.propose_plan(actor, found, months=data["months"], method=data["method"], reason=data["reason"])
    elif step == "cancel":
        services.cancel_contract(actor, found, reason=data["text"])
    else:
        repayment.propose_write_off(actor, found, reason=data["text"])


def _page(request: HouseRequest, found: Contract, **bound: Any) -> HttpResponseBase:
    today = clock.today()
    lines = repayment.lines_of(found)
    paid = found.payments.aggregate(total=Sum("amount_fen"))["total"] or 0
    events = [
        {
            "icon": "point", "tone": tone("contract", row.target), "title": shown("contract", row.target),
            "at": row.at, "text": row.reason,
        }
        for row in history(CONTRACT, found)
    ]  # fmt: skip
    late = repayment.days_late(found, today)
    forms = {
        "disburse": DisbursementForm(), "payment": PaymentForm(), "plan": PlanForm(),
        "cancel": WordsForm(), "write_off": WordsForm(),
    }  # fmt: skip
    context = {
        "contract": found,
        "terms": json.loads(found.terms),
        "state": shown("contract", found.state),
        "tone": tone("contract", found.state),
        "method": known_method(found.method),
        "lines": lines,
        "next": next((line for line in lines if line.open_fen > 0), None),
        "paid": paid,
        "owed": repayment.owed(found, today) if found.state in LIVE else 0,
        "late": late if found.state in LIVE else 0,
        "moves": {step.name for step in CONTRACT.steps_from(found.state, request.actor.roles)},
        "events": events,
        "payments": found.payments.all()[:10],
        "proposal": found.proposal,
        "proposed_method": METHODS.get(str(found.proposal.get("method", ""))) if found.proposal else None,
        "for_firm": request.actor.organisation_kind == Kind.ENTERPRISE,
        "me": request.actor.person_id,
        **forms,
        **bound,
    }
    return render(request, "finance/contract.html", context, status=422 if bound else 200)
