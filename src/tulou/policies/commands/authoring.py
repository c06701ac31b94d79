"""`lint`, `test`, `schema`, `convert`: for those who write policies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tulou.kernel.errors import Text
from tulou.policies.commands.options import DictionaryOption, firm_file, read_day, read_set, today
from tulou.policies.core.document.dumping import dump_policies
from tulou.policies.core.document.reading import with_prose
from tulou.policies.core.document.schema import policy_schema
from tulou.policies.core.examples import Tried, try_examples
from tulou.policies.core.lint import lint
from tulou.terminal import JsonOption, err, failing, jsonable, out, print_finding, print_json, print_table, say


def register(app: typer.Typer) -> None:
    """Add the verbs to the room."""
    app.command("lint")(lint_file)
    app.command("test")(try_stored_examples)
    app.command("schema")(schema)
    app.command("convert")(convert)


def lint_file(
    policies: Annotated[Path, typer.Argument(help="File of policies in either form.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day to judge validity on; else today.")] = None,
    prose: Annotated[
        Path | None, typer.Option(help="JSON list of further texts by id: title, promise, description, steps.")
    ] = None,
    firms: Annotated[
        Path | None, typer.Option("--firms", help="Firms on which to look for rows that all or none meet.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings too make the exit code 1.")] = False,
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for faults: text against rule, boundary words, unknown codes, dates, rows that nobody or everybody meets."""
    with failing(as_json=as_json):
        found = read_set(policies, dictionary, strict=False)
        if prose is not None:
            found = with_prose(found, prose)
        tables = [batch.table for batch in firm_file(firms, found, None).batches()] if firms else []
        faults = lint(found, read_day(as_of) or today(), tables)
    findings = [*found.problems, *(each.finding(policies.name) for each in faults)]
    errors = sum(each.severity == "reject" for each in findings)
    counts = Counter(each.code.removeprefix("policies.") for each in findings)
    if as_json:
        print_json(
            {
                "policies": len(found),
                "faults": len(findings),
                "errors": errors,
                "by_check": counts,
                "findings": [each.as_dict() for each in findings],
            }
        )
    else:
        for each in findings:
            print_finding(each)
        print_table([{"check": name, "faults": count} for name, count in counts.most_common()])
        zh = f"{len(found)} 条政策, {len(findings)} 处问题, 其中错误 {errors} 处"
        en = f"{len(findings)} faults in {len(found)} policies, {errors} of them errors"
        out().print(say(Text(zh=zh, en=en)))
    if errors or (strict and findings):
        raise typer.Exit(1)


def try_stored_examples(
    policies: Annotated[Path, typer.Argument(help="File of policies.")],
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try the examples that are stored with each rule."""
    with failing(as_json=as_json):
        found = read_set(policies, dictionary)
        tried = [each for policy in found for each in try_examples(policy, found.catalogue)]
    failed = [each for each in tried if not each.passed]
    without = [policy.id for policy in found if not policy.examples]
    if as_json:
        print_json({"policies": len(found), "examples": len(tried), "failed": failed, "without_examples": without})
    else:
        if failed:
            print_table([_row(each) for each in failed])
        out().print(
            say(
                Text(
                    zh=f"{len(tried) - len(failed)}/{len(tried)} 个示例通过, {len(without)} 条政策没有示例",
                    en=f"{len(tried) - len(failed)}/{len(tried)} examples pass, {len(without)} policies have none",
                )
            )
        )
    if failed:
        raise typer.Exit(1)


def _row(tried: Tried) -> dict[str, Any]:
    return {
        "policy": tried.policy_id,
        "example": f"{tried.number}. {say(tried.name)}",
        "expected": tried.expected,
        "found": tried.found or "",
        "missing": ", ".join(sorted(tried.missing)),
        "problem": say(tried.problem) if tried.problem else "",
    }


def schema(
    output: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON Schema of a file of policies."""
    del as_json  # it is JSON either way
    if output is None:
        print_json(policy_schema())
        return
    output.write_text(json.dumps(policy_schema(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def convert(
    source: Annotated[Path, typer.Argument(help="File of policies in either form.")],
    target: Annotated[Path, typer.Argument(help="Where to write them: .json in Tulou's own form, .sql as a query.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day of an SQL query.")] = None,
    dialect: Annotated[Literal["duckdb", "postgres", "pyspark"], typer.Option(help="Of an SQL query.")] = "postgres",
    dictionary: DictionaryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write policies in Tulou's own form, or as one SQL query over a table of firms."""
    with failing(as_json=as_json):
        found = read_set(source, dictionary)
        if target.suffix.lower() == ".sql":
            from tulou.policies.core.engine.script import sql_script  # Ibis takes a second to load

            target.write_text(sql_script(found, read_day(as_of), dialect), encoding="utf-8")
        else:
            document = jsonable(dump_policies(found))
            target.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json({"policies": len(found), "out": target})
    else:
        done = Text(zh=f"{len(found)} 条政策已写入 {target}", en=f"{len(found)} policies written to {target}")
        err().print(say(done), markup=False)
