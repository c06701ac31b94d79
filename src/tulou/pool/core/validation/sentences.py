"""What is wrong with a record, in a sentence that a clerk can act on."""

from __future__ import annotations

from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, LogicalType
from tulou.pool.core.contract.contract import Rule

_FORM: dict[str, Text] = {
    "fields": Text(
        zh="该行的列数与表头不符 ({value}, 实际/应有)",
        en="The row has another number of fields than the header ({value}, found/expected)",
    ),
    "quotes": Text(zh="该行的引号不成对", en="The quotation marks on the line do not match"),
    "line_end": Text(zh="该行中有多余的回车符", en="There is a stray carriage return on the line"),
    "nul": Text(zh="该行含有空字符 (NUL)", en="The line holds a NUL character"),
    "replay.unknown_record": Text(
        zh="_record 列的记录号 {value} 不是待更正的记录",
        en="The number {value} in _record is no record that waits for correction",
    ),
    "replay.corrected_already": Text(zh="记录 {value} 已更正过", en="Record {value} was corrected already"),
    "replay.twice": Text(zh="记录 {value} 在文件中出现了两次", en="Record {value} stands twice in the file"),
    "replay.other_delivery": Text(
        zh="该记录属于另一次交付 ({value})", en="The record belongs to another delivery ({value})"
    ),
    "superseded": Text(
        zh="后来的交付 {value} 已含有同一主键的记录, 不会被旧数据覆盖",
        en="A later delivery ({value}) brought the record of this key; older data do not replace it",
    ),
}


def sentence(contract: Contract, column: str | None, rule: str, value: str | None) -> Text:
    """What a failure means: of the rule `rule`, in `column` (None: the whole record), where `value` was found."""
    if rule in _FORM:
        return _filled(_FORM[rule], value)
    if column is None:
        found = next((known for known in contract.rules if known.name == rule), None)
        return _broken(found, rule)
    known = next((one for one in contract.columns if one.name == column), None)
    title = Text(zh=(known.title.zh if known else "") or column, en=(known.title.en if known else "") or column)
    what = _expected(known, rule)
    if rule == "required":
        return Text(zh=f"{title.zh} 不能为空", en=f"{title.en} must not be empty")
    if rule == "duplicate_key":
        other = (value or "").removeprefix("= ")
        return Text(
            zh=f"主键 ({title.zh}) 与 {other.replace('record', '记录')} 相同",
            en=f"The key ({title.en}) is that of {other}",
        )
    return Text(
        zh=f"{title.zh} 的值 {value!r} 不符合要求: {what.zh}", en=f"{title.en} is {value!r}; expected: {what.en}"
    )


def _filled(text: Text, value: str | None) -> Text:
    return Text(zh=text.zh.replace("{value}", value or ""), en=text.en.replace("{value}", value or ""))


def _broken(rule: Rule | None, name: str) -> Text:
    if rule is None:
        return Text(zh=f"不符合规则 {name}", en=f"The rule {name} does not hold")
    return Text(zh=f"不符合规则: {rule.text.zh}", en=f"The rule does not hold: {rule.text.en}")


def _expected(column: Column | None, rule: str) -> Text:
    if column is None:
        return Text(zh=rule, en=rule)
    if rule == "type":
        return type_text(column)
    if rule == "minimum":
        return Text(zh=f"不小于 {column.minimum}", en=f"no less than {column.minimum}")
    if rule == "maximum":
        return Text(zh=f"不大于 {column.maximum}", en=f"no more than {column.maximum}")
    if rule == "max_length":
        return Text(zh=f"最多 {column.max_length} 个字符", en=f"no more than {column.max_length} characters")
    if rule == "pattern":
        return Text(zh=f"格式 {column.pattern}", en=f"the form {column.pattern}")
    if rule == "codes":
        shown = ", ".join(column.codes[:10]) + ("…" if len(column.codes) > 10 else "")
        return Text(zh=f"取值 {shown}", en=f"one of {shown}")
    return Text(zh=rule, en=rule)


def type_text(column: Column) -> Text:
    """The form of a column's values, in words."""
    also = (
        Text(zh=f", 或 {', '.join(column.formats)}", en=f", or {', '.join(column.formats)}")
        if column.formats
        else Text(zh="", en="")
    )
    if column.logical_type is LogicalType.INTEGER:
        return Text(zh="整数", en="a whole number")
    if column.logical_type is LogicalType.NUMBER and column.precision is not None:
        scale, whole = column.scale or 0, column.precision - (column.scale or 0)
        return Text(
            zh=f"数字, 整数部分最多 {whole} 位, 小数最多 {scale} 位",
            en=f"a number of at most {whole} digits and {scale} decimals",
        )
    words = {
        LogicalType.NUMBER: Text(zh="数字", en="a number"),
        LogicalType.BOOLEAN: Text(zh="是或否", en="yes or no"),
        LogicalType.DATE: Text(zh="日期, 如 2020-03-31", en="a date such as 2020-03-31"),
        LogicalType.PERIOD: Text(zh="月份, 如 2020-03", en="a month such as 2020-03"),
        LogicalType.TIMESTAMP: Text(zh="时间, 如 2020-03-31 08:00:00", en="a moment such as 2020-03-31 08:00:00"),
    }
    form = words.get(column.logical_type, Text(zh="文字", en="text"))
    return Text(zh=form.zh + also.zh, en=form.en + also.en)
