"""`explain` and `questions`: one firm and its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from tulou.kernel.errors import Text, Where, refuse
from tulou.policies.commands.options import (
    DayOption,
    DictionaryOption,
    FirmOption,
    FirmsOption,
    LedgerOption,
    PoliciesOption,
    find_firm,
    firm_file,
    read_day,
    read_set,
    today,
)
from tulou.policies.core.asking import questions
from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.explaining import Criterion, Explanation, explain
from tulou.terminal import JsonOption, failing, out, print_json, print_table, say

MARKS = {"T": "✓", "F": "✗", "U": "?"}
STYLES = {"T": "green", "F": "red", "U": "yellow"}
HEADINGS = {
    "T": Text(zh="符合", en="eligible"),
    "F": Text(zh="不符合", en="not eligible"),
    "U": Text(zh="待定", en="possible: facts are missing"),
}


def register(app: typer.Typer) -> None:
    """Add the verbs to the room."""
    app.command("explain")(explain_answer)
    app.command("questions")(ask)


def explain_answer(
    policies: PoliciesOption,
    firms: FirmsOption,
    firm: FirmOption,
    policy: Annotated[str, typer.Option("--policy", help="The policy's id.")],
    as_of: DayOption = None,
    ledger: LedgerOption = None,
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why: each criterion with the firm's value, the limit, the citation, and the nearest change that helps."""
    with failing(as_json=as_json):
        found = read_set(policies, dictionary)
        day = read_day(as_of)
        who = find_firm(firm_file(firms, found, ledger, by_day=day is None), firm)
        answer = explain(who, _policy(found, policy, policies.name), found.catalogue, day or who.as_of or today())
    if as_json:
        print_json(answer)
    else:
        _show(answer)


def _policy(found: PolicySet, policy_id: str, file: str) -> Policy:
    if policy_id not in found.by_id:
        where = Where(file=file, column="id", value=policy_id)
        raise refuse("policies.unknown", f"没有政策 {policy_id}", f"There is no policy {policy_id}", where=where)
    return found.by_id[policy_id]


def _show(answer: Explanation) -> None:
    console = out()
    heading = f"{MARKS[answer.truth]} {say(answer.title)} ({answer.as_of}): {say(HEADINGS[answer.truth])}"
    console.print(heading, style=f"bold {STYLES[answer.truth]}", markup=False)
    for depth, row in _rows(answer.criterion):
        value = f"  [{_value(row)}]" if row.value else ""
        console.print(
            f"{'  ' * depth}{MARKS[row.truth]} {say(row.limit)}{value}", style=STYLES[row.truth], markup=False
        )
        if row.citation:
            parts = [say(row.citation.document), row.citation.article or "", row.citation.quote or ""]
            console.print(f"{'  ' * depth}    {' · '.join(each for each in parts if each)}", style="dim", markup=False)
    if answer.changes:
        console.print(say(Text(zh="最近的改变:", en="The nearest change:")))
        for change in answer.changes:
            console.print(f"  -> {say(change.text)}", markup=False)
    for fact, question in zip(answer.missing, answer.questions, strict=True):
        console.print(f"  ? {say(question)}  ({fact})", markup=False)


def _value(row: Criterion) -> str:
    """The firm's value, and where it comes from."""
    known = row.provenance
    origin = [say(known.source) if known.source else "", str(known.as_of or "")] if known else []
    return "; ".join(each for each in (say(row.value) if row.value else "", ", ".join(filter(None, origin))) if each)


def _rows(criterion: Criterion, depth: int = 0) -> Iterator[tuple[int, Criterion]]:
    yield depth, criterion
    for part in criterion.parts:
        yield from _rows(part, depth + 1)


def ask(
    policies: PoliciesOption,
    firms: FirmsOption,
    firm: FirmOption,
    as_of: DayOption = None,
    most: Annotated[int, typer.Option(help="So many questions.")] = 10,
    ledger: LedgerOption = None,
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the facts that would decide the most policies for a firm, best first."""
    with failing(as_json=as_json):
        found = read_set(policies, dictionary)
        day = read_day(as_of)
        who = find_firm(firm_file(firms, found, ledger, by_day=day is None), firm)
        asked = questions(who, found, day or who.as_of or today())[:most]
    if as_json:
        print_json(asked)
        return
    rows = [
        {
            "fact": each.fact,
            "question": say(each.text),
            "decides": each.decides,
            "at most": each.at_most,
            "waiting": len(each.policies),
        }
        for each in asked
    ]
    print_table(rows, empty=Text(zh="没有需要询问的事项。", en="There is nothing to ask."))
