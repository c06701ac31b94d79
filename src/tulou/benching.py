"""`tulou bench`: run what lies in `benchmarks/` of the source tree, ours and the named peer in the same run."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from tulou.kernel.errors import Text, wrong_use
from tulou.terminal import JsonOption, failing

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def benchmarks_folder() -> Path:
    """The folder `benchmarks/` of the source tree that this package runs from.

    Raises WrongUse where Tulou was installed without its source tree.
    """
    folder = Path(__file__).resolve().parents[2] / "benchmarks"
    if not folder.is_dir():
        raise wrong_use(
            "bench.no_source_tree",
            "没有找到基准测试目录 benchmarks/",
            "The folder benchmarks/ was not found",
            remedy=Text(
                zh="请在源代码目录中以可编辑方式安装 (make install) 后再运行",
                en="Run this from an editable install of the source tree (make install)",
            ),
        )
    return folder


def known_benches() -> list[str]:
    """The names that `tulou bench` knows: the modules of `benchmarks/` that do not start with an underscore."""
    return sorted(path.stem for path in benchmarks_folder().glob("[!_]*.py"))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    names: Annotated[str, typer.Argument(help="Names of benches, separated by commas; `list` names them.")],
    as_json: JsonOption = False,
) -> None:
    """Run one bench or more; what follows the names is passed on to them."""
    with failing(as_json=as_json):
        known = known_benches()
        if names == "list":
            typer.echo("\n".join(known))
            return
        wished = names.split(",")
        for name in wished:
            if name not in known:
                raise wrong_use("bench.unknown", f"没有名为 {name} 的基准测试: {known}", f"No bench {name}: {known}")
        root = str(benchmarks_folder().parent)
        sys.path.insert(0, root)
        for name in wished:
            sys.argv = [f"tulou bench {name}", *(["--json"] if as_json else []), *context.args]
            importlib.import_module(f"benchmarks.{name}").main()
