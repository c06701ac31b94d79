"""Policies from a table: a line a criterion, with the policy's own columns on its first line.

Headings, attributes, operators and values are read in Chinese and in English. Rows with the same letter in `group` are
alternatives; `A>=2` asks for two of group A, `-A` for none of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tulou.kernel.errors import Finding, Refused, Text, Where, refuse
from tulou.policies.core.attributes import ORDERED, Attribute, Catalogue, Kind
from tulou.policies.core.dictionaries import Dictionary
from tulou.policies.core.document.editing import Json, group
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.document.reading import read_policy

MOST_LINES = 5_000
COLUMNS: Mapping[str, Text] = {
    "code": Text(zh="政策编号", en="code"),
    "title_zh": Text(zh="标题", en="title (Chinese)"),
    "title_en": Text(zh="标题（英文）", en="title (English)"),
    "summary_zh": Text(zh="摘要", en="summary (Chinese)"),
    "summary_en": Text(zh="摘要（英文）", en="summary (English)"),
    "theme": Text(zh="类别", en="theme"),
    "document_zh": Text(zh="文件及文号", en="document (Chinese)"),
    "document_en": Text(zh="文件及文号（英文）", en="document (English)"),
    "valid_from": Text(zh="生效日期", en="valid from"),
    "valid_to": Text(zh="截止日期", en="last day"),
    "deadline": Text(zh="申报截止", en="apply by"),
    "recurrence": Text(zh="申领频次", en="recurrence"),
    "no_application": Text(zh="免申即享", en="no application"),
    "benefit_zh": Text(zh="支持内容", en="benefit (Chinese)"),
    "benefit_en": Text(zh="支持内容（英文）", en="benefit (English)"),
    "benefit_ceiling": Text(zh="上限（元）", en="ceiling (yuan)"),
    "budget": Text(zh="预算（元）", en="budget (yuan)"),
    "office_zh": Text(zh="经办机构", en="office (Chinese)"),
    "office_en": Text(zh="经办机构（英文）", en="office (English)"),
    "contact": Text(zh="联系方式", en="contact"),
    "materials_zh": Text(zh="申报材料", en="materials (Chinese)"),
    "materials_en": Text(zh="申报材料（英文）", en="materials (English)"),
    "url": Text(zh="链接", en="link"),
    "group": Text(zh="组", en="group"),
    "attribute": Text(zh="指标", en="attribute"),
    "operator": Text(zh="关系", en="operator"),
    "value": Text(zh="取值", en="value"),
    "except": Text(zh="不含", en="except"),
    "article": Text(zh="条款", en="article"),
    "quote": Text(zh="原文", en="quote"),
}
CRITERION = ("group", "attribute", "operator", "value", "except", "article", "quote")
OWN = ("budget", "office_zh", "office_en", "contact")
"""Columns that the registry keeps and the engine does not know."""

ENDS = {
    ">=": "ge", "≥": "ge", "以上": "ge", "不少于": "ge", "不低于": "ge", "at least": "ge",
    ">": "gt", "超过": "gt", "大于": "gt", "more than": "gt",
    "<=": "le", "≤": "le", "以下": "le", "不超过": "le", "不多于": "le", "at most": "le",
    "<": "lt", "不满": "lt", "不足": "lt", "低于": "lt", "小于": "lt", "less than": "lt",
}  # fmt: skip
BETWEEN = {"between", "介于", "在…之间", "之间"}
INSIDE = {"in", "属于", "is one of", "=", "是"}
OUTSIDE = {"not in", "不属于", "is none of", "不是"}
ANY_OF = {"any of", "包含", "具有", "in", "属于", "=", "是"}
YES, NO = {"yes", "true", "1", "是", "y"}, {"no", "false", "0", "否", "n"}
UNITS = {"年": "years", "year": "years", "years": "years", "个月": "months", "月": "months", "month": "months",
         "months": "months", "天": "days", "日": "days", "day": "days", "days": "days"}  # fmt: skip
SPAN = re.compile(r"(\d+)\s*(个月|年|月|天|日|years?|months?|days?)", re.IGNORECASE)
GROUP = re.compile(r"(?P<none>[-非])?(?P<name>[A-Za-z]\w{0,9})(?:\s*>=\s*(?P<count>\d{1,2}))?")
ATTESTED = {"attested", "人工审核", "a person decides"}
BY_WORD = {word: name for name, text in COLUMNS.items() for word in (name, text.zh.lower(), text.en.lower())}


@dataclass
class Sheet:
    """What a table says: the policies that can be read, what the registry keeps besides, and what was refused."""

    policies: list[Policy] = field(default_factory=list)
    extra: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def as_set(self, catalogue: Catalogue) -> PolicySet:
        """The policies with the catalogue that they were read with."""
        return PolicySet(tuple(self.policies), catalogue, tuple(self.problems))


Line = tuple[int, dict[str, str]]


def read_sheet(rows: Iterable[Sequence[Any]], catalogue: Catalogue, file: str) -> Sheet:
    """The policies of a table whose first row holds the headings. A line that cannot be read refuses its policy.

    Raises Refused where the table has no usable headings or too many lines.
    """
    lines = list(_lines(rows, file))
    found = Sheet()
    for code, part in _by_policy(lines, file, found):
        if code in found.extra:
            found.problems.append(_finding("twice", part[0][0], "code", code, file, TWICE))
            continue
        found.extra[code] = {name: part[0][1].get(name, "") for name in OWN}
        reader = _PolicyReader(catalogue, file)
        policy = reader.read(code, part)
        found.problems += reader.problems
        if policy is not None:
            found.policies.append(policy)
    return found


TWICE = Text(zh="该编号已在前面出现", en="This code stood further up already")


def _lines(rows: Iterable[Sequence[Any]], file: str) -> Iterator[Line]:
    names: list[str | None] = []
    for number, row in enumerate(rows, 1):
        cells = [_plain(cell) for cell in row]
        if not any(cells):
            continue
        if not names:
            names = _headings(cells, file)
            continue
        if number > MOST_LINES:
            raise refuse(
                "policies.sheet.long",
                f"表格超过 {MOST_LINES} 行，请分成几个文件",
                f"The table has more than {MOST_LINES} lines: split it",
                where=Where(file=file, line=number),
            )
        yield number, {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}


def _headings(cells: Sequence[str], file: str) -> list[str | None]:
    names = [BY_WORD.get(cell.strip().lower()) for cell in cells]
    missing = [COLUMNS[name] for name in ("code", "title_zh", "attribute") if name not in names]
    if missing:
        zh, en = "、".join(each.zh for each in missing), ", ".join(each.en for each in missing)
        raise refuse(
            "policies.sheet.headings",
            f"第一行应为表头，缺少: {zh}",
            f"The first row should be the headings; missing: {en}",
            where=Where(file=file, line=1),
            remedy=Text(zh="请使用下载的模板", en="Use the template that can be downloaded"),
        )
    return names


def _plain(cell: Any) -> str:
    """A cell as text: dates as ISO, whole numbers without a point."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell).strip()


def _by_policy(lines: Sequence[Line], file: str, found: Sheet) -> Iterator[tuple[str, list[Line]]]:
    """The lines of each policy; a line without a code belongs to the one before it."""
    part: list[Line] = []
    for number, row in lines:
        code = row.get("code", "")
        if part and code in ("", part[0][1]["code"]):
            part.append((number, row))
            continue
        if not code:
            found.problems.append(_finding("no_code", number, "code", "", file, NO_CODE))
            continue
        if part:
            yield part[0][1]["code"], part
        part = [(number, row)]
    if part:
        yield part[0][1]["code"], part


NO_CODE = Text(zh="缺少政策编号", en="The code of the policy is missing")


def _finding(code: str, line: int, column: str, value: str, file: str, text: Text) -> Finding:
    where = Where(file=file, line=line, column=column, value=value[:120] or None)
    return Finding(f"policies.sheet.{code}", text, where)


class _PolicyReader:
    """Reads the lines of one policy; what is wrong is gathered, so that one upload shows all of it."""

    def __init__(self, catalogue: Catalogue, file: str) -> None:
        self.catalogue, self.file = catalogue, file
        self.problems: list[Finding] = []
        self.names = _attribute_names(catalogue)

    def read(self, code: str, lines: Sequence[Line]) -> Policy | None:
        """The policy, or None where a line is refused."""
        number, head = lines[0]
        document = {"document": _both(head, "document")} if head.get("document_zh") else None
        places: list[list[int]] = []
        rule: list[Json] = []
        groups: dict[str, tuple[Json, list[int]]] = {}
        for line, row in lines:
            if not any(row.get(name) for name in CRITERION):
                continue
            try:
                criterion = self._criterion(row, document)
                self._put(criterion, row.get("group", ""), line, rule, places, groups)
            except _Unreadable as error:
                self.problems.append(
                    _finding(error.code, line, error.column, row.get(error.column, ""), self.file, error.text)
                )
        if not rule and not self.problems:
            text = Text(zh="没有任何条件", en="There is no criterion")
            self.problems.append(_finding("no_rule", number, "attribute", "", self.file, text))
        if self.problems:
            return None
        try:
            return read_policy(Place(self._document(code, head, document, rule), "$", self.file), self.catalogue)
        except Refused as error:
            self.problems.append(self._placed(error.finding, number, places))
            return None

    def _placed(self, finding: Finding, number: int, places: Sequence[Sequence[int]]) -> Finding:
        """A finding of the reader with the line of the table instead of the path in the document."""
        path = finding.where.column or ""
        inner = re.match(r"eligibility\.all\[(\d+)\](?:\.(?:not\.)?(?:any|of)\[(\d+)\])?", path)
        lines = places[int(inner[1])] if inner and int(inner[1]) < len(places) else []
        line = lines[min(int(inner[2] or 0), len(lines) - 1)] if inner and lines else number
        column = {"title": "title_zh", "summary": "summary_zh", "benefit": "benefit_zh"}.get(
            path.partition(".")[0], path
        )
        text = Text(zh=finding.text.zh.removeprefix(f"{path}: "), en=finding.text.en.removeprefix(f"{path}: "))
        where = Where(file=self.file, line=line, column=column, value=finding.where.value)
        return Finding(finding.code, text, where, finding.remedy)

    def _put(
        self, criterion: Json, word: str, line: int, rule: list[Json], places: list[list[int]], groups: dict[str, Any]
    ) -> None:
        if not word:
            rule.append(criterion)
            places.append([line])
            return
        found = GROUP.fullmatch(word.replace("≥", ">="))
        if not found:
            text = Text(zh="组应写作 A、A>=2 或 -A", en="A group is written A, A>=2 or -A")
            raise _Unreadable("group", "group", text)
        name = found["name"].upper()
        if name not in groups:
            kind = "none" if found["none"] else "at_least" if found["count"] else "any"
            groups[name] = (kind, int(found["count"] or 1), [], len(rule))
            rule.append({})
            places.append([])
        kind, count, parts, at = groups[name]
        parts.append(criterion)
        places[at].append(line)
        made = group(kind, parts, count)
        rule[at] = made | ({"at_least": count} if kind == "at_least" else {})

    def _document(self, code: str, head: dict[str, str], document: Json | None, rule: list[Json]) -> Json:
        found: Json = {
            "id": code,
            "title": _both(head, "title"),
            "kind": head.get("theme"),
            "status": "draft",
            "document": document,
            "valid_from": head.get("valid_from"),
            "valid_to": head.get("valid_to"),
            "deadline": head.get("deadline"),
            "recurrence": _known(head.get("recurrence"), RECURRENCES),
            "no_application": True if head.get("no_application", "").lower() in YES else None,
            "url": head.get("url"),
            "materials": _materials(head),
            "eligibility": {"all": rule},
        }
        if head.get("summary_zh") or head.get("summary_en"):
            found["summary"] = _both(head, "summary")
        if head.get("benefit_zh") or head.get("benefit_en"):
            found["benefit"] = {"text": _both(head, "benefit"), "ceiling": head.get("benefit_ceiling") or None}
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    def _criterion(self, row: dict[str, str], document: Json | None) -> Json:
        word = row.get("attribute", "")
        cited = {key: row[key] for key in ("article", "quote") if row.get(key)}
        citation = {"citation": {**document, **cited}} if document and cited else {}
        if word.lower() in ATTESTED:
            return self._attested(row) | citation
        name = self.names.get(word.lower())
        if name is None:
            raise _Unreadable(
                "attribute", "attribute", Text(zh=f"没有指标“{word}”", en=f"There is no attribute '{word}'")
            )
        attribute = self.catalogue[name]
        return _READERS[attribute.kind](self, attribute, row) | citation

    def _attested(self, row: dict[str, str]) -> Json:
        zh, _, en = row.get("value", "").partition("|")
        if not zh.strip():
            raise _Unreadable("value", "value", Text(zh="请写明审核什么", en="Say what is decided"))
        question = {"zh": zh.strip(), "en": en.strip() or zh.strip()}
        key = re.sub(r"[^a-z0-9]+", "-", question["en"].lower()).strip("-")[:60]
        return {"op": "attested", "key": key or "decided", "question": question}

    def code_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """It is one of these codes or names, or none of them."""
        word = row.get("operator", "").lower()
        if word not in INSIDE | OUTSIDE:
            raise _operator(word, "属于、不属于", "in, not in")
        dictionary = self.catalogue.dictionary_of(attribute.name)
        found: Json = {"op": "not_in" if word in OUTSIDE else "in", "attr": attribute.name}
        found["include"] = self._codes(row.get("value", ""), dictionary, "value")
        if row.get("except"):
            found["exclude"] = self._codes(row["except"], dictionary, "except")
        return found

    def _codes(self, cell: str, dictionary: Dictionary | None, column: str) -> list[str]:
        words = _parts(cell)
        if not words:
            raise _Unreadable("value", column, Text(zh="请填写取值", en="Give the values"))
        if dictionary is None:
            return words
        return [_code(word, dictionary, column) for word in words]

    def ordered_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """A number or an amount inside its ends; `20-300` for both."""
        return {"op": "range", "attr": attribute.name, **_limits(row)}

    def date_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """How long ago it is (`3 years`), or between which days."""
        value = row.get("value", "")
        span = SPAN.fullmatch(value.strip())
        if span:
            end = _end(row)
            return {"op": "age", "attr": attribute.name, "unit": UNITS[span[2].lower()], end: int(span[1])}
        return {"op": "range", "attr": attribute.name, **_limits(row, r"\s*(?:~|至|到)\s*")}

    def flag_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """Yes or no, in the value or in the operator."""
        word = (row.get("value") or row.get("operator", "")).lower()
        if word not in YES | NO:
            raise _Unreadable("value", "value", Text(zh="应为 是 或 否", en="yes or no is expected"))
        op = "declared" if attribute.declared else "is"
        return {"op": op, "attr": attribute.name, "value": word in YES}

    def set_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """At least one of these members."""
        if row.get("operator", "").lower() not in ANY_OF:
            raise _operator(row.get("operator", ""), "包含", "any of")
        by_word = {word: key for key, text in attribute.members.items() for word in (key, text.zh, text.en.lower())}
        found = []
        for word in _parts(row.get("value", "")):
            key = by_word.get(word) or by_word.get(word.lower())
            if key is None:
                raise _Unreadable("value", "value", Text(zh=f"没有“{word}”", en=f"There is no '{word}'"))
            found.append(key)
        if not found:
            raise _Unreadable("value", "value", Text(zh="请填写取值", en="Give the values"))
        return {"op": "intersects", "attr": attribute.name, "any_of": found}

    def ledger_row(self, attribute: Attribute, row: dict[str, str]) -> Json:
        """Aid received: `500000/3 years` adds up, `2 times/1 year` counts."""
        amount, _, length = row.get("value", "").partition("/")
        span = SPAN.fullmatch(length.strip())
        times = re.fullmatch(r"(\d+)\s*(?:次|times?)", amount.strip(), re.IGNORECASE)
        if span is None:
            text = Text(zh="应写作 500000/3年 或 2次/1年", en="Written 500000/3 years or 2 times/1 year")
            raise _Unreadable("value", "value", text)
        bound: Any = int(times[1]) if times else _number(amount)
        measure = {"measure": "count" if times else "sum", "length": int(span[1]), "unit": UNITS[span[2].lower()]}
        return {"op": "window", "attr": attribute.name, **measure, _end(row): bound}


_READERS: Mapping[Kind, Callable[[_PolicyReader, Attribute, dict[str, str]], Json]] = {
    Kind.CODE: _PolicyReader.code_row,
    Kind.DATE: _PolicyReader.date_row,
    Kind.FLAG: _PolicyReader.flag_row,
    Kind.SET: _PolicyReader.set_row,
    Kind.LEDGER: _PolicyReader.ledger_row,
    **dict.fromkeys(ORDERED - {Kind.DATE}, _PolicyReader.ordered_row),
}


class _Unreadable(Exception):  # noqa: N818 - gathered, never seen outside
    def __init__(self, code: str, column: str, text: Text) -> None:
        self.code, self.column, self.text = code, column, text


def _operator(word: str, zh: str, en: str) -> _Unreadable:
    return _Unreadable("operator", "operator", Text(zh=f"“{word}”应为: {zh}", en=f"'{word}' should be one of: {en}"))


def _end(row: dict[str, str]) -> str:
    word = row.get("operator", "").lower()
    if word not in ENDS:
        raise _operator(word, ">=、>、<=、<、以上、超过、以下、不满", ">=, >, <=, <")
    return ENDS[word]


def _limits(row: dict[str, str], split: str = r"\s*(?:~|至|到|-(?=\s*\d))\s*") -> Json:
    value = row.get("value", "")
    if row.get("operator", "").lower() in BETWEEN:
        ends = [part for part in re.split(split, value) if part]
        if len(ends) != 2:
            raise _Unreadable("value", "value", Text(zh="应写作 20~300", en="Written 20~300"))
        return {"ge": _number(ends[0]), "le": _number(ends[1])}
    if not value:
        raise _Unreadable("value", "value", Text(zh="请填写取值", en="Give the value"))
    return {_end(row): _number(value)}


def _number(word: str) -> Any:
    """A number as JSON has it, with 万 and 亿; another word as it is, for the reader to judge."""
    plain = word.replace(",", "").replace("，", "").strip()
    for unit, zeros in (("亿", 8), ("万", 4)):
        if plain.rstrip("元").endswith(unit):
            inner = plain.rstrip("元").removesuffix(unit)
            if re.fullmatch(r"\d+(\.\d+)?", inner):
                whole, _, rest = inner.partition(".")
                return int(whole + rest.ljust(zeros, "0")[:zeros]) if len(rest) <= zeros else word
    if re.fullmatch(r"-?\d+", plain):
        return int(plain)
    return plain


def _code(word: str, dictionary: Dictionary, column: str) -> str:
    if word in dictionary:
        return dictionary.codes[dictionary.position(word)]
    hits = [code for code in dictionary.codes if word in (dictionary.label(code).zh, dictionary.label(code).en)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        listed = ", ".join(hits[:5])
        text = Text(zh=f"“{word}”有多个代码: {listed}，请写代码", en=f"'{word}' has several codes: {listed}; write one")
    else:
        text = Text(zh=f"字典中没有“{word}”", en=f"The dictionary has no '{word}'")
    raise _Unreadable("value", column, text)


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;；、,，\n]", cell) if part.strip()]


def _both(row: dict[str, str], name: str) -> Json:
    """A text in both languages; where one is missing, the other stands for it."""
    zh, en = row.get(f"{name}_zh", ""), row.get(f"{name}_en", "")
    return {"zh": zh or en, "en": en or zh}


RECURRENCES = {
    "once": "once", "一次性": "once", "yearly": "yearly", "每年": "yearly", "quarterly": "quarterly",
    "每季度": "quarterly", "monthly": "monthly", "每月": "monthly", "ongoing": "ongoing", "常年": "ongoing",
}  # fmt: skip


def _known(word: str | None, known: Mapping[str, str]) -> str | None:
    return None if not word else known.get(word.lower(), word)


def _materials(row: dict[str, str]) -> list[Json]:
    zh, en = (re.split(r"[;；\n]", row.get(f"materials_{language}", "")) for language in ("zh", "en"))
    pairs = [(one.strip(), en[i].strip() if i < len(en) else "") for i, one in enumerate(zh) if one.strip()]
    return [{"zh": one, "en": other or one} for one, other in pairs]


def _attribute_names(catalogue: Catalogue) -> Mapping[str, str]:
    return {
        word: name
        for name, attribute in catalogue.attributes.items()
        for word in (name.lower(), attribute.label.zh.lower(), attribute.label.en.lower())
    }
