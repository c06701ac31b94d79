"""A whole province: firms, their books, the archives of seventeen departments, and every file that these deliver."""

from __future__ import annotations

import csv
import datetime as dt
import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tulou.kernel.errors import Text, wrong_use
from tulou.pool.core.catalogue import reference_catalogue
from tulou.simulate import truth
from tulou.simulate.activity import act
from tulou.simulate.archive import archive
from tulou.simulate.books import BLOCK, write_books
from tulou.simulate.deliveries.contracts import Items, chosen_items, contract_for, write_contracts
from tulou.simulate.deliveries.delivery import Maker, Setting
from tulou.simulate.deliveries.parcels import Parcel, parcels
from tulou.simulate.habits import coverage_of, habit_of
from tulou.simulate.ledger import Ledger
from tulou.simulate.population import Window, add_months, populate

MOST_FIRMS = 1_000_000
LAST_MONTH = dt.date(2020, 12, 1)
"""The window ends here unless told otherwise: two years then hold the epidemic, the year before and the recovery."""

Report = Callable[[str, int, int], None]
"""Told of a step's name, how much of it is done, and of how much."""

_ARCHIVED = [
    "client",
    "firm",
    "weight",
    "established",
    "name",
    "address",
    "person",
    "phone",
    "district",
    "uscc",
    "org_code",
    "reg_no",
    "tax_no",
]


@dataclass(frozen=True, slots=True)
class Province:
    """What was simulated: where, how large, and the manifest's totals."""

    folder: Path
    firms: int
    months: int
    seed: int
    items: int
    files: int
    records: int
    to_be_rejected: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be simulated; see `simulate_province`. Of no departments or datasets named, all; a file is the same
    whatever others are asked for."""

    firms: int
    months: int = 24
    seed: int = 0
    items: Items = "core"
    last: dt.date = LAST_MONTH
    dirt: float = 1.0
    bundle: int | None = None
    departments: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    workers: int = 1

    def check(self) -> None:
        """Raises WrongUse where the wish makes no sense."""
        known, datasets = reference_catalogue().departments, reference_catalogue().datasets
        faults = [
            (not 1 <= self.firms <= MOST_FIRMS, f"1 <= firms <= {MOST_FIRMS:,}"),
            (not 1 <= self.months <= 120, "1 <= months <= 120"),
            (not 0 <= self.dirt <= 20, "0 <= dirt <= 20"),
            (self.items not in ("core", "all"), "items: core, all"),
            (not set(self.departments) <= set(known), f"departments: {', '.join(known)}"),
            (not set(self.datasets) <= set(datasets), f"datasets: {', '.join(datasets)}"),
        ]
        for wrong, rule in faults:
            if wrong:
                raise wrong_use("simulate.wish", f"参数不合要求: {rule}", f"The wish does not hold: {rule}")


def simulate_province(folder: Path, wish: Wish, report: Report = lambda *_: None) -> Province:
    """Make a synthetic province in `folder`, which must be empty or not there; the same wish makes the same files.

    `deliveries/<department>/<dataset>-<period>.<ext>` with `manifest.csv`, `contracts/<dataset>.odcs.yaml`, and in
    `truth/` what no department knows. `report` is told how far it is.

    Raises WrongUse for a wish that makes no sense, or a folder with something in it.
    """
    wish.check()
    if folder.exists() and any(folder.iterdir()):
        raise wrong_use(
            "simulate.not_empty",
            f"文件夹 {folder} 不是空的",
            f"The folder {folder} is not empty",
            remedy=Text(
                zh="请指定一个空文件夹或不存在的文件夹", en="Name an empty folder, or one that is not there yet"
            ),
        )
    work = folder / "work"
    work.mkdir(parents=True)
    try:
        firms = populate(wish.firms, Window(wish.last, wish.months), wish.seed)
        setting = Setting(work, Window(wish.last, wish.months), wish.seed, -(-len(firms) // BLOCK), wish.dirt)
        with _crew(wish.workers) as crew:
            _keep_books(crew, setting, firms, folder / "truth", report)
            _keep_archives(crew, setting, firms, folder / "truth", wish, report)
            lines = _deliver(crew, setting, wish, folder, report)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    write_contracts(reference_catalogue(), folder / "contracts", wish.items)
    return _finish(folder, wish, sorted(lines, key=lambda line: str(line["file"])))


def read_province(folder: Path) -> Province | None:
    """The province that was simulated in `folder`; None where there is none, or one that was broken off."""
    file = folder / "province.json"
    if not file.exists():
        return None
    body = json.loads(file.read_text(encoding="utf-8"))
    return Province(**{name: body[name] for name in Province.__dataclass_fields__ if name != "folder"}, folder=folder)


class _crew:  # noqa: N801 - reads as what one works with
    """Runs tasks here, or in processes of their own where there are several workers."""

    def __init__(self, workers: int) -> None:
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            self._pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> _crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
        """The answers of `work` for all tasks, as they come."""
        if self._pool is None:
            yield from map(work, tasks)
            return
        for future in as_completed([self._pool.submit(work, task) for task in tasks]):
            yield future.result()


def _told(answers: Iterable[Any], step: str, total: int, report: Report) -> list[Any]:
    report(step, 0, total)
    done = []
    for answer in answers:
        done.append(answer)
        report(step, len(done), total)
    return done


def _keep_books(crew: _crew, setting: Setting, firms: pl.DataFrame, target: Path, report: Report) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for block in range(setting.blocks):
        firms.slice(block * BLOCK, BLOCK).write_ipc(setting.work / f"population-{block:04d}.arrow")
    work = partial(_keep_block, setting, target)
    done = _told(crew.run(work, range(setting.blocks)), "books", setting.blocks, report)
    lives = pl.concat([frame for _, frame in sorted(done, key=lambda answer: answer[0])])
    truth.write_firms(firms, lives, setting.window, target)
    truth.write_words(target)


def _keep_block(setting: Setting, target: Path, block: int) -> tuple[int, pl.DataFrame]:
    firms = pl.read_ipc(setting.work / f"population-{block:04d}.arrow")
    activity = act(firms, setting.window, setting.seed, block)
    ledger = Ledger(firms, activity, setting.seed, block)
    write_books(setting.work, ledger)
    truth.write_block(ledger, setting.window, target)
    return block, pl.DataFrame({"closes": activity.closes, "resumed_on": activity.resumed_on})


def _keep_archives(
    crew: _crew, setting: Setting, firms: pl.DataFrame, target: Path, wish: Wish, report: Report
) -> None:
    names = list(wish.departments or reference_catalogue().departments)
    (setting.work / "archives").mkdir()
    (target / "clients").mkdir(parents=True)
    firms.write_ipc(setting.work / "population.arrow")
    _told(crew.run(partial(_keep_archive, setting, target), names), "archives", len(names), report)


def _keep_archive(setting: Setting, target: Path, department: str) -> str:
    firms = pl.read_ipc(setting.work / "population.arrow")
    clients = archive(firms, habit_of(department), setting.seed)
    clients.select(_ARCHIVED).write_ipc(setting.work / "archives" / f"{department}.arrow")
    changes = [name for name in clients.columns if name not in _ARCHIVED]
    clients.select("client", "firm", "weight", *changes).write_parquet(
        target / "clients" / f"{department}.parquet", compression="zstd"
    )
    return department


def _deliver(crew: _crew, setting: Setting, wish: Wish, folder: Path, report: Report) -> list[dict[str, Any]]:
    tasks = []
    for dataset in reference_catalogue().datasets.values():
        if wish.departments and dataset.department not in wish.departments:
            continue
        if wish.datasets and dataset.id not in wish.datasets:
            continue
        habit, coverage = habit_of(dataset.department), coverage_of(dataset.id)
        found = parcels(dataset, habit, coverage, setting.window, wish.bundle)
        tasks += [(setting, wish.items, folder, parcel) for parcel in found]
    done = _told(crew.run(_deliver_parcel, tasks), "files", len(tasks), report)
    return [line for line in done if line is not None]


def _deliver_parcel(task: tuple[Setting, Items, Path, Parcel]) -> dict[str, Any] | None:
    setting, items, folder, parcel = task
    maker = _maker(setting, items, parcel.dataset)
    return maker.make(parcel, folder / "deliveries" / maker.dataset.department, folder / "truth")


@lru_cache(maxsize=2)
def _maker(setting: Setting, items: Items, name: str) -> Maker:
    catalogue = reference_catalogue()
    dataset = catalogue.datasets[name]
    contract = contract_for(catalogue, name, items)
    return Maker(setting, dataset, contract, habit_of(dataset.department), coverage_of(name))


def _finish(folder: Path, wish: Wish, lines: list[dict[str, Any]]) -> Province:
    with (folder / "deliveries" / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [name for name in lines[0] if name != "to_be_rejected"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: v for k, v in line.items() if k != "to_be_rejected"} for line in lines)
    pl.DataFrame(lines).select("file", "dataset", "period", "rows", "to_be_rejected", "unit_slip").write_csv(
        folder / "truth" / "files.csv"
    )
    catalogue = reference_catalogue()
    chosen = {str(line["dataset"]) for line in lines}
    items = sum(len(chosen_items(catalogue, name, wish.items)) for name in chosen)
    province = Province(
        folder=folder,
        firms=wish.firms,
        months=wish.months,
        seed=wish.seed,
        items=items,
        files=len(lines),
        records=int(np.sum([line["rows"] for line in lines])),
        to_be_rejected=int(np.sum([line["to_be_rejected"] for line in lines])),
        bytes=int(np.sum([line["bytes"] for line in lines])),
    )
    document = {**asdict(province), "folder": "", "last": add_months(wish.last, 0).isoformat(), "dirt": wish.dirt}
    (folder / "province.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return province
