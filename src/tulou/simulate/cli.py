"""`tulou simulate`: a synthetic province, with the truth beside it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import Progress, TaskID

from tulou.kernel.errors import Text, wrong_use
from tulou.simulate.province import LAST_MONTH, Report, Wish, simulate_province
from tulou.terminal import JsonOption, failing, out, print_json, print_table, progress, say

app = typer.Typer(add_completion=False, rich_markup_mode=None)

STEPS = {
    "books": Text(zh="企业逐月经营", en="Firms live their months"),
    "archives": Text(zh="部门客户档案", en="Departments' archives"),
    "files": Text(zh="部门数据文件", en="Departments' files"),
}
"""What each step of the simulation is called."""


@app.command()
def simulate(
    folder: Annotated[Path, typer.Option("--out", help="An empty folder, or one that is not there yet.")],
    firms: Annotated[int, typer.Option(help="Registered firms.")] = 2000,
    months: Annotated[int, typer.Option(help="Months that the departments deliver.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed makes the same files.")] = 0,
    items: Annotated[
        Literal["core", "all"], typer.Option(help="The core of every dataset, or every item of the catalogue.")
    ] = "core",
    until: Annotated[str, typer.Option(help="The last month, YYYY-MM.")] = f"{LAST_MONTH:%Y-%m}",
    dirt: Annotated[float, typer.Option(help="Multiplies every rate at which records go wrong; 0 is clean.")] = 1.0,
    bundle: Annotated[int, typer.Option(help="Months in one file; 0: as each department is used to.")] = 0,
    departments: Annotated[str, typer.Option(help="Only these departments, separated by commas.")] = "",
    workers: Annotated[
        int, typer.Option(help="Processes; 0: as many as there are processors, for a large province.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Make a synthetic province: firms, departments' files with their real-life dirt, and the truth beside them."""
    with failing(as_json=as_json):
        wish = Wish(
            firms=firms,
            months=months,
            seed=seed,
            items=items,
            last=month_of(until),
            dirt=dirt,
            bundle=bundle or None,
            departments=tuple(name.strip() for name in departments.split(",") if name.strip()),
            workers=workers or workers_for(firms),
        )
        with progress(quiet=as_json) as shown:
            province = simulate_province(folder, wish, bars(shown))
    if as_json:
        print_json(province)
        return
    print_table([{name: value for name, value in dataclasses.asdict(province).items() if name != "folder"}])
    places = {
        "deliveries": "manifest.csv",
        "contracts": "<dataset>.odcs.yaml",
        "truth": "firms.parquet, records/, dirt/",
    }
    for name, content in places.items():
        out().print(f"{folder / name}  ({content})", markup=False)
    command = (
        f"tulou pool init POOL; tulou pool ingest {folder}/deliveries/DEPARTMENT/FILE "
        f"--contract {folder}/contracts/DATASET.odcs.yaml --pool POOL"
    )
    out().print(say(Text(zh=f"下一步: {command}", en=f"Next: {command}")), markup=False)


def month_of(text: str) -> dt.date:
    """The first day of the month written YYYY-MM. Raises WrongUse for anything else."""
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise wrong_use(
            "simulate.month", f"月份应写作 YYYY-MM, 得到 {text}", f"Write the month as YYYY-MM, not {text}"
        ) from None


def workers_for(firms: int) -> int:
    """How many processes a province of this size is worth."""
    return 1 if firms < 1500 else min(os.cpu_count() or 1, 8)


def bars(shown: Progress) -> Report:
    """A report that moves a bar for each step of the simulation."""
    tasks: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = shown.add_task(say(STEPS[step]), total=total)
        shown.update(tasks[step], completed=done)

    return report
