"""The synonyms that the house brings: one group a line of a text file, so that a person can read and mend them."""

from __future__ import annotations

from importlib.resources import files

from tulou.platform.actor import SYSTEM
from tulou.platform.search.models import Synonym
from tulou.platform.story import story

PREFIX = "house."
"""How the groups of the file begin; an operator's own groups have other names and stay as they are."""


def house_synonyms() -> dict[str, tuple[str, ...]]:
    """The groups of the file by name; a group is named by its first word.

    >>> "补助" in house_synonyms()["house.补贴"]
    True
    """
    text = files("tulou.platform.search").joinpath("data/synonyms.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    groups = [
        tuple(dict.fromkeys(word.strip().casefold() for word in line.split(",") if word.strip())) for line in lines
    ]
    return {f"{PREFIX}{words[0]}"[:40]: words for words in groups}


def install_synonyms() -> int:
    """Bring the table in line with the file; answers how many words are new or gone. Again: nothing changes."""
    wanted = {(group, word) for group, words in house_synonyms().items() for word in words}
    there = set(Synonym.objects.filter(group__startswith=PREFIX).values_list("group", "word"))
    fresh, gone = wanted - there, there - wanted
    if not fresh and not gone:
        return 0
    with story(SYSTEM) as told:
        for group, word in gone:
            Synonym.objects.filter(group=group, word=word).delete()
        Synonym.objects.bulk_create([Synonym(group=group, word=word) for group, word in sorted(fresh)])
        told.record("platform.synonyms.installed", fresh=len(fresh), gone=len(gone))
    return len(fresh) + len(gone)
