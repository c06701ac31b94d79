"""Whether a catalogue is in order: every fault as a finding that names the dataset and the item."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tulou.kernel.errors import Finding, Text, Where
from tulou.pool.core.catalogue.values import Catalogue, Dataset, Item, OpenType
from tulou.pool.core.consent.terms import SharingType
from tulou.pool.core.contract import LogicalType

_CODE = re.compile(r"[0-9A-Z]{2}-[0-9A-Z]{4}-[0-9]{4}")
_TECHNICAL = re.compile(r"[a-z][a-z0-9_]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2}")
_UNIT = re.compile(r"(?:[^\"'{}]|\{[^\"'{}]+\})+")
HIGHEST_SENSITIVITY = 4


def check_catalogue(catalogue: Catalogue) -> list[Finding]:
    """Everything that is wrong with a catalogue; empty where it is in order."""
    findings = [finding for dataset in catalogue.datasets.values() for finding in _check_dataset(catalogue, dataset)]
    findings += _repeated(catalogue, "item.code_twice", "数据项编码", "item code", lambda item: item.code)
    findings += _repeated(catalogue, "item.name_twice", "数据项中文名称", "Chinese name", lambda item: item.name.zh)
    findings += _repeated(catalogue, "item.name_twice", "数据项英文名称", "English name", lambda item: item.name.en)
    return findings


def _repeated(catalogue: Catalogue, code: str, zh: str, en: str, key: Callable[[Item], str]) -> Iterator[Finding]:
    seen: dict[str, Item] = {}
    for dataset in catalogue.datasets.values():
        for item in dataset.items:
            first = seen.setdefault(key(item), item)
            if first is not item:
                yield _finding(
                    code,
                    item,
                    f"{zh} {key(item)!r} 与 {first.dataset}.{first.technical_name} 重复",
                    f"The {en} {key(item)!r} is also that of {first.dataset}.{first.technical_name}",
                )


def _check_dataset(catalogue: Catalogue, dataset: Dataset) -> Iterator[Finding]:
    names = [item.technical_name for item in dataset.items]
    if dataset.department not in catalogue.departments:
        yield _of_dataset(dataset, "dataset.department", "部门未登记", f"There is no department {dataset.department}")
    if not _TECHNICAL.fullmatch(dataset.id):
        yield _of_dataset(dataset, "dataset.id", "数据集标识应为小写字母、数字和下划线", "An id is lower snake case")
    wanted = [*dataset.primary_key, *([dataset.period_column] if dataset.period_column else [])]
    wanted += [name for one in dataset.identities for name in (one.total, *(part for _, part in one.parts))]
    wanted += [name for rule in dataset.rules for name in rule.columns]
    for name in dict.fromkeys(wanted):
        if name not in names:
            yield _of_dataset(
                dataset,
                "dataset.column_unknown",
                f"主键、期间或规则引用了不存在的数据项 {name}",
                f"The key, the period or a rule speaks of {name}, which is no item of the dataset",
            )
    for kind, taken in (
        ("technical name", names),
        ("Chinese title", [item.title.zh.casefold() for item in dataset.items]),
        ("English title", [item.title.en.casefold() for item in dataset.items]),
    ):
        for name in dict.fromkeys(name for name in taken if taken.count(name) > 1):
            yield _of_dataset(dataset, "item.title_twice", f"名称 {name!r} 重复", f"The {kind} {name!r} stands twice")
    for item in dataset.items:
        yield from _check_item(catalogue, item)


def _check_item(catalogue: Catalogue, item: Item) -> Iterator[Finding]:
    for code, (holds, text) in ITEM_CHECKS.items():
        if not holds(catalogue, item):
            yield _finding(code, item, f"{item.title.zh}: {text.zh}", f"{item.title.en}: {text.en}")


def _precise(item: Item) -> bool:
    if item.precision is None:
        return item.scale is None or item.logical_type is LogicalType.NUMBER
    return 1 <= item.precision <= 38 and (item.scale or 0) <= item.precision


def _finding(code: str, item: Item, zh: str, en: str) -> Finding:
    return Finding(code, Text(zh=zh, en=en), Where(file=item.dataset, column=item.technical_name))


def _of_dataset(dataset: Dataset, code: str, zh: str, en: str) -> Finding:
    return Finding(code, Text(zh=f"{dataset.title.zh}: {zh}", en=f"{dataset.id}: {en}"), Where(file=dataset.id))


ITEM_CHECKS: dict[str, tuple[Callable[[Catalogue, Item], bool], Text]] = {
    "item.code": (
        lambda _, item: bool(_CODE.fullmatch(item.code)),
        Text(zh="编码应为 部门2位-数据集4位-项4位", en="A code is dept2-dataset4-item4"),
    ),
    "item.technical_name": (
        lambda _, item: bool(_TECHNICAL.fullmatch(item.technical_name)),
        Text(zh="技术名称应为小写字母、数字和下划线", en="A technical name is lower snake case"),
    ),
    "item.name": (
        lambda _, item: bool(_HAN.search(item.title.zh) or _WORD.search(item.title.en)),
        Text(zh="名称应有含义, 不能只有编号", en="A name says what the item means, not a number alone"),
    ),
    "item.code_set": (
        lambda catalogue, item: item.code_set is None or item.code_set in catalogue.code_sets,
        Text(zh="引用的代码集未定义", en="The code set that it refers to is not defined"),
    ),
    "item.sensitivity": (
        lambda _, item: 1 <= item.sensitivity <= HIGHEST_SENSITIVITY,
        Text(zh="敏感级别应为 1 至 4", en="Sensitivity is 1 to 4"),
    ),
    "item.secret": (
        lambda _, item: not item.secret,
        Text(zh="涉密数据不得入池", en="Secret data has no place in the pool"),
    ),
    "item.sharing": (
        lambda _, item: item.sharing_type is SharingType.UNCONDITIONAL or item.sharing_condition is not None,
        Text(
            zh="有条件共享须写明条件, 不予共享须写明依据",
            en="Say under which condition it is shared, or on what basis it is not",
        ),
    ),
    "item.open": (
        lambda _, item: item.sharing_type is not SharingType.NONE or item.open_type is OpenType.CLOSED,
        Text(zh="不予共享的数据不得向社会开放", en="What is not shared cannot be open to the public"),
    ),
    "item.unit": (
        lambda _, item: item.unit is None or bool(_UNIT.fullmatch(item.unit)),
        Text(
            zh="单位应为 UCUM 代码, 花括号须成对, 不含引号",
            en="A unit is a UCUM code, with whole braces and no quotation marks",
        ),
    ),
    "item.precision": (
        lambda _, item: _precise(item),
        Text(zh="精度须在 1 至 38 之间且不小于小数位", en="Precision is 1 to 38 and at least the scale"),
    ),
    "item.validity": (
        lambda _, item: item.valid_to is None or item.valid_to > item.valid_from,
        Text(zh="失效日期应晚于生效日期", en="An item ends after it begins"),
    ),
}
"""What must hold for one item: a stable code, the test, and the sentence where it fails."""
