"""Reading of all firms at once, for a duty of the state: no consent is asked, so the purpose and the items bound it.

A purpose whose basis is a statutory duty must be in force; of the wished items only those within its ceiling are handed
out; and the reading is one line of the audit log, written before the first value is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from tulou.kernel.errors import refuse
from tulou.platform.actor import Actor
from tulou.platform.story import story
from tulou.pool.core.consent import ItemTerms, Purpose
from tulou.pool.core.lake import Lake, quoted
from tulou.pool.core.profile.features import SEPARATOR
from tulou.pool.core.profile.table import AS_OF, PROFILE
from tulou.pool.courtyard import item_terms, lake_at_hand, pool_folder
from tulou.pool.models import PurposeVersion

DUTY = "statutory duty"
"""How the lawful basis of such a purpose ends."""

IDENTITY = ("enterprise_id", "uscc")
HEAD = frozenset({"period", "received_at", "records12"})
"""What the profile says of a whole dataset: when, never what."""

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class DutyReading:
    """The table of all firms as of a day, with the columns that may be read; `withheld` are those that may not."""

    as_of: dt.date
    firms: int
    columns: tuple[str, ...]
    withheld: tuple[str, ...]
    _connection: duckdb.DuckDBPyConnection = field(repr=False)
    _relation: str = field(repr=False)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The firms, some ten thousand at a time: enterprise_id, uscc, and the columns."""
        names = ", ".join(quoted(name) for name in (*IDENTITY, *self.columns))
        where = f"{AS_OF} = DATE '{self.as_of.isoformat()}'"
        result = self._connection.execute(f"SELECT {names} FROM {self._relation} WHERE {where}")
        yield from result.to_arrow_reader(ROWS_AT_ONCE)


@contextmanager
def read_for_duty(actor: Actor, purpose: str, wanted: Mapping[str, str | None]) -> Iterator[DutyReading]:
    """The newest table of all firms. `wanted` maps columns of the profile to the code of the item that they hold.

    None stands for a column about a dataset (when it was received). Columns that the table has not are left out.

    Raises Refused where the purpose is not in force or rests on something else than a duty, or nothing was built yet.
    """
    ceiling = _purpose(purpose)
    terms = item_terms()
    with lake_at_hand() as lake, duckdb.connect() as connection:
        as_of, firms, there, relation = _table(lake, connection)
        known = [name for name in wanted if name in there]
        open_ = tuple(name for name in known if _may_be_read(name, wanted[name], terms, ceiling))
        withheld = tuple(name for name in known if name not in open_)
        items = sorted({code for name in open_ if (code := wanted[name]) is not None})
        with story(actor) as told:
            told.record(
                "pool.duty.read",
                None,
                purpose=ceiling.code,
                version=ceiling.version,
                basis=ceiling.lawful_basis,
                as_of=as_of.isoformat(),
                firms=firms,
                items=items,
                withheld=len(withheld),
            )
        yield DutyReading(as_of, firms, open_, withheld, connection, relation)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the table of all firms is, and nothing of any firm: its build, its day, its columns."""

    version: str
    as_of: dt.date
    columns: frozenset[str]


def profile_shape() -> Shape | None:
    """The newest build of the table of all firms; None where there is none."""
    with lake_at_hand() as lake:
        head = lake.head(PROFILE)
    return None if head is None else _shape(pool_folder(), head)


@lru_cache(maxsize=2)
def _shape(_pool: Path, _head: str) -> Shape:
    """The shape of the newest table, kept until another commit makes another head."""
    with lake_at_hand() as lake, duckdb.connect() as connection:
        as_of, _firms, columns, _relation = _table(lake, connection)
        return Shape(str(lake.plan(PROFILE).snapshot_id), as_of, columns)


def profile_version() -> str:
    """The newest build of the table of all firms, by its version alone; empty where there is none. Cheap."""
    shape = profile_shape()
    return "" if shape is None else shape.version


def _built(lake: Lake) -> bool:
    return PROFILE in lake.tables()


def _purpose(code: str) -> Purpose:
    row = PurposeVersion.objects.filter(code=code, ended_at=None).first()
    if row is None or not row.lawful_basis.endswith(DUTY):
        raise refuse(
            "pool.duty.purpose",
            f"目的 {code} 未生效，或其法律依据不是法定职责",
            f"The purpose {code} is not in force, or does not rest on a statutory duty",
        )
    return row.value()


def _table(lake: Lake, connection: duckdb.DuckDBPyConnection) -> tuple[dt.date, int, frozenset[str], str]:
    if not _built(lake):
        raise refuse("profile.none", "还没有企业画像宽表", "There is no table of profiles yet")
    files = lake.plan(PROFILE)
    relation = files.duckdb()
    newest = f"SELECT {AS_OF}, count(*) FROM {relation} GROUP BY 1 ORDER BY 1 DESC LIMIT 1"
    found = connection.execute(newest).fetchone()
    if found is None:
        raise refuse("profile.none", "还没有企业画像宽表", "There is no table of profiles yet")
    return found[0], found[1], frozenset(field.name for field in files.schema.fields), relation


def _may_be_read(column: str, item: str | None, terms: Mapping[str, ItemTerms], ceiling: Purpose) -> bool:
    if item is None:
        return column.rpartition(SEPARATOR)[2] in HEAD
    found = terms.get(item)
    return found is not None and found.sharing in ceiling.sharing_types and found.sensitivity <= ceiling.max_sensitivity
