"""`match`, `verify`, `diff`: answers for whole files of firms."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Text, wrong_use
from tulou.policies.commands.options import (
    DayOption,
    DictionaryOption,
    FirmsOption,
    LedgerOption,
    PoliciesOption,
    firm_file,
    read_day,
    read_set,
)
from tulou.policies.core.comparing import Difference, differences
from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.engine.answering import LETTERS, Answering
from tulou.policies.core.engine.changes import Change
from tulou.policies.core.engine.writing import writing
from tulou.policies.core.firms.files import FirmFile
from tulou.policies.core.verifying import Verification, verify
from tulou.terminal import JsonOption, cell, err, failing, out, print_json, print_table, progress, say


def register(app: typer.Typer) -> None:
    """Add the verbs to the room."""
    app.command("match")(match)
    app.command("verify")(verify_files)
    app.command("diff")(diff)


def match(
    policies: PoliciesOption,
    firms: FirmsOption,
    as_of: DayOption = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="Answers, one a row: .parquet, .csv or .jsonl; else a summary only.")
    ] = None,
    only: Annotated[str, typer.Option(help="Write these results only, for example TU.")] = "TUF",
    ledger: LedgerOption = None,
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer every policy for every firm: T true, F false, U unknown, with the facts that an unknown one waits for."""
    with failing(as_json=as_json):
        if not only or set(only) - set("TUF"):
            raise wrong_use("policies.match.only", f"--only 只能含 T、U、F: {only}", f"--only takes T, U, F: {only}")
        found = read_set(policies, dictionary)
        day = read_day(as_of)
        answering = Answering(found, day, frozenset(only))
        file = firm_file(firms, found, ledger, by_day=day is None)
        rows = _answer_all(answering, file, output, quiet=as_json)
        _show_match(answering, file, found, output, rows, as_json=as_json)


def _answer_all(answering: Answering, file: FirmFile, output: Path | None, *, quiet: bool) -> int:
    rows = 0
    with progress(quiet=quiet) as shown:
        task = shown.add_task(say(Text(zh="匹配企业", en="Matching firms")), total=None)
        with closing(file.batches()) as batches, writing(output) as writer:
            for batch in batches:
                for piece in answering.answer(batch):
                    writer.write_batch(piece)
                    rows += piece.num_rows
                    shown.update(task, completed=answering.firms)
    return rows


def _show_match(
    answering: Answering, file: FirmFile, found: PolicySet, output: Path | None, rows: int, *, as_json: bool
) -> None:
    totals = dict(zip(LETTERS, answering.counts.sum(axis=0).tolist(), strict=True))
    each = [
        {"policy": policy.id, **{letter: int(counts[LETTERS.index(letter)]) for letter in "TUF"}}
        for policy, counts in zip(found, answering.counts, strict=True)
    ]
    if as_json:
        summary = {"firms": answering.firms, "policies": len(found), "results": totals, "ignored_columns": file.ignored}
        written = {"out": output, "rows": rows} if output else {}
        print_json(summary | written | {"by_policy": each})
        return
    if output is None:
        print_table(each)
    true, unknown, false = (totals[letter] for letter in "TUF")
    zh = f"{answering.firms:,} 家企业 x {len(found):,} 条政策: 符合 {true:,}, 待定 {unknown:,}, 不符合 {false:,}"
    en = f"{answering.firms:,} firms x {len(found):,} policies: {true:,} true, {unknown:,} unknown, {false:,} false"
    out().print(say(Text(zh=zh, en=en)))
    if file.ignored:
        names = ", ".join(file.ignored[:12])
        err().print(say(Text(zh=f"未使用的列: {names}", en=f"Columns that no attribute is called like: {names}")))
    if output is not None:
        out().print(say(Text(zh=f"{rows:,} 行已写入 {output}", en=f"{rows:,} rows written to {output}")))


def verify_files(
    gold: Annotated[list[Path], typer.Argument(help="Files of firms that say which results are expected.")],
    policies: PoliciesOption,
    as_json: JsonOption = False,
) -> None:
    """Hold our answers against expected ones: results, and the missing facts of every unknown result."""
    with failing(as_json=as_json):
        found = read_set(policies)
        total, rows = Verification(), []
        for path in gold:
            one = verify(found, path)
            total.add(one)
            rows.append(_agreement(path.name, one))
        rows.append(_agreement("total", total))
    if as_json:
        print_json({"files": rows[:-1], "total": rows[-1], "disagreements": total.disagreements})
    else:
        print_table(rows)
        for each in total.disagreements:
            line = f"{each.firm_id} {each.policy_id} {each.as_of}: {each.expected} != {each.found}"
            err().print(line, markup=False, style="red")
    if not total.perfect:
        raise typer.Exit(1)


def _agreement(name: str, found: Verification) -> dict[str, Any]:
    return {
        "file": name,
        "results": f"{cell(found.agreed)}/{cell(found.results)}",
        "missing facts": f"{cell(found.missing_agreed)}/{cell(found.missing_sets)}",
    }


def diff(
    old: Annotated[Path, typer.Argument(help="The policies as they are.")],
    new: Annotated[Path, typer.Argument(help="The policies as they would be.")],
    firms: FirmsOption,
    as_of: DayOption = None,
    output: Annotated[Path | None, typer.Option("--out", help="Every answer that differs, as .csv.")] = None,
    ledger: LedgerOption = None,
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions of the policies over the same firms: who gains, who loses."""
    with failing(as_json=as_json):
        before, after = read_set(old, dictionary), read_set(new, dictionary)
        day = read_day(as_of)
        file = firm_file(firms, after, ledger, by_day=day is None)
        with closing(file.batches()) as batches:
            found = differences(before, after, batches, day)
            counts = _written(found, output) if output else Counter((each.policy_id, each.change) for each in found)
    changed = list(dict.fromkeys(policy for policy, _ in counts))
    rows = [{"policy": policy, **{kind.value: counts[policy, kind] for kind in Change}} for policy in changed]
    if as_json:
        print_json({"policies": rows, "out": output, "changed_answers": counts.total()})
        return
    print_table(rows, empty=Text(zh="没有任何企业的结果改变。", en="No answer changes for any firm."))
    if output:
        out().print(say(Text(zh=f"明细已写入 {output}", en=f"Every change is in {output}")))


def _written(found: Iterable[Difference], output: Path) -> Counter[tuple[str, Change]]:
    counts: Counter[tuple[str, Change]] = Counter()
    with output.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["firm_id", "policy_id", "before", "after", "change", "as_of"])
        for each in found:
            counts[each.policy_id, each.change] += 1
            firm_id = f"'{each.firm_id}" if each.firm_id[:1] in "=+-@" else each.firm_id
            writer.writerow([firm_id, each.policy_id, each.before, each.after, each.change.value, each.as_of or ""])
    return counts
