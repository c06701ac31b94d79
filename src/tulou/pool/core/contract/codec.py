"""A contract as one JSON document and back, without loss; how the lake remembers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tulou.kernel.errors import Text
from tulou.pool.core.contract.contract import Column, Contract, KeyRole, LogicalType, Rule


def contract_to_json(contract: Contract) -> str:
    """The contract as one JSON document, keys sorted: equal contracts have equal documents."""
    return json.dumps(asdict(contract), ensure_ascii=False, sort_keys=True, default=_bound)


def contract_from_json(document: str) -> Contract:
    """The contract that `contract_to_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
    body: dict[str, Any] = json.loads(document)
    body["title"] = Text(**body["title"])
    body["description"] = Text(**body["description"]) if body["description"] else None
    body["columns"] = tuple(_column(row) for row in body["columns"])
    body["rules"] = tuple(
        Rule(**{**row, "text": Text(**row["text"]), "columns": tuple(row["columns"])}) for row in body["rules"]
    )
    for name in ("primary_key", "legal_basis"):
        body[name] = tuple(body[name])
    return Contract(**body)


def _column(row: Mapping[str, Any]) -> Column:
    return Column(
        **{
            **row,
            "logical_type": LogicalType(row["logical_type"]),
            "key_role": KeyRole(row["key_role"]),
            "title": Text(**row["title"]),
            "aliases": tuple(row["aliases"]),
            "codes": tuple(row["codes"]),
            "formats": tuple(row["formats"]),
            "null_tokens": tuple(row.get("null_tokens", ())),
            "minimum": _unbound(row["minimum"]),
            "maximum": _unbound(row["maximum"]),
        }
    )


def _bound(value: object) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(f"{type(value).__name__} has no place in a contract")


def _unbound(value: Any) -> Decimal | str | None:
    return Decimal(value["decimal"]) if isinstance(value, Mapping) else value
