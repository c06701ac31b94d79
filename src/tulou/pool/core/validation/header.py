"""Whose column is whose: the header of a file against the columns of a contract, by name and never by place."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tulou.kernel.errors import Finding, Refused, Text, Where
from tulou.pool.core.contract import Contract

SHOWN = 20
"""Unknown columns that are named one by one."""


def folded(name: str) -> str:
    """A header as it is compared: NFKC, without spaces at the ends, case folded.

    >>> folded(" ＵＳＣＣ ")
    'uscc'
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()


def match_header(header: Sequence[str], contract: Contract, file: str) -> tuple[list[str | None], list[Finding]]:
    """For each column of the file the contract's column, or None; and what a person should know about it.

    Raises Refused where a required column or a column of the key is missing, or two columns mean the same one.
    """
    known: dict[str, str] = {}
    for column in contract.columns:
        for name in (column.name, column.title.zh, column.title.en, *column.aliases):
            if name:
                known.setdefault(folded(name), column.name)
    places = [known.get(folded(name)) for name in header]
    found = [place for place in places if place is not None]
    for place in found:
        if found.count(place) > 1:
            raise _refused("header.twice", f"有两列都表示 {place}", f"Two columns mean {place}", file, place)
    needed = [c.name for c in contract.columns if c.required or c.name in contract.primary_key]
    missing = [name for name in needed if name not in found]
    if missing or not found:
        names = missing or [column.name for column in contract.columns]
        titles = [contract.column(name).title.zh or name for name in names]
        raise _refused(
            "header.missing",
            f"文件缺少列: {', '.join(titles)}",
            f"The file lacks the columns: {', '.join(names)}",
            file,
            names[0],
        )
    unknown = [name for name, place in zip(header, places, strict=True) if place is None]
    findings = [
        Finding(
            "header.unknown",
            Text(zh=f"列 {name} 不在合同中, 未入池", en=f"The column {name} is not in the contract and was not pooled"),
            Where(file=file, line=1, column=name),
            severity="warn",
        )
        for name in unknown[:SHOWN]
    ]
    if len(unknown) > SHOWN:
        more = len(unknown) - SHOWN
        sentence = Text(zh=f"另有 {more:,} 列不在合同中", en=f"{more:,} more columns are not in the contract")
        findings.append(Finding("header.unknown", sentence, Where(file=file, line=1), severity="warn"))
    absent = [column for column in contract.columns if column.name not in found]
    findings += [
        Finding(
            "header.absent",
            Text(zh=f"文件没有列 {column.title.zh}", en=f"The file does not have the column {column.name}"),
            Where(file=file, line=1, column=column.name),
            severity="warn",
        )
        for column in absent
    ]
    return places, findings


def _refused(code: str, zh: str, en: str, file: str, column: str) -> Refused:
    remedy = Text(zh="请按合同中的列名修改表头", en="Change the header to the names in the contract")
    return Refused(Finding(code, Text(zh=zh, en=en), Where(file=file, line=1, column=column), remedy))


def fits(header: Sequence[str], contract: Contract) -> bool:
    """Whether a header is one of the contract's dataset: every column that must be there is, once."""
    try:
        match_header(header, contract, "")
    except Refused:
        return False
    return True
