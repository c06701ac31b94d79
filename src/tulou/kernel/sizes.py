"""Enterprise size classes by 工信部联企业〔2011〕300号, the standard by which policies say who is small.

An industry has thresholds on one or two of employees, revenue and assets. A class needs ALL its lower bounds (且); an
enterprise that misses one falls to the class below, so its class is the lowest that any of its figures gives. With a
figure unknown the class may be one of several: `possible_sizes` answers all that are left, `size_class` answers only
when one is.

Railways, finance, education, health, government and international organisations are not among the industries of article
3; by article 6 they, and sole traders (个体户), follow the standard by analogy. For a sole trader use her industry as
for an enterprise and say so; for the industries left out the answer is None, because banks, schools and hospitals have
standards of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from tulou.kernel.errors import Text, wrong_use
from tulou.kernel.industries import full_industry_code

Yuan: TypeAlias = int | Decimal


class Size(Enum):
    """A size class; the four stand from small to large in `SIZES`."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @property
    def text(self) -> Text:
        """The class in words."""
        return _NAMES[self]

    @property
    def msme(self) -> bool:
        """Whether the class belongs to the micro, small and medium-sized enterprises (中小微企业)."""
        return self is not Size.LARGE


SIZES = (Size.MICRO, Size.SMALL, Size.MEDIUM, Size.LARGE)

_NAMES = {
    Size.MICRO: Text(zh="微型", en="micro"),
    Size.SMALL: Text(zh="小型", en="small"),
    Size.MEDIUM: Text(zh="中型", en="medium"),
    Size.LARGE: Text(zh="大型", en="large"),
}

Bounds: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SizeRule:
    """The lower bounds of small, medium and large in one group of industries; money in yuan."""

    name: Text
    prefixes: tuple[str, ...]
    employees: Bounds | None = None
    revenue: Bounds | None = None
    assets: Bounds | None = None


def _wan(small: int, medium: int, large: int) -> Bounds:
    """Bounds that the standard states in 万元, in yuan."""
    return small * 10_000, medium * 10_000, large * 10_000


SIZE_RULES = (
    SizeRule(
        Text(zh="农、林、牧、渔业", en="Agriculture, forestry, animal husbandry and fishery"),
        ("A",),
        revenue=_wan(50, 500, 20_000),
    ),
    SizeRule(
        Text(zh="工业", en="Industry (mining, manufacturing, utilities)"),
        ("B", "C", "D"),
        employees=(20, 300, 1_000),
        revenue=_wan(300, 2_000, 40_000),
    ),
    SizeRule(
        Text(zh="建筑业", en="Construction"),
        ("E",),
        revenue=_wan(300, 6_000, 80_000),
        assets=_wan(300, 5_000, 80_000),
    ),
    SizeRule(
        Text(zh="批发业", en="Wholesale"),
        ("F51",),
        employees=(5, 20, 200),
        revenue=_wan(1_000, 5_000, 40_000),
    ),
    SizeRule(
        Text(zh="零售业", en="Retail"),
        ("F52",),
        employees=(10, 50, 300),
        revenue=_wan(100, 500, 20_000),
    ),
    SizeRule(
        Text(zh="交通运输业(不含铁路)", en="Transport (without railways)"),
        ("G54", "G55", "G56", "G57", "G58", "G591"),
        employees=(20, 300, 1_000),
        revenue=_wan(200, 3_000, 30_000),
    ),
    SizeRule(
        Text(zh="仓储业", en="Storage"),
        ("G592", "G593", "G594", "G595", "G596", "G599"),
        employees=(20, 100, 200),
        revenue=_wan(100, 1_000, 30_000),
    ),
    SizeRule(
        Text(zh="邮政业", en="Post"),
        ("G60",),
        employees=(20, 300, 1_000),
        revenue=_wan(100, 2_000, 30_000),
    ),
    SizeRule(
        Text(zh="住宿业", en="Accommodation"),
        ("H61",),
        employees=(10, 100, 300),
        revenue=_wan(100, 2_000, 10_000),
    ),
    SizeRule(
        Text(zh="餐饮业", en="Catering"),
        ("H62",),
        employees=(10, 100, 300),
        revenue=_wan(100, 2_000, 10_000),
    ),
    SizeRule(
        Text(zh="信息传输业", en="Information transmission"),
        ("I63", "I64"),
        employees=(10, 100, 2_000),
        revenue=_wan(100, 1_000, 100_000),
    ),
    SizeRule(
        Text(zh="软件和信息技术服务业", en="Software and information technology services"),
        ("I65",),
        employees=(10, 100, 300),
        revenue=_wan(50, 1_000, 10_000),
    ),
    SizeRule(
        Text(zh="房地产开发经营", en="Real estate development"),
        ("K701",),
        revenue=_wan(100, 1_000, 200_000),
        assets=_wan(2_000, 5_000, 10_000),
    ),
    SizeRule(
        Text(zh="物业管理", en="Property management"),
        ("K702",),
        employees=(100, 300, 1_000),
        revenue=_wan(500, 1_000, 5_000),
    ),
    SizeRule(
        Text(zh="租赁和商务服务业", en="Leasing and business services"),
        ("L",),
        employees=(10, 100, 300),
        assets=_wan(100, 8_000, 120_000),
    ),
    SizeRule(
        Text(zh="其他未列明行业", en="Other industries"),
        ("K703", "K709", "M", "N", "O", "Q85", "R"),
        employees=(10, 100, 300),
    ),
)
"""Article 4 of the standard, with the industries' codes of GB/T 4754-2017 (loading moved from G58 to G591 there)."""


def size_rule(industry_code: str) -> SizeRule | None:
    """The rule of an industry, or None where the standard has none (finance, railways, schools, hospitals …).

    >>> size_rule("C1311").name.en, size_rule("J6621")
    ('Industry (mining, manufacturing, utilities)', None)
    """
    code = full_industry_code(industry_code)
    return next((rule for rule in SIZE_RULES if code.startswith(rule.prefixes)), None)


def possible_sizes(
    industry_code: str,
    *,
    employees: int | None = None,
    revenue: Yuan | None = None,
    assets: Yuan | None = None,
) -> tuple[Size, ...] | None:
    """The classes that the known figures leave open, from small to large; None where no rule covers the industry.

    Parameters
    ----------
    industry_code
        GB/T 4754-2017, at least to the division (`C13`), for real estate and storage to the group (`K701`).
    employees, revenue, assets
        Persons employed (从业人员), a year's revenue (营业收入), total assets (资产总额); money in yuan. None: unknown.

    Examples
    --------
    >>> possible_sizes("C1311", employees=50)
    (<Size.MICRO: 'micro'>, <Size.SMALL: 'small'>)
    """
    rule = size_rule(industry_code)
    if rule is None:
        return None
    figures = _figures(rule, employees, revenue, assets)
    ceiling = min((_rank(figure, bounds) for figure, bounds in figures if figure is not None), default=3)
    unknown = any(figure is None for figure, _ in figures)
    return SIZES[: ceiling + 1] if unknown else (SIZES[ceiling],)


def size_class(
    industry_code: str,
    *,
    employees: int | None = None,
    revenue: Yuan | None = None,
    assets: Yuan | None = None,
) -> Size | None:
    """The size class, or None where the figures leave more than one open or no rule covers the industry.

    >>> size_class("C1311", employees=1200, revenue=300_000_000)
    <Size.MEDIUM: 'medium'>
    >>> size_class("F5211", employees=4)
    <Size.MICRO: 'micro'>
    """
    possible = possible_sizes(industry_code, employees=employees, revenue=revenue, assets=assets)
    return possible[0] if possible is not None and len(possible) == 1 else None


def _figures(
    rule: SizeRule, employees: int | None, revenue: Yuan | None, assets: Yuan | None
) -> list[tuple[Yuan | None, Bounds]]:
    def known() -> Iterator[tuple[Yuan | None, Bounds]]:
        for figure, bounds in ((employees, rule.employees), (revenue, rule.revenue), (assets, rule.assets)):
            if figure is not None and figure < 0:
                raise wrong_use(
                    "size.negative", "从业人员、收入和资产不能为负", "Employees, revenue and assets are 0 or more"
                )
            if bounds is not None:
                yield figure, bounds

    return list(known())


def _rank(figure: Yuan, bounds: Bounds) -> int:
    return sum(figure >= bound for bound in bounds)
