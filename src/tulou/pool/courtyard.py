"""The pool that this portal stands around: its lake and its catalogue, opened where `TULOU_POOL` says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tulou.pool.core.catalogue import Catalogue
from tulou.pool.core.catalogue.search import SearchIndex
from tulou.pool.core.catalogue.store import install_reference, pool_catalogue, versions
from tulou.pool.core.consent import ItemTerms
from tulou.pool.core.lake import Lake


def pool_folder() -> Path:
    """Where the pool lies."""
    return Path(settings.POOL)


def open_lake() -> Lake:
    """The lake. Raises WrongUse where no pool was made yet; one object belongs to one thread."""
    return Lake.open(pool_folder())


def found_pool() -> None:
    """Make the lake and give it the reference catalogue, where there is none yet."""
    folder = pool_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    Lake.create(folder).close()
    install_reference(folder)


_lakes = threading.local()


@contextmanager
def lake_at_hand() -> Iterator[Lake]:
    """The lake for a while; its connections are given back. Raises WrongUse where no pool was made yet.

    The object stays with the thread for as long as `pool.json` is the same file: making it anew costs more than most
    questions to it.
    """
    marker = pool_folder() / "pool.json"
    found = marker.stat() if marker.exists() else None
    key = (str(marker), found and (found.st_ino, found.st_mtime_ns))
    if getattr(_lakes, "key", None) != key:
        _lakes.lake, _lakes.key = open_lake(), key
    lake: Lake = _lakes.lake
    try:
        yield lake
    finally:
        lake.close()


def catalogue() -> Catalogue:
    """Every department, dataset and item that the pool knows: its own catalogue, or the reference."""
    return _catalogue(*_edition())


def search_index() -> SearchIndex:
    """The index over the catalogue."""
    return _search_index(*_edition())


def item_terms() -> dict[str, ItemTerms]:
    """How each item may be shared, by its code. An item that is secret has no place in a pool and is left out."""
    return _item_terms(*_edition())


def items_of_dataset() -> dict[str, frozenset[str]]:
    """The codes of the items of each dataset."""
    return _items_of_dataset(*_edition())


def _edition() -> tuple[Path, int]:
    folder = pool_folder()
    held = versions(folder)
    return folder, held[-1] if held else 0


@lru_cache(maxsize=2)
def _catalogue(folder: Path, version: int) -> Catalogue:
    return pool_catalogue(folder, version or None)


@lru_cache(maxsize=2)
def _search_index(folder: Path, version: int) -> SearchIndex:
    return SearchIndex(_catalogue(folder, version))


@lru_cache(maxsize=2)
def _item_terms(folder: Path, version: int) -> dict[str, ItemTerms]:
    return {
        code: ItemTerms(item.sharing_type, item.sensitivity)
        for code, item in _catalogue(folder, version).items.items()
        if not item.secret
    }


@lru_cache(maxsize=2)
def _items_of_dataset(folder: Path, version: int) -> dict[str, frozenset[str]]:
    datasets = _catalogue(folder, version).datasets.values()
    return {dataset.id: frozenset(item.code for item in dataset.items) for dataset in datasets}
