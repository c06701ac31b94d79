"""The catalogue: what departments, datasets and items there are, and what may be done with them."""

from tulou.pool.core.catalogue.contracts import contract_of
from tulou.pool.core.catalogue.reference_files import reference_catalogue
from tulou.pool.core.catalogue.values import (
    Catalogue,
    CodeSet,
    Dataset,
    Department,
    Identity,
    Item,
    ItemState,
    OpenType,
    SourceLevel,
)

__all__ = [
    "Catalogue",
    "CodeSet",
    "Dataset",
    "Department",
    "Identity",
    "Item",
    "ItemState",
    "OpenType",
    "SourceLevel",
    "contract_of",
    "reference_catalogue",
]
