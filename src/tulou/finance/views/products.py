"""The bank's own shelf: publish, change, take off."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tulou.finance.forms.bank import ProductForm
from tulou.finance.forms.fields import tell
from tulou.finance.models import Product, ProductVersion
from tulou.finance.queries.shelf import product_for, products_for
from tulou.finance.services.products import publish_product, take_off_shelf
from tulou.kernel.errors import Refused
from tulou.platform.pages.lists import Column, ListPage
from tulou.platform.web.access import page
from tulou.platform.web.request import HouseRequest
from tulou.registry.roles import Role

BANK = (Role.BANK_OFFICER, Role.BANK_MANAGER)
MANAGER = (Role.BANK_MANAGER,)


def _name(row: ProductVersion) -> str:
    return row.name.render("zh" if (get_language() or "zh").startswith("zh") else "en")


LIST = ListPage(
    columns=[
        Column("name", gettext_lazy("Product"), _name,
               link=lambda row: reverse("finance:own_product", args=[row.product.public_id])),
        Column("version", gettext_lazy("Version"), lambda row: row.version, "version", "number"),
        Column("most", gettext_lazy("Largest amount"), lambda row: row.max_fen, "max_fen", "money"),
        Column("rate", gettext_lazy("Yearly rate"),
               lambda row: f"{row.rate_from * 100:.2f} – {row.rate_to * 100:.2f} %", "rate_from"),
        Column("state", gettext_lazy("State"), lambda row: row.product.get_state_display(), "product__state", "badge",
               None, lambda row: "green" if row.product.state == Product.State.ON_SHELF else "earth"),
        Column("at", gettext_lazy("Published on"), lambda row: row.created_at, "created_at", "moment"),
    ],
    search=["name_zh", "name_en"],
    default_sort="-at",
    file_name="products",
    empty_title=gettext_lazy("No products yet"),
    empty_text=gettext_lazy("Publish one: firms find it on the shelf and by what they need."),
)  # fmt: skip


@page(*BANK)
def own(request: HouseRequest) -> HttpResponseBase:
    """The bank's products in their newest versions."""
    manager = request.actor.has_any(frozenset({Role.BANK_MANAGER.value}))
    return LIST.answer(request, products_for(request.actor), "finance/own_products.html", {"manager": manager})


@page(*MANAGER, methods=["GET", "POST"])
def publish(request: HouseRequest) -> HttpResponseBase:
    """A new product."""
    return _edit(request, None)


@page(*MANAGER, methods=["GET", "POST"])
def edit(request: HouseRequest, key: str) -> HttpResponseBase:
    """A new version of a product."""
    return _edit(request, product_for(request.actor, key))


@page(*MANAGER, methods=["POST"])
def take_off(request: HouseRequest, key: str) -> HttpResponseBase:
    """Take a product off the shelf."""
    take_off_shelf(request.actor, product_for(request.actor, key).product)
    messages.success(request, _("Taken off the shelf."))
    return redirect("finance:own_products")


def _edit(request: HouseRequest, version: ProductVersion | None) -> HttpResponseBase:
    initial = ProductForm.from_version(version) if version else None
    form = ProductForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            publish_product(request.actor, form.terms(), version.product if version else None)
            messages.success(request, _("Published. What was asked for before stays under its own version."))
            return redirect("finance:own_products")
        except Refused as refused:
            tell(form, refused)
    return render(request, "finance/product_edit.html", {"form": form, "version": version})
