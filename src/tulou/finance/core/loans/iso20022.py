"""Payment files: pain.001 (customer credit transfer) out, camt.054 (debit and credit notification) in.

Written is pain.001.001.09 with accounts as other identifications and banks by their clearing code (CNAPS), as China has
no IBAN. Read is any version of camt.054.001; entities and document types in the file are refused, never resolved.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tulou.kernel.errors import Refused, Where, refuse
from tulou.kernel.money import to_fen, to_yuan

PAIN_001 = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_CAMT_054 = re.compile(r"\{(urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.\d\d)\}Document")
_ID_LENGTH, _NAME_LENGTH = 35, 140


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account, its number, and the clearing code of its bank."""

    name: str
    number: str
    bank: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment to be made; `end_to_end` comes back in every message about it."""

    end_to_end: str
    to: Account
    amount_fen: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One payment that a bank has booked: positive came in, negative went out."""

    reference: str
    end_to_end: str
    amount_fen: int
    booked_on: dt.date
    about: str
    is_reversal: bool


def write_transfers(
    message: str, made_at: dt.datetime, payer: Account, execute_on: dt.date, transfers: Sequence[Transfer]
) -> bytes:
    """A pain.001 file of transfers from one account on one day.

    Refused: no transfers, amounts not above zero, names of transfers that are not unique, texts longer than the
    standard's fields.
    """
    if not transfers:
        raise refuse("finance.pain.empty", "没有可写的付款", "There are no transfers to write")
    names = [_text(transfer.end_to_end, _ID_LENGTH, "EndToEndId") for transfer in transfers]
    if len(set(names)) != len(names):
        raise refuse("finance.pain.twice", "同一付款编号出现两次", "Two transfers have the same EndToEndId")
    document = Element("Document", xmlns=PAIN_001)
    root = SubElement(document, "CstmrCdtTrfInitn")
    total = str(to_yuan(sum(transfer.amount_fen for transfer in transfers)))
    header = SubElement(root, "GrpHdr")
    _put(header, "MsgId", _text(message, _ID_LENGTH, "MsgId"))
    _put(header, "CreDtTm", made_at.isoformat(timespec="seconds"))
    _put(header, "NbOfTxs", str(len(transfers)))
    _put(header, "CtrlSum", total)
    _put(header, "InitgPty/Nm", _text(payer.name, _NAME_LENGTH, "Nm"))
    batch = SubElement(root, "PmtInf")
    _put(batch, "PmtInfId", message)
    _put(batch, "PmtMtd", "TRF")
    _put(batch, "NbOfTxs", str(len(transfers)))
    _put(batch, "CtrlSum", total)
    _put(batch, "ReqdExctnDt/Dt", execute_on.isoformat())
    _put_account(batch, payer, "Dbtr")
    for transfer in transfers:
        _put_transfer(SubElement(batch, "CdtTrfTxInf"), transfer)
    return bytes(tostring(document, encoding="utf-8", xml_declaration=True))


def read_bookings(content: bytes) -> list[Booking]:
    """The booked entries of a camt.054 file in yuan, one for each transaction in them.

    An entry with several transactions must be the sum of them. Refused: what is no such file, another currency, a
    missing or unreadable field. Entries that are only pending are left out.
    """
    try:
        document = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _unreadable(str(error) or type(error).__name__) from None
    found = _CAMT_054.fullmatch(document.tag)
    if found is None:
        raise _unreadable(document.tag)
    space = {"": found[1]}
    entries = document.iterfind("BkToCstmrDbtCdtNtfctn/Ntfctn/Ntry", space)
    return [booking for entry in entries for booking in _bookings(entry, space)]


def _bookings(entry: Element, space: dict[str, str]) -> Iterator[Booking]:
    status = entry.findtext("Sts/Cd", None, space) or entry.findtext("Sts", "", space).strip()
    if status != "BOOK":
        return
    reference = entry.findtext("NtryRef", "", space) or entry.findtext("AcctSvcrRef", "", space)
    day = entry.findtext("BookgDt/Dt", None, space) or (entry.findtext("BookgDt/DtTm", "", space))[:10]
    try:
        booked_on = dt.date.fromisoformat(day)
    except ValueError:
        raise _unreadable("BookgDt", reference) from None
    total = _amount(entry, space, reference)
    reversal = entry.findtext("RvslInd", "", space).strip() in {"true", "1"}
    parts = list(entry.iterfind("NtryDtls/TxDtls", space))
    amounts = [_amount(part, space, reference) if len(parts) > 1 else total for part in parts] or [total]
    if sum(amounts) != total:
        raise _unreadable(f"Amt {to_yuan(total)} != {to_yuan(sum(amounts))}", reference)
    sign = {"CRDT": 1, "DBIT": -1}.get(entry.findtext("CdtDbtInd", "", space))
    if sign is None:
        raise _unreadable("CdtDbtInd", reference)
    for part, amount in zip(parts or [entry], amounts, strict=True):
        about = " ".join(text.text or "" for text in part.iterfind("RmtInf/Ustrd", space))
        end_to_end = part.findtext("Refs/EndToEndId", "", space)
        yield Booking(reference, end_to_end, sign * amount, booked_on, about, reversal)


def _amount(element: Element, space: dict[str, str], reference: str) -> int:
    amount = element.find("Amt", space)
    if amount is None or amount.get("Ccy") != "CNY":
        raise _unreadable("Amt", reference)
    try:
        fen = to_fen((amount.text or "").strip())
    except Refused:
        raise _unreadable(f"Amt {amount.text}", reference) from None
    if fen < 0:
        raise _unreadable(f"Amt {amount.text}", reference)
    return fen


def _put_transfer(element: Element, transfer: Transfer) -> None:
    if transfer.amount_fen <= 0:
        raise refuse(
            "finance.pain.amount",
            "付款金额必须大于零",
            "A transfer is above zero",
            where=Where(column="Amt", value=str(transfer.amount_fen)),
        )
    _put(element, "PmtId/EndToEndId", transfer.end_to_end)
    _put(element, "Amt/InstdAmt", str(to_yuan(transfer.amount_fen))).set("Ccy", "CNY")
    _put_account(element, transfer.to, "Cdtr")
    if transfer.about:
        _put(element, "RmtInf/Ustrd", _text(transfer.about, _NAME_LENGTH, "Ustrd"))


def _put_account(element: Element, account: Account, who: str) -> None:
    def put_bank() -> None:
        bank = SubElement(element, f"{who}Agt")
        _put(bank, "FinInstnId/ClrSysMmbId/ClrSysId/Cd", "CNAPS")
        _put(bank, "FinInstnId/ClrSysMmbId/MmbId", _text(account.bank, _ID_LENGTH, "MmbId"))

    if who == "Cdtr":
        put_bank()
    _put(element, f"{who}/Nm", _text(account.name, _NAME_LENGTH, "Nm"))
    _put(element, f"{who}Acct/Id/Othr/Id", _text(account.number, 34, "Id"))
    if who == "Dbtr":
        put_bank()


def _put(element: Element, path: str, text: str) -> Element:
    """The element at the end of a path, its parents made where they are missing, with its text."""
    for name in path.split("/"):
        found = element.find(name)
        element = SubElement(element, name) if found is None else found
    element.text = text
    return element


def _text(text: str, longest: int, field: str) -> str:
    if not 0 < len(text) <= longest or not text.isprintable():
        raise refuse(
            "finance.pain.text",
            f"{field} 应有 1 至 {longest} 个可见字符",
            f"{field} has 1 to {longest} printable characters",
            where=Where(column=field, value=text),
        )
    return text


def _unreadable(what: str, reference: str | None = None) -> Refused:
    return refuse(
        "finance.camt.unreadable",
        f"这不是可读的 camt.054 入账通知: {what}",
        f"This is no camt.054 notification that can be read: {what}",
        where=Where(value=reference),
    )
