"""`tulou demo`: the main job on a synthetic province, with what it did printed as it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from tulou.demo.running import FIRMS, MONTHS, SEED, Outcome, demo_wish, run_demo
from tulou.kernel.errors import Text
from tulou.pool.core.catalogue import reference_catalogue
from tulou.terminal import JsonOption, failing, language, out, print_json, print_table, progress, say

app = typer.Typer(add_completion=False, rich_markup_mode=None)

STEPS = {
    "books": Text(zh="模拟: 企业逐月经营", en="Simulate: firms live their months"),
    "archives": Text(zh="模拟: 部门客户档案", en="Simulate: departments' archives"),
    "files": Text(zh="模拟: 部门数据文件", en="Simulate: departments' files"),
    "pool": Text(zh="入池: 逐文件校验", en="Pool: validate every file"),
    "resolve": Text(zh="归并: 识别企业身份", en="Resolve: whose record is whose"),
    "profile": Text(zh="画像: 全部企业", en="Profile: all firms"),
}
"""What each step is called."""

_UNITS = {"{person}": "", "{count}": "", "1": "", "kW.h": "kWh", "10*4.CNY": "10k CNY"}

_WHAT = {
    "exporter": Text(zh="出口制造企业", en="an exporter"),
    "restaurant": Text(zh="停业最久的餐饮住宿企业", en="a restaurant or hotel that was closed longest"),
    "shop": Text(zh="小型零售店", en="a small shop"),
}


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="A folder for the demo: empty, not there yet, or of an earlier demo.")],
    firms: Annotated[int, typer.Option(help="Registered firms.")] = FIRMS,
    months: Annotated[int, typer.Option(help="Months that the departments deliver.")] = MONTHS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same province.")] = SEED,
    as_json: JsonOption = False,
) -> None:
    """Simulate a small province, pool every department's files, resolve identities, build profiles."""
    with failing(as_json=as_json):
        with progress(quiet=as_json) as shown:
            outcome = run_demo(folder, demo_wish(firms, months, seed), report=_bars(shown))
        if as_json:
            print_json(outcome)
        else:
            _print(outcome)


def _bars(shown: Progress) -> Callable[[str, int, int], None]:
    tasks: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int) -> None:
        if step not in tasks:
            tasks[step] = shown.add_task(say(STEPS[step]), total=total)
        shown.update(tasks[step], completed=done, total=total)

    return report


def _line(zh: str, en: str, **values: object) -> None:
    out().print(say(Text(zh=zh, en=en).fill(**values)), markup=False)


def _print(outcome: Outcome) -> None:
    """What was done, table by table."""
    if outcome.repeated:
        _line(
            "{folder} 中的演示此前已完成, 本次未做任何改动。",
            "The demo in {folder} had been done before; nothing was done now.",
            folder=outcome.folder,
        )
    made = outcome.province
    _line(
        "模拟了 {firms:,} 家企业、{months} 个月、{items:,} 个数据项、{files} 个文件、{records:,} 条记录。",
        "Simulated {firms:,} firms, {months} months, {items:,} items, {files} files, {records:,} records.",
        **made,
    )
    titles = reference_catalogue().departments
    print_table([{**row, "department": say(titles[row["department"]].title)} for row in outcome.departments])
    rejected = sum(int(row["rejected"]) for row in outcome.departments)
    _line(
        "应拒收 {wanted:,} 条, 实际拒收 {got:,} 条。",
        "{wanted:,} records were to be rejected, {got:,} were.",
        wanted=made["to_be_rejected"],
        got=rejected,
    )
    for row in outcome.warnings:
        _line("  提示 {code} ({files} 次): {sentence}", "  note {code} ({files}x): {sentence}", **_noted(row))
    out().print()
    print_table(outcome.identities)
    _line(
        "画像: {firms:,} 家企业 x {columns:,} 列, 来自 {datasets} 个数据集, 截至 {as_of}。",
        "Profiles: {firms:,} firms x {columns:,} columns from {datasets} datasets, as of {as_of}.",
        **outcome.profiles,
    )
    for example in outcome.examples:
        _print_example(example)
    _line(
        "用时 {total:.0f} 秒: {steps}",
        "Took {total:.0f} seconds: {steps}",
        total=sum(outcome.seconds.values()),
        steps=", ".join(f"{name} {seconds:.0f}" for name, seconds in outcome.seconds.items()),
    )
    _line(
        "下一步: tulou serve --demo {folder}; tulou pool profile <代码> --pool {folder}/pool",
        "Next: tulou serve --demo {folder}; tulou pool profile <code> --pool {folder}/pool",
        folder=outcome.folder,
    )


def _noted(row: dict[str, Any]) -> dict[str, object]:
    return {"code": row["code"], "files": row["files"], "sentence": row["example"]["message"][language()]}


def _print_example(example: dict[str, Any]) -> None:
    out().print()
    _line(
        "{what}: {name} ({uscc}), {values_known} 个值, {datasets} 个数据集",
        "{what}: {name} ({uscc}), {values_known} values from {datasets} datasets",
        **{**example, "what": say(_WHAT[example["what"]])},
    )
    titles = reference_catalogue().departments
    title = f"title_{language()}"
    print_table(
        [
            {
                "department": say(titles[value["department"]].title),
                "item": value[title],
                "value": value[f"shown_{language()}"],
                "unit": _UNITS.get(value["unit"], value["unit"]) or "",
                "period": value["period"] or "",
                "received": value["received"],
            }
            for value in example["values"]
        ]
    )
