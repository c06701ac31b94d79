"""The public shelf: products, side by side, and what a loan costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render

from tulou.finance.core.market.cost import METHODS, Cost, cost_of, fee_of
from tulou.finance.core.market.words import COLLATERALS, KINDS, PURPOSES, known
from tulou.finance.forms.fields import WAN, choices, tell
from tulou.finance.forms.need import CalculatorForm
from tulou.finance.models import ProductVersion
from tulou.finance.queries.market import applications_for, contracts_for, needs_for
from tulou.finance.queries.shelf import on_shelf, shelf_product
from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.criteria import engine
from tulou.platform.pages.lists import page_of
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.pool.courtyard import catalogue
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind

MOST_COMPARED = 4


@page(public=True)
def home(request: HouseRequest) -> HttpResponseBase:
    """The door of the room: what it does, the shelf, and what waits for whoever came."""
    actor = request.actor
    versions = on_shelf()
    context: dict[str, Any] = {
        "versions": versions[:6],
        "products": versions.count(),
        "banks": versions.values("product__bank").distinct().count(),
        "is_firm": actor.organisation_kind == Kind.ENTERPRISE,
        "is_bank": actor.organisation_kind == Kind.BANK,
        "needs": needs_for(actor)[:3],
        "loans": contracts_for(actor)[:3],
        "waiting": applications_for(actor).filter(state__in=["sent", "review"]).count(),
    }
    return render(request, "finance/home.html", context)


@page(public=True)
def products(request: HouseRequest) -> HttpResponseBase:
    """Search and filters over the shelf, all in the address."""
    rows = _found(request)
    context = {
        "page": page_of(rows, request, 12),
        "question": request.GET.get("q", ""),
        "chosen": {name: request.GET.get(name, "") for name in ("kind", "collateral", "purpose", "amount", "bank")},
        "kinds": choices(KINDS),
        "collaterals": choices(COLLATERALS),
        "banks": Organisation.objects.filter(products__versions__in=on_shelf()).distinct().order_by("id"),
        "narrowed": bool(request.GET),
    }
    return render(request, "finance/products.html", context)


@page(public=True)
def product(request: HouseRequest, key: str) -> HttpResponseBase:
    """One product: for whom, how much, what it costs, which data it asks for, by which rule."""
    version = shelf_product(key)
    amount = min(max(50 * WAN, version.min_fen), version.max_fen)
    months = min(max(12, version.min_months), version.max_months)
    datasets = catalogue().datasets
    context = {
        "version": version,
        "rows": engine().words(version.rule),
        "methods": [known(METHODS, code) for code in version.methods],
        "collaterals": [known(COLLATERALS, code) for code in version.collaterals],
        "purposes": [known(PURPOSES, code) for code in version.purposes],
        "datasets": [
            (catalogue().departments[datasets[name].department].title, datasets[name].title)
            for name in version.datasets
            if name in datasets
        ],
        "example": {"amount": amount, "months": months, "low": _cost(version, amount, months, version.rate_from),
                    "high": _cost(version, amount, months, version.rate_to)},
    }  # fmt: skip
    return render(request, "finance/product.html", context)


@page(public=True)
def compare(request: HouseRequest) -> HttpResponseBase:
    """Up to four products side by side, for the same amount and term."""
    keys = list(dict.fromkeys(request.GET.getlist("p")))[:MOST_COMPARED]
    found = {version.product.public_id: version for version in on_shelf().filter(product__public_id__in=keys)}
    versions = [found[key] for key in keys if key in found]
    amount, months = 50 * WAN, 12
    rows = [
        {
            "version": version,
            "low": _cost(version, _within(amount, version), _months(months, version), version.rate_from),
            "high": _cost(version, _within(amount, version), _months(months, version), version.rate_to),
            "amount": _within(amount, version),
            "months": _months(months, version),
            "methods": [known(METHODS, code) for code in version.methods],
            "collaterals": [known(COLLATERALS, code) for code in version.collaterals],
        }
        for version in versions
    ]
    return render(request, "finance/compare.html", {"rows": rows})


@page(public=True)
def calculator(request: HouseRequest) -> HttpResponseBase:
    """What any loan costs: the yearly rate with everything in it, and every instalment."""
    form = CalculatorForm(request.GET if "amount" in request.GET else None)
    cost: Cost | None = None
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            cost = cost_of(
                data["amount"], data["rate"], data["months"], data["method"],
                fee_fen=data["fee"] or 0, first_day=clock.today(),
            )  # fmt: skip
        except Refused as refused:
            tell(form, refused)
    return render(request, "finance/calculator.html", {"form": form, "cost": cost})


def _found(request: HouseRequest) -> QuerySet[ProductVersion]:
    rows = on_shelf()
    for word in request.GET.get("q", "").split()[:6]:
        rows = rows.filter(
            Q(name_zh__icontains=word)
            | Q(name_en__icontains=word)
            | Q(summary_zh__icontains=word)
            | Q(summary_en__icontains=word)
            | Q(product__bank__name_zh__icontains=word)
            | Q(product__bank__name_en__icontains=word)
        )
    if (kind := request.GET.get("kind", "")) in KINDS:
        rows = rows.filter(kind=kind)
    if bank := request.GET.get("bank", ""):
        rows = rows.filter(product__bank__public_id=bank)
    if (collateral := request.GET.get("collateral", "")) in COLLATERALS:
        # A list in JSON is searched as text: SQLite has no `contains`, and the codes are whole words in quotes.
        rows = rows.filter(collaterals__icontains=f'"{collateral}"')
    amount = request.GET.get("amount", "")
    if amount.isascii() and amount.isdigit() and len(amount) < 8:
        rows = rows.filter(min_fen__lte=int(amount) * WAN, max_fen__gte=int(amount) * WAN)
    return rows


def _cost(version: ProductVersion, amount: int, months: int, rate: Decimal) -> Cost:
    fee = fee_of(amount, version.fee_rate)
    return cost_of(amount, rate, months, version.methods[0], fee_fen=fee, first_day=clock.today())


def _within(amount: int, version: ProductVersion) -> int:
    return min(max(amount, version.min_fen), version.max_fen)


def _months(months: int, version: ProductVersion) -> int:
    return min(max(months, version.min_months), version.max_months)
