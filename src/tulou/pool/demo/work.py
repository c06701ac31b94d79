"""Work of the demonstration: disputes between the firm and departments, a delivery with faults, a claim to review."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tulou.kernel.errors import Refused
from tulou.platform import clock
from tulou.platform.records import new_public_id
from tulou.pool.core.consent import Granularity
from tulou.pool.core.query import asked as ask_pool
from tulou.pool.courtyard import items_of_dataset, lake_at_hand
from tulou.pool.demo.consents import EVER
from tulou.pool.demo.people import Cast
from tulou.pool.models import Dispute, MatchReview
from tulou.pool.services.deliveries import receive_file
from tulou.pool.services.disputes import answer_dispute, raise_dispute
from tulou.pool.services.matches import decide_match, gather_matches
from tulou.pool.services.reading import Asked, read_own
from tulou.registry.claims import claim_by_document
from tulou.registry.middleware import actor_of
from tulou.registry.models import Membership
from tulou.registry.queries import current_memberships
from tulou.registry.roles import Role

DISPUTES = [
    ("social_insurance_monthly", "hrss", 45, "新参保的两名员工没有计入。", "corrected", "已补录, 下一次交付生效。"),
    ("market_register", "market", 30, "登记信息已于上月变更, 这里仍是旧值。", "declined", "变更尚未核准。"),
    ("invoice_monthly", "tax", 12, "该月红字发票未冲减。", "accepted", "已转税源管理部门核对。"),
    ("power_monthly", "power", 6, "抄表读数有误, 车间当月停产检修。", "", ""),
    ("tax_credit", "tax", 2, "评价年度的扣分事项已经更正, 请复核等级。", "", ""),
]  # fmt: skip
STEPS = {"corrected": "correct", "declined": "decline", "accepted": "accept"}
VERDICTS = [
    ("different", "电话属于同一代账公司, 两家经营地址和负责人都不同。"),
    ("same", "与登记机关电话核实, 为同一家企业更名前后的名称。"),
    ("unsure", "等待供水企业回复户名变更记录。"),
]
SPOILT = {3: "2021-13", 9: "", 17: "2021/06/31", 26: "六月"}
ROWS = 60


def make_disputes(cast: Cast) -> None:
    """Values that the owner says are wrong, and what the departments answered."""
    now = clock.now()
    for dataset, department, ago, explanation, state, answer in DISPUTES:
        item, fact = _first_fact(cast, dataset)
        if fact is None:
            continue
        with clock.at(now - dt.timedelta(days=ago)):
            made = raise_dispute(
                cast.owner,
                item=item,
                value=str(fact["value"]),
                explanation=explanation,
                period=str(fact["period"] or ""),
                delivery=fact["delivery"],
            )
        if state:
            with clock.at(now - dt.timedelta(days=ago - 2)):
                officer = cast.officers[department]
                answer_dispute(officer, Dispute.objects.get(pk=made.pk), STEPS[state], answer=answer)


def _first_fact(cast: Cast, dataset: str) -> tuple[str, dict[str, Any] | None]:
    """A number that the pool holds about the firm, of a dataset; None where it holds none."""
    asked = Asked(items_of_dataset()[dataset], *EVER, Granularity.RAW)
    values = read_own(cast.owner, cast.firm, asked, key=new_public_id()).values
    facts = [(code, fact) for code in sorted(values) for fact in values[code] if fact["kind"] == "latest"]
    measured = [(code, fact) for code, fact in facts if fact["unit"] and _is_number(fact["value"])]
    return (measured or facts or [("", None)])[0]


def _is_number(value: object) -> bool:
    try:
        return float(str(value)) > 1
    except ValueError:
        return False


def send_delivery(cast: Cast) -> None:
    """A month of electricity from the power company's clerk, with months in four rows that are none."""
    sql = "SELECT account_no, sum(total_energy) AS energy FROM power_monthly GROUP BY account_no ORDER BY account_no"
    try:
        with lake_at_hand() as lake, ask_pool(lake, f"{sql} LIMIT {ROWS}") as answer:
            rows = answer.rows.read_all().to_pylist()
    except Refused:
        return
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["account_no", "bill_month", "total_energy"])
    for number, row in enumerate(rows):
        energy = round(float(row["energy"] or 0) / 24)
        writer.writerow([row["account_no"], SPOILT.get(number, "2021-05"), energy])
    upload = SimpleUploadedFile("power_monthly-2021-05.csv", file.getvalue().encode(), "text/csv")
    receive_file(cast.clerk, upload, dataset="power_monthly", records=len(rows))


def make_claim(cast: Cast) -> None:
    """Somebody claims a firm with its licence; the operator compares it."""
    if cast.others:
        licence = SimpleUploadedFile("licence.pdf", _one_page("BUSINESS LICENCE (demonstration)"), "application/pdf")
        claim_by_document(cast.claimant, cast.others[-1][1], licence)


def review_matches() -> None:
    """Lay the doubtful pairs of the pool before the operator, who has decided two and set one aside; one is left."""
    gather_matches()
    staff = Membership.objects.filter(role=Role.OPERATOR_STAFF, ended_at=None).select_related("person").first()
    if staff is None:
        return
    actor = actor_of(staff.person, list(current_memberships(staff.person)), "", strong=True)
    pairs = list(MatchReview.objects.order_by("-doubt", "-id")[: len(VERDICTS) + 1])
    for pair, (verdict, reason) in zip(pairs[:-1], VERDICTS, strict=False):
        decide_match(actor, pair, verdict, reason=reason)


def _one_page(text: str) -> bytes:
    """A PDF of one page with a line of text."""
    stream = f"BT /F1 18 Tf 72 720 Td ({text.replace('(', '').replace(')', '')}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body
        + b"xref\n0 6\n0000000000 65535 f \n%s" % table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )
