"""Finding items and datasets by words, Chinese or English: bigrams of Han signs, words of Latin ones, ranked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tulou.pool.core.catalogue.values import Catalogue, Dataset, Item

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
_CODE = 60.0
_WEIGHTS = {"title": 6.0, "technical": 4.0, "dataset": 2.5, "department": 1.5, "text": 1.0}
_COMMON = frozenset({"of", "the", "and", "or", "a", "in", "for", "to", "by", "on", "at"})


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: an item by its code or a dataset by its id, with its score."""

    kind: Literal["item", "dataset"]
    key: str
    score: float


class SearchIndex:
    """An index over a catalogue; made once, asked often."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._documents: list[tuple[Literal["item", "dataset"], str]] = []
        self._lengths: list[int] = []
        self._postings: dict[str, dict[int, float]] = defaultdict(dict)
        self._codes: dict[str, int] = {}
        for dataset in catalogue.datasets.values():
            department = catalogue.departments[dataset.department]
            around = [(dataset.short.zh + " " + dataset.short.en, "dataset")]
            around.append((department.title.zh + " " + department.title.en, "department"))
            self._add("dataset", dataset.id, _dataset_fields(dataset, around), 1.15)
            for item in dataset.items:
                self._add("item", item.code, _item_fields(item, around), 1.0)

    def _add(self, kind: Literal["item", "dataset"], key: str, fields: Iterable[tuple[str, str]], boost: float) -> None:
        number = len(self._documents)
        self._documents.append((kind, key))
        self._codes[key.casefold()] = number
        length = 0
        for text, field in fields:
            words = terms(text)
            length += len(words) if field == "title" else 0
            for word, times in Counter(words).items():
                held = self._postings[word].get(number, 0.0)
                self._postings[word][number] = held + boost * _WEIGHTS[field] * (1 + math.log(times))
        self._lengths.append(max(length, 1))

    def search(self, words: str, *, limit: int = 20) -> list[Hit]:
        """The best hits for some words, best first; a code or an id in full comes before everything.

        A hit need not have every word, but those with more of them come first.
        """
        wanted = list(dict.fromkeys(terms(words)))
        scores: dict[int, float] = defaultdict(float)
        matched: Counter[int] = Counter()
        for word in wanted:
            found = self._found(word)
            rarity = math.log(1 + len(self._documents) / (1 + len(found)))
            for number, weight in found.items():
                scores[number] += rarity * weight
                matched[number] += 1
        for number in scores:
            coverage = matched[number] / len(wanted)
            scores[number] *= coverage**3 / (1 + 0.04 * self._lengths[number])
        exact = self._codes.get(words.strip().casefold())
        if exact is not None:
            scores[exact] += _CODE * 10
        best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        return [Hit(*self._documents[number], round(score, 3)) for number, score in best]

    def _found(self, word: str) -> dict[int, float]:
        """Documents with a term and their weights; one Han sign alone stands for every piece that has it."""
        if len(word) > 1 or word < "\u3400":
            return self._postings.get(word, {})
        found: dict[int, float] = defaultdict(float)
        for piece, documents in self._postings.items():
            if word in piece:
                for number, weight in documents.items():
                    found[number] = max(found[number], weight)
        return found


def _dataset_fields(dataset: Dataset, around: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield f"{dataset.title.zh} {dataset.title.en}", "title"
    yield dataset.id, "technical"
    yield f"{dataset.description.zh} {dataset.description.en}", "text"
    yield from around


def _item_fields(item: Item, around: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield f"{item.title.zh} {item.title.en} {' '.join(item.aliases)}", "title"
    yield item.technical_name, "technical"
    yield f"{item.definition.zh} {item.definition.en}", "text"
    yield from around


def terms(text: str) -> list[str]:
    """The terms of a text: two-sign pieces of Chinese, words of English without a plural's s.

    >>> terms("增值税 Returns of VAT")
    ['增值', '值税', 'return', 'vat']
    """
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run[0] >= "\u3400":
            found += [run[place : place + 2] for place in range(len(run) - 1)] or [run]
        elif run not in _COMMON:
            found.append(run[:-1] if len(run) > 3 and run.endswith("s") and not run.endswith("ss") else run)
    return found
