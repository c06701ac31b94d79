"""The cells of a list: every kind as it reads, foreign text never as markup."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.template import RequestContext, engines
from django.test import RequestFactory
from django.utils.translation import override

from tulou.platform.pages.lists import Column

EVIL = '<b onload="x">&'
SAFE = "&lt;b onload=&quot;x&quot;&gt;&amp;"


def shown(kind: str, value: Any, link: str = "", tone: str = "red") -> str:
    """The second cell of a row, in English."""
    first = {"column": Column("a", "A", str), "value": "name", "link": "", "tone": ""}
    cell = {"column": Column("b", EVIL, str, kind=kind), "value": value, "link": link, "tone": tone}
    template = engines["django"].engine.from_string("{% load cells %}{% cells row %}")
    with override("en"):
        whole = template.render(RequestContext(RequestFactory().get("/"), {"row": [first, cell]}))
    heading, _, rest = whole.partition("</th>")
    assert heading == '<th scope="row">name'
    assert rest.startswith(f'<td data-label="{SAFE}" class="')
    return rest.removeprefix(f'<td data-label="{SAFE}" class="').removesuffix("</td>")


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("text", EVIL, f'">{SAFE}'),
        ("text", None, ' blank">'),
        ("text", "", ' blank">'),
        ("long", EVIL, f'"><span class="long">{SAFE}</span>'),
        ("badge", EVIL, f'"><span class="badge tone-red">{SAFE}</span>'),
        ("badge", "", ' blank">'),
        ("number", 437_000, 'num">437,000'),
        ("number", None, 'num blank">'),
        ("money", 3_020_000_000_000, 'num">CNY 30.2 bn'),
        ("date", dt.date(2020, 2, 29), '">29 Feb 2020'),
        ("moment", dt.datetime(2020, 2, 29, 8, 30, tzinfo=dt.UTC), '"><time>2020-02-29 16:30</time>'),
        ("retry", "", ' blank">'),
    ],
)
def test_every_kind_is_shown_in_its_way(kind: str, value: Any, written: str) -> None:
    assert shown(kind, value) == written


def test_a_text_is_a_link_where_the_row_has_an_address() -> None:
    assert shown("text", EVIL, '/a?b=1&c="') == f'"><a href="/a?b=1&amp;c=&quot;">{SAFE}</a>'
    assert shown("text", None, "/a") == ' blank">'


def test_a_failed_task_can_be_run_again_from_its_row() -> None:
    key = "6b1f3b0a-5a41-4f5d-9c6f-3f2b5c7a9e11"
    written = shown("retry", key)
    assert f'<form method="post" action="/operation/tasks/{key}/retry/">' in written
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="' in written
