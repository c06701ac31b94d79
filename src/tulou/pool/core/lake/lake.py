"""The lake of a pool: immutable files, and one commit that makes a delivery visible, whole."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tulou.kernel.errors import Text, Where, refuse, wrong_use
from tulou.pool.core.contract import Contract
from tulou.pool.core.contract.codec import contract_from_json, contract_to_json
from tulou.pool.core.lake.catalog import open_catalog, table_heads
from tulou.pool.core.lake.derived import DERIVED, Derived, write_derived
from tulou.pool.core.lake.durable import digest, local, locked, make_folder, sync_file, sync_folder, write_durably
from tulou.pool.core.lake.ledger import REFUSED, ROLLED_BACK, STANDS, Ledger
from tulou.pool.core.lake.merging import Mode, Plan, merge_plan
from tulou.pool.core.lake.papers import Papers, safe_name
from tulou.pool.core.lake.receipt import Receipt, StagedDelivery
from tulou.pool.core.lake.replays import check_replay
from tulou.pool.core.lake.schema import DataFiles, TableSchema, columns_of, grown, table_schema
from tulou.pool.core.lake.transaction import Identifier, load, publish
from tulou.pool.core.lake.versions import (
    DELIVERY,
    KEY,
    OPERATION,
    RECEIPT,
    Version,
    lineage,
    properties_of,
    snapshot_of,
    undone_by,
    versions,
)
from tulou.pool.core.lake.writing import conformed

FORMAT = 1
CONTRACT = "tulou.contract"
_ATTEMPTS = 20


class Lake:
    """The tables of one pool. Safe to use from many processes at once; one object belongs to one thread."""

    def __init__(self, root: Path, catalog: SqlCatalog) -> None:
        self.root = root
        self.catalog = catalog
        self.ledger = Ledger(catalog.engine)
        self.papers = Papers(root / "deliveries")
        self._namespaces: dict[str, str] = {}
        self._held: set[str] = set()

    @classmethod
    def create(cls, root: Path, *, catalog_uri: str | None = None) -> Lake:
        """An empty pool in `root`, which must be empty or not there. A pool that is there already is opened."""
        marker = root / "pool.json"
        if not marker.exists():
            if root.exists() and any(root.iterdir()):
                raise wrong_use(
                    "pool.not_empty",
                    f"文件夹 {root} 不是空的, 也不是数据池",
                    f"The folder {root} is neither empty nor a pool",
                    remedy=Text(
                        zh="请指定一个空文件夹或不存在的文件夹", en="Name an empty folder, or one that is not there yet"
                    ),
                )
            for name in ("lake", "deliveries", "catalogue", "staging", "locks"):
                make_folder(root / name)
            catalog = open_catalog(root.resolve(), catalog_uri)
            catalog.create_tables()
            Ledger(catalog.engine).create()
            catalog.engine.dispose()
            write_durably(marker, json.dumps({"format": FORMAT, "catalog": catalog_uri}).encode())
        return cls.open(root, catalog_uri=catalog_uri)

    @classmethod
    def open(cls, root: Path, *, catalog_uri: str | None = None) -> Lake:
        """The pool in `root`. Raises WrongUse where there is none, or one of a later format."""
        marker = root / "pool.json"
        if not marker.exists():
            raise wrong_use(
                "pool.none",
                f"{root} 中没有数据池",
                f"There is no pool in {root}",
                remedy=Text(zh=f"请先运行 tulou pool init {root}", en=f"Run: tulou pool init {root}"),
            )
        settings = json.loads(marker.read_text())
        if settings["format"] > FORMAT:
            raise wrong_use(
                "pool.newer",
                "该数据池由更新版本的土楼创建",
                "This pool was made by a later version of Tulou",
                remedy=Text(zh="请升级软件", en="Upgrade Tulou"),
            )
        return cls(root.resolve(), open_catalog(root.resolve(), catalog_uri or settings["catalog"]))

    def close(self) -> None:
        """Give the catalog's connections back."""
        self.catalog.engine.dispose()

    def tables(self) -> dict[str, str]:
        """Every table under the name by which `table()` finds it, with its namespace (its department, or entity…)."""
        return {
            f"{namespace}.{name}" if namespace in DERIVED else name: namespace
            for namespace, name in table_heads(self.catalog)
        }

    def head(self, name: str) -> str | None:
        """Where the newest metadata of a table lies, None where there is no such table. Costs one look-up.

        It changes with every commit and never comes back, so that what was read from a table can be kept under it.
        """
        namespace = self._namespace(name)
        return table_heads(self.catalog).get((namespace, name.rpartition(".")[2])) if namespace else None

    def datasets(self) -> list[str]:
        """The datasets that departments have delivered, by name."""
        return sorted(name for name, namespace in self.tables().items() if namespace not in DERIVED)

    def table(self, name: str) -> Table:
        """The Iceberg table called `name` (`dataset`, or `entity.enterprise` for a derived one), as it is now.

        Raises Refused where the pool has no such table.
        """
        namespace = self._namespace(name)
        table = load(self.catalog, (namespace, name.rpartition(".")[2])) if namespace else None
        if table is None:
            raise refuse(
                "lake.no_table",
                f"数据池中没有数据集 {name}",
                f"The pool has no dataset {name}",
                remedy=Text(zh="tulou pool history 会列出已有的数据集", en="tulou pool history lists what there is"),
            )
        return table

    def _namespace(self, name: str) -> str | None:
        if name not in self._namespaces:
            self._namespaces |= self.tables()
        return self._namespaces.get(name)

    def contract(self, dataset: str) -> Contract:
        """The contract under which `dataset` was last delivered."""
        return contract_from_json(self.table(dataset).properties[CONTRACT])

    def planned(self, contract: Contract) -> TableSchema:
        """The columns that the contract's table will have when a delivery under it is committed. Changes nothing.

        Raises Refused where a type would have to become narrower or another one, where the dataset belongs to another
        department, or where its name or department is reserved.
        """
        return table_schema(self._grown(load(self.catalog, self._identifier(contract)), contract))

    def plan(self, dataset: str, *, as_of: dt.datetime | None = None, snapshot_id: int | None = None) -> DataFiles:
        """The files and columns of a table: now, as it was known at `as_of` (by receipt), or in one snapshot.

        Columns carry today's names; a column that a file does not have is NULL.
        """
        table = self.table(dataset)
        version = snapshot_of(table, as_of=as_of, snapshot_id=snapshot_id)
        schema = table_schema(table.schema())
        if version is None:
            return DataFiles(dataset, None, (), schema)
        tasks = table.scan(snapshot_id=version.snapshot_id).plan_files()
        paths = sorted(local(task.file.file_path) for task in tasks)
        return DataFiles(dataset, version.snapshot_id, tuple(paths), schema)

    def relation(self, dataset: str, *, as_of: dt.datetime | None = None, snapshot_id: int | None = None) -> str:
        """SQL text that DuckDB reads as the table, by field id."""
        return self.plan(dataset, as_of=as_of, snapshot_id=snapshot_id).duckdb()

    def versions(self, dataset: str) -> list[Version]:
        """The versions of a table, oldest first."""
        return versions(self.table(dataset))

    def stage(self, name: str) -> Path:
        """A fresh folder for files on their way, on the file system of the lake."""
        folder = self.root / "staging" / f"{safe_name(name)}-{uuid.uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        return folder

    @staticmethod
    def unstage(folder: Path) -> None:
        """Take a folder of `stage` away."""
        shutil.rmtree(folder, ignore_errors=True)

    def receipt(self, delivery_id: str) -> Receipt | None:
        """The receipt of a delivery, or None where the pool has never seen it."""
        found = self.ledger.find(delivery_id)
        return found[0] if found else None

    def receipts(self, dataset: str | None = None) -> list[tuple[Receipt, str]]:
        """Every receipt with its state (stands, rolled_back, refused), oldest first."""
        for name in {name for name, _ in self.ledger.undoing(dataset)}:
            self.catch_up(self.table(name))
        return list(self.ledger.receipts(dataset))

    def rejects_file(self, delivery_id: str) -> Path | None:
        """The Parquet file with the rejected records of a delivery, or None where nothing was rejected."""
        return self.papers.rejects(delivery_id)

    def commit(self, contract: Contract, staged: StagedDelivery) -> Receipt:
        """Make a staged delivery visible, in one step, once.

        The same id again is answered with the first receipt (`repeated`) and changes nothing; the same id with other
        content is Refused. Whatever happens before the catalog's transaction leaves the pool as it was. A replay never
        replaces a table: its records join those of the delivery that they correct.
        """
        receipt = staged.receipt
        mode: Mode = "merge" if staged.is_replay else contract.delivery_mode
        identifier = self._identifier(contract)
        about = {
            DELIVERY: receipt.delivery_id,
            RECEIPT: receipt.to_json(brief=True),
            OPERATION: mode,
            KEY: json.dumps(contract.primary_key),
        }
        properties = {CONTRACT: contract_to_json(contract)}
        data: Sequence[Path] = staged.data
        with self.lock(contract.dataset):
            for attempt in range(_ATTEMPTS):
                if (earlier := self.earlier(receipt, contract.department)) is not None:
                    shutil.rmtree(staged.folder, ignore_errors=True)
                    return earlier.again()
                check_replay(self, staged)
                if attempt == 0:
                    self.papers.keep(staged, contract)
                table = load(self.catalog, identifier)
                schema = self._grown(table, contract)
                data = self.settled(identifier, conformed(data, table_schema(schema), staged.folder))
                plan = merge_plan(table, schema, data, key=contract.primary_key, mode=mode, folder=staged.folder)
                with contextlib.suppress(CommitFailedException):
                    snapshot_id = self.put(identifier, table, schema, plan, properties, about)
                    break
            else:
                raise _busy(contract.dataset)
            answer = replace(receipt, snapshot_id=snapshot_id)
            self.ledger.add(answer, STANDS)
        self._namespaces[contract.dataset] = contract.department
        shutil.rmtree(staged.folder, ignore_errors=True)
        return answer

    def put(
        self,
        identifier: Identifier,
        table: Table | None,
        schema: Schema,
        plan: Plan,
        properties: Mapping[str, str],
        about: Mapping[str, str],
    ) -> int:
        """Commit a plan; answers the snapshot. Raises CommitFailedException where another machine was faster."""
        return publish(
            self.catalog,
            identifier,
            table,
            schema,
            location=str(self._folder(identifier)),
            removed=plan.removed,
            added=[*plan.data, *self.settled(identifier, plan.kept)],
            properties=properties,
            about=about,
        )

    def settled(self, identifier: Identifier, files: Sequence[Path]) -> list[Path]:
        """Files under new names in the table's data folder: durable, and visible to nobody before a commit names them.

        A name begins with the SHA-256 of the content. Files that lie there already, because a commit must be planned
        anew, stay.
        """
        folder = self._folder(identifier) / "data"
        make_folder(folder)
        found = []
        for path in files:
            target = path
            if path.parent != folder:
                sync_file(path)
                target = path.rename(folder / f"{digest(path)}-{uuid.uuid4().hex[:8]}.parquet")
            found.append(target)
        sync_folder(folder)
        return found

    def _folder(self, identifier: Identifier) -> Path:
        return self.root / "lake" / identifier[0] / identifier[1]

    def write_derived(
        self,
        name: str,
        data: Derived,
        *,
        key: Sequence[str] = (),
        operation: Mode = "replace",
        about: Mapping[str, str] | None = None,
    ) -> int:
        """Write a table that Tulou makes itself (`entity.…`, `profile.…`) in one commit; answers the snapshot's id.

        `data` is an Arrow table or reader, or Parquet files (with or without field ids). `operation` says how it meets
        what is there: `replace` puts it in the place of everything, `merge` in the place of the records with the same
        `key`, `append` beside them. The columns follow the data: new ones are added, and with `replace` those that are
        not brought any more go. `about` is kept with the version. After a crash the table is as before, or whole.

        Raises WrongUse for a name outside the derived namespaces or a merge without a key, Refused for a column that
        the lake cannot hold.
        """
        return write_derived(self, name, data, key=tuple(key), mode=operation, about=about or {})

    def earlier(self, receipt: Receipt, department: str) -> Receipt | None:
        """What the pool answered to this id before, if it stands.

        A commit whose acknowledgement was lost is found in the table's snapshots, and its ledger row written.
        Raises Refused where the id stands for other content, or was rolled back.
        """
        found = self.ledger.find(receipt.delivery_id)
        if found is None or found[1] not in (STANDS, ROLLED_BACK):
            table = load(self.catalog, (department, receipt.dataset))
            if table is not None:
                self.catch_up(table)
            found = self.ledger.find(receipt.delivery_id)
        if found is None or found[1] == REFUSED:
            return None
        known, state = found
        if known.sha256 != receipt.sha256 or known.dataset != receipt.dataset:
            raise refuse(
                "delivery.id_reused",
                f"交付编号 {receipt.delivery_id} 已用于另一份文件 (数据集 {known.dataset}, 文件 {known.file_name})",
                f"Delivery id {receipt.delivery_id} stands for another file (dataset {known.dataset}, "
                f"file {known.file_name})",
                where=Where(file=receipt.file_name),
                remedy=Text(zh="请使用新的交付编号", en="Send it under a new delivery id"),
            )
        if state == ROLLED_BACK:
            raise refuse(
                "delivery.rolled_back",
                f"交付 {receipt.delivery_id} 已被撤回, 同一编号不会再次生效",
                f"Delivery {receipt.delivery_id} was rolled back; its id does not take effect again",
                where=Where(file=receipt.file_name),
                remedy=Text(zh="如需重新交付, 请使用新的交付编号", en="To deliver it again, use a new delivery id"),
            )
        return known

    def record_refusal(self, receipt: Receipt) -> Receipt:
        """Remember a delivery that was refused whole; nothing of it is visible, and its id may come again."""
        self.papers.keep_receipt(receipt)
        self.ledger.add(receipt, REFUSED)
        return receipt

    def rebuild_ledger(self) -> int:
        """Write the ledger anew from the history of all tables; answers how many deliveries it holds."""
        rows = self.standing_by_history()
        self.ledger.replace(rows.values())
        return len(rows)

    def standing_by_history(self) -> dict[str, tuple[Receipt, str]]:
        """Every delivery that was ever accepted, with its receipt and its state, as the tables' own history has it."""
        rows: dict[str, tuple[Receipt, str]] = {}
        for dataset in self.datasets():
            for snapshot in lineage(self.table(dataset)):
                self._note(snapshot, rows)
        return rows

    def catch_up(self, table: Table) -> None:
        """Write down what commits did whose process died before it could: the last ones that the ledger lacks."""
        history = lineage(table)
        missing: dict[str, tuple[Receipt, str]] = {}
        for snapshot in reversed(history):
            rows: dict[str, tuple[Receipt, str]] = {}
            self._note(snapshot, rows)
            known = self.ledger.states(list(rows))
            if rows and all(known.get(name, REFUSED) != REFUSED for name in rows):
                break
            missing = rows | missing
        for receipt, state in missing.values():
            self.ledger.add(receipt, state)
        waiting = [name for _, name in self.ledger.undoing(table.name()[-1])]
        if waiting:
            gone = {name for snapshot in history for name in undone_by(snapshot)}
            for name in waiting:
                self.ledger.mark(name, ROLLED_BACK if name in gone else STANDS)

    def _note(self, snapshot: Snapshot, rows: dict[str, tuple[Receipt, str]]) -> None:
        if (document := properties_of(snapshot).get(RECEIPT)) is not None:
            brief = Receipt.from_json(document)
            receipt = replace(self.papers.full(brief), snapshot_id=snapshot.snapshot_id)
            rows[receipt.delivery_id] = (receipt, STANDS)
        for name in undone_by(snapshot):
            if name in rows:
                rows[name] = (rows[name][0], ROLLED_BACK)

    def _identifier(self, contract: Contract) -> Identifier:
        if contract.department in DERIVED or "." in contract.dataset or "." in contract.department:
            raise wrong_use(
                "contract.reserved_name",
                f"合同中的部门 {contract.department} 或数据集 {contract.dataset} 是保留名称",
                f"The contract's department {contract.department} or dataset {contract.dataset} is a reserved name",
            )
        owner = self._namespaces.get(contract.dataset) or self.tables().get(contract.dataset, contract.department)
        if owner != contract.department:
            raise refuse(
                "contract.other_department",
                f"数据集 {contract.dataset} 属于部门 {owner}, 不属于 {contract.department}",
                f"The dataset {contract.dataset} belongs to the department {owner}, not to {contract.department}",
                remedy=Text(zh="请在合同中使用另一个数据集名称", en="Give the dataset another name in the contract"),
            )
        return (contract.department, contract.dataset)

    @staticmethod
    def _grown(table: Table | None, contract: Contract) -> Schema:
        current = table.schema() if table else None
        last = table.metadata.last_column_id if table else 0
        return grown(current, last, columns_of(contract), table=contract.dataset)

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock of one table; whoever changes a table on this machine holds it. It may be held twice."""
        if name in self._held:
            yield
            return
        with locked(self.root / "locks" / f"{safe_name(name)}.lock"):
            self._held.add(name)
            try:
                yield
            finally:
                self._held.discard(name)


def _busy(name: str) -> Exception:
    return refuse(
        "lake.busy",
        f"数据集 {name} 正被其他机器频繁写入, 未能提交",
        f"{name} is being written by other machines all the time; the commit did not get through",
        remedy=Text(zh="请稍后以同一编号重试", en="Try again later under the same id"),
    )
