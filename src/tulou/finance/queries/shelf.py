"""Reading the shelf: products in force, and what a bank's product asks a firm to open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import Http404

from tulou.finance.models import Product, ProductVersion
from tulou.kernel.periods import period_of
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.pool.core.consent import Granularity, Wish
from tulou.pool.courtyard import item_terms, items_of_dataset
from tulou.pool.queries.consent import opened_items, purpose_in_force
from tulou.registry.models import Organisation

PURPOSE = "LOAN_APPLY"


def on_shelf() -> QuerySet[ProductVersion]:
    """The versions in force of all products that stand on the shelf."""
    return (
        ProductVersion.objects.filter(ended_at=None, product__state=Product.State.ON_SHELF)
        .filter(product__bank__state=Organisation.State.ACTIVE)
        .select_related("product", "product__bank")
        .order_by("rate_from", "id")
    )


def shelf_product(public_id: str) -> ProductVersion:
    """The version in force of a product, by the product's id. Raises Http404 where it does not stand on the shelf."""
    found = on_shelf().filter(product__public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def products_for(actor: Actor) -> QuerySet[ProductVersion]:
    """The newest versions of the actor's own bank's products, those that were taken off too."""
    return (
        ProductVersion.objects.filter(ended_at=None, product__bank=actor.organisation_key)
        .select_related("product", "product__bank")
        .order_by("-id")
    )


def product_for(actor: Actor, public_id: str) -> ProductVersion:
    """One of `products_for`, by the product's id. Raises Http404 where there is none."""
    found = products_for(actor).filter(product__public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def readable_items(version: ProductVersion, datasets: Iterable[str] | None = None) -> frozenset[str]:
    """The items that the product's bank may be shown: asked for, opened by the department, within the purpose."""
    known, terms, purpose = items_of_dataset(), item_terms(), purpose_in_force(PURPOSE)
    if purpose is None:
        return frozenset()
    bounds = purpose.value()
    names = set(version.datasets) if datasets is None else set(version.datasets) & set(datasets)
    wanted = frozenset(code for name in names for code in known.get(name, frozenset()) if code in terms)
    opened = opened_items(version.product.bank, known, wanted)
    return frozenset(
        code
        for code in opened
        if terms[code].sharing in bounds.sharing_types and terms[code].sensitivity <= bounds.max_sensitivity
    )


def wish_of(version: ProductVersion, datasets: Iterable[str] | None = None, *, until: str = "") -> Wish | None:
    """What the bank would be allowed to read for an application: the purpose's ceilings, no more than is needed.

    The 24 months end with the newest month that departments have told of (`until` is the first after it), so that a
    year can be held against the one before; without it they end with this month. None where there is nothing to read.
    """
    purpose = purpose_in_force(PURPOSE)
    items = readable_items(version, datasets)
    if purpose is None or not items:
        return None
    last = period_of(dt.date.fromisoformat(until)) - 1 if until else period_of(clock.today())
    return Wish(
        items=items,
        granularity=Granularity(purpose.finest),
        data_from=(last - (min(24, purpose.max_months) - 1)).start,
        data_until=(last + 1).start,
        days_valid=min(30, purpose.max_days_valid),
        max_reads=min(5, purpose.max_reads),
        max_reads_per_day=min(3, purpose.max_reads_per_day),
        retention_days=min(90, purpose.max_retention_days),
    )
