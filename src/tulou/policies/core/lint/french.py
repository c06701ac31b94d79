"""Numbers in French prose: *moins de*, *plus de* exclude the number, *au moins*, *jusqu'à*, *entre … et …* do not."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tulou.policies.core.lint.claims import Claim, Comparison, Measure, Subject

NUMBER = r"(?P<n{0}>\d{{1,3}}(?:[\s\u00a0\u202f]\d{{3}})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
MONEY_UNIT = r"(?:\s|\u00a0|\u202f)*(?P<u{0}>milliards?\s+d['’]euros|millions?\s+d['’]euros|M\s?€|k\s?€|K\s?€|€|euros?)"
SIZES = {"milliard": 10**9, "million": 10**6, "m": 10**6, "k": 10**3}
WORDS: tuple[tuple[str, Comparison], ...] = (
    (r"inférieure?s?\s+ou\s+égale?s?\s+à", "le"),
    (r"supérieure?s?\s+ou\s+égale?s?\s+à", "ge"),
    (r"au\s+moins\s+supérieure?s?\s+à", "gt"),
    (r"moins\s+de", "lt"),
    (r"inférieure?s?\s+à", "lt"),
    (r"jusqu['’]à", "le"),
    (r"n['’]excédant\s+pas", "le"),
    (r"ne\s+dépassant\s+pas", "le"),
    (r"au\s+plus", "le"),
    (r"plus\s+de", "gt"),
    (r"supérieure?s?\s+à", "gt"),
    (r"dépasser", "gt"),
    (r"au\s+moins", "ge"),
    (r"(?:à\s+)?minim(?:um|a|ale|aux)\s+(?:de\s+)?(?:dépenses\s+de\s+)?", "ge"),
)
COMPARISONS = "|".join(f"(?P<c{i}>{words})" for i, (words, _) in enumerate(WORDS))
PEOPLE = r"(?:salarié|employé|collaborateur|personne|ETP)"
HEDGES = re.compile(
    r"prioritairement|en général|dérogation|peuvent être|\bsites? de moins|par exemple|exceptionnel|recommandé",
    re.IGNORECASE,
)
"""Words that make a number advice, an example or an exception rather than a limit."""
NOT_A_LIMIT = re.compile(
    r"subvention|montant de l['’]aide|plafonné|devis|commune|remboursement|habitants", re.IGNORECASE
)

PEOPLE_LIMIT = re.compile(rf"(?:{COMPARISONS})\s*{NUMBER.format(0)}\s*{PEOPLE}", re.IGNORECASE)
PEOPLE_BETWEEN = re.compile(
    rf"(?:entre|de)\s+{NUMBER.format(1)}\s+(?:et|à)\s+{NUMBER.format(2)}\s*{PEOPLE}", re.IGNORECASE
)
MONEY_LIMIT = re.compile(rf"(?:{COMPARISONS})\s*{NUMBER.format(0)}{MONEY_UNIT.format(0)}", re.IGNORECASE)
MONEY_AFTER = re.compile(rf"{NUMBER.format(0)}{MONEY_UNIT.format(0)}\s*(?:HT\s*)?(?P<w>minimum|maximum)", re.IGNORECASE)
MONEY_BETWEEN = re.compile(
    rf"entre\s+{NUMBER.format(1)}{MONEY_UNIT.format(1)}.{{0,60}}?\s+et\s+{NUMBER.format(2)}{MONEY_UNIT.format(2)}",
    re.IGNORECASE | re.DOTALL,
)
YEARS = re.compile(r"au\s+moins\s+(?P<n0>\d+|un|une|deux|trois|quatre|cinq)\s+an(?:s|née|nées)?\b", re.IGNORECASE)
YEAR_WORDS = {"un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5}
SUBJECTS: tuple[tuple[Subject, re.Pattern[str]], ...] = (
    (Subject.CAPITAL, re.compile(r"capital social", re.IGNORECASE)),
    (Subject.AID, re.compile(r"de minimis|aides? publiques?|aides? d['’]État", re.IGNORECASE)),
    (Subject.REVENUE, re.compile(r"chiffres?\s+d['’]affaires|\bCA\b", re.IGNORECASE)),
    (Subject.ASSETS, re.compile(r"\bbilan\b", re.IGNORECASE)),
    (
        Subject.PROJECT,
        re.compile(r"coûts?\b|dépenses?|investissements?|projets?|CAPEX|demande d['’]aide", re.IGNORECASE),
    ),
)
PME = re.compile(r"\bPME\b")


def headcount_claims(text: str) -> Iterator[Claim]:
    """Limits on the number of employees."""
    if HEDGES.search(text):
        return
    for match in PEOPLE_BETWEEN.finditer(text):
        yield _claim(Subject.HEADCOUNT, Measure.PERSONS, "ge", _number(match["n1"]), match)
        yield _claim(Subject.HEADCOUNT, Measure.PERSONS, "le", _number(match["n2"]), match)
    for match in PEOPLE_LIMIT.finditer(text):
        yield _claim(Subject.HEADCOUNT, Measure.PERSONS, _comparison(match), _number(match["n0"]), match)


def sme_claim(text: str) -> Iterator[Claim]:
    """*PME* without a number: fewer than 250 employees (Recommendation 2003/361/EC, article 2)."""
    match = PME.search(text)
    if match:
        yield _claim(Subject.HEADCOUNT, Measure.PERSONS, "lt", 250, match)


def age_claims(text: str) -> Iterator[Claim]:
    """Limits on the age of the firm."""
    for match in YEARS.finditer(text):
        word = match["n0"].lower()
        years = YEAR_WORDS.get(word) or int(word)
        yield _claim(Subject.AGE, Measure.MONTHS, "ge", years * 12, match)


def money_claims(text: str) -> Iterator[Claim]:
    """Limits on turnover, balance sheet, the project's cost, or aid received."""
    subject = next((subject for subject, words in SUBJECTS if words.search(text)), None)
    if subject is None or HEDGES.search(text) or NOT_A_LIMIT.search(text):
        return
    for match in MONEY_BETWEEN.finditer(text):
        yield _claim(subject, Measure.MONEY, "ge", _cents(match["n1"], match["u1"]), match)
        yield _claim(subject, Measure.MONEY, "le", _cents(match["n2"], match["u2"]), match)
    for match in MONEY_LIMIT.finditer(text):
        yield _claim(subject, Measure.MONEY, _comparison(match), _cents(match["n0"], match["u0"]), match)
    for match in MONEY_AFTER.finditer(text):
        comparison: Comparison = "ge" if match["w"].lower() == "minimum" else "le"
        yield _claim(subject, Measure.MONEY, comparison, _cents(match["n0"], match["u0"]), match)


def _claim(subject: Subject, measure: Measure, comparison: Comparison, value: float, match: re.Match[str]) -> Claim:
    return Claim(subject, measure, comparison, value, re.sub(r"\s+", " ", match.group()).strip())


def _comparison(match: re.Match[str]) -> Comparison:
    return next(comparison for i, (_, comparison) in enumerate(WORDS) if match[f"c{i}"])


def _number(text: str) -> int:
    return int(re.sub(r"[\s\u00a0\u202f]", "", text).split(",")[0].split(".")[0])


def _cents(number: str, unit: str) -> int:
    size = next((size for word, size in SIZES.items() if unit.lower().startswith(word)), 1)
    return round(float(re.sub(r"[\s\u00a0\u202f]", "", number).replace(",", ".")) * size * 100)


MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
DAY = rf"(?P<day>\d{{1,2}}|1er)\s+(?P<month>{'|'.join(MONTHS)})\s+(?P<year>20\d\d)"
DEADLINE = re.compile(
    rf"(?P<word>avant\s+le|jusqu['’]au|au\s+plus\s+tard\s+le|date\s+limite[^.]{{0,80}}?(?:fixée\s+au|le))[\s*_]*{DAY}",
    re.IGNORECASE,
)
APPLYING = re.compile(r"candidat|dépos|dépôt|réception|dossier|inscri|demande|jusqu['’]au", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which one can still apply, as the words say it. *avant le 10* ends on the 9th."""

    last_day: dt.date
    word: Literal["before", "until"]
    words: str


def deadlines(text: str) -> Iterator[Deadline]:
    """Application deadlines in a text."""
    for match in DEADLINE.finditer(text):
        around = text[max(0, match.start() - 120) : match.end()]
        if not APPLYING.search(around):
            continue
        number = 1 if match["day"].lower() == "1er" else int(match["day"])
        day = dt.date(int(match["year"]), MONTHS.index(match["month"].lower()) + 1, number)
        before = match["word"].lower().startswith("avant")
        words = re.sub(r"[\s*_]+", " ", match.group()).strip()
        yield Deadline(day - dt.timedelta(days=1) if before else day, "before" if before else "until", words)


EVERYTHING = re.compile(r"^\s*(?:tous\s+(?:les\s+)?secteurs?|toutes\s+tailles)", re.IGNORECASE)
EXCEPTIONS = re.compile(
    r"\bhors\b|\bsauf\b|exclu|exception|ayant besoin|inéligible|ne sont pas|impliqués", re.IGNORECASE
)
CLASS_CODE = re.compile(r"\b\d{2}\.?\d{1,2}\s?[A-Z]{1,2}\b|\b[A-U]\d{2}(?:-\d)?\b|codes?\s+NAF\s+\d", re.IGNORECASE)
LANGUAGE: Mapping[str, str] = {"zh": "法文", "en": "French"}
