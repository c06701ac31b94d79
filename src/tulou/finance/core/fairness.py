"""Who is treated how: selection rates by group, features that stand in for a group, and features that the law
forbids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tulou.finance.core.columns import Columns, Numbers, keys
from tulou.finance.core.fitting.axes import Axis, Codes
from tulou.finance.core.guard import single_power
from tulou.finance.core.metrics import auc, rate_limits
from tulou.kernel.errors import Finding, Text, Where

FOUR_FIFTHS = 0.8
PROXY_POWER = 0.75
FEWEST_IN_A_GROUP = 30

FORBIDDEN = {
    "religion": "宗教信仰",
    "belief": "宗教信仰",
    "gene": "基因",
    "genetic": "基因",
    "fingerprint": "指纹",
    "blood": "血型",
    "disease": "疾病",
    "illness": "疾病",
    "medical": "病史",
    "宗教": "宗教信仰",
    "基因": "基因",
    "指纹": "指纹",
    "血型": "血型",
    "疾病": "疾病",
    "病史": "病史",
}
"""Word in the name of a column -> what of a person may not be collected (征信业管理条例, article 14)."""

SENSITIVE = re.compile(
    r"(^|[_ ])(sex|gender|race|ethnic\w*|nationality|foreign\w*|black|hispan\w*|married|marital)($|[_ ])"
    r"|性别|民族|婚姻",
    re.IGNORECASE,
)


def forbidden_by_law(name: str) -> str | None:
    """What of the forbidden a column's name speaks of.

    >>> forbidden_by_law("blood_type"), forbidden_by_law("general")
    ('血型', None)
    """
    words = set(re.findall(r"[a-z]+", name.casefold()))
    return next(
        (what for word, what in FORBIDDEN.items() if word in words or (not word.isascii() and word in name)), None
    )


def name_findings(names: Sequence[str]) -> list[Finding]:
    """Findings about columns whose names are forbidden by law, or sensitive and worth a look at how groups fare."""
    findings = []
    for name in names:
        if (what := forbidden_by_law(name)) is not None:
            text = Text(
                zh=f"列 {name} 涉及依法不得采集的信息 ({what}), 已剔除",
                en=f"The column {name} speaks of what may not be collected about a person by law; it was dropped",
            )
            findings.append(Finding("finance.forbidden.by_law", text, Where(column=name), None, "warn"))
        elif SENSITIVE.search(name):
            text = Text(
                zh=f"列 {name} 可能是受保护的属性, 仍作为特征使用",
                en=f"The column {name} may be a protected attribute; it is still used as a feature",
            )
            remedy = Text(
                zh="用 --protected 将其排除, 并报告各组的通过率",
                en="With --protected it is left out, and selection rates by group are reported",
            )
            findings.append(Finding("finance.sensitive.name", text, Where(column=name), remedy, "warn"))
    return findings


def impact(
    protected: Columns, scores: Numbers, bad: Numbers, probability: Numbers, *, approve: float = 0.7
) -> list[dict[str, Any]]:
    """For each protected column and group: the selection rate if the best `approve` share is approved, its ratio to
    the best group's (adverse impact below four fifths), the observed and foretold bad rate, and the AUC within the
    group."""
    threshold = np.quantile(scores, 1 - approve) if len(scores) else 0.0
    selected = scores >= threshold
    answer = []
    for name, column in protected.items():
        codes, values = keys(column)
        groups = [(value, codes == k) for k, value in enumerate(values) if (codes == k).sum() >= FEWEST_IN_A_GROUP]
        best = max((float(selected[rows].mean()) for _, rows in groups), default=0.0)
        for value, rows in groups:
            rate = float(selected[rows].mean())
            low, high = rate_limits(int(bad[rows].sum()), int(rows.sum()))
            answer.append(
                {
                    "column": name,
                    "group": value,
                    "count": int(rows.sum()),
                    "selection_rate": rate,
                    "impact_ratio": rate / best if best else None,
                    "adverse": bool(best and rate / best < FOUR_FIFTHS),
                    "bad_rate": float(bad[rows].mean()),
                    "bad_rate_low": low,
                    "bad_rate_high": high,
                    "mean_probability": float(probability[rows].mean()),
                    "auc": auc(bad[rows], probability[rows]),
                }
            )
    return answer


def proxies(
    axes: Sequence[Axis], codes: Codes, protected: Mapping[str, Any], folds: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Features that tell by themselves (AUC of 0.75 or more) who belongs to a group of a protected column."""
    answer = []
    for name, column in protected.items():
        groups, values = keys(column)
        for k, value in enumerate(values):
            inside = (groups == k).astype(np.float64)
            if min(inside.sum(), len(inside) - inside.sum()) < FEWEST_IN_A_GROUP:
                continue
            for i, axis in enumerate(axes):
                power = single_power(codes[:, i], inside, folds)
                if power >= PROXY_POWER:
                    row = {"feature": axis.feature.name, "column": name, "group": value, "auc": power}
                    answer.append(row)
    return answer


def impact_findings(rows: Sequence[Mapping[str, Any]], stand_ins: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Findings for groups under four fifths and for features that stand in for a group."""
    findings = []
    for row in rows:
        if row["adverse"]:
            group, ratio = f"{row['column']} = {row['group']}", f"{row['impact_ratio']:.0%}"
            text = Text(
                zh=f"{group} 的通过率仅为最高组的 {ratio}",
                en=f"{group} is selected at {ratio} of the best group's rate",
            )
            where = Where(column=str(row["column"]), value=str(row["group"]))
            findings.append(Finding("finance.impact.adverse", text, where, None, "warn"))
    for row in stand_ins:
        text = Text(
            zh=f"特征 {row['feature']} 可代替受保护属性 {row['column']} = {row['group']} (AUC {row['auc']:.2f})",
            en=f"The feature {row['feature']} stands in for {row['column']} = {row['group']} (AUC {row['auc']:.2f})",
        )
        findings.append(Finding("finance.impact.proxy", text, Where(column=str(row["feature"])), None, "warn"))
    return findings
