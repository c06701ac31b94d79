"""Consents of the demonstration in every state, and what was read under them, allowed and refused."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from tulou.kernel.periods import period_of
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.platform.records import new_public_id
from tulou.pool.core.consent import Granularity, ReadDenied, Wish
from tulou.pool.courtyard import item_terms, items_of_dataset
from tulou.pool.demo.people import Cast
from tulou.pool.models import Consent
from tulou.pool.queries.consent import purpose_in_force, signed_grant
from tulou.pool.services.consent import (
    grant_consent,
    lapse_requests,
    narrow_consent,
    pause_consent,
    reject_consent,
    request_consent,
    revoke_consent,
)
from tulou.pool.services.reading import Asked, read_own, read_profile
from tulou.registry.models import Organisation

LOAN = ["market_register", "tax_credit", "invoice_monthly", "power_monthly", "social_insurance_monthly"]
MONITOR = ["invoice_monthly", "power_monthly"]
EVER = (dt.date(1900, 1, 1), dt.date(2200, 1, 1))


def make_consents(cast: Cast) -> None:
    """What happened between the firms and the two banks over the last year, in its order."""
    now = clock.now()
    _long_ago(cast, now)
    _lately(cast, now)
    _elsewhere(cast, now)


def ask(
    reader: Actor, firm: Organisation, purpose: str, datasets: list[str], at: dt.datetime, reason: str, months: int = 24
) -> Consent:
    """Ask for all items of some datasets that the purpose may ask for."""
    version = purpose_in_force(purpose)
    if version is None:
        raise LookupError(purpose)
    bounds = version.value()
    known, month = item_terms(), period_of(at.astimezone(clock.SHANGHAI).date())
    items = frozenset(
        code
        for dataset in datasets
        for code in items_of_dataset()[dataset]
        if code in known
        and known[code].sharing in bounds.sharing_types
        and known[code].sensitivity <= bounds.max_sensitivity
    )
    wish = Wish(
        items=items,
        granularity=bounds.finest,
        data_from=(month - (min(months, bounds.max_months) - 1)).start,
        data_until=(month + 1).start,
        days_valid=min(30, bounds.max_days_valid),
        max_reads=min(5, bounds.max_reads),
        max_reads_per_day=min(2, bounds.max_reads_per_day),
        retention_days=min(30, bounds.max_retention_days),
    )
    with clock.at(at):
        return request_consent(reader, firm, purpose=purpose, wish=wish, reason=reason)


def read(reader: Actor, consent: Consent, at: dt.datetime) -> None:
    """Read what was granted; a refusal stands in the log as well."""
    wish, signed = Wish.from_document(consent.terms), signed_grant(consent)
    items = signed.grant.terms.items if signed else wish.items
    asked = Asked(items, wish.data_from, wish.data_until, wish.granularity)
    with clock.at(at), suppress(ReadDenied):
        read_profile(reader, consent, asked, key=new_public_id())


def _long_ago(cast: Cast, now: dt.datetime) -> None:
    """A loan of last year, a request that was declined and one that nobody answered."""
    owner, firm = cast.owner, cast.firm
    at = now - dt.timedelta(days=210)
    first = ask(cast.bank, firm, "LOAN_APPLY", LOAN, at, "复工后的流动资金贷款 50 万元")
    with clock.at(at + dt.timedelta(hours=5)):
        grant_consent(owner, first)
    read(cast.bank, first, at + dt.timedelta(hours=6))
    at = now - dt.timedelta(days=60)
    declined = ask(cast.other_bank, firm, "LOAN_APPLY", [*LOAN, "customs_monthly"], at, "主动授信营销")
    with clock.at(at + dt.timedelta(days=1)):
        reject_consent(owner, declined, reason="目前没有融资需要")
    at = now - dt.timedelta(days=40)
    ask(cast.other_bank, firm, "LOAN_APPLY", LOAN, at, "信用贷款预审")
    with clock.at(at + dt.timedelta(days=16)):
        lapse_requests()


def _lately(cast: Cast, now: dt.datetime) -> None:
    """What runs now: one in use, one taken back, one paused, one narrowed, two that wait for the owner's answer."""
    owner, firm = cast.owner, cast.firm
    day = dt.timedelta(days=1)
    used = ask(cast.bank, firm, "LOAN_APPLY", LOAN, now - 25 * day, "春季订单备料，申请 80 万元流动资金贷款")
    with clock.at(now - 24 * day):
        kept = [code for code in used.terms["items"] if code not in items_of_dataset()["social_insurance_monthly"]]
        grant_consent(owner, used, items=kept)
    read(cast.bank, used, now - 23 * day)
    read(cast.bank, used, now - 10 * day)
    taken = ask(cast.other_bank, firm, "LOAN_APPLY", LOAN, now - 20 * day, "比较贷款方案")
    with clock.at(now - 19 * day):
        grant_consent(owner, taken)
    read(cast.other_bank, taken, now - 18 * day)
    with clock.at(now - 12 * day):
        revoke_consent(owner, taken, reason="已选择其他银行")
    read(cast.other_bank, taken, now - 11 * day)
    paused = ask(cast.bank, firm, "LOAN_MONITOR", MONITOR, now - 9 * day, "贷后每月监测", months=18)
    with clock.at(now - 8 * day):
        grant_consent(owner, paused)
    read(cast.bank, paused, now - 7 * day)
    with clock.at(now - 3 * day):
        pause_consent(owner, paused, reason="账目核对期间暂停")
    read(cast.bank, paused, now - 2 * day)
    wide = ask(cast.other_bank, firm, "LOAN_APPLY", LOAN, now - 6 * day, "设备更新贷款")
    with clock.at(now - 5 * day):
        grant_consent(owner, wide)
    with clock.at(now - 4 * day):
        narrow_consent(owner, wide, items=items_of_dataset()["tax_credit"] | items_of_dataset()["power_monthly"])
    match = ask(
        cast.officers["industry"], firm, "POLICY_MATCH", ["tax_credit", "industry_enterprise"],
        now - 30 * day, "核对“专精特新”申报条件",
    )  # fmt: skip
    with clock.at(now - 29 * day):
        grant_consent(owner, match)
    read(cast.officers["industry"], match, now - 28 * day)
    ask(cast.other_bank, firm, "LOAN_MONITOR", MONITOR, now - 2 * day, "贷后监测（每月一次）", months=18)
    ask(
        cast.bank, firm, "LOAN_APPLY", [*LOAN, "tax_payment", "customs_monthly"], now - day, "续贷，额度提高到 120 万元"
    )
    for dataset, ago in (("power_monthly", 6), ("tax_credit", 1)):
        with clock.at(now - ago * day):
            read_own(owner, firm, Asked(items_of_dataset()[dataset], *EVER, Granularity.RAW), key=new_public_id())


def _elsewhere(cast: Cast, now: dt.datetime) -> None:
    """The bank's other firms: some have answered, some have not; and the tax bureau that asked one of them."""
    day = dt.timedelta(days=1)
    if cast.others:
        owner, firm = cast.others[0]
        datasets = ["high_tech_certificate", "industry_enterprise"]
        made = ask(cast.officers["tax"], firm, "POLICY_MATCH", datasets, now - 15 * day, "核对研发费用加计扣除条件")
        with clock.at(now - 14 * day):
            grant_consent(owner, made)
        read(cast.officers["tax"], made, now - 13 * day)
    for number, (owner, firm) in enumerate(cast.others):
        at = now - (3 + 2 * number) * day
        made = ask(cast.bank, firm, "LOAN_APPLY", LOAN, at, f"流动资金贷款 {30 + 20 * number} 万元")
        with clock.at(at + dt.timedelta(hours=20)):
            if number % 4 == 1:
                grant_consent(owner, made)
            elif number % 4 == 2:
                grant_consent(owner, made, items=sorted(made.terms["items"])[: len(made.terms["items"]) // 2])
            elif number == 3:
                reject_consent(owner, made, reason="范围过大")
        if number % 4 in (1, 2):
            read(cast.bank, made, at + dt.timedelta(hours=30))
        if number == 5:
            with clock.at(at + 2 * day):
                revoke_consent(owner, made)
            read(cast.bank, made, at + 3 * day)
