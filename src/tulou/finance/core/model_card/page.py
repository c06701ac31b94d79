"""The model card as one HTML page: both languages, no script, nothing from elsewhere, for phone, desk and paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tulou.finance.core.artefact import Feature, Pair, Scorecard
from tulou.finance.core.document import hash_of
from tulou.finance.core.drift import ALARM
from tulou.finance.core.model_card import charts
from tulou.finance.core.model_card.charts import both
from tulou.finance.core.model_card.style import STYLE
from tulou.finance.core.reasons import sentence
from tulou.kernel.errors import Text

MOST_BARS = 15
LONG = 60
MOST_CELLS_SHOWN = 3


def page_of(card: Scorecard) -> str:
    """The whole page."""
    report = card.report
    parts = [
        _performance(report),
        _bands(card),
        _out_of_time(card, report),
        _importance(card, report),
        _segments(report),
        _fairness(report),
        _leaks(report),
        _rejects(report),
        _tables(card),
        _pairs(card),
        _duties(card),
        _provenance(card, report),
    ]
    body = "".join(parts)
    title = escape(card.name)
    return (
        '<!doctype html>\n<html lang="zh-Hans">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · 评分卡说明 · Model card</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        '<input type="radio" name="language" id="zh" checked aria-label="中文">'
        '<input type="radio" name="language" id="en" aria-label="English">\n'
        f"<header>{_head(card, report)}</header>\n<main>{body}</main>\n</body>\n</html>\n"
    )


def _t(zh: str, en: str) -> str:
    return both(Text(zh=zh, en=en))


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{title}</h2>{''.join(parts)}</section>\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col"{_prose(cell)}>{cell}</th>' for cell in heads)
    lines = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cell(inside: str) -> str:
    return f"<td{_prose(inside)}>{inside}</td>"


def _prose(inside: str) -> str:
    """A cell that holds a sentence may break its line."""
    return ' class="prose"' if len(inside) > LONG else ""


def _details(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>{inside}</details>"


def _tile(label: str, value: str, note: str = "") -> str:
    return f'<div class="tile"><b>{value}</b><span>{label}</span><small>{note}</small></div>'


def _figure(value: Any, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)


def _between(limits: Sequence[float] | None) -> str:
    return "" if not limits else f"{limits[0]:.3f} - {limits[1]:.3f}"


def _head(card: Scorecard, report: Mapping[str, Any]) -> str:
    target = escape(f"{card.target.column} = {card.target.bad}")
    chosen = '<div class="languages"><label for="zh">中文</label><label for="en">English</label></div>'
    rows, bad = report["rows"], report["bad"]
    purpose = _t(
        f"预测 {card.target.column} = {card.target.bad} 的可能性; 分数越高, 风险越低。"
        f"由 {rows:,} 行已知结果的数据训练 (其中 {bad:,} 行为坏结果)。",
        f"Foretells how likely {card.target.column} is {card.target.bad}; more points, less risk. "
        f"Trained on {rows:,} rows with known outcome, {bad:,} of them bad.",
    )
    kicker = _t("评分卡说明", "Model card")
    return f'{chosen}<p class="kicker">{kicker}</p><h1>{escape(card.name)}</h1><p title="{target}">{purpose}</p>'


def _tiles(figures: Mapping[str, Any]) -> str:
    limits = figures.get("limits", {})
    return (
        '<div class="tiles">'
        + _tile("AUC", _figure(figures["auc"]), _between(limits.get("auc")))
        + _tile("KS", _figure(figures["ks"]))
        + _tile(_t("对数损失", "log-loss"), _figure(figures["log_loss"]), _between(limits.get("log_loss")))
        + _tile("Brier", _figure(figures["brier"]))
        + _tile(_t("校准误差", "calibration error"), _figure(figures["calibration_error"]))
        + _tile(_t("坏率", "bad rate"), _figure(figures["bad_rate"], ".1%"), f"n = {figures['count']:,}")
        + "</div>"
    )


def _performance(report: Mapping[str, Any]) -> str:
    figures = report["validation"]
    later = report.get("out_of_time")
    curves = [(figures["roc"], charts.EARTH)]
    curves += [(later["roc"], charts.TILE)] if later else []
    title = Text(zh="ROC 曲线", en="ROC curve")
    level = Text(zh="校准", en="Calibration")
    note = _t(
        "每一行都由没有见过它的那一份模型预测。小字为 95 % 区间。",
        "Each row is forecast by the part of the model that never saw it. The small ranges are 95 % limits.",
    )
    rows = [
        [f"{row['count']:,}", f"{row['foretold']:.1%}", f"{row['observed']:.1%}", _share_limits(row["limits"])]
        for row in figures["calibration"]
    ]
    heads = [_t("行数", "rows"), _t("预测", "foretold"), _t("实际", "observed"), "95 %"]
    drawn = (
        f'<figure>{charts.roc(curves, title)}<figcaption>{both(title)} · <i class="earth"></i>'
        f"{_t('未见过的行', 'rows not seen')}"
        + (f' <i class="tile-colour"></i>{_t("时间外", "out of time")}' if later else "")
        + f"</figcaption></figure><figure>{charts.calibration(figures['calibration'], level)}"
        f"<figcaption>{both(level)}: {_t('预测与实际, 十组', 'foretold, observed; ten groups')}</figcaption></figure>"
    )
    return _section(
        _t("预测有多好", "How good the forecasts are"),
        f"<p>{note}</p>",
        _tiles(figures),
        f'<div class="figures">{drawn}</div>',
        _details(_t("校准表", "Table of the calibration"), _table(heads, rows)),
    )


def _share_limits(limits: Sequence[float]) -> str:
    return f"{limits[0]:.1%} - {limits[1]:.1%}"


def _bands(card: Scorecard) -> str:
    if not card.bands:
        return ""
    title = Text(zh="各等级的坏率", en="Bad rate of each band")
    drawn = charts.rates([(band.name, band.rate, band.low, band.high) for band in card.bands], title)
    rows = [
        [
            f"<b>{escape(band.name)}</b>",
            _t("以下全部", "all below") if band.lowest is None else f"≥ {band.lowest}",
            f"{band.count:,}",
            f"{band.rate:.1%}",
            _share_limits((band.low, band.high)),
        ]
        for band in card.bands
    ]
    heads = [_t("等级", "band"), _t("得分", "score"), _t("行数", "rows"), _t("坏率", "bad rate"), "95 %"]
    return _section(both(title), f'<div class="figures"><figure>{drawn}</figure>{_table(heads, rows)}</div>')


def _out_of_time(card: Scorecard, report: Mapping[str, Any]) -> str:
    heading = _t("时间外检验", "Out of time")
    figures = report.get("out_of_time")
    if figures is None:
        text = _t(
            "没有时间外检验: 训练时未指定时间列。上面的交叉检验通常比将来的表现乐观。",
            "There is none: no column of time was named. The figures above are usually kinder than the future.",
        )
        return _section(heading, f'<p class="warning">{text}</p>')
    psi = figures["psi"]
    drifted = _t(f"得分 PSI {psi:.2f}", f"PSI of the score {psi:.2f}")
    state = _t("超过警报线", "above the alarm") if psi >= ALARM else _t("在警报线以下", "below the alarm")
    moved = sorted(figures["feature_psi"].items(), key=lambda entry: -entry[1])[:MOST_BARS]
    title = Text(zh="各特征的 PSI", en="PSI of each feature")
    drawn = charts.bars(
        [(card.by_name[name].meaning.label, value, f"{value:.2f}") for name, value in moved],
        title,
        colour=charts.EARTH,
        mark=ALARM,
    )
    until = escape(str(figures["split"] or _words("自动", "automatic").en))
    note = _t(f"分割点: {until} ({card.time_column})", f"Split: {until} ({card.time_column})")
    look = ' class="warning"' if psi >= ALARM else ""
    return _section(
        heading,
        f"<p>{note}</p>",
        _tiles(figures),
        f"<p{look}>{drifted}: {state} ({ALARM}).</p>",
        f"<figure>{drawn}<figcaption>{both(title)}</figcaption></figure>",
    )


def _words(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _importance(card: Scorecard, report: Mapping[str, Any]) -> str:
    title = Text(zh="各特征的平均影响 (分)", en="How far each feature moves scores (points)")
    weights = report["importance"]
    shown = card.features[:MOST_BARS]
    drawn = charts.bars(
        [(feature.meaning.label, weights[feature.name], f"{weights[feature.name]:.1f}") for feature in shown], title
    )
    rest = len(card.features) - len(shown)
    more = f"<p>{_t(f'另有 {rest} 个影响较小的特征。', f'{rest} more features move it less.')}</p>" if rest else ""
    return _section(both(title), f"<figure>{drawn}</figure>", more)


def _segments(report: Mapping[str, Any]) -> str:
    rows = report.get("segments") or []
    if not rows:
        return ""
    heads = [
        _t("分组", "group"),
        _t("行数", "rows"),
        _t("预测", "foretold"),
        _t("实际", "observed"),
        "95 %",
        "AUC",
        "",
    ]
    off = f'<span class="off">{_t("水平偏离", "off level")}</span>'
    lines = [
        [
            escape(f"{row['column']} = {row['segment']}"),
            f"{row['count']:,}",
            f"{row['foretold']:.1%}",
            f"{row['bad_rate']:.1%}",
            _share_limits((row["bad_rate_low"], row["bad_rate_high"])),
            _figure(row["auc"]),
            off if row["off_level"] else "",
        ]
        for row in rows
    ]
    return _section(_t("分组校准", "Calibration by segment"), _table(heads, lines))


def _fairness(report: Mapping[str, Any]) -> str:
    rows, stand_ins = report.get("impact") or [], report.get("proxies") or []
    heading = _t("各群体的待遇", "How groups fare")
    if not rows:
        text = _t("训练时没有指定受保护的属性。", "No protected attribute was named in training.")
        return _section(heading, f"<p>{text}</p>")
    heads = [
        _t("群体", "group"),
        _t("行数", "rows"),
        _t("通过率", "selected"),
        _t("与最高组之比", "to the best group"),
        _t("实际坏率", "bad rate"),
        _t("预测", "foretold"),
    ]
    lines = [
        [
            escape(f"{row['column']} = {row['group']}"),
            f"{row['count']:,}",
            f"{row['selection_rate']:.1%}",
            f'<span class="off">{row["impact_ratio"]:.0%}</span>'
            if row["adverse"]
            else f"{row['impact_ratio'] or 0:.0%}",
            f"{row['bad_rate']:.1%}",
            f"{row['mean_probability']:.1%}",
        ]
        for row in rows
    ]
    told = "".join(
        "<li>"
        + _t(
            f"{row['feature']} 可以代替 {row['column']} = {row['group']} (AUC {row['auc']:.2f})",
            f"{row['feature']} stands in for {row['column']} = {row['group']} (AUC {row['auc']:.2f})",
        )
        + "</li>"
        for row in stand_ins
    )
    note = _t(
        "假定得分最高的 70 % 获批; 低于 80 % 的比值已标出。这些属性没有进入评分。",
        "As if the best 70 % were approved; ratios under 80 % are marked. These attributes are not in the score.",
    )
    return _section(heading, f"<p>{note}</p>", _table(heads, lines), f"<ul>{told}</ul>" if told else "")


def _ratio(row: Mapping[str, Any]) -> str:
    shown = f"{row['impact_ratio'] or 0:.0%}"
    return f'<span class="off">{shown}</span>' if row["adverse"] else shown


def _leaks(report: Mapping[str, Any]) -> str:
    rows = report.get("leakage") or []
    heading = _t("泄露检查", "Leakage guard")
    if not rows:
        return _section(heading, f"<p>{_t('没有发现知道结果的特征。', 'No feature seemed to know the outcome.')}</p>")
    dropped, kept = _t("已剔除", "dropped"), _t("已保留, 请核实", "kept, please check")
    lines = [
        [escape(row["feature"]), _t(row["text"]["zh"], row["text"]["en"]), dropped if row["dropped"] else kept]
        for row in rows
    ]
    return _section(heading, _table([_t("特征", "feature"), _t("为什么可疑", "why"), ""], lines))


def _rejects(report: Mapping[str, Any]) -> str:
    figures = report.get("reject_inference")
    if not figures:
        return ""
    text = _t(
        f"训练时推断了 {figures['rejected']:,} 个被拒申请的结果 ({figures['method']})。"
        f"对已批准者的 AUC: {figures['auc_without']:.4f} → {figures['auc_with']:.4f}。"
        "推断不能代替真实结果: 在模拟中, 它对全体申请人的 AUC 增益不超过 0.003。",
        f"The outcomes of {figures['rejected']:,} refused applications were inferred ({figures['method']}). "
        f"AUC on those accepted: {figures['auc_without']:.4f} → {figures['auc_with']:.4f}. "
        "Inference cannot stand in for outcomes: in simulations it won at most 0.003 of AUC over all applicants.",
    )
    return _section(_t("拒绝推断", "Reject inference"), f'<p class="warning">{text}</p>')


def _tables(card: Scorecard) -> str:
    parts = [_points_table(feature) for feature in card.features]
    note = _t(
        f"每个得分都是基础分 {card.base} 与下列分值之和。",
        f"A score is the base {card.base} plus these points.",
    )
    return _section(_t("全部分值", "All points"), f"<p>{note}</p>", *parts)


def _points_table(feature: Feature) -> str:
    label = feature.meaning.label
    title = Text(zh=f"{label.zh} 的分值", en=f"Points of {label.en}")
    drawn = charts.points(feature.by_cell, feature.spread, title)
    heads = [_t("情形", "case"), _t("分", "points"), _t("行数", "rows"), _t("坏率", "bad rate")]
    rows = []
    for cell, points in enumerate(feature.by_cell):
        count = feature.counts[cell] if feature.counts else 0
        rate = f"{feature.bads[cell] / count:.1%}" if count else "-"
        rows.append([both(sentence(feature, cell)), f"{points:+d}", f"{count:,}", rate])
    source = ""
    if feature.meaning.department is not None:
        source = f'<p class="source">{both(feature.meaning.department)}</p>'
    return _details(both(label), f"{source}<figure>{drawn}</figure>{_table(heads, rows)}")


def _pairs(card: Scorecard) -> str:
    if not card.pairs:
        return ""
    parts = []
    for pair in card.pairs:
        first, second = (card.by_name[name].meaning.label for name in pair.features)
        name = Text(zh=f"{first.zh} × {second.zh}", en=f"{first.en} × {second.en}")
        axes = _t(f"向下: {first.zh}; 向右: {second.zh}", f"down: {first.en}; across: {second.en}")
        down, across = (
            [_group(card.by_name[name], groups, k) for k in range(size)]
            for name, groups, size in zip(pair.features, pair.groups, _shape(pair), strict=True)
        )
        heads = ["", *across]
        lines = [[down[i], *(f"{value:+d}" for value in line)] for i, line in enumerate(pair.points)]
        numbers = _details(_t("数字", "The numbers"), _table(heads, lines))
        drawn = f"<figure>{charts.grid(pair.points, name)}<figcaption>{axes}</figcaption></figure>"
        parts.append(_details(both(name), drawn + numbers))
    note = _t("两个特征同时起作用之处, 在各自的分值之外另加。", "What two features do together, beyond each alone.")
    return _section(_t("成对特征", "Pairs of features"), f"<p>{note}</p>", *parts)


def _shape(pair: Pair) -> tuple[int, int]:
    return len(pair.points), len(pair.points[0])


def _group(feature: Feature, groups: Sequence[int], wanted: int) -> str:
    """What a row or column of a pair stands for: the cells of the feature that are in it."""
    cells = [cell for cell, group in enumerate(groups) if group == wanted]
    shown = "; ".join(both(sentence(feature, cell)) for cell in cells[:MOST_CELLS_SHOWN])
    return shown + (" …" if len(cells) > MOST_CELLS_SHOWN else "")


def _duties(card: Scorecard) -> str:
    duties = [
        _t(
            "每个决定最多说明四条原因, 每条都指向数据项、来源部门和时点; 企业可以对任何一项提出异议。",
            "A decision names at most four reasons, each with its data item, department and day; any may be disputed.",
        ),
        _t(
            "得分须与概率、等级和样本量一起出示。",
            "A score is shown with probability, band and sample size.",
        ),
        _t(
            "任何过去的得分都可由本文件的哈希和当时的数据逐位重现。",
            "Any past score can be had again, bit for bit, from the hash of this document and the data of that day.",
        ),
    ]
    if card.subject == "natural":
        duties.insert(
            0,
            _t(
                "对象是自然人 (如个体工商户): 必须有人工复核, 不得仅凭得分决定。",
                "It speaks of natural persons (such as sole traders): a human must review; no score decides alone.",
            ),
        )
    return _section(
        _t("使用时的义务", "Duties of those who use it"), "<ul>" + "".join(f"<li>{d}</li>" for d in duties) + "</ul>"
    )


def _provenance(card: Scorecard, report: Mapping[str, Any]) -> str:
    fit = report.get("fit", {})
    rows = [
        [_t("哈希", "hash"), f"<code>{hash_of(card)}</code>"],
        [_t("前一版", "parent"), f"<code>{escape(card.parent)}</code>" if card.parent else "-"],
        [_t("方法", "method"), escape(str(report.get("method")))],
        [_t("随机种子", "seed"), str(report.get("seed"))],
        [_t("拟合", "fit"), escape(", ".join(f"{key} {_shown(value)}" for key, value in fit.items()))],
        [
            _t("刻度", "scale"),
            _t(f"每 {card.points_to_double} 分, 好坏比翻倍", f"{card.points_to_double} points double the odds"),
        ],
        [
            _t("校准", "calibration"),
            f"{card.calibration.intercept:.4f} + {card.calibration.slope:.6f} × {_t('得分', 'score')} "
            f"({escape(card.calibration.source)}, n = {card.calibration.outcomes or report['rows']:,})",
        ],
    ]
    return _section(_t("来历", "Provenance"), _table(["", ""], rows))


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
