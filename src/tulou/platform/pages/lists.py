"""A list as the house shows it: search, filters and sorting in the URL, pages, an empty state and an export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.encoding import iri_to_uri

PAGE_SIZE, LONGEST_EXPORT = 25, 100_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how a row's value is had, by which field it sorts (empty: not), and how it is shown.

    `kind` is one of text, long, number, money (fen), date, moment, badge, link; `link` answers the address of a row.
    """

    key: str
    label: Any
    value: Callable[[Any], Any]
    sort: str = ""
    kind: str = "text"
    link: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above the list. `field` is a look-up of the query set; `choices` are values with labels."""

    key: str
    label: Any
    field: str
    choices: Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class ListPage:
    """How a list is shown. One object per list, beside its view.

    `search` names the fields that the search box looks in; `default_sort` is a column's key, with `-` for descending.
    """

    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Sequence[str] = ()
    default_sort: str = ""
    file_name: str = "list"
    empty_title: Any = ""
    empty_text: Any = ""
    page_size: int = PAGE_SIZE
    pieces: dict[str, Any] = field(default_factory=dict)

    def answer(
        self, request: HttpRequest, rows: QuerySet[Any], template: str, context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The page; only its list for htmx (`template#list`); a CSV file for `?export=csv`."""
        chosen = self.chosen(request)
        found = self.sorted(request, self.found(request, self.filtered(chosen, rows)))
        if request.GET.get("export") == "csv":
            return self.export(found)
        page = Paginator(found, self.page_size).get_page(request.GET.get("page"))
        shown = {
            **(context or {}),
            "list": self,
            "page": page,
            "rows": [self.cells(row) for row in page],
            "chosen": chosen,
            "question": request.GET.get("q", ""),
            "sort": self.sort_key(request),
            "narrowed": bool(request.GET.get("q") or chosen),
        }
        name = f"{template}#list" if getattr(request, "htmx", False) else template
        return render(request, name, shown)

    def chosen(self, request: HttpRequest) -> dict[str, str]:
        """The filters that are set, each to one of its own choices."""
        wished = {f.key: request.GET.get(f.key, "") for f in self.filters}
        return {f.key: wished[f.key] for f in self.filters if wished[f.key] in {str(value) for value, _ in f.choices}}

    def filtered(self, chosen: dict[str, str], rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that the filters leave."""
        fields = {f.key: f.field for f in self.filters}
        return rows.filter(**{fields[key]: value for key, value in chosen.items()})

    def found(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in which every word of the search box stands."""
        for word in request.GET.get("q", "").split()[:8]:
            condition = Q()
            for name in self.search:
                condition |= Q(**{f"{name}__icontains": word})
            rows = rows.filter(condition)
        return rows

    def sort_key(self, request: HttpRequest) -> str:
        """The wished order, where it is one of the columns'; else the usual one."""
        wished = request.GET.get("sort", "")
        known = {column.key for column in self.columns if column.sort}
        return wished if wished.lstrip("-") in known else self.default_sort

    def sorted(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in the wished order; the row's number decides between equals."""
        key = self.sort_key(request)
        if not key:
            return rows
        column = next(c for c in self.columns if c.key == key.lstrip("-"))
        sign = "-" if key.startswith("-") else ""
        return rows.order_by(f"{sign}{column.sort}", f"{sign}pk")

    def cells(self, row: Any) -> list[dict[str, Any]]:
        """A row as the template wants it."""
        return [
            {
                "column": column,
                "value": column.value(row),
                "link": column.link(row) if column.link else "",
                "tone": column.tone(row) if column.tone else "secondary",
            }
            for column in self.columns
        ]

    def export(self, rows: QuerySet[Any]) -> StreamingHttpResponse:
        """The whole list as CSV: UTF-8 with a mark so that Excel reads Chinese, formulas made harmless."""
        answer = StreamingHttpResponse(self._lines(rows), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f"attachment; filename={iri_to_uri(self.file_name)}.csv"
        return answer

    def _lines(self, rows: QuerySet[Any]) -> Iterator[str]:
        yield "\ufeff" + csv_line(str(column.label) for column in self.columns)
        for row in rows[:LONGEST_EXPORT].iterator(chunk_size=2000):
            yield csv_line(neutral(column.value(row)) for column in self.columns)


def neutral(value: Any) -> str:
    """A cell that no spreadsheet runs: text that could be a formula gets an apostrophe, numbers stay.

    >>> neutral("=1+1"), neutral(-3)
    ("'=1+1", '-3')
    """
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()


def page_of(rows: QuerySet[Model], request: HttpRequest, size: int = PAGE_SIZE) -> Page[Model]:
    """A page of something that is not a table."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
