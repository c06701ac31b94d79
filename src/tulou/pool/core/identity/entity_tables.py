"""The tables in which identity is kept: derived tables of the lake, in the namespace `entity`."""

from __future__ import annotations

from collections.abc import Mapping

ENTERPRISE, LINK, EVENT, REVIEW, IDENTIFIER = (
    "entity.enterprise",
    "entity.link",
    "entity.event",
    "entity.review",
    "entity.identifier",
)

ENTITY_TABLES: Mapping[str, Mapping[str, str]] = {
    ENTERPRISE: {
        "enterprise_id": "VARCHAR",
        "uscc": "VARCHAR",
        "org_code": "VARCHAR",
        "name": "VARCHAR",
        "region": "VARCHAR",
        "address": "VARCHAR",
        "established": "DATE",
        "retired_into": "VARCHAR",
        "created_at": "TIMESTAMPTZ",
        "changed_at": "TIMESTAMPTZ",
    },
    LINK: {
        "dataset": "VARCHAR",
        "subject_key": "VARCHAR",
        "enterprise_id": "VARCHAR",
        "rung": "VARCHAR",
        "probability": "DOUBLE",
        "resolved_at": "TIMESTAMPTZ",
    },
    EVENT: {
        "event_id": "VARCHAR",
        "enterprise_id": "VARCHAR",
        "kind": "VARCHAR",
        "other_id": "VARCHAR",
        "dataset": "VARCHAR",
        "subject_key": "VARCHAR",
        "reason": "VARCHAR",
        "happened_at": "TIMESTAMPTZ",
    },
    REVIEW: {
        "review_id": "VARCHAR",
        "dataset": "VARCHAR",
        "subject_key": "VARCHAR",
        "enterprise_id": "VARCHAR",
        "probability": "DOUBLE",
        "weight": "DOUBLE",
        "evidence": "VARCHAR",
        "suggested": "VARCHAR",
        "state": "VARCHAR",
        "decision": "VARCHAR",
        "decided_by": "VARCHAR",
        "decided_at": "TIMESTAMPTZ",
        "note": "VARCHAR",
        "opened_at": "TIMESTAMPTZ",
    },
    IDENTIFIER: {
        "enterprise_id": "VARCHAR",
        "kind": "VARCHAR",
        "value": "VARCHAR",
        "first_seen": "TIMESTAMPTZ",
    },
}
"""DuckDB type by column, by table.

`enterprise`: one row an enterprise id that was ever given; `retired_into` names the enterprise that took it over, and
readers follow it. `link`: which enterprise a subject key of a dataset speaks of; `rung` is the step of the ladder
(uscc, org_code, crosswalk, exact_name, model, review, founder). `event`: what happened to an enterprise (created,
linked, merged, split). `review`: pairs that a person must decide, open or decided. `identifier`: every number, name and
address by which an enterprise was ever called; the crosswalk.
"""
