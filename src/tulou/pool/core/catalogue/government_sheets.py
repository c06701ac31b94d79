"""The sheets of the government's Excel templates: their columns, what each may hold, their rows and every fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tulou.kernel.errors import Finding, Text, Where
from tulou.pool.core.contract.faults import place

Lines = Sequence[Sequence[str]]
_NAME = r"[\u3400-\u9fffA-Za-z0-9_\-（）()]+"
_TECHNICAL = r"[A-Za-z0-9][A-Za-z0-9_\-]*"
_DAY = r"\d{4}/\d{1,2}/\d{1,2}"
SHARING = ("无条件共享", "有条件共享", "不予共享")
OPENING = ("无条件开放", "有条件开放", "不予开放")
PUBLIC = ("向公众开放", "不向公众开放")
YES_NO = ("是", "否")
SECRECY = ("非涉密", "涉密")


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a template. The texts that it may hold: at most `longest` signs, of `form`, or one of `choices`."""

    name: str
    required: bool = False
    longest: int | None = None
    choices: tuple[str, ...] = ()
    form: str | None = None


def _head(text: str, longest: int | None = None, choices: Sequence[str] = (), form: str | None = None) -> Head:
    return Head(text.lstrip("*"), text.startswith("*"), longest, tuple(choices), form)


@dataclass(frozen=True, slots=True)
class Template:
    """One sheet of a template: the title of the sheet, its columns in order, and how many rows it may have."""

    sheet: str
    heads: tuple[Head, ...]
    most: int


DATASETS = Template(
    "数据资源目录导入",
    (
        _head("挂接资源名称", 128),
        _head("*数据资源目录名称", 128, form=_NAME),
        _head("数据资源来源部门", 128),
        _head("*目录提供方", 128),
        _head("所属信息系统", 128),
        _head("*所属业务对象", 300),
        _head("应用场景分类", choices=("政务服务", "公共服务", "监管", "其他")),
        _head("*数据所属事项", 128),
        _head("*空间范围", choices=("全市", "市直", "区县（市）")),
        _head("*数据时间范围", form=rf"{_DAY}(\s*-\s*({_DAY}|至今))?"),
        _head("*更新周期", choices=("实时", "每日", "每周", "每月", "每季度", "每半年", "每年", "其他")),
        _head("*数据分级", 128),
        _head("*数据资源目录描述", 255),
        _head("资源属性分类一", 300),
        _head("资源属性分类二", 300),
        _head("资源属性分类三", 300),
        _head("*共享属性", choices=SHARING),
        _head("共享条件/不予共享依据", 128),
        _head("共享方式", choices=("共享平台方式", "邮件方式", "介质方式")),
        _head("*开放属性", choices=OPENING),
        _head("开放条件", 128),
        _head("数据同步机制", choices=("增量", "全量")),
        _head("同步频率", 128),
        _head("数据是否存在物理删除", choices=YES_NO),
        _head("是否上线到超市", choices=YES_NO),
    ),
    200,
)
DATASET_ITEMS = Template(
    "信息项导入",
    (
        _head("*数据资源目录名称", 128),
        _head("*信息项业务名称", 128),
        _head("*信息项技术名称", 128, form=_TECHNICAL),
        _head("关联数据标准", 128),
        _head("关联码表", 128),
        _head(
            "*数据类型",
            choices=("整数型", "小数型", "高精度型", "字符型", "日期型", "日期时间型", "时间型", "布尔型", "其他"),
        ),
        _head("数据长度", form=r"\d{1,5}"),
        _head("数据值域", 128),
        _head("*共享属性", choices=SHARING),
        _head("*开放属性", choices=OPENING),
        _head("*敏感属性", choices=("敏感", "非敏感")),
        _head("*涉密属性", choices=SECRECY),
        _head("是否时间戳", choices=YES_NO),
        _head("是否主键", choices=YES_NO),
    ),
    5000,
)
TABLES = Template(
    "业务表清单表",
    (
        _head("*业务表名称", 128),
        _head("*数据区域范围", choices=("全市", "市直", "区县")),
        _head("基础信息分类", 128),
        _head("描述", 255),
    ),
    200,
)
TABLE_FIELDS = Template(
    "业务表字段表",
    (
        _head("*业务表名称", 128),
        _head("*字段中文名称", 128),
        _head("*字段英文名称", 128, form=_TECHNICAL),
        _head("描述", 300),
        _head("*唯一标识", choices=YES_NO),
        _head("*必填", choices=YES_NO),
        _head("*本业务产生", choices=YES_NO),
        _head("*需要标准化", choices=YES_NO),
        _head("数据标准", 128),
        _head(
            "数据类型",
            choices=("字符型", "整数型", "日期型", "日期时间型", "布尔型", "小数型", "高精度型", "时间型"),
        ),
        _head("数据长度", form=r"\d{1,5}"),
        _head("数据精度", form=r"\d{1,2}"),
        _head("*取值范围", choices=("无限制", "自定义", "码表", "编码规则")),
        _head("自定义取值范围", 300),
        _head("字段关系", 300),
        _head("数据分级", 255),
        _head("*涉密属性", choices=SECRECY),
        _head("*共享属性", choices=SHARING),
        _head("共享条件/不予共享依据", 300),
        _head("*开放属性", choices=PUBLIC),
        _head("开放条件", 300),
    ),
    5000,
)
PLAIN_ITEMS = Template(
    "信息项",
    (
        _head("*信息项名称", 128),
        _head(
            "*数据类型",
            choices=("数字型", "字符型", "日期型", "日期时间型", "时间戳型", "布尔型", "二进制", "其他类型（合法）"),
        ),
        _head("*信息项描述", 255),
    ),
    200,
)
INDICATORS = Template(
    "指标汇总表",
    (
        _head("*指标名称", 128),
        _head("*指标说明", 255),
        _head("*来源业务表", 300),
        _head("*来源业务表字段", 300),
        _head("*业务字段英文名称", 300),
        _head("取值规则", 128),
        _head("*运算逻辑", 300),
        _head("*规则说明", 255),
        _head("*输出字段", 128),
        _head("*输出字段说明", 255),
        _head("校验规则", 255),
        _head("样例", 255),
        _head("样例说明", 255),
        _head("指标分类", 128),
        _head("*共享属性", choices=SHARING),
        _head("*开放属性", choices=PUBLIC),
        _head("*敏感属性", choices=("敏感", "不敏感")),
        _head("*涉密属性", choices=SECRECY),
    ),
    200,
)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One filled-in row of a sheet: its texts by header, and where it stands."""

    file: str
    sheet: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def fault(self, column: str, code: str, zh: str, en: str, *, warn: bool = False) -> Finding:
        """A fault of one cell of the row."""
        text = Text(zh=f"第 {self.line} 行 {column}: {zh}", en=f"row {self.line}, {column}: {en}")
        where = Where(file=place(self.file, self.sheet), line=self.line, column=column, value=self[column] or None)
        return Finding(code, text, where, severity="warn" if warn else "reject")


@dataclass(slots=True)
class FilledSheet:
    """The rows of one sheet, what stands above its header (who filled it in, and when), and what is wrong."""

    rows: list[SheetRow] = field(default_factory=list)
    above: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def find_sheet(sheets: Mapping[str, Lines], template: Template) -> str | None:
    """The sheet that is of this template: by its title, else by its header."""
    if template.sheet in sheets:
        return template.sheet
    return next((title for title, lines in sheets.items() if _header_line(lines, template) is not None), None)


def _header_line(lines: Lines, template: Template) -> int | None:
    wanted = {head.name for head in template.heads if head.required}
    for number, line in enumerate(lines[:12]):
        if wanted <= {_plain(cell) for cell in line}:
            return number
    return None


def _plain(cell: str) -> str:
    return cell.strip().lstrip("*").strip()


def read_sheet(file: str, title: str, lines: Lines, template: Template) -> FilledSheet:
    """The rows of a sheet, each cell checked against its column; faults say row and column."""
    filled = FilledSheet()
    at = _header_line(lines, template)
    if at is None:
        names = ", ".join(head.name for head in template.heads if head.required)
        where = Where(file=place(file, title))
        text = Text(
            zh=f"工作表 {title} 的表头不是模板的表头, 需要: {names}",
            en=f"The sheet {title} does not have the template's header: {names}",
        )
        filled.findings.append(Finding("template.header", text, where))
        return filled
    filled.above = _above(lines[:at])
    header = [_plain(cell) for cell in lines[at]]
    known = {head.name: head for head in template.heads}
    body = list(lines[at + 1 :])
    while body and not any(cell.strip() for cell in body[-1]):
        body.pop()
    for number, line in enumerate(body, at + 2):
        cells = {name: cell.strip() for name, cell in zip(header, line, strict=False) if name in known}
        row = SheetRow(file, title, number, cells)
        if any(cells.values()):
            filled.rows.append(row)
            filled.findings += _cell_faults(row, known)
        else:
            filled.findings.append(row.fault(header[0], "template.blank_row", "表格中不得有空行", "is a blank row"))
    if len(filled.rows) > template.most:
        last = filled.rows[-1]
        zh, en = f"最多 {template.most} 行", f"there are more than {template.most} rows"
        filled.findings.append(last.fault(header[0], "template.too_many", zh, en))
    return filled


def _above(lines: Lines) -> dict[str, str]:
    """Pairs of a name and what was filled in beside it, above the header."""
    pairs = {}
    for line in lines:
        for name, value in pairwise(line):
            if name.startswith("*填表") and value.strip() and not value.startswith("*"):
                pairs[_plain(name)] = value.strip()
    return pairs


def _cell_faults(row: SheetRow, known: Mapping[str, Head]) -> Iterator[Finding]:
    for name, head in known.items():
        text = row[name]
        if not text:
            if head.required:
                yield row.fault(name, "template.required", "必填", "is required")
            continue
        if head.choices and text not in head.choices:
            shown = ", ".join(head.choices)
            yield row.fault(name, "template.choice", f"{text!r} 应为: {shown}", f"{text!r} should be one of: {shown}")
        if head.longest is not None and len(text) > head.longest:
            zh, en = f"最多 {head.longest} 个字符, 实际 {len(text)}", f"{len(text)} signs, more than {head.longest}"
            yield row.fault(name, "template.long", zh, en)
        if head.form is not None and not re.fullmatch(head.form, text):
            yield row.fault(name, "template.form", f"{text!r} 的格式不正确", f"{text!r} is not of the right form")
