"""What the pool knew on a day: the version of each table by when its deliveries were received.

A delivery says when it was received; in a pool that is kept day by day that is when it was committed, and in one that
was filled later with the deliveries of past months it is when the department sent them. Either way the lake's versions
tell what was known: the last version whose delivery had been received by the end of the day.
"""

from __future__ import annotations

import datetime as dt
import json

from tulou.pool.core.lake import DataFiles, Lake
from tulou.pool.core.lake.versions import RECEIPT, lineage, properties_of
from tulou.pool.core.profile.expressions import TIME_ZONE


def end_of_day(day: dt.date) -> dt.datetime:
    """The moment after the last of a day in China.

    >>> end_of_day(dt.date(2024, 6, 30)).isoformat()
    '2024-07-01T00:00:00+08:00'
    """
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), TIME_ZONE)


def known_files(lake: Lake, dataset: str, as_of: dt.date) -> DataFiles:
    """The files of a dataset as it was known at the end of the day `as_of`; no files where nothing was known yet."""
    limit = end_of_day(as_of)
    snapshot_id = None
    for snapshot in lineage(lake.table(dataset)):
        receipt = properties_of(snapshot).get(RECEIPT)
        if receipt is not None:
            known_at = dt.datetime.fromisoformat(json.loads(receipt)["received_at"])
        else:
            known_at = dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, tz=dt.UTC)
        if known_at < limit:
            snapshot_id = snapshot.snapshot_id
    if snapshot_id is None:
        schema = lake.plan(dataset).schema
        return DataFiles(dataset, None, (), schema)
    return lake.plan(dataset, snapshot_id=snapshot_id)


def filled_columns(lake: Lake, files: DataFiles) -> frozenset[str]:
    """The columns of which a version of a dataset holds any value, by the counts that the lake keeps for each file."""
    if files.snapshot_id is None:
        return frozenset()
    tasks = list(lake.table(files.dataset).scan(snapshot_id=files.snapshot_id).plan_files())
    filled = set()
    for task in tasks:
        values, nulls = task.file.value_counts, task.file.null_value_counts or {}
        for field in files.schema.fields:
            if not values or values.get(field.field_id, 0) > nulls.get(field.field_id, 0):
                filled.add(field.name)
    return frozenset(filled)
