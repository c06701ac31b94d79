"""A rule in words, in both languages, as a civil servant would write it and a firm can read it.

Boundary words follow article 1259 of the Civil Code: 以上 and 以下 include the number, 超过 and 不满 do not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.firms.facts import EVERY, Fact, SetFact
from tulou.policies.core.rule.tree import (
    Age,
    All,
    Any,
    AtLeast,
    Attested,
    Bound,
    Const,
    In,
    Intersects,
    Is,
    Leaf,
    Limits,
    Node,
    Not,
    Range,
    Unit,
    When,
    Window,
    children,
)
from tulou.policies.core.rule.truth import AS_OF

MOST_NAMED = 6
"""A list of codes longer than this is cut short, with the number of the rest."""

UNITS: dict[Unit, Text] = {
    "years": Text(zh="年", en="years"),
    "months": Text(zh="个月", en="months"),
    "days": Text(zh="天", en="days"),
}


def lines(node: Node, catalogue: Catalogue, depth: int = 0) -> Iterator[tuple[int, Text]]:
    """The rule as indented lines: groups say how many of their rows must hold."""
    yield depth, worded(node, catalogue)
    for child in children(node):
        yield from lines(child, catalogue, depth + 1)


def worded(node: Node, catalogue: Catalogue) -> Text:
    """One row in words; of a group only its heading."""
    match node:
        case All():
            return Text(zh="同时满足以下各项:", en="All of these hold:")
        case Any():
            return Text(zh="满足以下任一项:", en="One of these holds:")
        case AtLeast():
            return Text(zh=f"至少满足以下 {node.count} 项:", en=f"At least {node.count} of these hold:")
        case Not():
            return Text(zh="以下情形除外:", en="This does not hold:")
        case When():
            return Text(zh="在第一项成立的前提下, 满足第二项:", en="Provided that the first holds, the second does:")
        case Const():
            return (
                Text(zh="对所有单位适用", en="Holds for everybody")
                if node.value
                else Text(zh="对任何单位都不适用", en="Holds for nobody")
            )
        case In() | Range() | Is() | Intersects() | Age() | Window() | Attested():
            return _leaf(node, catalogue)
        case _:
            return Text(zh="尚无法判定", en="Cannot be decided yet")


def _leaf(node: Leaf, catalogue: Catalogue) -> Text:
    match node:
        case In():
            return _codes(node, catalogue)
        case Range():
            return _range(node, catalogue)
        case Is():
            return _flag(node, catalogue)
        case Intersects():
            return _set(node, catalogue)
        case Age():
            label, limits = catalogue.label(node.attr), limits_in_words(node.limits, UNITS[node.unit], Kind.INTEGER)
            return Text(zh=f"自{label.zh}起{_full(limits.zh)}", en=f"time since {label.en}: {limits.en}")
        case Window():
            return _window(node, catalogue)
        case Attested():
            asked = node.question or node.about.label or Text(zh=node.key, en=node.key)
            return Text(zh=f"人工审核: {asked.zh}", en=f"Decided by a person: {asked.en}")


def _full(zh: str) -> str:
    return zh.replace("以上", "以上（满期当日起）")


def _codes(node: In, catalogue: Catalogue) -> Text:
    label = catalogue.label(node.attr)
    inside = named(sorted(node.include), node.attr, catalogue)
    verb = Text(zh="不属于", en="is not") if node.negated else Text(zh="属于", en="is")
    zh, en = f"{label.zh}{verb.zh}: {inside.zh}", f"{label.en} {verb.en} one of: {inside.en}"
    if node.exclude:
        out = named(sorted(node.exclude), node.attr, catalogue)
        zh, en = f"{zh}（不含: {out.zh}）", f"{en} (without: {out.en})"
    return Text(zh=zh, en=en)


def named(codes: Sequence[str], attr: str, catalogue: Catalogue, most: int = MOST_NAMED) -> Text:
    """Codes with their words from the dictionary, the first few of a long list."""
    dictionary = catalogue.dictionary_of(attr)
    labels = [dictionary.label(code) if dictionary else Text(zh=code, en=code) for code in codes]
    shown, more = labels[:most], len(labels) - most
    zh, en = "、".join(each.zh for each in shown), ", ".join(each.en for each in shown)
    return Text(zh=f"{zh} 等 {len(labels)} 项", en=f"{en} and {more} more") if more > 0 else Text(zh=zh, en=en)


def _range(node: Range, catalogue: Catalogue) -> Text:
    attribute = catalogue[node.attr]
    if attribute.kind is Kind.DATE:
        return _dates(attribute.label, node.limits)
    limits = limits_in_words(node.limits, attribute.unit or Text(zh="", en=""), attribute.kind)
    return Text(zh=f"{attribute.label.zh}{limits.zh}", en=f"{attribute.label.en}: {limits.en}")


def _dates(label: Text, limits: Limits) -> Text:
    zh, en = [], []
    if limits.ge is not None or limits.gt is not None:
        first = day(limits.ge if limits.ge is not None else (limits.gt or 0) + 1)
        zh.append(f"{first.zh}起")
        en.append(f"from {first.en}")
    if limits.le is not None or limits.lt is not None:
        last = day(limits.le if limits.le is not None else (limits.lt or 0) - 1)
        zh.append(f"至{last.zh}（含当日）")
        en.append(f"up to and including {last.en}")
    return Text(zh=f"{label.zh}: {''.join(zh)}", en=f"{label.en}: {' '.join(en)}")


def limits_in_words(limits: Limits, unit: Text, kind: Kind) -> Text:
    """A range in words: 以上, 以下, 超过, 不满."""
    zh, en = [], []
    for bound, zh_form, en_form in (
        (limits.ge, "{}以上", "at least {}"),
        (limits.gt, "超过{}", "more than {}"),
        (limits.le, "{}以下", "at most {}"),
        (limits.lt, "不满{}", "less than {}"),
    ):
        if bound is not None:
            shown = number(bound, kind, unit)
            zh.append(zh_form.format(shown.zh))
            en.append(en_form.format(shown.en))
    return Text(zh="、".join(zh), en=" and ".join(en))


def number(value: Bound, kind: Kind, unit: Text) -> Text:
    """A number with its unit; money in 万元 and 亿元, and in millions and billions of CNY.

    >>> number(4_000_000_000, Kind.MONEY, Text(zh="元", en="yuan"))
    Text(zh='4000万元', en='CNY 40 million')
    """
    if kind is Kind.MONEY:
        return money(int(value))
    plain = f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
    return Text(zh=plain.replace(",", "") + unit.zh, en=f"{plain}{'' if unit.en == '%' else ' '}{unit.en}".strip())


def money(fen: int) -> Text:
    """An amount of fen in words."""
    yuan = fen / 100
    zh, en = f"{yuan:.10g}元", f"CNY {yuan:,.10g}"
    for size, zh_unit in ((1e8, "亿元"), (1e4, "万元")):
        if abs(yuan) >= size and round(yuan / size, 4) * size == yuan:
            zh = f"{yuan / size:.10g}{zh_unit}"
            break
    for size, en_unit in ((1e9, "billion"), (1e6, "million")):
        if abs(yuan) >= size and round(yuan / size, 4) * size == yuan:
            en = f"CNY {yuan / size:,.10g} {en_unit}"
            break
    return Text(zh=zh, en=en)


def day(ordinal: Bound) -> Text:
    """A day in words.

    >>> day(dt.date(2026, 6, 30).toordinal())
    Text(zh='2026年6月30日', en='30 June 2026')
    """
    date = dt.date.fromordinal(max(1, min(int(ordinal), dt.date.max.toordinal())))
    months = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return Text(zh=f"{date.year}年{date.month}月{date.day}日", en=f"{date.day} {months[date.month - 1]} {date.year}")


def _flag(node: Is, catalogue: Catalogue) -> Text:
    label = node.about.label or catalogue.label(node.attr)
    if node.about.label is not None:
        return label
    declared = node.declared or catalogue[node.attr].declared
    tail = Text(zh="（由申请人申报）", en=" (declared by the applicant)") if declared else Text(zh="", en="")
    answer = Text(zh="是", en="yes") if node.value else Text(zh="否", en="no")
    return Text(zh=f"{label.zh}: {answer.zh}{tail.zh}", en=f"{label.en}: {answer.en}{tail.en}")


def _set(node: Intersects, catalogue: Catalogue) -> Text:
    attribute = catalogue[node.attr]
    labels = [attribute.members.get(each, Text(zh=each, en=each)) for each in sorted(node.members)]
    zh, en = "、".join(each.zh for each in labels), ", ".join(each.en for each in labels)
    return Text(zh=f"{attribute.label.zh}包含以下任一项: {zh}", en=f"{attribute.label.en} include one of: {en}")


def _window(node: Window, catalogue: Catalogue) -> Text:
    span, label = UNITS[node.unit], catalogue.label(node.attr)
    kind = Kind.MONEY if node.measure == "sum" else Kind.INTEGER
    limits = limits_in_words(node.limits, Text(zh="次", en="times"), kind)
    which_zh = f"（{'、'.join(sorted(node.schemes))}）" if node.schemes else ""
    which_en = f" ({', '.join(sorted(node.schemes))})" if node.schemes else ""
    what = Text(zh="累计", en="sum") if node.measure == "sum" else Text(zh="次数", en="number")
    return Text(
        zh=f"近{node.length}{span.zh}{label.zh}{which_zh}{what.zh}{limits.zh}",
        en=f"{label.en}{which_en}, {what.en} over the last {_span(node.length, span.en)}: {limits.en}",
    )


def _span(length: int, unit: str) -> str:
    """*year*, *2 years*."""
    return unit.removesuffix("s") if length == 1 else f"{length} {unit}"


def fact_in_words(attr: str, fact: Fact | None, catalogue: Catalogue) -> Text:
    """A firm's value as a person reads it."""
    if fact is None:
        return Text(zh="未知", en="unknown")
    attribute = catalogue.attributes.get(attr)
    kind = attribute.kind if attribute else None
    if attr == AS_OF or kind is Kind.DATE:
        return day(fact if isinstance(fact, int) else 1)
    if isinstance(fact, bool):
        return Text(zh="是", en="yes") if fact else Text(zh="否", en="no")
    if isinstance(fact, (int, float)):
        shown = round(fact, 2) if isinstance(fact, float) else fact
        return number(shown, kind or Kind.NUMBER, (attribute.unit if attribute else None) or Text(zh="", en=""))
    if isinstance(fact, str):
        return Text(zh="任意", en="any") if fact == EVERY else named([fact], attr, catalogue)
    if isinstance(fact, SetFact):
        return _members(attr, fact, catalogue)
    total = money(sum(entry.amount for entry in fact))
    entries = "1 entry" if len(fact) == 1 else f"{len(fact)} entries"
    return Text(zh=f"{len(fact)} 笔, 共{total.zh}", en=f"{entries}, {total.en}")


def _members(attr: str, fact: SetFact, catalogue: Catalogue) -> Text:
    labels = catalogue[attr].members
    inside = [labels.get(each, Text(zh=each, en=each)) for each, has in sorted(fact.members.items()) if has]
    if not inside:
        return Text(zh="全部", en="all") if fact.rest else Text(zh="无", en="none")
    return Text(zh="、".join(each.zh for each in inside), en=", ".join(each.en for each in inside))
