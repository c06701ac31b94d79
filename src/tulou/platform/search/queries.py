"""Finding: soft AND over words and their synonyms, ordered by coverage, then score, then number. Integers only."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tulou.platform.search.analyser import is_han, question_words, stem, word_terms
from tulou.platform.search.models import Document, Posting, Synonym, Term

COVER, FULL, LONGEST_SPAN = 40, 100, 4


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found, how much of the question it covers (in hundredths) and its score."""

    document: Document
    coverage: int
    score: int


def search(question: str, *, kinds: Iterable[str] = (), audiences: Iterable[str] = (), limit: int = 200) -> list[Hit]:
    """What fits `question` best, best first; the same list on every database.

    A document must cover 40 % of the question's weight. Words stand for themselves and for their synonyms.
    """
    groups = _groups(question_words(question))
    names = {text for group in groups for option in group for text in option}
    if not names:
        return []
    rarity = {t.text: (t.pk, _rarity(t.documents)) for t in Term.objects.filter(text__in=sorted(names))}
    allowed = Document.objects.filter(audience__in=["", *audiences])
    if chosen := list(kinds):
        allowed = allowed.filter(kind__in=chosen)
    postings: dict[int, dict[int, int]] = defaultdict(dict)
    numbers = sorted(pk for pk, _ in rarity.values())
    rows = Posting.objects.filter(term_id__in=numbers, document__in=allowed)
    for term, document, weight in rows.values_list("term_id", "document_id", "weight").iterator():
        postings[term][document] = weight
    ranked = _rank(groups, rarity, postings)[:limit]
    found = Document.objects.in_bulk([number for _, _, number in ranked])
    return [Hit(found[number], coverage, score) for coverage, score, number in ranked]


Option = tuple[str, ...]


def _groups(words: list[str]) -> list[list[Option]]:
    """For each word, or run of words that is a synonym as a whole, the ways in which a document may say it."""
    spans = {_joined(words[i : i + size]) for i in range(len(words)) for size in range(1, LONGEST_SPAN + 1)}
    rows = Synonym.objects.filter(word__in=sorted(spans | {stem(word) for word in words}))
    named = dict(rows.values_list("word", "group"))
    siblings: dict[str, list[str]] = defaultdict(list)
    for group, other in Synonym.objects.filter(group__in=sorted(set(named.values()))).values_list("group", "word"):
        siblings[group].append(other)
    groups: list[list[Option]] = []
    start = 0
    while start < len(words):
        for end in range(min(start + LONGEST_SPAN, len(words)), start, -1):
            span = words[start:end]
            found = named.get(_joined(span)) or (named.get(stem(span[0])) if len(span) == 1 else None)
            if found or len(span) == 1:
                break
        options = [_texts(span), *(_texts(question_words(other)) for other in siblings.get(found or "", []))]
        groups.append(list(dict.fromkeys(option for option in options if option)))
        start = end
    return groups


def _joined(span: list[str]) -> str:
    return ("" if is_han(span[0]) else " ").join(span)


def _texts(words: list[str]) -> Option:
    return tuple(text for word in words for text in word_terms(word))


def _rarity(documents: int) -> int:
    return math.floor(1000 * math.log(1 + 1_000_000 / (documents + 1)))


def _rank(
    groups: list[list[Option]], rarity: dict[str, tuple[int, int]], postings: dict[int, dict[int, int]]
) -> list[tuple[int, int, int]]:
    total = 0
    covered: dict[int, int] = defaultdict(int)
    scores: dict[int, int] = defaultdict(int)
    for group in groups:
        heaviest = max((sum(rarity.get(text, (0, _rarity(0)))[1] for text in option) for option in group), default=0)
        total += heaviest
        best: dict[int, int] = {}
        for option in group:
            known = [rarity[text] for text in option if text in rarity]
            if len(known) < len(option):
                continue
            documents = set.intersection(*(set(postings[pk]) for pk, _ in known))
            for document in documents:
                score = sum(rare * postings[pk][document] for pk, rare in known)
                best[document] = max(best.get(document, 0), score)
        for document, score in best.items():
            covered[document] += heaviest
            scores[document] += score
    ranked = [
        (min(FULL * covered[document] // total // 25 * 25, FULL), score, document)
        for document, score in scores.items()
        if FULL * covered[document] >= COVER * total
    ]
    return sorted(ranked, key=lambda row: (-row[0], -row[1], row[2]))
