"""The access policy that follows from an item's record: which purpose may have it, and on what conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.catalogue.values import Catalogue, Item, ItemState
from tulou.pool.core.consent.purpose import PURPOSES, Purpose
from tulou.pool.core.consent.terms import SharingType


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a purpose may have an item. `consent` says that the enterprise must have granted it; `reason` why not."""

    item: str
    purpose: str
    allowed: bool
    consent: bool
    reason: Text | None


def access_of(item: Item, purpose: Purpose) -> Access:
    """What one purpose may do with one item: the item's own terms and the purpose's ceiling, whichever is stricter."""
    reason = _refusal(item, purpose)
    return Access(item.code, purpose.code, reason is None, reason is None and item.consent_required, reason)


def _refusal(item: Item, purpose: Purpose) -> Text | None:
    if item.state is not ItemState.PUBLISHED:
        return Text(zh=f"数据项状态为 {item.state.value}", en=f"the item is {item.state.value}")
    if item.sharing_type is SharingType.NONE:
        return Text(zh="不予共享", en="it is not shared")
    if item.sharing_type not in purpose.sharing_types:
        return Text(zh="该用途不能使用此共享类型", en="the purpose may not have this sharing type")
    if purpose.code not in item.purposes:
        return Text(zh="部门未允许该用途", en="the department does not allow this purpose")
    if item.sensitivity > purpose.max_sensitivity:
        limit = purpose.max_sensitivity
        return Text(zh=f"敏感级别高于用途上限 {limit}", en=f"its sensitivity is above the purpose's ceiling of {limit}")
    return None


def access_policy(
    catalogue: Catalogue, items: Iterable[Item], purposes: Mapping[str, Purpose] = PURPOSES
) -> list[dict[str, Any]]:
    """The policy of some items as plain values for an enforcement point: terms, and each purpose with its answer."""
    return [
        {
            "item": item.code,
            "dataset": item.dataset,
            "department": item.department,
            "column": item.technical_name,
            "sharing_type": int(item.sharing_type),
            "sharing_condition": _said(item.sharing_condition),
            "open_type": item.open_type.value,
            "sensitivity": item.sensitivity,
            "consent_required": item.consent_required,
            "retention_months": item.retention_months,
            "steward": _said(item.steward or catalogue.departments[item.department].steward),
            "legal_basis": list(item.legal_basis),
            "purposes": {code: _answer(access_of(item, purpose)) for code, purpose in purposes.items()},
        }
        for item in items
    ]


def _answer(access: Access) -> dict[str, Any]:
    return {"allowed": access.allowed, "consent": access.consent, "reason": _said(access.reason)}


def _said(text: Text | None) -> dict[str, str] | None:
    return {"zh": text.zh, "en": text.en} if text else None
