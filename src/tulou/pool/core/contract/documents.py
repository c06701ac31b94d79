"""YAML as an officer writes it: plain values, with the line of each, and without the surprises of YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from tulou.kernel.errors import Text, Where, refuse

Path = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None, "Null": None}
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")
_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML file holds. Dates stay texts, `yes` and `no` too; numbers that a float would round are Decimal."""

    value: Any
    file: str
    lines: Mapping[Path, int] = field(default_factory=dict)

    def where(self, path: Path = (), value: object = None) -> Where:
        """The place of a value, or of the nearest one around it."""
        at = path
        while at and at not in self.lines:
            at = at[:-1]
        shown = None if value is None else str(value)
        return Where(file=self.file, line=self.lines.get(at), column=dotted(path) or None, value=shown)


def dotted(path: Path) -> str:
    """A path as a person reads it.

    >>> dotted(("columns", 2, "type"))
    'columns[3].type'
    """
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def parse_document(text: str, file: str) -> Document:
    """The value of a YAML (or JSON) text. Raises Refused, with the line, where it is not well formed.

    Aliases are refused: a few lines of them unfold into gigabytes. So are names that stand twice in one mapping.
    """
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise refuse(
                    "yaml.alias",
                    "不支持 YAML 别名 (*)",
                    "YAML aliases (*) are not read",
                    where=Where(file=file, line=event.start_mark.line + 1 if event.start_mark else None),
                    remedy=Text(zh="请把内容写全", en="Write the content out"),
                )
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise refuse(
            "yaml.syntax",
            f"YAML 语法错误: {error.problem}",
            f"The YAML is not well formed: {error.problem}",
            where=Where(file=file, line=mark.line + 1 if mark else None),
            remedy=Text(
                zh="请检查缩进、冒号和引号; 含逗号或冒号的文字应加引号",
                en="Check indentation, colons and quotation marks; put text with commas or colons in quotes",
            ),
        ) from error
    except yaml.YAMLError as error:
        raise refuse(
            "yaml.syntax", "YAML 含有不可用的字符", f"The YAML cannot be read: {error}", where=Where(file=file)
        ) from error
    lines: dict[Path, int] = {}
    return Document(_value(node, (), lines, file) if node else None, file, lines)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if len(path) > _DEEPEST:
        raise refuse("yaml.deep", "YAML 嵌套过深", "The YAML is nested too deeply", where=Where(file=file))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, file)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, number), lines, file) for number, child in enumerate(node.value)]
    return _scalar(node.value) if isinstance(node, yaml.ScalarNode) and not node.style else node.value


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int], file: str) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, child in node.value:
        name = str(key.value)
        if name in mapping:
            raise refuse(
                "yaml.twice",
                f"{name!r} 出现了两次",
                f"{name!r} stands twice",
                where=Where(file=file, line=key.start_mark.line + 1, column=dotted((*path, name))),
                remedy=Text(zh="请删除其中一处", en="Remove one of them"),
            )
        mapping[name] = _value(child, (*path, name), lines, file)
        lines[*path, name] = key.start_mark.line + 1
    return mapping


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        exact = Decimal(text)
        return float(text) if Decimal(repr(float(text))) == exact else exact
    return text


class _Writer(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes plain values; indents lists, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        """A value that stands twice is written twice."""
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = '"' if not isinstance(_scalar(text), str) or _needs_quotes(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _needs_quotes(text: str) -> bool:
    return text != text.strip() or not text.isprintable()


def _represent_decimal(dumper: Any, number: Decimal) -> Any:
    text = f"{number:f}"
    kind = "int" if _INTEGER.fullmatch(text) else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


class OneLine(list[Any]):
    """A list that is written on one line."""


class OneLineMapping(dict[str, Any]):
    """A mapping that is written on one line."""


_Writer.add_representer(str, _represent_text)
_Writer.add_representer(
    OneLine, lambda dumper, rows: dumper.represent_sequence("tag:yaml.org,2002:seq", rows, flow_style=True)
)
_Writer.add_representer(
    OneLineMapping, lambda dumper, body: dumper.represent_mapping("tag:yaml.org,2002:map", body, flow_style=True)
)
_Writer.add_representer(Decimal, _represent_decimal)


def write_document(value: Any, *, width: int = 110) -> str:
    """Plain values as YAML that `parse_document` reads back."""
    text: str = yaml.dump(
        value, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=width, default_flow_style=False
    )
    return text
