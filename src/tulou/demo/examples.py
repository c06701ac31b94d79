"""Three firms of the demo, and what the pool knows of each: value, department, date."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from tulou.kernel.errors import Refused
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.profile import Record, ServingCopy, Value

SHOWN = (
    ("market_register", "registration_status"),
    ("market_register", "headcount"),
    ("tax_registration", "taxpayer_kind"),
    ("tax_credit", "grade"),
    ("invoice_monthly", "out_total_amount"),
    ("power_monthly", "total_energy"),
    ("social_insurance_monthly", "pension_heads"),
    ("water_monthly", "water_total_m"),
    ("customs_monthly", "total_ex"),
    ("court_case", "claimed"),
)
"""The values that are shown of a firm, where the pool has them."""


def examples(copy: ServingCopy, province: Path) -> list[dict[str, Any]]:
    """Three firms that the demo shows: an exporter, a restaurant that the epidemic closed longest, a small shop."""
    rows = []
    for what, uscc in _chosen(province).items():
        try:
            record = copy.record(uscc)
        except Refused:
            continue
        rows.append(_told(what, record))
    return rows


def _chosen(province: Path) -> dict[str, str]:
    """Credit code by what the firm is an example of; all of them still work."""
    firms = pl.read_parquet(province / "truth" / "firms.parquet").filter(
        pl.col("registered") & pl.col("stopped_in").is_null() & (pl.col("established").dt.year() < 2018)
    )
    series = pl.read_parquet(province / "truth" / "series" / "*.parquet")
    sums = series.group_by("firm").agg(pl.col("exports").sum(), pl.col("revenue").sum(), pl.col("headcount").last())
    known = firms.join(sums, on="firm", suffix="_now").sort("firm")
    groups = {
        "exporter": known.filter(pl.col("works")).sort("exports", descending=True),
        "restaurant": known.filter(pl.col("division").is_in(["62", "61"])).sort("resumed_on", descending=True),
        "shop": known.filter((pl.col("division") == "52") & (pl.col("headcount_now") <= 6)).sort(
            "revenue", descending=True
        ),
    }
    return {what: str(group["uscc"][0]) for what, group in groups.items() if len(group)}


def _meaning(value: Value) -> dict[str, str]:
    """What a code means, in both languages; the value itself where it is none."""
    catalogue = reference_catalogue()
    item = catalogue.items.get(value.item or "")
    known = catalogue.code_sets[item.code_set].codes if item and item.code_set else {}
    meaning = known.get(str(value.value))
    plain = f"{value.value:,}" if isinstance(value.value, (int, Decimal)) else str(value.value)
    return {"shown_zh": meaning.zh if meaning else plain, "shown_en": meaning.en if meaning else plain}


def _told(what: str, record: Record) -> dict[str, Any]:
    latest = record.latest()
    values = [latest[f"{dataset}.{column}"] for dataset, column in SHOWN if f"{dataset}.{column}" in latest]
    return {
        "what": what,
        "name": record.firm.name,
        "uscc": record.firm.uscc,
        "datasets": len({value.dataset for value in record.values}),
        "values_known": len(record.values),
        "values": [
            {
                "department": value.department,
                "title_zh": value.title.zh,
                "title_en": value.title.en,
                "value": str(value.value),
                **_meaning(value),
                "unit": value.unit,
                "period": value.period.isoformat() if value.period else None,
                "received": value.received_at.date().isoformat(),
                "delivery": value.delivery_id,
            }
            for value in values
        ],
    }
