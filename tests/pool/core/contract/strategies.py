"""Contracts of every form, for properties."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType, Rule

names = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
signs = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"), exclude_characters="\ufeff")
words = st.text(signs, min_size=1, max_size=20).filter(str.strip)
lists = st.lists(words, max_size=3, unique=True).map(tuple)
texts = st.builds(Text, zh=words, en=words)
decimals = st.decimals(min_value=-(10**15), max_value=10**15, places=3)
days = st.dates().map(lambda day: day.isoformat())


@st.composite
def columns(draw: st.DrawFn) -> Column:
    kind = draw(st.sampled_from(LogicalType))
    limits: tuple[Decimal | str | None, Decimal | str | None] = (None, None)
    if kind in (LogicalType.INTEGER, LogicalType.NUMBER):
        limits = draw(st.tuples(decimals, decimals).map(lambda pair: (min(pair), max(pair))) | st.just((None, None)))
    elif kind in (LogicalType.DATE, LogicalType.STRING):
        limits = draw(st.tuples(days, days).map(lambda pair: (min(pair), max(pair))) | st.just((None, None)))
    precision, scale = draw(st.sampled_from([(None, None), (18, 2), (38, 9), (5, None), (1, 0)]))
    return Column(
        name=draw(names),
        logical_type=kind,
        title=draw(texts),
        aliases=draw(lists),
        item_code=draw(st.none() | st.just("01-0002-0003")),
        required=draw(st.booleans()),
        unique=draw(st.booleans()),
        precision=precision,
        scale=scale,
        max_length=draw(st.none() | st.integers(1, 4000)),
        unit=draw(st.none() | st.sampled_from(["CNY", "kW.h", "%", "1", "10*4.CNY", "{person}"])),
        minimum=limits[0],
        maximum=limits[1],
        pattern=draw(st.none() | st.sampled_from([r"\d{6}", "[A-Z]+", "a|b", "No: #1", "null", "yes"])),
        codes=draw(lists),
        formats=draw(st.sampled_from([(), ("%Y%m%d",), ("%d-%b-%y", "%Y年%m月%d日")])),
        null_tokens=draw(st.sampled_from([(), ("-", "NA", "null", "无"), ("0",)])),
        key_role=draw(st.sampled_from(KeyRole)),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    held = tuple(draw(st.lists(columns(), min_size=1, max_size=5, unique_by=lambda column: column.name)))
    taken = [column.name for column in held]
    subsets = st.lists(st.sampled_from(taken), max_size=2, unique=True).map(tuple)
    rules = st.builds(
        Rule,
        name=names,
        predicate=st.sampled_from(taken).map(lambda name: f"\"{name}\" IS NOT NULL OR length('a: #') > 0"),
        text=texts,
        columns=subsets,
        severity=st.sampled_from(["reject", "warn"]),
    )
    return Contract(
        dataset=draw(names),
        department=draw(names),
        version=draw(st.sampled_from(["1.0.0", "2", "1.10", "2024-01-01"])),
        title=draw(texts),
        columns=held,
        grain=draw(st.sampled_from(["enterprise", "enterprise-year", "enterprise-month", "event"])),
        primary_key=draw(subsets),
        period_column=draw(st.none() | st.sampled_from(taken)),
        rules=tuple(draw(st.lists(rules, max_size=2, unique_by=lambda rule: rule.name))),
        delivery_mode=draw(st.sampled_from(["append", "merge", "replace"])),
        update_cycle=draw(st.sampled_from(["daily", "monthly", "irregular"])),
        max_delay_days=draw(st.none() | st.integers(0, 400)),
        legal_basis=draw(lists),
        description=draw(st.none() | texts),
        tags=draw(st.dictionaries(words, words, max_size=2)),
    )
