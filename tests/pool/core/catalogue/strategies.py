"""Catalogues of every form, for properties."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st
from tests.pool.core.contract.strategies import contracts, lists, texts, words

from tulou.pool.core.catalogue import Catalogue, CodeSet, Dataset, Department, Identity, Item, OpenType, SourceLevel
from tulou.pool.core.catalogue.drafting import drafted
from tulou.pool.core.catalogue.values import ItemState
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType

extras = st.dictionaries(words, words, max_size=2)
days = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


@st.composite
def governed(draw: st.DrawFn, item: Item, number: int) -> Item:
    return replace(
        item,
        code=f"0A-0001-{number:04d}",
        name=draw(texts),
        definition=draw(texts),
        sharing_type=draw(st.sampled_from(SharingType)),
        sharing_condition=draw(st.none() | texts),
        purposes=draw(lists),
        consent_required=draw(st.booleans()),
        open_type=draw(st.sampled_from(OpenType)),
        open_condition=draw(st.none() | texts),
        sensitivity=draw(st.integers(1, 4)),
        secret=draw(st.booleans()),
        retention_months=draw(st.integers(1, 600)),
        legal_basis=draw(lists),
        steward=draw(st.none() | texts),
        source_system=draw(st.just("") | words),
        source_level=draw(st.sampled_from(SourceLevel)),
        contract_version=draw(words),
        valid_from=draw(days),
        valid_to=draw(st.none() | days),
        supersedes=draw(st.none() | st.just("0A-0001-9999")),
        state=draw(st.sampled_from(ItemState)),
        extras=draw(extras),
    )


@st.composite
def datasets(draw: st.DrawFn) -> tuple[Dataset, dict[str, CodeSet]]:
    part = drafted(replace(draw(contracts()), tags={}))
    (dataset,) = part.datasets.values()
    items = []
    for number, item in enumerate(dataset.items, 1):
        known = draw(governed(item, number))
        if known.code_set:
            known = replace(known, pattern=None)
        items.append(known)
    numbers = [item.technical_name for item in items if item.logical_type is LogicalType.NUMBER]
    identities = []
    if numbers:
        identities.append(Identity(numbers[0], tuple((-1, name) for name in numbers), severity="warn"))
    code_sets = {name: replace(known, source=draw(st.none() | words)) for name, known in part.code_sets.items()}
    dataset = replace(
        dataset,
        code="0001",
        items=tuple(items),
        short=draw(texts),
        description=draw(texts),
        identities=tuple(identities),
        extras=draw(extras),
    )
    return dataset, code_sets


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    dataset, code_sets = draw(datasets())
    department = Department(
        dataset.department, "0A", draw(texts), draw(texts), draw(st.sampled_from(SourceLevel)), draw(st.none() | words)
    )
    return Catalogue({department.id: department}, {dataset.id: dataset}, code_sets)
