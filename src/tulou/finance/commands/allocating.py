"""`allocate`: who gets the money of guarantee and subsidy pots, and what each method would give before one is run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tulou.finance.commands.options import check_writable
from tulou.finance.core.pots import Claims, Judgement, benefit, judge, stable
from tulou.finance.core.pots.files import DECISIONS, decision_rows, read_claims, read_pots
from tulou.kernel.errors import Text, wrong_use
from tulou.kernel.money import format_money
from tulou.pool.core.export import kind_of_target, write_table
from tulou.terminal import JsonOption, err, failing, language, out, print_json, print_table, say

Method = Literal["stable", "benefit", "compare"]
METHODS = {"stable": stable, "benefit": benefit}
NAMES = {
    "stable": Text(zh="稳定分配", en="stable"),
    "benefit": Text(zh="效益最大", en="most benefit"),
}


def register(app: typer.Typer) -> None:
    """Add the verb to the room."""
    app.command("allocate")(allocate)


def allocate(
    claims: Annotated[Path, typer.Argument(help="Table with firm, pot, claim, amount (yuan); also choice, benefit.")],
    pots: Annotated[Path, typer.Argument(help="Table with pot, and budget (yuan), places, or both.")],
    output: Annotated[
        Path | None, typer.Option("--out", help="Where to write a decision for each claim: .csv, .xlsx or .parquet.")
    ] = None,
    method: Annotated[
        Method, typer.Option(help="stable: nobody with a better claim is passed over; benefit: most benefit.")
    ] = "compare",
    seed: Annotated[
        str, typer.Option(help="The published text that the lottery among equal claims is drawn from.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Give out the pots by one method, or compare what each would give without deciding anything."""
    with failing(as_json=as_json):
        _check(method, output)
        found = read_claims(claims, read_pots(pots), seed=seed)
        wanted = tuple(METHODS) if method == "compare" else (method,)
        allocations = {name: METHODS[name](found) for name in wanted}
        judged = [judge(found, allocation) for allocation in allocations.values()]
        if output is not None:
            write_table(output, DECISIONS, decision_rows(found, allocations[method]), sheet="decisions")
    if as_json:
        rows = [asdict(each) | {"blocking_pairs": each.blocking_pairs} for each in judged]
        print_json({"claims": len(found), "pots": len(found.pots), "seed": seed, "methods": rows, "out": output})
        return
    print_table([_row(name, found, judged) for name in _FIGURES])
    if output is not None:
        done = Text(zh=f"{len(found):,} 项决定已写入 {output}", en=f"{len(found):,} decisions written to {output}")
        err().print(say(done), markup=False)
    else:
        out().print(say(Text(zh="仅作比较, 未作分配。", en="This only compares; nothing was decided.")))


def _check(method: Method, output: Path | None) -> None:
    if method == "compare":
        if output is not None:
            raise wrong_use(
                "finance.allocate.compare",
                "比较两种方法时不写出结果: 请用 --method 选定一种",
                "A comparison decides nothing: choose one with --method to write decisions",
            )
        return
    if output is None:
        raise wrong_use("finance.allocate.out", "请用 --out 指定结果文件", "Say with --out where the decisions go")
    check_writable(output)
    kind_of_target(output)


_FIGURES: dict[str, Text] = {
    "awards": Text(zh="获得资金的企业", en="firms that get money"),
    "awarded_fen": Text(zh="分配金额", en="given out"),
    "left_fen": Text(zh="剩余预算", en="left in budgets"),
    "benefit": Text(zh="总效益", en="benefit"),
    "bound": Text(zh="效益上限", en="most benefit possible"),
    "first_choices": Text(zh="获第一志愿", en="get their first choice"),
    "mean_choice": Text(zh="平均志愿", en="mean choice"),
    "wronged": Text(zh="被越过的企业", en="firms passed over"),
    "blocking_pairs": Text(zh="阻碍对", en="blocking pairs"),
    "jumped": Text(
        zh="剩余预算够、但排在较大申请之后的申请", en="claims that would fit what is left, behind a larger one"
    ),
}


def _row(name: str, claims: Claims, judged: list[Judgement]) -> dict[str, Any]:
    shown: dict[str, Any] = {say(Text(zh=f"{len(claims.firms):,} 家企业", en=f"{len(claims.firms):,} firms")): ""}
    first = next(iter(shown))
    shown[first] = say(_FIGURES[name])
    for each in judged:
        value = getattr(each, name)
        shown[say(NAMES[each.method])] = format_money(value, language()) if name.endswith("_fen") else value
    return shown
