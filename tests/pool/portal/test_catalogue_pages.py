"""The catalogue for everybody, the quality board for who answers for the data."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client, override_settings
from django.utils.html import escape

from tulou.platform import clock
from tulou.pool.core.catalogue.store import save_catalogue
from tulou.pool.courtyard import catalogue, found_pool, pool_folder
from tulou.pool.models import Delivery
from tulou.pool.queries.quality import due_after, quality_of
from tulou.registry.roles import Kind, Role

pytestmark = pytest.mark.django_db
DATASET = "power_monthly"
LAST = dt.datetime(2020, 4, 8, 2, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def pool(tmp_path: Path) -> Iterator[None]:
    with override_settings(POOL=tmp_path / "pool"):
        yield


def delivered(**changes: Any) -> Delivery:
    fields = {
        "department": "power",
        "dataset": DATASET,
        "contract_version": "1.0.0",
        "file_name": "march.csv",
        "state": "accepted_with_rejects",
        "received_at": LAST,
        "records_in": 200,
        "accepted": 150,
        "rejected": 50,
    }
    return Delivery.objects.create(**{**fields, **changes})


def text_of(address: str, language: str = "en") -> str:
    answer = Client(headers={"Accept-Language": language}).get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_everybody_can_browse_departments_and_read_a_dataset_and_an_item() -> None:
    known = catalogue()
    overview = text_of("/pool/catalogue/")
    for department in known.departments.values():
        assert escape(department.title.en) in overview
    item = known.datasets[DATASET].items[0]
    page = text_of(f"/pool/catalogue/datasets/{DATASET}/")
    assert f"/pool/catalogue/items/{item.code}/" in page
    shown = text_of(f"/pool/catalogue/items/{item.code}/")
    for expected in (item.code, "Sharing", "Sensitivity", "Retention"):
        assert expected in shown
    assert "敏感级别" in text_of(f"/pool/catalogue/items/{item.code}/", "zh-hans")


@pytest.mark.parametrize("address", ["datasets/nothing/", "items/nothing/", "datasets/power_monthly/exe/"])
def test_what_the_catalogue_has_not_is_not_found(address: str) -> None:
    assert Client().get(f"/pool/catalogue/{address}").status_code == 404


@pytest.mark.parametrize(
    ("words", "title"), [("用电量", "用电"), ("electricity of non-household", "Monthly electricity")]
)
def test_words_of_both_languages_find_datasets_and_items(words: str, title: str) -> None:
    language = "en" if words.isascii() else "zh-hans"
    assert title in text_of(f"/pool/catalogue/?q={words}", language)
    assert "&lt;b&gt;" in text_of("/pool/catalogue/?q=<b>zzzz", language)


@pytest.mark.parametrize("form", ["contract", "odcs", "dcat", "sql"])
def test_a_dataset_is_exported_for_machines(form: str) -> None:
    answer = Client().get(f"/pool/catalogue/datasets/{DATASET}/{form}/")
    text = answer.content.decode()
    assert "attachment" in answer.headers["Content-Disposition"]
    assert DATASET in text
    if form == "dcat":
        json.loads(text)
    if form in ("contract", "odcs"):
        yaml.safe_load(text)


def test_the_pools_own_catalogue_is_shown_once_it_has_one() -> None:
    from dataclasses import replace

    from tulou.kernel.errors import Text

    found_pool()
    known = catalogue()
    renamed = replace(known.datasets[DATASET], title=Text(zh="本省用电", en="Our own electricity"))
    save_catalogue(pool_folder(), replace(known, datasets={**known.datasets, DATASET: renamed}))
    assert "Our own electricity" in text_of(f"/pool/catalogue/datasets/{DATASET}/")


def test_a_dataset_is_late_one_cycle_and_its_delay_after_the_last_delivery() -> None:
    dataset = catalogue().datasets[DATASET]
    delivered()
    delivered(state="refused", records_in=0, accepted=0, rejected=0)
    due = due_after(dataset, LAST)
    assert due is not None
    for days, state in ((0, "fresh"), (1, "late")):
        moment = dt.datetime.combine(due + dt.timedelta(days=days), dt.time(12), clock.SHANGHAI)
        with clock.at(moment):
            quality = quality_of([dataset])[0]
            assert (quality.state, quality.deliveries, quality.refused, quality.reject_rate) == (state, 1, 1, 0.25)
    assert quality_of([catalogue().datasets["power_plan"]])[0].state == "none"


def test_the_board_shows_a_department_its_own_datasets_and_the_operator_all(
    enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    finding = {"code": "header.absent", "severity": "warn", "message": {"zh": "缺列", "en": "gone"}}
    delivered(receipt={"findings": [finding]})
    power = enter(Role.DEPARTMENT_OFFICER, organisation(Kind.DEPARTMENT, code="POWER")).get("/pool/quality/")
    text = power.content.decode()
    assert "75" in text
    assert "header.absent" in text
    assert "/datasets/power_plan/" in text
    assert "/datasets/market_register/" not in text
    assert "/datasets/market_register/" in enter(Role.OPERATOR_STAFF).get("/pool/quality/").content.decode()
    assert enter(Role.BANK_OFFICER).get("/pool/quality/").status_code == 403
    assert "march.csv" not in text_of(f"/pool/catalogue/datasets/{DATASET}/")
