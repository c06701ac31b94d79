"""`tulou pool catalogue` and `tulou pool contract`: what data there are, and what a file must keep to."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tulou.kernel.errors import Finding, Text, wrong_use
from tulou.pool.commands.wording import headed, worded
from tulou.pool.core.catalogue.reference_files import reference_catalogue
from tulou.pool.core.catalogue.values import Catalogue
from tulou.pool.core.contract import Contract, load_contract
from tulou.pool.core.contract.faults import Faulty
from tulou.terminal import JsonOption, failing, language, out, print_finding, print_json, print_table, progress, say

PoolOption = Annotated[
    Path | None, typer.Option("--pool", help="The folder of the pool; without one, the reference catalogue.")
]
DatasetOption = Annotated[str, typer.Option("--dataset", metavar="NAME", help="The dataset, by its id.")]
DepartmentOption = Annotated[str, typer.Option("--department", metavar="NAME", help="The department, by its id.")]

catalogue_app = typer.Typer(
    help="What departments, datasets and items there are.", no_args_is_help=True, rich_markup_mode=None
)
contract_app = typer.Typer(help="What a department promises about a file.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the two groups to `tulou pool`."""
    app.add_typer(catalogue_app, name="catalogue")
    app.add_typer(contract_app, name="contract")


@contextmanager
def telling(*, as_json: bool) -> Iterator[None]:
    """`failing`, with every fault of a document and not the first alone."""
    with failing(as_json=as_json):
        try:
            yield
        except Faulty as faulty:
            if as_json:
                findings = [finding.as_dict() for finding in faulty.findings]
                print_json({"error": faulty.finding.as_dict(), "findings": findings})
            else:
                _print_findings(faulty.findings)
            raise typer.Exit(faulty.exit_code) from faulty


def _print_findings(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        print_finding(finding)


def _catalogue(pool: Path | None) -> Catalogue:
    if pool is None:
        return reference_catalogue()
    from tulou.pool.core.catalogue.store import pool_catalogue

    if not (pool / "pool.json").exists():
        raise wrong_use(
            "pool.none",
            f"{pool} 中没有数据池",
            f"There is no pool in {pool}",
            remedy=Text(zh=f"请先运行 tulou pool init {pool}", en=f"Run: tulou pool init {pool}"),
        )
    return pool_catalogue(pool)


@catalogue_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="xlsx, folder of CSV, ODCS or contract YAML, or a government template.")],
    pool: PoolOption = None,
    dataset: DatasetOption = "",
    department: DepartmentOption = "",
    apply: Annotated[bool, typer.Option("--apply", help="Also where items are taken back (revoked).")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring datasets and items into the pool's catalogue; without --pool only say what would change.

    New items get the next codes. An item that a dataset no longer has is revoked and keeps its code; that needs
    --apply.
    """
    from tulou.pool.core.catalogue.checking import check_catalogue
    from tulou.pool.core.catalogue.drafting import adopt
    from tulou.pool.core.catalogue.importing import read_part
    from tulou.pool.core.contract.faults import raise_if_any

    with telling(as_json=as_json):
        imported = read_part(file, dataset=dataset or None, department=department or None)
        base = _catalogue(pool)
        expected = _version(pool)
        merged, changes = adopt(base, imported.part, department=department or None)
        before = {finding.text for finding in check_catalogue(base)}
        raise_if_any([f for f in check_catalogue(merged) if f.text not in before], file.name)
        held_back = bool(changes.items_revoked) and not apply
        version = None
        if pool is not None and changes and not held_back:
            from tulou.pool.core.catalogue.store import save_catalogue

            version = save_catalogue(pool, merged, expected=expected)
        if as_json:
            answer = {"changes": changes, "version": version, "held_back": held_back}
            print_json({**answer, "findings": [finding.as_dict() for finding in imported.findings]})
        else:
            _print_findings(imported.findings)
            _show_changes(changes, pool, version, held_back)
        if held_back:
            raise typer.Exit(1)


def _version(pool: Path | None) -> int | None:
    if pool is None:
        return None
    from tulou.pool.core.catalogue.store import versions

    held = versions(pool)
    return held[-1] if held else 0


def _show_changes(changes: Any, pool: Path | None, version: int | None, held_back: bool) -> None:
    titles = {
        "datasets_added": Text(zh="新增数据集", en="datasets added"),
        "datasets_changed": Text(zh="变更数据集", en="datasets changed"),
        "items_added": Text(zh="新增数据项", en="items added"),
        "items_changed": Text(zh="变更数据项", en="items changed"),
        "items_revoked": Text(zh="撤销数据项", en="items revoked"),
    }
    rows = []
    for name, title in titles.items():
        keys = getattr(changes, name)
        shown = ", ".join(keys[:6]) + (" …" if len(keys) > 6 else "")
        rows.append({"": say(title), "n": len(keys), "codes": shown})
    print_table(headed(rows))
    if held_back:
        text = Text(
            zh="有数据项将被撤销, 未保存; 确认后加 --apply",
            en="Items would be revoked, so nothing was saved: add --apply",
        )
    elif version is not None:
        text = Text(zh=f"已保存为目录第 {version} 版", en=f"Saved as version {version} of the catalogue")
    elif pool is None:
        text = Text(zh="未指定 --pool, 只做检查, 未保存", en="No --pool was named: this was a check, nothing was saved")
    else:
        text = Text(zh="目录没有变化", en="The catalogue is as it was")
    out().print(say(text))


@catalogue_app.command("export")
def export(
    target: Annotated[Path, typer.Option("--out", help="A folder, or a file where the format is one file.")],
    formats: Annotated[
        str, typer.Option("--format", help="xlsx, csv, odcs, dcat-ap, sql, policy, markdown, html; commas between.")
    ] = "xlsx",
    pool: PoolOption = None,
    dataset: DatasetOption = "",
    department: DepartmentOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write the catalogue, or some datasets of it, in one or more formats."""
    from tulou.pool.core.catalogue.exporting import export_catalogue, part_of

    with telling(as_json=as_json), progress(quiet=as_json) as shown:
        wanted = [name.strip() for name in formats.split(",") if name.strip()]
        part = part_of(_catalogue(pool), departments=_names(department), datasets=_names(dataset))
        task = shown.add_task(say(Text(zh="写出目录", en="Writing the catalogue")), total=None)
        files = export_catalogue(part, wanted, target, lambda _: shown.advance(task))
        if as_json:
            print_json({"datasets": len(part.datasets), "items": len(part.items), "files": files})
            return
        count, items = len(files), len(part.items)
        text = Text(
            zh=f"{items:,} 个数据项已写入 {count} 个文件: {target}", en=f"{items:,} items in {count} files: {target}"
        )
        out().print(say(text), markup=False)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@catalogue_app.command("search")
def search(
    words: Annotated[list[str], typer.Argument(help="Words of either language, a code or an id.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many hits at most.")] = 20,
    pool: PoolOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find items and datasets by words, best first."""
    from tulou.pool.core.catalogue.search import SearchIndex

    with telling(as_json=as_json):
        held = _catalogue(pool)
        rows = []
        spoken = "zh" if any("\u3400" <= sign <= "\u9fff" for sign in "".join(words)) else language()
        for hit in SearchIndex(held).search(" ".join(words), limit=limit):
            item = held.items.get(hit.key)
            dataset = held.datasets[item.dataset if item else hit.key]
            name = (item.name if item else dataset.title).render(spoken)
            place = f"{dataset.id}.{item.technical_name}" if item else dataset.id
            rows.append({"key": hit.key, "name": name, "column": place, "score": hit.score, "kind": hit.kind})
        if as_json:
            print_json(rows)
            return
        empty = Text(zh="没有找到; 换个词试试", en="Nothing was found: try other words")
        words_for = {"item": Text(zh="数据项", en="item"), "dataset": Text(zh="数据集", en="dataset")}
        print_table(headed([row | {"kind": say(words_for[str(row["kind"])])} for row in rows]), empty=empty)
        if not rows:
            raise typer.Exit(1)


@catalogue_app.command("list")
def list_datasets(
    department: DepartmentOption = "",
    pool: PoolOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the departments, or the datasets of some of them."""
    from tulou.pool.core.catalogue.exporting import part_of

    with telling(as_json=as_json):
        held = part_of(_catalogue(pool), departments=_names(department))
        rows: list[dict[str, Any]] = []
        if department:
            rows = [
                {
                    "dataset": dataset.id,
                    "title": say(dataset.title),
                    "grain": dataset.grain,
                    "cycle": dataset.update_cycle,
                    "items": len(dataset.items),
                }
                for dataset in held.datasets.values()
            ]
        else:
            for home in held.departments.values():
                datasets = list(held.of_department(home.id))
                items = sum(len(dataset.items) for dataset in datasets)
                row = {"department": home.id, "code": home.code, "title": say(home.title)}
                rows.append({**row, "datasets": len(datasets), "items": items})
        if as_json:
            print_json(rows)
        else:
            print_table(headed(rows))
            text = Text(
                zh=f"{len(held.departments)} 个部门, {len(held.datasets)} 个数据集, {len(held.items):,} 个数据项",
                en=f"{len(held.departments)} departments, {len(held.datasets)} datasets, {len(held.items):,} items",
            )
            out().print(say(text))


@catalogue_app.command("show")
def show(
    key: Annotated[str, typer.Argument(help="An item's code, DATASET.COLUMN, or a dataset's id.")],
    form: Annotated[
        str, typer.Option("--format", help="markdown, html, odcs, dcat-ap, sql, policy or contract.")
    ] = "markdown",
    pool: PoolOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the page of an item or a dataset, or what is made of its record in another format."""
    with telling(as_json=as_json):
        held = _catalogue(pool)
        dataset, code = _found(held, key)
        if as_json:
            print_json(held.items[code] if code else held.datasets[dataset])
            return
        typer.echo(_shown(held, dataset, code, form).rstrip("\n"))


def _found(held: Catalogue, key: str) -> tuple[str, str | None]:
    """The dataset and, where one is meant, the code of an item."""
    if key in held.items:
        return held.items[key].dataset, key
    if key in held.datasets:
        return key, None
    name, _, column = key.rpartition(".")
    if name in held.datasets:
        for item in held.datasets[name].items:
            if item.technical_name == column:
                return name, item.code
    raise wrong_use(
        "catalogue.no_name",
        f"目录中没有 {key}",
        f"The catalogue has no {key}",
        remedy=Text(zh="用 tulou pool catalogue search 查找", en="Find it with: tulou pool catalogue search"),
    )


def _shown(held: Catalogue, dataset: str, code: str | None, form: str) -> str:
    from tulou.pool.core.catalogue import contract_of
    from tulou.pool.core.catalogue.access import access_policy
    from tulou.pool.core.catalogue.checks_sql import validation_sql
    from tulou.pool.core.catalogue.dcat import dcat_column, dcat_dataset
    from tulou.pool.core.catalogue.odcs import odcs_document
    from tulou.pool.core.catalogue.pages import dataset_page, item_page
    from tulou.pool.core.contract.documents import write_document
    from tulou.pool.core.contract.yaml_form import contract_to_yaml

    page = item_page(held, code, language()) if code else dataset_page(held, dataset, language())
    if form in ("markdown", "html"):
        return page.markdown() if form == "markdown" else page.html(language())
    if form == "odcs":
        return write_document(odcs_document(held, [held.datasets[dataset]]))
    if form == "contract":
        return contract_to_yaml(contract_of(held, dataset))
    if form == "sql":
        return validation_sql(contract_of(held, dataset))
    if form == "dcat-ap":
        return _json(dcat_column(held, held.items[code]) if code else dcat_dataset(held, dataset))
    if form == "policy":
        return _json(access_policy(held, [held.items[code]] if code else held.datasets[dataset].items))
    known = "markdown, html, odcs, dcat-ap, sql, policy, contract"
    raise wrong_use("catalogue.format", f"不认识的格式 {form}, 可用: {known}", f"Unknown format {form}; known: {known}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


@contract_app.command("infer")
def infer(
    file: Annotated[Path, typer.Argument(help="CSV (any encoding), Excel, Parquet, JSON lines, ARFF, or a zip.")],
    target: Annotated[Path | None, typer.Option("--out", help="Where to write the YAML; else it is printed.")] = None,
    dataset: DatasetOption = "",
    department: DepartmentOption = "draft",
    pool: PoolOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a contract from a real file; every guess stands with its evidence as a comment, for an officer to check."""
    from tulou.pool.core.contract.inference import infer_contract

    with telling(as_json=as_json), progress(quiet=as_json) as shown, tempfile.TemporaryDirectory() as folder:
        task = shown.add_task(say(Text(zh="推断列", en="Reading columns")), total=None)
        draft = infer_contract(
            file,
            Path(folder),
            dataset=dataset or None,
            department=department,
            known_names=_known_names(_catalogue(pool)),
            report=lambda done, total: shown.update(task, completed=done, total=total),
        )
        text = draft.to_yaml(language())
        if target is not None:
            target.write_text(text, encoding="utf-8")
        if as_json:
            print_json(draft)
        elif target is None:
            typer.echo(text, nl=False)
        else:
            _show_draft(draft.contract, target, draft.records)


def _known_names(held: Catalogue) -> Mapping[str, str]:
    """Technical names by title: those of the register first, then of whoever used the title first."""
    names: dict[str, str] = {}
    datasets = sorted(held.datasets.values(), key=lambda dataset: dataset.id != "market_register")
    for dataset in datasets:
        for item in dataset.items:
            for title in (item.title.zh, *item.aliases):
                names.setdefault(title, item.technical_name)
    return names


def _show_draft(contract: Contract, target: Path, records: int) -> None:
    rows = [
        worded(
            {
                ("列", "column"): column.name,
                ("类型", "type"): column.logical_type.value,
                ("主体标识", "role"): column.key_role.value if column.key_role.value != "none" else "",
                ("必填", "required"): column.required,
                ("代码数", "codes"): len(column.codes) or None,
            }
        )
        for column in contract.columns
    ]
    print_table(rows)
    key = ", ".join(contract.primary_key) or say(Text(zh="无", en="none"))
    text = Text(
        zh=f"{records:,} 条记录, 粒度 {contract.grain}, 主键 {key}; 草稿已写入 {target}, 请核对注释后使用",
        en=f"{records:,} records, grain {contract.grain}, key {key}; the draft is in {target}: check its comments",
    )
    out().print(say(text), markup=False)


@contract_app.command("check")
def check(
    contract: Annotated[Path, typer.Argument(help="Our contract YAML, or an ODCS 3 contract.")],
    dataset: DatasetOption = "",
    as_json: JsonOption = False,
) -> None:
    """Check a contract; every fault is told with its line. Exit code 1 where there is one."""
    with telling(as_json=as_json):
        held = load_contract(contract, dataset=dataset or None)
        if as_json:
            print_json(asdict(held))
            return
        text = Text(
            zh=f"合同没有问题: {held.dataset} {held.version}, {len(held.columns)} 列, {len(held.rules)} 条规则",
            en=f"The contract is in order: {held.dataset} {held.version}, {len(held.columns)} columns, "
            f"{len(held.rules)} rules",
        )
        out().print(say(text), markup=False)
