"""Payment files for loans that are due: the structure of pain.001, exact sums, and no loan in two files."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.db import IntegrityError, transaction
from django.test import Client
from tests.finance.portal.stage import MILLION, Market

from tulou.finance.models import Contract, Payout, PayoutFile
from tulou.finance.services.contracts import confirm_contract, disburse
from tulou.platform import clock
from tulou.platform.audit.models import AuditEvent
from tulou.registry.services import make_token

pytestmark = pytest.mark.django_db
SPACE = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
ORDER = {
    "Document": ["CstmrCdtTrfInitn"],
    "CstmrCdtTrfInitn": ["GrpHdr", "PmtInf"],
    "GrpHdr": ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"],
    "PmtInf": ["PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "CdtTrfTxInf"],
    "CdtTrfTxInf": ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"],
    "PmtId": ["EndToEndId"],
    "Amt": ["InstdAmt"],
    "ReqdExctnDt": ["Dt"],
    "RmtInf": ["Ustrd"],
    "FinInstnId": ["ClrSysMmbId"],
    "ClrSysMmbId": ["ClrSysId", "MmbId"],
    "Acct": ["Id"],
}
"""The elements of the standard that are written, in the order in which its schema has them."""
PAYER = {"name": "海峡银行放款专户", "number": "3500190001", "bank": "313391080015"}
count = itertools.count()


def broken(element: Element) -> list[str]:
    """Where an element's children are not those of the schema, in its order; only transfers may repeat."""
    name = element.tag.removeprefix(SPACE)
    inside = [child.tag.removeprefix(SPACE) for child in element]
    known = list(dict.fromkeys(inside))
    found = [] if name not in ORDER or known == ORDER[name] else [f"{name}: {inside}"]
    repeated = {child for child in known if inside.count(child) > 1} - {"CdtTrfTxInf"}
    return [*found, *repeated, *(wrong for child in element for wrong in broken(child))]


@pytest.fixture
def core(market: Market) -> Callable[..., Any]:
    """`core("get", "/due")`: an operation as a bank's system, the first one's unless told otherwise."""

    scopes = ["finance:read", "finance:write"]
    secrets = [make_token(at.manager.actor, at.row, name="core", scopes=scopes)[1] for at in market.banks]

    def ask(method: str, path: str, body: Any = None, *, bank: int = 0, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {secrets[bank]}", "Idempotency-Key": key or f"p{next(count)}"}
        more = {"data": body or {}, "content_type": "application/json"} if method == "post" else {}
        return getattr(Client(), method)(f"/api/v1/finance/payouts{path}", headers=headers, **more)

    return ask


def signed(market: Market) -> Contract:
    made = market.contract()
    confirm_contract(market.owner.actor, made)
    return made


def wanted(*contracts: Contract) -> dict[str, Any]:
    payees = [
        {"contract": row.number, "name": row.firm.name_zh, "number": f"62220{row.pk:05d}", "bank": "103391000012"}
        for row in contracts
    ]
    return {"payer": PAYER, "day": clock.today().isoformat(), "payees": payees}


def test_a_file_has_the_structure_of_the_standard_and_sums_that_hold(market: Market, core: Callable[..., Any]) -> None:
    due = [signed(market) for _ in range(3)]
    Contract.objects.filter(pk=due[1].pk).update(principal_fen=12_345_67)
    assert {row["contract"] for row in core("get", "/due").json()["items"]} == {row.number for row in due}
    made = core("post", "/files", wanted(*due))
    assert made.status_code == 201
    root = fromstring(made.json()["pain001"].encode())
    assert root.tag == f"{SPACE}Document"
    assert broken(root) == []
    amounts = [Decimal(amount.text or "") for amount in root.iter(f"{SPACE}InstdAmt")]
    total = Decimal(2 * MILLION + 12_345_67) / 100
    assert sorted(amounts) == [Decimal("12345.67"), Decimal("1000000.00"), Decimal("1000000.00")]
    assert {Decimal(each.text or "") for each in root.iter(f"{SPACE}CtrlSum")} == {total}
    assert {each.text for each in root.iter(f"{SPACE}NbOfTxs")} == {"3"}
    assert {each.get("Ccy") for each in root.iter(f"{SPACE}InstdAmt")} == {"CNY"}
    assert [each.text for each in root.iter(f"{SPACE}EndToEndId")] == sorted(row.number for row in due)
    [execution] = [each.text for each in root.iterfind(f".//{SPACE}ReqdExctnDt/{SPACE}Dt")]
    assert execution == clock.today().isoformat()
    file = PayoutFile.objects.get()
    assert (file.transfers, file.total_fen) == (3, 2 * MILLION + 12_345_67)
    assert AuditEvent.objects.filter(action="finance.payout_file.made").count() == 1


def test_a_loan_stands_in_one_file_only_however_often_it_is_asked_for(market: Market, core: Callable[..., Any]) -> None:
    first = signed(market)
    made = core("post", "/files", wanted(first), key="same").json()
    assert core("post", "/files", wanted(first), key="same").json() == made
    again = core("post", "/files", wanted(first))
    assert (again.status_code, again.json()["code"]) == (422, "finance.payout.none")
    second = signed(market)
    later = core("post", "/files", wanted(first, second)).json()
    assert (later["contracts"], made["contracts"]) == ([second.number], [first.number])
    assert [made["message"][-3:], later["message"][-3:]] == ["001", "002"]
    assert core("get", f"/files/{made['id']}").json() == made
    assert core("get", "/due").json()["items"] == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.create(file=PayoutFile.objects.latest("id"), contract=first, amount_fen=1)


def test_only_what_is_due_is_paid_out(market: Market, core: Callable[..., Any]) -> None:
    cooling, ready = market.contract(), signed(market)
    refused = core("post", "/files", wanted(cooling, ready))
    assert (refused.status_code, refused.json()["code"]) == (422, "finance.payout.contract")
    assert not PayoutFile.objects.exists()
    disburse(market.banks[0].officer.actor, ready, paid_out=clock.today(), reference="PAY-9")
    assert core("post", "/files", wanted(ready)).status_code == 422
    late = {**wanted(signed(market)), "day": "2021-06-30"}
    assert core("post", "/files", late).json()["code"] == "finance.payout.day"


def test_another_bank_sees_no_file_and_pays_out_no_loan(market: Market, core: Callable[..., Any]) -> None:
    first = signed(market)
    made = core("post", "/files", wanted(first)).json()
    assert core("get", "/files", bank=1).json()["items"] == []
    assert core("get", f"/files/{made['id']}", bank=1).status_code == 404
    assert core("post", "/files", wanted(first), bank=1).json()["code"] == "finance.payout.contract"
    assert core("post", "/files", wanted(signed(market)), bank=1).status_code == 422
