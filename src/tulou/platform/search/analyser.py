"""From text to terms. One analyser for what is indexed and what is asked; only the question is cut into words."""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+(?:[-.+#][a-z0-9]+)*[+#]*")
LONGEST = 40


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def normal(text: str) -> str:
    """NFKC, case folded, traditional characters simplified.

    >>> normal("雲端儲存 ＯＳＳ")
    '云端储存 oss'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return str(_simplifier().convert(folded)) if not folded.isascii() else folded


def is_han(run: str) -> bool:
    """Whether a run is written in Chinese characters."""
    return not run[0].isascii()


def stem(word: str) -> str:
    """A light plural stem for Latin words.

    >>> [stem(w) for w in ("loans", "policies", "business", "tax")]
    ['loan', 'policy', 'business', 'tax']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def runs(text: str) -> Iterator[str]:
    """The runs of Han characters and the Latin words of a normalised text."""
    for match in RUN.finditer(text):
        yield match.group()[:LONGEST] if match.group()[0].isascii() else match.group()


def terms(text: str) -> Counter[str]:
    """What is indexed: Latin stems, and of Han runs every character and every pair of neighbours.

    >>> sorted(terms("贷款 Loans"))
    ['loan', '款', '贷', '贷款']
    """
    found: Counter[str] = Counter()
    for run in runs(normal(text)):
        if is_han(run):
            found.update(run)
            found.update(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found[stem(run)] += 1
            found.update(stem(part) for part in re.split(r"[-.+#]+", run) if part and part != run)
    return found


@cache
def _cutter() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Its source has escapes that Python no longer likes.
        import jieba  # Its dictionary is read on first use.

    jieba.setLogLevel(logging.ERROR)
    return jieba


def question_words(text: str) -> list[str]:
    """The words of a question: Han runs cut by the dictionary, Latin words as they are.

    Single characters that the dictionary leaves beside each other are one word that it does not know (等保).
    """
    words: list[str] = []
    for run in runs(normal(text)):
        words += _cut(run) if is_han(run) else [run]
    return list(dict.fromkeys(words))[:16]


def _cut(run: str) -> list[str]:
    words: list[str] = []
    loose = False
    for word in _cutter().cut(run):
        if len(word) == 1 and loose:
            words[-1] += word
        else:
            words.append(word)
        loose = len(word) == 1
    return words


def word_terms(word: str) -> tuple[str, ...]:
    """The indexed terms that must stand for one word of a question: its pairs, or itself.

    >>> word_terms("财务"), word_terms("税"), word_terms("loans")
    (('财务',), ('税',), ('loan',))
    """
    if not is_han(word):
        return (stem(word),)
    return tuple(word[i : i + 2] for i in range(len(word) - 1)) or (word,)
