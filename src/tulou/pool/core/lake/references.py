"""How a person names a version: by a delivery, or by a dataset and a tag, a day, a moment or a snapshot."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tulou.kernel.errors import Refused, Text, refuse, wrong_use
from tulou.pool.core.lake.versions import DELIVERY, lineage, properties_of, snapshot_of

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Reference:
    """One version of one table; `snapshot_id` is None where the table was still empty."""

    dataset: str
    snapshot_id: int | None
    text: str


def moment(text: str) -> dt.datetime:
    """A day (its end, in China) or a moment in ISO 8601. Raises WrongUse for anything else.

    >>> moment("2020-03-31").isoformat()
    '2020-03-31T23:59:59.999999+08:00'
    """
    try:
        if len(text) == 10:
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, ZONE)
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong_use(
            "version.no_moment",
            f"{text} 不是日期",
            f"{text} is no date",
            remedy=Text(zh="请写成 2020-03-31 或 2020-03-31T12:00:00+08:00", en="Write 2020-03-31 or an ISO moment"),
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def resolve(lake: Lake, text: str) -> Reference:
    """The version that `text` names: a delivery id (the table after it), `DATASET` (now), or `DATASET@WHEN`, where WHEN
    is a tag, a day, a moment or a snapshot's number.

    Raises Refused where there is no such version.
    """
    found = lake.ledger.find(text)
    if found is not None:
        return Reference(found[0].dataset, _of_delivery(lake, found[0].dataset, text), text)
    dataset, _, when = text.rpartition("@") if "@" in text else (text, "", "")
    table = lake.table(dataset)
    if not when:
        current = table.current_snapshot()
        return Reference(dataset, current.snapshot_id if current else None, text)
    if when in table.refs():
        return Reference(dataset, table.refs()[when].snapshot_id, text)
    if when.isdigit():
        if not any(snapshot.snapshot_id == int(when) for snapshot in lineage(table)):
            raise _none(text)
        return Reference(dataset, int(when), text)
    known = snapshot_of(table, as_of=moment(when), snapshot_id=None)
    return Reference(dataset, known.snapshot_id if known else None, text)


def _of_delivery(lake: Lake, dataset: str, delivery_id: str) -> int:
    for snapshot in lineage(lake.table(dataset)) if dataset in lake.tables() else []:
        if properties_of(snapshot).get(DELIVERY) == delivery_id:
            return snapshot.snapshot_id
    raise _none(delivery_id)


def _none(text: str) -> Refused:
    return refuse(
        "version.none",
        f"没有版本 {text}",
        f"There is no version {text}",
        remedy=Text(zh="tulou pool history DATASET 会列出各版本", en="tulou pool history DATASET lists the versions"),
    )


def tag(lake: Lake, dataset: str, name: str, *, at: str | None = None) -> Reference:
    """Give a version of a table a name that stays: the current one, or the one that `at` names.

    Raises Refused where the name is taken, and WrongUse for a name that could be mistaken for something else.
    """
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or name.isdigit() or name == "main":
        raise wrong_use(
            "tag.bad_name",
            f"{name} 不能作为标签",
            f"{name} cannot be a tag",
            remedy=Text(zh="请使用字母, 数字, 点和连字符", en="Use letters, digits, dots and dashes"),
        )
    reference = resolve(lake, at or dataset)
    if reference.dataset != dataset or reference.snapshot_id is None:
        raise _none(at or dataset)
    with lake.lock(dataset):
        table = lake.table(dataset)
        if name in table.refs():
            raise refuse(
                "tag.taken",
                f"标签 {name} 已用于数据集 {dataset} 的另一个版本",
                f"The tag {name} stands for a version of {dataset} already",
                remedy=Text(zh="请换一个名称", en="Choose another name"),
            )
        table.manage_snapshots().create_tag(reference.snapshot_id, name).commit()
    return Reference(dataset, reference.snapshot_id, f"{dataset}@{name}")
