"""From the catalogue's record of a dataset to the contract that a delivery is held to."""

from __future__ import annotations

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import Catalogue, Dataset, Identity
from tulou.pool.core.contract import Contract, Rule


def contract_of(catalogue: Catalogue, dataset: str) -> Contract:
    """The contract of the dataset called `dataset`. Raises KeyError where the catalogue has none."""
    record = catalogue.datasets[dataset]
    return Contract(
        dataset=record.id,
        department=record.department,
        version=record.version,
        title=record.title,
        columns=tuple(item.column(catalogue.code_sets) for item in record.items),
        grain=record.grain,
        primary_key=record.primary_key,
        period_column=record.period_column,
        rules=(*(identity_rule(record, identity) for identity in record.identities), *record.rules),
        delivery_mode=record.delivery_mode,
        update_cycle=record.update_cycle,
        max_delay_days=record.max_delay_days,
        legal_basis=record.legal_basis,
        description=record.description,
        tags=dict(record.extras),
    )


def identity_rule(dataset: Dataset, identity: Identity) -> Rule:
    """The rule that checks an accounting identity on every record."""
    total = dataset.item(identity.total).title
    titles = [(sign, dataset.item(name).title) for sign, name in identity.parts]
    return Rule(
        name=f"sum_{identity.total}",
        predicate=f'abs("{identity.total}" - ({_signed(identity.parts)})) <= {identity.tolerance}',
        text=Text(
            zh=f"{total.zh} 应等于 {_said([(sign, title.zh) for sign, title in titles])}",
            en=f"{total.en} should equal {_said([(sign, title.en) for sign, title in titles])}",
        ),
        columns=(identity.total, *(name for _, name in identity.parts)),
        severity=identity.severity,
    )


def _signed(parts: tuple[tuple[int, str], ...]) -> str:
    return _said([(sign, f'"{name}"') for sign, name in parts])


def _said(parts: list[tuple[int, str]]) -> str:
    first, *rest = [("- " if sign < 0 else "+ ") + name for sign, name in parts]
    return " ".join([first.removeprefix("+ "), *rest])
