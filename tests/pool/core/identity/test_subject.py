"""The subject key of a record, as SQL over its contract."""

from __future__ import annotations

import duckdb
import pytest

from tulou.kernel.errors import Text
from tulou.pool.core.contract import Column, Contract, KeyRole, LogicalType
from tulou.pool.core.identity import subject_key_sql

ROLES = {
    "uscc": KeyRole.USCC,
    "org": KeyRole.ORG_CODE,
    "reg": KeyRole.REG_NO,
    "tax": KeyRole.TAX_NO,
    "account": KeyRole.LOCAL_ID,
    "name": KeyRole.NAME,
    "district": KeyRole.DISTRICT,
    "address": KeyRole.ADDRESS,
}


def contract(*names: str) -> Contract:
    columns = tuple(
        Column(name, LogicalType.STRING, Text(zh=name, en=name), key_role=ROLES.get(name, KeyRole.NONE))
        for name in (*names, "remark")
    )
    return Contract("power_use", "power", "1", Text(zh="用电", en="Power"), columns)


def key(**record: str | None) -> str | None:
    columns = ", ".join(f"CAST(? AS VARCHAR) AS {name}" for name in record)
    query = f"SELECT {subject_key_sql(contract(*record))} FROM (SELECT {columns})"
    with duckdb.connect() as connection:
        row = connection.execute(query, list(record.values())).fetchone()
    assert row is not None
    answer = row[0]
    assert answer is None or isinstance(answer, str)
    return answer


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"uscc": " 91350203ma2yqgjr98 ", "name": "x"}, "uscc:91350203MA2YQGJR98"),
        ({"uscc": None, "org": "57501770-0"}, "org:575017700"),
        ({"uscc": "575017700"}, "org:575017700"),
        ({"uscc": "无", "reg": "350200200012345"}, "reg:350200200012345"),
        ({"tax": "91350203MA2YQGJR98"}, "uscc:91350203MA2YQGJR98"),
        ({"tax": "350203575017700"}, "tax:350203575017700"),
        ({"uscc": "000000000000000000", "account": "88-1"}, "loc:88-1"),
        ({"uscc": "91350200000000000X", "account": "88-1"}, "loc:88-1"),
        ({"account": "  ", "name": ""}, None),
    ],
)
def test_the_best_number_of_a_record_is_its_key(record: dict[str, str | None], expected: str | None) -> None:
    assert key(**record) == expected


def test_without_a_number_name_district_and_address_make_the_key() -> None:
    one = key(name="鑫源机械厂", district="350203", address="湖滨南路1号")
    assert one is not None
    assert one.startswith("nam:")
    assert one != key(name="鑫源机械厂", district="350203", address="湖滨南路2号")
    assert one == key(name=" 鑫源机械厂", district="350203", address="湖滨南路1号 ")


def test_a_dataset_that_names_nobody_has_no_key() -> None:
    assert subject_key_sql(contract()) == "NULL::VARCHAR"
