"""Which rejected records of a delivery were corrected since: each at most once, over all replays of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tulou.kernel.errors import Text, refuse
from tulou.pool.core.lake.asking import at_hand
from tulou.pool.core.lake.ledger import STANDS
from tulou.pool.core.lake.receipt import Receipt, StagedDelivery
from tulou.pool.core.lake.schema import literal

if TYPE_CHECKING:
    from tulou.pool.core.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class Chain:
    """A delivery and the replays that correct it. records_in == accepted + corrected + outstanding."""

    first: Receipt
    replays: tuple[Receipt, ...]
    corrected: int
    outstanding: int

    @property
    def records_in(self) -> int:
        """The records of the first delivery."""
        return self.first.records_in

    @property
    def accepted(self) -> int:
        """Those that were accepted at once."""
        return self.first.accepted


def chain_of(lake: Lake, receipt: Receipt) -> Chain:
    """The delivery and its standing replays; raises ValueError where records were not conserved over them."""
    replays = replays_of(lake, receipt.delivery_id)
    corrected = sum(replay.accepted for replay in replays)
    with at_hand() as connection:
        query = f"SELECT count(*), count(DISTINCT record_no) FROM ({outstanding(lake, receipt.delivery_id)})"
        open_, distinct = connection.execute(query).fetchone() or (0, 0)
    if open_ != distinct or receipt.rejected != corrected + open_:
        raise ValueError(
            f"{receipt.delivery_id}: {receipt.rejected} rejected, {corrected} corrected, {open_} outstanding"
        )
    return Chain(receipt, tuple(replays), corrected, open_)


def replays_of(lake: Lake, delivery_id: str) -> list[Receipt]:
    """The standing replays of a delivery, oldest first."""
    first = lake.receipt(delivery_id)
    if first is None:
        return []
    return [
        receipt for receipt, state in lake.receipts(first.dataset) if receipt.replays == delivery_id and state == STANDS
    ]


def corrected(lake: Lake, delivery_id: str) -> str:
    """SQL text of the numbers (`origin_no`) of the rejected records that a replay has brought in since."""
    parts = [
        _accepted_origins(corrects, lake.papers.rejects(replay.delivery_id))
        for replay in replays_of(lake, delivery_id)
        if (corrects := lake.papers.corrects(replay.delivery_id)) is not None
    ]
    return " UNION ALL ".join(parts) or "SELECT origin_no FROM (VALUES (0::BIGINT)) AS none(origin_no) WHERE false"


def _accepted_origins(corrects: Path, rejects: Path | None) -> str:
    held = f"read_parquet({literal(str(corrects))}) AS told"
    if rejects is None:
        return f"SELECT origin_no FROM {held}"
    return f"SELECT origin_no FROM {held} ANTI JOIN read_parquet({literal(str(rejects))}) AS failed USING (record_no)"


def outstanding(lake: Lake, delivery_id: str) -> str:
    """SQL text of the rejected records of a delivery that no replay has corrected, as in its file of rejects."""
    rejects = lake.papers.rejects(delivery_id)
    if rejects is None:
        return "SELECT record_no FROM (VALUES (0::BIGINT)) AS none(record_no) WHERE false"
    return (
        f"SELECT * FROM read_parquet({literal(str(rejects))}) AS failed "
        f"ANTI JOIN ({corrected(lake, delivery_id)}) AS done ON record_no = origin_no"
    )


def check_replay(lake: Lake, staged: StagedDelivery) -> None:
    """Raise Refused where a record that a replay brings has been brought by another one meanwhile."""
    if staged.corrects is None or staged.receipt.replays is None:
        return
    name = staged.receipt.delivery_id
    kept = staged.corrects if staged.corrects.exists() else lake.papers.corrects(name)
    rejects = staged.rejects if staged.rejects is None or staged.rejects.exists() else lake.papers.rejects(name)
    if kept is None:
        return
    mine = _accepted_origins(kept, rejects)
    with at_hand() as connection:
        query = f"SELECT count(*) FROM ({mine}) SEMI JOIN ({corrected(lake, staged.receipt.replays)}) USING (origin_no)"
        ((twice,),) = connection.execute(query).fetchall()
    if twice:
        raise refuse(
            "replay.overtaken",
            f"其中 {twice:,} 条记录刚刚由另一次重送更正",
            f"{twice:,} of its records were corrected by another replay at this moment",
            remedy=Text(zh="请重新发送该文件", en="Send the file again"),
        )
