"""Deliveries and the catalogue through the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tulou.pool.courtyard import catalogue
from tulou.pool.models import Delivery
from tulou.registry.roles import Kind, Role
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
DATASET = "power_monthly"


def delivered(**changes: Any) -> Delivery:
    fields = {
        "department": "power",
        "dataset": DATASET,
        "contract_version": "1.0.0",
        "file_name": "march.csv",
        "state": "accepted",
        "received_at": dt.datetime(2020, 4, 8, 2, tzinfo=dt.UTC),
    }
    return Delivery.objects.create(**{**fields, **changes})


def test_the_api_lists_deliveries_of_ones_own_department_and_finds_items(
    enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    mine = delivered(receipt={"delivery_id": "x"})
    delivered(department="tax", dataset="tax_payer", file_name="foreign.csv")
    department = organisation(Kind.DEPARTMENT, code="POWER")
    officer = enter(Role.DEPARTMENT_OFFICER, department)
    _, secret = make_token(officer.actor, department, name="system", scopes=["pool:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    listed = client.get("/api/v1/pool/deliveries").json()
    assert [row["id"] for row in listed["items"]] == [mine.public_id]
    assert client.get(f"/api/v1/pool/deliveries/{mine.public_id}").json()["receipt"] == {"delivery_id": "x"}
    assert client.get("/api/v1/pool/deliveries/nothing").status_code == 404
    hits = client.get("/api/v1/pool/catalogue/search", {"q": "用电量", "limit": 3}).json()
    assert len(hits) == 3
    code = catalogue().datasets[DATASET].items[0].code
    assert client.get(f"/api/v1/pool/catalogue/items/{code}").json()["dataset"] == DATASET
    assert client.get("/api/v1/pool/catalogue/items/none").status_code == 404
    assert Client().get("/api/v1/pool/deliveries").status_code == 401
