"""Text against rule: sizes, ages, money, places and sectors that one of them says and the other does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tulou.kernel.errors import Text
from tulou.policies.core.attributes import Catalogue
from tulou.policies.core.document.policy import Policy
from tulou.policies.core.lint import chinese, english, france, french
from tulou.policies.core.lint.bounds import Bounding, agrees, bounds_on
from tulou.policies.core.lint.claims import Claim, Measure, Subject
from tulou.policies.core.lint.faults import Fault, fault
from tulou.policies.core.rule.tree import In, leaves

BOUNDARY_WORDS = Text(
    zh="以上、以下包含本数; 超过、不满、不足不包含 (民法典第1259条)",
    en="以上 and 以下 (at least, at most) include the number; 超过 and 不满 (more than, less than) do not",
)

NAMES: dict[Subject, tuple[str, str]] = {
    Subject.HEADCOUNT: ("人数", "headcount"),
    Subject.AGE: ("成立年限", "age of the firm"),
    Subject.REVENUE: ("营业收入", "turnover"),
    Subject.ASSETS: ("资产", "balance sheet"),
    Subject.CAPITAL: ("注册资本", "registered capital"),
    Subject.PROJECT: ("项目金额", "cost of the project"),
    Subject.AID: ("已获补助", "aid received"),
}


def check_prose(policy: Policy, catalogue: Catalogue) -> Iterator[Fault]:
    """Every fault between the prose of one policy and its rule."""
    yield from _sizes(policy, catalogue)
    for claims in _claims(policy):
        yield from _against_rule(policy, claims, catalogue)
    yield from _places(policy)
    yield from _sectors(policy)


def _claims(policy: Policy) -> Iterator[list[Claim]]:
    """The limits that each line of the prose names, line by line."""
    for key, lines in policy.prose.items():
        for line in lines:
            if key == "years_text":
                yield list(french.age_claims(line))
            elif key in ("other_text", "sector_text", "size_text"):
                yield list(french.money_claims(line))
            elif key == "zh":
                yield list(chinese.limits_of(line))
            elif key == "en":
                yield [claim for claim in english.claims(line) if claim.subject is not Subject.OTHER]


def _sizes(policy: Policy, catalogue: Catalogue) -> Iterator[Fault]:
    """The size of the firm in French prose."""
    lines = policy.prose.get("size_text", ())
    said = [claim for line in lines for claim in french.headcount_claims(line)]
    said = said or [claim for line in lines for claim in french.sme_claim(line)]
    yield from _against_rule(policy, said, catalogue)
    other = [claim for line in policy.prose.get("other_text", ()) for claim in _effectif(line)]
    yield from _against_rule(policy, other, catalogue)
    ends = bounds_on(policy.rule, Subject.HEADCOUNT, catalogue)
    if any(french.EVERYTHING.match(line) for line in lines) and ends and not other:
        yield _only_in_rule(policy, ends, " | ".join(lines))
    elif said:
        sides = {claim.whole()[0] for claim in said}
        extra = [end for end in ends if end.whole()[0] not in sides]
        if extra:
            yield _only_in_rule(policy, extra, " | ".join(lines))


def _effectif(line: str) -> Iterable[Claim]:
    """A headcount outside the line for sizes counts where the line says that it is the firm's."""
    return french.headcount_claims(line) if re.search(r"effectif|entreprises? de (?:moins|plus)", line) else ()


def _only_in_rule(policy: Policy, ends: list[Bounding], words: str) -> Fault:
    shown = ", ".join(f"{end.comparison} {end.value}" for end in ends)
    return fault(
        policy.id,
        "limit_only_in_rule",
        f"规则限制人数 ({shown}), 文字没有提到",
        f"The rule limits the headcount ({shown}); the text does not say so",
        words=words,
        path="headcount",
    )


def _against_rule(policy: Policy, claims: list[Claim], catalogue: Catalogue) -> Iterator[Fault]:
    """Claims of one line. A line such as *turnover below 50 M or balance sheet below 43 M* is one fault."""
    missing: dict[Subject, list[Claim]] = {}
    for claim in claims:
        if claim.subject not in NAMES:
            continue
        ends = bounds_on(policy.rule, claim.subject, catalogue)
        side = [end for end in ends if end.whole()[0] == claim.whole()[0]]
        if any(agrees(claim, end) for end in side):
            continue
        if side:
            yield _differs(policy, claim, side)
        else:
            missing.setdefault(claim.subject, []).append(claim)
    for subject, each in missing.items():
        zh, en = NAMES[subject]
        yield fault(
            policy.id,
            "limit_only_in_text",
            f"文字限制{zh}, 规则没有检查",
            f"The text limits the {en}; the rule does not check it",
            words="; ".join(dict.fromkeys(claim.words for claim in each)),
            path=subject.value,
        )


def _differs(policy: Policy, claim: Claim, ends: list[Bounding]) -> Fault:
    end = ends[0]
    zh, en = NAMES[claim.subject]
    boundary = any(each.value == claim.value for each in ends)
    shown = _plain(end.value, claim.measure)
    return fault(
        policy.id,
        "boundary_word" if boundary else "limit_differs",
        f"{zh}: 文字为“{claim.words}”, 规则为 {end.comparison} {shown}",
        f"{en}: the text says “{claim.words}”, the rule {end.comparison} {shown}",
        severity="reject",
        words=claim.words,
        path=claim.subject.value,
        remedy=BOUNDARY_WORDS if boundary else None,
    )


def _plain(value: float, measure: Measure) -> str:
    return f"{value / 100:,.2f}" if measure is Measure.MONEY else f"{value:,}"


def _places(policy: Policy) -> Iterator[Fault]:
    """Places that the text names one by one, against the regions of the rule."""
    regions = [leaf for leaf in leaves(policy.rule) if isinstance(leaf, In) and leaf.attr == "region"]
    inside = frozenset[str]().union(*(leaf.include for leaf in regions))
    for line in policy.prose.get("area_text", ()):
        named = [name.strip() for name in line.split(",")]
        if not all(name in france.REGIONS or name in france.REGION_OF for name in named):
            continue
        for name in named:
            if name in inside:
                continue
            wider = france.REGION_OF.get(name)
            if wider in inside:
                yield fault(
                    policy.id,
                    "place_wider",
                    f"文字只限 {name}, 规则放宽到整个 {wider}",
                    f"The text is for {name} only; the rule takes the whole of {wider}",
                    words=line,
                    path="region",
                )
            else:
                yield fault(
                    policy.id,
                    "place_only_in_text",
                    f"文字限于 {name}, 规则没有检查",
                    f"The text is for {name}; the rule does not check it",
                    words=line,
                    path="region",
                )
        extra = inside - set(named) - {france.REGION_OF.get(name) for name in named}
        if extra:
            shown = ", ".join(sorted(extra))
            yield fault(
                policy.id,
                "place_only_in_rule",
                f"规则包含文字没有的地区: {shown}",
                f"The rule takes regions that the text does not name: {shown}",
                words=line,
                path="region",
            )
    yield from _finer_places(policy)


LOCATED = re.compile(
    r"implanté|située?s? (?:dans|en)\b|entreprises de ?:|communes? rurales|zone urbaine|commune de moins", re.IGNORECASE
)


TERMS_FOR_PLACES = re.compile(r"vous pouvez|modalités|transmettre", re.IGNORECASE)
"""Words of what is done differently in a place, rather than of who is there."""


def _finer_places(policy: Policy) -> Iterator[Fault]:
    """Places finer than a region, which the rule cannot check."""
    for line in policy.prose.get("other_text", ()):
        if LOCATED.search(line) and not TERMS_FOR_PLACES.search(line):
            yield fault(
                policy.id,
                "place_only_in_text",
                "文字限定了更小的地区, 规则没有检查",
                "The text names finer places; the rule does not check them",
                words=line,
                path="region",
            )


def _sectors(policy: Policy) -> Iterator[Fault]:
    """Sectors in French prose against the sections of the rule."""
    lines = policy.prose.get("sector_text", ())
    inside = [leaf.include for leaf in leaves(policy.rule) if isinstance(leaf, In) and leaf.attr == "naf_section"]
    if not lines or not inside:
        return
    words = " | ".join(lines)
    left_out = france.SECTIONS - inside[0]
    if french.EVERYTHING.match(lines[0]) and not french.EXCEPTIONS.search(words) and left_out - france.WITHOUT_FIRMS:
        shown = ", ".join(sorted(left_out))
        yield fault(
            policy.id,
            "sector_narrower",
            f"文字面向所有行业, 规则却排除 {shown}",
            f"The text is for all sectors; the rule leaves out {shown}",
            words=words,
            path="naf_section",
        )
    if french.CLASS_CODE.search(words):
        yield fault(
            policy.id,
            "codes_only_in_text",
            "文字按行业小类限定, 规则只检查门类",
            "The text names classes of industry; the rule checks sections only",
            words=words,
            path="naf_section",
        )
