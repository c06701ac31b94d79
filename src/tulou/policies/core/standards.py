"""The dictionaries that every file of policies may use: divisions, industries, sizes, the short lists of the field."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tulou.kernel import industries, regions
from tulou.kernel.errors import Text
from tulou.policies.core.dictionaries import Dictionary

SHORT_LISTS: Mapping[str, Mapping[str, Text]] = {
    "enterprise_size": {
        "micro": Text(zh="微型企业", en="micro enterprise"),
        "small": Text(zh="小型企业", en="small enterprise"),
        "medium": Text(zh="中型企业", en="medium enterprise"),
        "large": Text(zh="大型企业", en="large enterprise"),
    },
    "legal_form": {
        "company": Text(zh="公司", en="company"),
        "partnership": Text(zh="合伙企业", en="partnership"),
        "sole_proprietorship": Text(zh="个人独资企业", en="sole proprietorship"),
        "individual_business": Text(zh="个体工商户", en="individual business"),
        "cooperative": Text(zh="农民专业合作社", en="farmers' cooperative"),
        "public_institution": Text(zh="事业单位", en="public institution"),
        "social_organisation": Text(zh="社会组织", en="social organisation"),
    },
    "taxpayer_kind": {
        "general": Text(zh="增值税一般纳税人", en="general VAT payer"),
        "small_scale": Text(zh="增值税小规模纳税人", en="small-scale VAT payer"),
    },
    "tax_credit": {grade: Text(zh=f"纳税信用{grade}级", en=f"tax credit grade {grade}") for grade in "ABMCD"},
}
"""Code -> words. Sizes after the MSME classification of 2011, tax credit grades after the tax authority's grading."""


@cache
def standard_dictionaries() -> Mapping[str, Dictionary]:
    """Name -> dictionary."""
    return {"gbt2260": divisions(), "gbt4754": industry_classes(), **short_lists()}


@cache
def divisions() -> Dictionary:
    """Administrative divisions in force (GB/T 2260); a past code means its successor, a town's code its county."""
    current = [each for each in regions.regions() if not each.grouping]
    parents = [None if (above := regions.parent_of(each.code)) is None else above.code for each in current]
    return Dictionary(
        "gbt2260",
        "GB/T 2260",
        [each.code for each in current],
        parents,
        {each.code: each.name for each in current},
        present_division,
        lambda code: present_division(regions.full_code(code)) or code,
    )


def present_division(code: str) -> str | None:
    """The six digits of the division that a short (`35`, `3501`) or past code means today; None where there is none.

    >>> present_division("3501"), present_division("350402"), present_division("350203001")
    ('350100', '350404', None)
    """
    now = regions.current_region(code) if len(code) in (2, 4, 6) and code.isdigit() else None
    return None if now is None else now.code


@cache
def industry_classes() -> Dictionary:
    """Industries (GB/T 4754-2017), with or without their section's letter."""
    every = industries.industries()
    parents = [None if (above := industries.parent_of(each.code)) is None else above.code for each in every]
    return Dictionary(
        "gbt4754",
        "GB/T 4754-2017",
        [each.code for each in every],
        parents,
        {each.code: each.name for each in every},
        industries.full_industry_code,
    )


@cache
def short_lists() -> Mapping[str, Dictionary]:
    """The lists without a hierarchy."""
    return {name: Dictionary(name, "1", list(codes), [None] * len(codes), codes) for name, codes in SHORT_LISTS.items()}
