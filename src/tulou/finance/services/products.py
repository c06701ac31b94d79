"""Writing the shelf: a bank publishes versions of its products and takes them off."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Max

from tulou.finance.core.market.cost import METHODS, canonical, digest
from tulou.finance.core.market.words import COLLATERALS, KINDS, PURPOSES
from tulou.finance.flows import MANAGER
from tulou.finance.models import Product, ProductVersion
from tulou.finance.services.acting import acting
from tulou.kernel.errors import Where, refuse
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.criteria import engine
from tulou.platform.story import story
from tulou.pool.courtyard import items_of_dataset

HIGHEST_RATE = Decimal("0.24")
"""No product of the shelf asks for more than this a year (participation criterion of the market)."""


@dataclass(frozen=True, slots=True)
class ProductTerms:
    """Everything that a version says."""

    kind: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    min_fen: int
    max_fen: int
    min_months: int
    max_months: int
    rate_from: Decimal
    rate_to: Decimal
    fee_rate: Decimal = Decimal(0)
    methods: tuple[str, ...] = ("equal_instalments",)
    collaterals: tuple[str, ...] = ("none",)
    purposes: tuple[str, ...] = ()
    documents: tuple[dict[str, str], ...] = ()
    datasets: tuple[str, ...] = ()
    rule: dict[str, Any] = field(default_factory=lambda: {"const": True})
    answer_days: int = 5
    cooling_off_days: int = 3


def publish_product(actor: Actor, terms: ProductTerms, product: Product | None = None) -> ProductVersion:
    """Put a product, or a new version of one, on the shelf. Raises Refused for terms that contradict themselves."""
    bank = acting(actor, MANAGER, organisation=product.bank_id if product else None)
    _check(terms)
    row = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(terms).items()}
    with story(actor) as told:
        if product is None:
            product = Product.objects.create(bank_id=bank)
        Product.objects.select_for_update().get(pk=product.pk)
        ProductVersion.objects.filter(product=product, ended_at=None).update(ended_at=clock.now())
        last = ProductVersion.objects.filter(product=product).aggregate(last=Max("version"))["last"] or 0
        frozen = canonical({name: str(value) if isinstance(value, Decimal) else value for name, value in row.items()})
        made = ProductVersion.objects.create(
            product=product,
            version=last + 1,
            published_by=actor.person_id,
            terms_sha256=digest(frozen),
            **row,
        )
        Product.objects.filter(pk=product.pk).update(state=Product.State.ON_SHELF)
        told.record("finance.product.published", product, version=made.version, terms=made.terms_sha256)
    return made


def take_off_shelf(actor: Actor, product: Product) -> None:
    """Take a product off the shelf: nobody new may ask for it; what was asked for goes on."""
    acting(actor, MANAGER, organisation=product.bank_id)
    with story(actor) as told:
        on_shelf = Product.objects.filter(pk=product.pk, state=Product.State.ON_SHELF)
        if on_shelf.update(state=Product.State.TAKEN_OFF):
            told.record("finance.product.taken_off", product)


def _check(terms: ProductTerms) -> None:
    engine().check(terms.rule)
    lists = (
        ("methods", terms.methods, METHODS, True),
        ("collaterals", terms.collaterals, COLLATERALS, True),
        ("purposes", terms.purposes, PURPOSES, False),
        ("kind", (terms.kind,), KINDS, True),
        ("datasets", terms.datasets, items_of_dataset(), False),
    )
    for column, chosen, known, needed in lists:
        odd = [code for code in chosen if code not in known]
        if odd or (needed and not chosen):
            raise _wrong(column, odd[0] if odd else "")
    for column, right in (
        ("max_fen", 0 < terms.min_fen <= terms.max_fen),
        ("max_months", 0 < terms.min_months <= terms.max_months <= 360),
        ("rate_to", 0 <= terms.rate_from <= terms.rate_to <= HIGHEST_RATE),
        ("fee_rate", 0 <= terms.fee_rate <= Decimal("0.05")),
        ("answer_days", 1 <= terms.answer_days <= 15),
        ("cooling_off_days", 0 <= terms.cooling_off_days <= 14),
    ):
        if not right:
            raise _wrong(column, str(getattr(terms, column)))


def _wrong(column: str, value: str) -> Exception:
    return refuse(
        "finance.product.terms",
        "产品条款有误，请检查该项",
        "These terms cannot be: check this entry",
        where=Where(column=column, value=value),
    )
