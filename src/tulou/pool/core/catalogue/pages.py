"""The catalogue's pages: one of a dataset, one of an item, as Markdown and as HTML, in either language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tulou.kernel.errors import Language, Text
from tulou.pool.core.catalogue.contracts import identity_rule
from tulou.pool.core.catalogue.values import Catalogue, Dataset, Item, OpenType, SourceLevel
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import KeyRole

SHARING = {
    SharingType.UNCONDITIONAL: Text(zh="无条件共享", en="shared without condition"),
    SharingType.CONDITIONAL: Text(zh="有条件共享", en="shared under a condition"),
    SharingType.NONE: Text(zh="不予共享", en="not shared"),
}
OPENING = {
    OpenType.OPEN: Text(zh="无条件开放", en="open to the public"),
    OpenType.CONDITIONAL: Text(zh="有条件开放", en="open under a condition"),
    OpenType.CLOSED: Text(zh="不予开放", en="not open to the public"),
}
LEVELS = {
    SourceLevel.OWN: Text(zh="本单位", en="own system"),
    SourceLevel.NATIONAL: Text(zh="国家级", en="national"),
    SourceLevel.PROVINCIAL: Text(zh="省级", en="provincial"),
    SourceLevel.CITY: Text(zh="市级", en="city"),
    SourceLevel.COUNTY: Text(zh="县级", en="county"),
}
CYCLES = {
    "realtime": Text(zh="实时", en="in real time"),
    "daily": Text(zh="每日", en="daily"),
    "weekly": Text(zh="每周", en="weekly"),
    "monthly": Text(zh="每月", en="monthly"),
    "quarterly": Text(zh="每季度", en="quarterly"),
    "half-yearly": Text(zh="每半年", en="every half-year"),
    "yearly": Text(zh="每年", en="yearly"),
    "irregular": Text(zh="不定期", en="irregularly"),
    "other": Text(zh="其他", en="otherwise"),
}
GRAINS = {
    "enterprise": Text(zh="每个企业一条", en="one record for each enterprise"),
    "enterprise-year": Text(zh="每个企业每年一条", en="one record for each enterprise and year"),
    "enterprise-quarter": Text(zh="每个企业每季一条", en="one record for each enterprise and quarter"),
    "enterprise-month": Text(zh="每个企业每月一条", en="one record for each enterprise and month"),
    "event": Text(zh="每个事件一条", en="one record for each event"),
}
MODES = {
    "append": Text(zh="追加", en="deliveries append"),
    "merge": Text(zh="按主键合并", en="deliveries replace records of the same key"),
    "replace": Text(zh="全量替换", en="each delivery replaces everything"),
}
STYLE = (
    "body{font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:0;color:#1a1a1a;background:#fff}"
    "main{max-width:72rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}"
    "dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.25rem 1rem}dt{color:#555}dd{margin:0}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;min-width:52rem}"
    "th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #ddd;vertical-align:top}"
    "td:first-child{white-space:nowrap}"
)
"""The style of a page that stands alone; the portal has its own pages."""

_YES, _NO = Text(zh="是", en="yes"), Text(zh="否", en="no")


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is written: a title, a sentence, facts as pairs, and tables with a title, a header and rows."""

    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = ()

    def markdown(self) -> str:
        """The page as Markdown."""
        lines = [f"# {_cell(self.title)}", "", _cell(self.lead), ""]
        lines += ["| | |", "|---|---|", *(f"| {_cell(name)} | {_cell(value)} |" for name, value in self.facts)]
        for title, header, rows in self.tables:
            lines += ["", f"## {_cell(title)}", "", _line(header), _line(["---"] * len(header))]
            lines += [_line([_cell(value) for value in row]) for row in rows]
        return "\n".join(lines) + "\n"

    def html(self, language: Language) -> str:
        """The page as a whole HTML document; everything that comes from records is escaped."""
        facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>\n" for name, value in self.facts)
        tables = "".join(self._table(*table) for table in self.tables)
        return (
            f'<!doctype html>\n<html lang="{"zh-Hans" if language == "zh" else "en"}">\n<head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(self.title)}</title>'
            f"<style>{STYLE}</style>"
            f"</head>\n<body><main>\n<h1>{escape(self.title)}</h1>\n<p>{escape(self.lead)}</p>\n<dl>\n{facts}</dl>\n"
            f"{tables}</main></body>\n</html>\n"
        )

    @staticmethod
    def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
        body = "".join(f"<tr>{''.join(f'<td>{escape(v)}</td>' for v in row)}</tr>\n" for row in rows)
        table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
        named = f'<div class="wide" role="region" aria-label="{escape(title)}" tabindex="0">{table}</div>'
        return f"<h2>{escape(title)}</h2>\n{named}\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """A text as Markdown shows it in a cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def item_page(catalogue: Catalogue, code: str, language: Language) -> Page:
    """The page of one item. Raises KeyError where the catalogue has none of that code."""
    item = catalogue.items[code]
    dataset = catalogue.datasets[item.dataset]
    department = catalogue.departments[item.department]

    def say(zh: str, en: str) -> str:
        return Text(zh=zh, en=en).render(language)

    facts = [
        (say("数据项编码", "Item code"), item.code),
        (say("英文名称", "Chinese name"), item.name.en if language == "zh" else item.name.zh),
        (say("部门", "Department"), department.title.render(language)),
        (say("数据集", "Dataset"), f"{dataset.title.render(language)} ({dataset.id})"),
        (say("列名", "Column"), item.technical_name),
        (say("类型", "Type"), type_of(item)),
        (say("计量单位", "Unit"), item.unit or ""),
        (say("取值范围", "Range"), range_of(item)),
        (say("代码集", "Code set"), _code_set(catalogue, item, language)),
        (say("主体标识", "Subject key"), item.key_role.value if item.key_role is not KeyRole.NONE else ""),
        (say("粒度", "Grain"), GRAINS[dataset.grain].render(language)),
        (say("期间列", "Period column"), dataset.period_column or ""),
        (say("更新周期", "Updated"), CYCLES[dataset.update_cycle].render(language)),
        (say("最长延迟（天）", "Longest delay (days)"), _number(dataset.max_delay_days)),
        (say("共享类型", "Sharing"), SHARING[item.sharing_type].render(language)),
        (say("共享条件或依据", "Condition or basis"), _maybe(item.sharing_condition, language)),
        (say("允许用途", "Purposes"), ", ".join(item.purposes)),
        (say("须企业授权", "Needs consent"), (_YES if item.consent_required else _NO).render(language)),
        (say("开放类型", "Opening"), OPENING[item.open_type].render(language)),
        (say("开放条件", "Condition of opening"), _maybe(item.open_condition, language)),
        (say("敏感级别", "Sensitivity"), f"{item.sensitivity} / 4"),
        (say("保存期限（月）", "Retention (months)"), str(item.retention_months)),
        (say("法律依据", "Legal basis"), "; ".join(item.legal_basis)),
        (say("数据责任处室", "Steward"), _maybe(item.steward or department.steward, language)),
        (say("来源系统", "Source system"), f"{item.source_system} ({LEVELS[item.source_level].render(language)})"),
        (say("合同版本", "Contract version"), item.contract_version),
        (say("有效期", "Valid"), _span(item, language)),
        (say("替代", "Supersedes"), item.supersedes or ""),
        (say("状态", "State"), item.state.value),
    ]
    tables: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = []
    if item.code_set and (codes := catalogue.code_sets[item.code_set].codes):
        rows = [(one, text.zh, text.en) for one, text in codes.items()]
        tables.append((say("代码", "Codes"), (say("代码", "Code"), "中文", "English"), rows))
    if rules := _rules_about(dataset, item, language):
        tables.append((say("规则", "Rules"), (say("规则", "Rule"), say("说明", "Meaning")), rules))
    kept = [(name, value) for name, value in facts if value]
    return Page(item.name.render(language), item.definition.render(language), kept, tables)


def dataset_page(catalogue: Catalogue, name: str, language: Language) -> Page:
    """The page of one dataset with all its items. Raises KeyError where the catalogue has none of that name."""
    dataset = catalogue.datasets[name]
    department = catalogue.departments[dataset.department]

    def say(zh: str, en: str) -> str:
        return Text(zh=zh, en=en).render(language)

    facts = [
        (say("数据集标识", "Dataset id"), dataset.id),
        (say("部门", "Department"), department.title.render(language)),
        (say("粒度", "Grain"), GRAINS[dataset.grain].render(language)),
        (say("主键", "Primary key"), ", ".join(dataset.primary_key)),
        (say("更新周期", "Updated"), CYCLES[dataset.update_cycle].render(language)),
        (say("最长延迟（天）", "Longest delay (days)"), _number(dataset.max_delay_days)),
        (say("交付方式", "Delivery"), MODES[dataset.delivery_mode].render(language)),
        (say("版本", "Version"), dataset.version),
        (say("法律依据", "Legal basis"), "; ".join(dataset.legal_basis)),
    ]
    header = (
        say("编码", "Code"),
        say("列", "Column"),
        say("名称", "Title"),
        say("类型", "Type"),
        say("单位", "Unit"),
        say("共享", "Sharing"),
        say("敏感", "Sensitivity"),
    )
    rows = [
        (
            item.code,
            item.technical_name,
            item.title.render(language),
            type_of(item),
            item.unit or "",
            SHARING[item.sharing_type].render(language),
            str(item.sensitivity),
        )
        for item in dataset.items
    ]
    kept = [(name, value) for name, value in facts if value]
    lead = dataset.description.render(language)
    return Page(dataset.title.render(language), lead, kept, [(say("数据项", "Items"), header, rows)])


def type_of(item: Item) -> str:
    """An item's type as one reads it: `number(18,2)`, `string(64)`, `date`."""
    if item.precision is not None:
        return f"{item.logical_type.value}({item.precision},{item.scale or 0})"
    return item.logical_type.value + (f"({item.max_length})" if item.max_length else "")


def range_of(item: Item) -> str:
    """The values that an item may have, where they are bounded."""
    if item.pattern:
        return item.pattern
    if item.minimum is None and item.maximum is None:
        return ""
    least, most = (("" if limit is None else str(limit)) for limit in (item.minimum, item.maximum))
    return f"[{least}, {most}]"


def _code_set(catalogue: Catalogue, item: Item, language: Language) -> str:
    if item.code_set is None:
        return ""
    known = catalogue.code_sets[item.code_set]
    source = f", {known.source}" if known.source else ""
    return f"{known.title.render(language)} ({known.id}{source})"


def _maybe(text: Text | None, language: Language) -> str:
    return text.render(language) if text else ""


def _span(item: Item, language: Language) -> str:
    start, end = item.valid_from, item.valid_to
    if end is None:
        return Text(zh=f"{start} 起", en=f"from {start}").render(language)
    return Text(zh=f"{start} 至 {end}（不含）", en=f"from {start}, before {end}").render(language)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _rules_about(dataset: Dataset, item: Item, language: Language) -> list[tuple[str, str]]:
    rules = [*(identity_rule(dataset, identity) for identity in dataset.identities), *dataset.rules]
    return [(rule.name, rule.text.render(language)) for rule in rules if item.technical_name in rule.columns]
