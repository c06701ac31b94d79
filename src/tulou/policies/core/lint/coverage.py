"""Codes that nobody has, criteria that nobody or everybody meets, policies that say the same."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np

from tulou.policies.core.attributes import Catalogue, Kind
from tulou.policies.core.dictionaries import NOWHERE
from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.engine.dimensions import CodeDimension, NumberDimension, dimension_for, keys_of
from tulou.policies.core.engine.kleene import answers
from tulou.policies.core.firms.columns import Flags, Numbers
from tulou.policies.core.firms.table import FirmTable
from tulou.policies.core.lint import france
from tulou.policies.core.lint.bounds import validity
from tulou.policies.core.lint.faults import Fault, fault
from tulou.policies.core.rule.folding import clauses, folded
from tulou.policies.core.rule.tree import Const, In, Intersects, Leaf, Measure, Node, leaves
from tulou.policies.core.rule.wording import named, worded

ALIKE = 0.85
"""Titles this much alike say the same."""

Codes = Mapping[str, frozenset[str]]


def known_codes(policies: PolicySet) -> Codes:
    """For attributes with an open list: the codes that firms can have, where they are known."""
    return {"region": france.REGIONS, "naf_section": france.SECTIONS} if policies.form == "neutral" else {}


def check_codes(policy: Policy, catalogue: Catalogue, known: Codes) -> Iterator[Fault]:
    """Codes and members that no firm can have."""
    for leaf in leaves(policy.eligibility):
        if isinstance(leaf, In):
            unknown = sorted(_unknown(leaf, catalogue, known))
        elif isinstance(leaf, Intersects) and catalogue[leaf.attr].members:
            unknown = sorted(leaf.members - set(catalogue[leaf.attr].members))
        else:
            continue
        if unknown:
            shown = ", ".join(unknown)
            yield fault(
                policy.id,
                "unknown_code",
                f"{catalogue.label(leaf.attr).zh}没有代码 {shown}",
                f"There is no {catalogue.label(leaf.attr).en} {shown}",
                severity="reject",
                words=shown,
                path=leaf.about.id or leaf.attr,
            )


def _unknown(leaf: In, catalogue: Catalogue, known: Codes) -> frozenset[str]:
    dictionary = catalogue.dictionary_of(leaf.attr)
    every = leaf.include | leaf.exclude
    if dictionary is not None:
        return frozenset(code for code in every if dictionary.position(code) == NOWHERE)
    return every - known[leaf.attr] if leaf.attr in known else frozenset()


def check_coverage(policy: Policy, catalogue: Catalogue, known: Codes, as_of: dt.date) -> Iterator[Fault]:
    """Rows that hold for everybody or for nobody, and conditions that exclude each other."""
    first, last = validity(policy.rule)
    day = min(max(as_of, first or as_of), last or dt.date.max)
    rule = folded(policy.eligibility, day, catalogue)
    if rule == Const(False):
        yield fault(policy.id, "nobody", "任何企业都不符合", "Nobody can be eligible", severity="reject")
        return
    if rule == Const(True):
        yield fault(policy.id, "everybody", "所有企业都符合", "Everybody is eligible")
        return
    for leaf in leaves(policy.eligibility):
        if leaf.about.hard and isinstance(leaf, In):
            yield from _vacuous(policy, leaf, catalogue, known)
    yield from _excluded(policy, clauses(rule), catalogue)


def _vacuous(policy: Policy, leaf: In, catalogue: Catalogue, known: Codes) -> Iterator[Fault]:
    """A set that holds every code, or none: it asks for a fact that changes nothing."""
    dictionary = catalogue.dictionary_of(leaf.attr)
    if dictionary is not None:
        states = dictionary.states(leaf.include, leaf.exclude)
        every, none = bool((states == 2).all()), bool((states == 0).all())
    elif leaf.attr in known:
        every, none = known[leaf.attr] <= leaf.include - leaf.exclude, False
    else:
        return
    if every == none:
        return
    met = every is not leaf.negated
    label, codes = catalogue.label(leaf.attr), named(sorted(leaf.include), leaf.attr, catalogue)
    yield fault(
        policy.id,
        "criterion_everybody" if met else "criterion_nobody",
        f"{label.zh}条件所有企业都满足, 只会多问一个问题" if met else f"{label.zh}条件没有任何企业满足",
        f"Everybody meets the condition on {label.en}: it only adds a question"
        if met
        else f"Nobody meets the condition on {label.en}",
        severity="warn" if met else "reject",
        words=codes.en,
        rule=worded(leaf, catalogue),
        path=leaf.about.id or leaf.attr,
    )


def _excluded(policy: Policy, parts: Iterable[Node], catalogue: Catalogue) -> Iterator[Fault]:
    """Conditions on one attribute that no value meets together."""
    by_key: dict[str | Measure, list[Node]] = defaultdict(list)
    for part in parts:
        keys = keys_of(part)
        if keys is not None and len(keys) == 1:
            by_key[next(iter(keys))].append(part)
    for key, nodes in by_key.items():
        dimension = dimension_for(key, nodes, catalogue)
        if dimension is None:
            continue
        table = dimension.representatives()
        attr = key.attr if isinstance(key, Measure) else key
        real = _real_values(dimension, table, key, catalogue)
        found = [answers(node, table) for node in nodes]
        possible = np.logical_and.reduce([answer.possible for answer in found])
        sure = np.logical_and.reduce([answer.sure for answer in found])
        label = catalogue.label(attr)
        if not possible[real].any():
            yield fault(
                policy.id,
                "contradiction",
                f"对{label.zh}的条件互相矛盾, 没有任何值满足",
                f"The conditions on {label.en} contradict each other: no value meets them",
                severity="reject",
                path=attr,
            )
        elif sure[real].all() and not isinstance(dimension, CodeDimension):
            yield fault(
                policy.id,
                "criterion_everybody",
                f"{label.zh}条件所有企业都满足, 只会多问一个问题",
                f"Everybody meets the condition on {label.en}: it only adds a question",
                path=attr,
            )


def _real_values(dimension: object, table: FirmTable, key: str | Measure, catalogue: Catalogue) -> Flags:
    """The classes that a firm can be in when its value is known: no negative counts or amounts, no unknown."""
    real = np.ones(len(table), dtype=bool)
    if isinstance(dimension, NumberDimension):
        column = table.measure(key) if isinstance(key, Measure) else table.of(key, Numbers)
        real = column.known.copy()
        if isinstance(key, Measure) or catalogue[key].kind in (Kind.INTEGER, Kind.MONEY):
            real &= np.asarray(column.values >= 0)
        return real
    if isinstance(dimension, CodeDimension):
        real[-2:] = False
        return real
    return real & ~_open(table)


def _open(table: FirmTable) -> Flags:
    """The classes in which something is unknown."""
    found = np.zeros(len(table), dtype=bool)
    for column in table.columns.values():
        members = getattr(column, "members", None)
        states = list(members.values()) if members else [getattr(column, "states", np.zeros(len(table), np.int8))]
        for each in states:
            found |= each == -1
    return found


def check_duplicates(policies: Sequence[Policy], catalogue: Catalogue) -> Iterator[Fault]:
    """Policies with one rule and nearly one title, or with one title and one link."""
    by_rule: dict[Node, list[Policy]] = defaultdict(list)
    for policy in policies:
        by_rule[folded(policy.rule, None, catalogue)].append(policy)
    for group in by_rule.values():
        for i, policy in enumerate(group):
            for other in group[:i]:
                alike = SequenceMatcher(None, policy.title.zh.casefold(), other.title.zh.casefold()).ratio()
                if alike >= ALIKE:
                    yield fault(
                        policy.id,
                        "duplicate",
                        f"与 {other.id} 规则相同、名称相近",
                        f"The rule is that of {other.id} and the title nearly so",
                        words=other.title.zh,
                        path=other.id,
                    )


def check_firms(policies: PolicySet, tables: Iterable[FirmTable], as_of: dt.date) -> Iterator[Fault]:
    """Rows that all or none of the given firms meet, counted over those whose value is known."""
    counts: dict[tuple[str, int], tuple[Leaf, list[int]]] = {}
    for table in tables:
        for policy in policies:
            for place, leaf in enumerate(leaves(policy.eligibility)):
                answer = answers(folded(leaf, as_of, policies.catalogue), table)
                tally = counts.setdefault((policy.id, place), (leaf, [0, 0]))[1]
                tally[0] += int(answer.sure.sum())
                tally[1] += int((~answer.possible).sum())
    for (policy_id, _), (leaf, (met, failed)) in counts.items():
        if met + failed and not (met and failed):
            words = worded(leaf, policies.catalogue)
            zh, en = ("全部", "all") if met else ("无一", "none")
            yield fault(
                policy_id,
                "met_by_all" if met else "met_by_none",
                f"{words.zh}: {met + failed:,} 家已知企业{zh}满足",
                f"{words.en}: {en} of {met + failed:,} firms with a known value",
                path=leaf.about.id or getattr(leaf, "attr", None),
            )
