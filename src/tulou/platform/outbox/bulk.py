"""Very many notices with one text: rows written without a task for each, in the transaction that they speak of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from tulou.kernel.errors import Text
from tulou.platform import clock
from tulou.platform.outbox.models import InboxItem, Message
from tulou.platform.records import new_public_ids

AT_ONCE = 900
"""Ids in one question; every database takes as many."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What everybody is told."""

    title: Text
    body: Text


def insert_rows(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows as they are, without those that a unique constraint knows already; how many were new.

    Values must be as the database takes them: `stored` makes them so.
    """
    columns = [str(_field(model, name).column) for name in names]
    quote = connection.ops.quote_name
    table, listed = quote(model._meta.db_table), ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({listed}) VALUES ({places}) ON CONFLICT DO NOTHING", list(rows))
            return int(cursor.rowcount)
        heap = quote(f"bulk_{model._meta.db_table}")
        cursor.execute(f"CREATE TEMP TABLE {heap} ON COMMIT DROP AS SELECT {listed} FROM {table} WHERE false")
        with cursor.copy(f"COPY {heap} ({listed}) FROM STDIN") as copy:
            copy.write("".join("\t".join(map(_copied, row)) + "\n" for row in rows))
        cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {heap} ON CONFLICT DO NOTHING")
        new = int(cursor.rowcount)
        cursor.execute(f"DROP TABLE {heap}")
    return new


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _copied(value: Any) -> str:
    """A value as PostgreSQL's COPY reads it.

    >>> _copied(None), _copied(True), _copied("a\\tb"), _copied(5)
    ('\\\\N', 't', 'a\\\\tb', '5')
    """
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES)


def stored(model: type[models.Model], name: str, value: Any) -> Any:
    """A value as the database takes it."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return _field(model, name).get_db_prep_save(value, connection)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    found = model._meta.get_field(name)
    if not isinstance(found, models.Field):
        raise TypeError(name)
    return found


def keys_of(model: type[models.Model], public_ids: Sequence[str]) -> dict[str, int]:
    """The keys of the rows that have these public ids."""
    found: dict[str, int] = {}
    rows = model._default_manager
    for start in range(0, len(public_ids), AT_ONCE):
        part = public_ids[start : start + AT_ONCE]
        found.update(rows.filter(public_id__in=part).values_list("public_id", "pk"))
    return found


def put_into_inboxes(code: str, wording: Wording, receivers: Sequence[tuple[int, str, str]]) -> int:
    """Lay one notice into many inboxes; `receivers` are (person, key, link). How many had not got it before.

    Message, inbox entry and note of delivery are one transaction, which must be open: exactly once.
    """
    if not receivers:
        return 0
    now = clock.now()
    content = {
        "title": {"zh": wording.title.zh, "en": wording.title.en},
        "body": {"zh": wording.body.zh, "en": wording.body.en},
        "data": {},
    }
    at = stored(Message, "created_at", now)
    ids = new_public_ids(len(receivers))
    insert_rows(
        Message,
        ("public_id", "created_at", "channel", "state", "code", "key", "person", "content", "delivered_at", "failure"),
        (
            (name, at, "inbox", "delivered", code, key, person, json.dumps({**content, "link": link}), at, "")
            for name, (person, key, link) in zip(ids, receivers, strict=True)
        ),
    )
    keys = keys_of(Message, ids)
    texts = (wording.title.zh[:200], wording.title.en[:200], wording.body.zh, wording.body.en)
    fresh = [
        (name, at, keys[i], person, *texts, link, None) for name, i, (person, _, link) in _fresh(ids, keys, receivers)
    ]
    insert_rows(
        InboxItem,
        (
            "public_id", "created_at", "message", "person", "title_zh", "title_en", "body_zh", "body_en", "link",
            "read_at",
        ),
        fresh,
    )  # fmt: skip
    return len(fresh)


def _fresh(
    ids: Sequence[str], keys: dict[str, int], receivers: Sequence[tuple[int, str, str]]
) -> Iterable[tuple[str, str, tuple[int, str, str]]]:
    """(id of the inbox entry, id of the message, receiver) of every message that was new."""
    names = new_public_ids(len(ids))
    return ((name, i, row) for name, i, row in zip(names, ids, receivers, strict=True) if i in keys)
