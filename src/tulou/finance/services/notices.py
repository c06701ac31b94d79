"""Telling firms and banks what happened on the market; banks' own systems hear the same by webhook."""

from __future__ import annotations

from typing import Any

from tulou.finance.flows import BANK, FIRM
from tulou.kernel.errors import Text
from tulou.platform.outbox.notice import Notice
from tulou.registry.queries import people_of


def to_firm(
    firm: int, code: str, key: str, title: Text, body: Text, link: str, *, urgent: bool = False, **data: Any
) -> Notice:
    """A notice to those who act for a firm."""
    return _notice(people_of(firm, *FIRM), firm, code, key, title, body, link, urgent, data)


def to_bank(
    bank: int, code: str, key: str, title: Text, body: Text, link: str, *, urgent: bool = False, **data: Any
) -> Notice:
    """A notice to a bank's officers, and to its own system."""
    return _notice(people_of(bank, *BANK), bank, code, key, title, body, link, urgent, data)


def _notice(
    people: list[int],
    organisation: int,
    code: str,
    key: str,
    title: Text,
    body: Text,
    link: str,
    urgent: bool,
    data: dict[str, Any],
) -> Notice:
    return Notice(
        code=code,
        key=key,
        title=title,
        body=body,
        people=tuple(people),
        organisation=organisation,
        link=link,
        urgent=urgent,
        data=data,
    )
