"""Keeping the index: inside the write that changes the record, so that both roll back together."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta

from django.db import connection

from tulou.platform.search.analyser import terms
from tulou.platform.search.models import Document, Posting, Term
from tulou.platform.tasks.job import job

TITLE_WEIGHT, K1, B, USUAL_LENGTH, UNIT = 5, 1.2, 0.75, 300, 256


def weight(frequency: int, length: int) -> int:
    """The term part of BM25 with a fixed usual length, as a whole number: no float, no tie that an engine could break.

    >>> weight(1, 300), weight(5, 300)
    (256, 454)
    """
    norm = K1 * (1 - B + B * length / USUAL_LENGTH)
    return max(1, math.floor(UNIT * frequency * (K1 + 1) / (frequency + norm) + 0.5))


def index_document(
    kind: str, key: str, *, title: str, body: str = "", link: str, summary: str = "", audience: str = ""
) -> Document:
    """Make a record findable, or findable by its new words. Call it inside the story that changes the record."""
    document, _ = Document.objects.update_or_create(
        kind=kind,
        key=key,
        defaults={"title": title[:300], "summary": (summary or body)[:600], "link": link, "audience": audience},
    )
    counted: Counter[str] = terms(f"{body} {summary}")
    for text, count in terms(title).items():
        counted[text] += TITLE_WEIGHT * count
    length = sum(counted.values())
    names = sorted(text for text in counted if len(text) <= 60)
    Term.objects.bulk_create([Term(text=text) for text in names], ignore_conflicts=True)
    numbers = dict(_numbers(names))
    Posting.objects.filter(document=document).delete()
    Posting.objects.bulk_create(
        Posting(term_id=numbers[text], document=document, weight=weight(counted[text], length)) for text in names
    )
    return document


def _numbers(names: list[str], piece: int = 500) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for start in range(0, len(names), piece):
        found += Term.objects.filter(text__in=names[start : start + piece]).values_list("text", "id")
    return found


def forget_document(kind: str, key: str) -> None:
    """Make a record unfindable."""
    Document.objects.filter(kind=kind, key=key).delete()


@job(every=timedelta(minutes=10))
def count_terms() -> None:
    """Refresh in how many documents each term stands: one statement, outside every write."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platform_term SET documents = "
            "(SELECT count(*) FROM platform_posting WHERE platform_posting.term_id = platform_term.id)"
        )
