"""`tulou finance`: train, use, explain, watch and hand on scorecards."""

from __future__ import annotations

import typer

from tulou.finance.commands import allocating, explaining, exporting, featuring, scoring, training, watching

app = typer.Typer(
    help="Train scorecards that explain themselves, use and watch them; allocate pots of money.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

for module in (training, scoring, explaining, watching, exporting, allocating, featuring):
    module.register(app)
