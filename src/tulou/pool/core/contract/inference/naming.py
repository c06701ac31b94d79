"""Technical names for the headers of a file: lower snake case, short, different from each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pypinyin import lazy_pinyin

from tulou.pool.core.contract.odcs_columns import technical_name

LONGEST = 48
_HAN = re.compile(r"[\u3400-\u9fff]")
_RESERVED = frozenset({"_delivery_id", "_record_no", "_received_at"})


def technical_names(headers: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """A technical name for each header; `known` are names by header that the catalogue already has.

    >>> technical_names(["LoanNr", "企业名称", "loan_nr", "企业名称"], {})
    ['loan_nr', 'qi_ye_ming_cheng', 'loan_nr_2', 'qi_ye_ming_cheng_2']
    """
    names: list[str] = []
    for header in headers:
        name = known.get(header.strip()) or _spelt(header)
        number = 2
        free = name
        while free in names or free in _RESERVED:
            free = f"{name}_{number}"
            number += 1
        names.append(free)
    return names


def _spelt(header: str) -> str:
    """A header in ASCII: Chinese as pinyin, cut at a word where it is long."""
    text = re.sub(r"[（(【\[].*?[）)】\]]\s*$", "", header) or header
    if _HAN.search(text):
        text = "_".join(lazy_pinyin(text))
    name = technical_name(text)
    if len(name) > LONGEST:
        name = name[:LONGEST].rsplit("_", 1)[0] if "_" in name[:LONGEST] else name[:LONGEST]
    return name.strip("_") or "column"
