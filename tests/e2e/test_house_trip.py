"""The trip of the house as one story: a file is pooled, a firm's owner comes, allows, sees who read, takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from tests.e2e.test_sign_in import code_in_mail

from tulou.pool.core.query import asked as ask_pool
from tulou.pool.courtyard import lake_at_hand
from tulou.pool.demo.firm import rich_firms
from tulou.pool.models import MatchReview
from tulou.registry.models import Organisation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
FAULTS = {4: "2021-13", 11: "", 19: "六月"}
"""Rows of the power company's file, and the month that stands there instead of one."""
FIRM = 3
"""Which of the firms that the pool knows most about is claimed: one whose owner had said no to the bank before."""

HELD = """[...document.querySelectorAll("ul.counted li")].map((li) =>
  [li.querySelector("a").href, Number(li.querySelector("span").innerText.replace(/[^0-9]/g, ""))])"""
SOURCES = """[...document.querySelectorAll("main tbody tr")].map((row) => row.innerText)"""
SOURCE = re.compile(r"20\d\d-\d\d-\d\d · \w+-\S+ · 记录 \d+")
"""The day on which a value was received, its delivery, and its record there."""

ASKED = ("market_register", "power_monthly")


class Windows:
    """One window for each person of the story, open side by side."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.pages: dict[str, Any] = {}

    def enter(self, account: str) -> Any:
        """A demo account's window at a desk."""
        self.house.open(size="desk").enter(account)
        self.pages[account] = self.house.page
        return self.house.page

    def back_to(self, name: str) -> Any:
        """Look at a person's window again."""
        self.house.page = self.pages[name]
        return self.house.page

    def seen(self, picture: str) -> None:
        """Hold the page against the rules of the house, and picture it."""
        self.house.look()
        self.house.picture(f"trip-{picture}")

    def close(self) -> None:
        """Close all."""
        for page in self.pages.values():
            page.context.close()
        self.house.page = None


def follow(page: Any, words: str) -> None:
    """Click the link that says so."""
    page.locator("main").get_by_role("link", name=words).first.click()
    page.wait_for_load_state("networkidle")


def press(page: Any, words: str) -> None:
    """Press the button that says so."""
    page.locator("main").get_by_role("button", name=words).first.click()
    page.wait_for_load_state("networkidle")


def home(page: Any) -> None:
    """To the workspace, by the menu."""
    if page.viewport_size["width"] < 600:
        page.locator("details.phone-menu summary").click()
        page.locator("details.phone-menu").get_by_role("link", name="工作台").click()
    else:
        page.locator("nav.side").get_by_role("link", name="工作台").click()
    page.wait_for_url("**/workspace/")


@pytest.fixture
def windows(furnished: Any) -> Any:
    """The windows of everybody, in front of the furnished province."""
    made = Windows(furnished)
    yield made
    made.close()


def power_file(folder: Path) -> Path:
    """A month of electricity of thirty meters; three rows name no month."""
    sql = "SELECT account_no FROM power_monthly GROUP BY account_no ORDER BY account_no LIMIT 30"
    with lake_at_hand() as lake, ask_pool(lake, sql) as answer:
        meters = [row["account_no"] for row in answer.rows.read_all().to_pylist()]
    rows = [f"{meter},{FAULTS.get(number, '2021-06')},{1000 + 7 * number}" for number, meter in enumerate(meters)]
    path = folder / "power_monthly-2021-06.csv"
    path.write_text("\n".join(["account_no,bill_month,total_energy", *rows, ""]), "utf-8")
    return path


def test_the_trip_of_the_house(windows: Windows, drain: Callable[[], int], tmp_path: Path) -> None:
    drain()
    delivery = an_officer_watches_a_file_being_pooled(windows, power_file(tmp_path), drain)
    a_clerk_corrects_its_rejected_rows(windows, delivery, drain)
    the_operator_decides_a_doubtful_match(windows, drain)
    firm = Organisation.objects.get(code=rich_firms()[FIRM].uscc)
    an_owner_signs_up_with_a_code(windows)
    she_claims_her_firm(windows, firm)
    she_reads_all_that_is_held_and_disputes_a_value(windows)
    the_bank_asks(windows, firm)
    drain()
    she_answers(windows)
    drain()
    the_bank_reads_until_she_takes_it_back(windows)
    she_reads_who_read_what(windows)


def an_officer_watches_a_file_being_pooled(windows: Windows, file: Path, drain: Callable[[], int]) -> str:
    """She hands it in; the page that she stands on tells her how far it is, and then what became of it."""
    page = windows.enter("officer-power")
    windows.house.picture("trip-01-officer-workspace")
    follow(page, "数据交付")
    windows.house.picture("trip-02-deliveries")
    follow(page, "交付文件")
    page.select_option("[name=dataset]", "power_monthly")
    page.set_input_files("[name=file]", str(file))
    page.fill("[name=records]", "30")
    windows.house.picture("trip-03-upload")
    page.get_by_role("button", name="交付", exact=True).click()
    page.get_by_role("heading", name="正在检查").wait_for()
    windows.seen("04-pooling")
    drain()
    page.get_by_text("30 条 = 接收 27 条 + 拒收 3 条").wait_for()
    windows.seen("05-pooled")
    return str(page.url)


def a_clerk_corrects_its_rejected_rows(windows: Windows, delivery: str, drain: Callable[[], int]) -> None:
    """From her list of deliveries to the records with what is wrong about each; corrected they go in."""
    page = windows.enter("clerk")
    follow(page, "数据交付")
    page.locator("#list tbody tr", has_text="power_monthly-2021-06.csv").get_by_role("link").first.click()
    page.wait_for_url(delivery)
    follow(page, "查看拒收记录")
    windows.seen("06-workbench")
    cards = page.locator("main form section.card")
    assert cards.count() == len(FAULTS)
    for card in cards.all():
        card.locator("input.form-control").first.fill("2021-06")
        card.get_by_role("checkbox").check()
    press(page, "重送勾选的记录")
    drain()
    page.get_by_text("3 条 = 接收 3 条 + 拒收 0 条").wait_for()
    windows.seen("07-corrected")


def the_operator_decides_a_doubtful_match(windows: Windows, drain: Callable[[], int]) -> None:
    """The first pair in her list: both sides, her reason, and the pool is told."""
    page = windows.enter("operator")
    follow(page, "疑似匹配")
    windows.house.picture("trip-08-matches")
    page.locator("#list tbody tr", has_text="待裁定").get_by_role("link").first.click()
    page.wait_for_load_state("networkidle")
    pair = MatchReview.objects.get(public_id=page.url.rstrip("/").rpartition("/")[2])
    windows.seen("09-match")
    page.fill("#id_reason", "电话核实：两处登记为同一负责人")
    press(page, "是同一家")
    windows.seen("10-next-match")
    drain()
    pair.refresh_from_db()
    assert (pair.state, pair.verdict) == ("applied", "same")


def an_owner_signs_up_with_a_code(windows: Windows) -> None:
    """On her phone: from the door to her own workspace, with a code from her mail and no password."""
    house = windows.house.open(size="phone").go("/")
    page = windows.pages["owner"] = house.page
    windows.house.picture("trip-11-home")
    page.get_by_role("link", name="登录").first.click()
    page.wait_for_load_state("networkidle")
    follow(page, "注册账户")
    windows.seen("12-sign-up")
    page.fill("input[name=email]", "lin.meiqing@example.com")
    page.fill("input[name=name]", "林美青")
    press(page, "发送验证码")
    windows.seen("13-code")
    page.fill("input[name=code]", code_in_mail())
    page.get_by_role("button", name="确认").click()
    page.wait_for_url("**/workspace/")
    windows.seen("14-owner-workspace")


def she_claims_her_firm(windows: Windows, firm: Organisation) -> None:
    """By its code; a code goes to the address that the register has."""
    page = windows.back_to("owner")
    follow(page, "认领您的企业")
    page.fill("[name=code]", firm.code)
    windows.seen("16-claim")
    press(page, "认领")
    assert mail.outbox[-1].to == [firm.contact_email]
    windows.seen("17-claim-code")
    page.fill(
        "[name=code]", next(w for w in mail.outbox[-1].body.replace("，", " ").split("：") if w[:8].isdigit())[:8]
    )
    press(page, "提交验证码")
    page.get_by_text("您现在可以代表该企业").wait_for()
    assert firm.name_zh in page.locator("main").inner_text()
    windows.seen("18-her-firm")


def she_reads_all_that_is_held_and_disputes_a_value(windows: Windows) -> None:
    """As many values as the page says, each with the day and the delivery that it came with; one is wrong."""
    page = windows.back_to("owner")
    follow(page, "本企业数据")
    windows.seen("19-own")
    told = page.evaluate(HELD)
    assert len(told) >= 10
    values = 0
    for address, count in told:
        page.goto(address)
        rows = page.evaluate(SOURCES)
        assert len(rows) == count, address
        assert all(SOURCE.search(row) for row in rows), address
        values += count
    windows.house.go("/pool/own/")
    assert f"共 {values:,} 个值，来自 {len(told)} 个数据集" in page.locator("main").inner_text()
    follow(page, "非居民客户月度电量电费")
    windows.house.picture("trip-20-own-dataset")
    page.fill("#own-q", "总用电量")
    press(page, "搜索")
    press(page, "提出异议")
    page.fill("[name=proposed]", "1200")
    page.fill("[name=explanation]", "六月车间停产检修，抄表读数有误。")
    windows.seen("21-dispute")
    press(page, "提交部门")
    windows.seen("22-disputed")


def the_bank_asks(windows: Windows, firm: Organisation) -> None:
    """The officer finds the firm by its name, and asks for two datasets of those that are open to her."""
    page = windows.enter("bank")
    follow(page, "授权")
    windows.house.picture("trip-23-bank-consents")
    follow(page, "向企业申请")
    page.fill("[name=firm]", firm.name_zh)
    windows.house.picture("trip-24-find")
    press(page, "查找企业")
    page.select_option("[name=purpose]", "LOAN_APPLY")
    for dataset in ASKED:
        page.check(f"[name=datasets][value={dataset}]")
    page.fill("[name=reason]", "流动资金贷款 50 万元，只看登记与用电")
    windows.seen("25-ask")
    press(page, "发送给企业")
    page.get_by_text("企业已收到您的申请").wait_for()
    windows.house.picture("trip-26-asked")


def she_answers(windows: Windows) -> None:
    """The request waits in her workspace; she keeps her telephone to herself and allows the rest."""
    page = windows.back_to("owner")
    home(page)
    windows.house.picture("trip-27-waiting")
    page.locator("main li", has_text="海峡银行").get_by_role("button").first.click()
    page.wait_for_load_state("networkidle")
    windows.seen("28-request")
    page.locator("summary", has_text="市场主体登记基本信息").click()
    page.get_by_label("企业联系电话").uncheck()
    press(page, "同意勾选的内容")
    page.get_by_text("您可随时在此撤回").wait_for()
    windows.seen("29-granted")


def the_bank_reads_until_she_takes_it_back(windows: Windows) -> None:
    """What she allowed, and not her telephone; and from the moment of her revocation nothing at all."""
    page = windows.back_to("bank")
    home(page)
    windows.house.picture("trip-30-bank-told")
    page.locator("main li", has_text="已同意").get_by_role("button").first.click()
    page.wait_for_load_state("networkidle")
    follow(page, "查看企业")
    shown = page.locator("main").inner_text()
    assert "总用电量" in shown
    assert "企业联系电话" not in shown
    assert page.locator("tbody tr").count() >= 40
    windows.seen("31-profile")
    owner = windows.back_to("owner")
    press(owner, "永久撤回")
    answer = page.reload()
    assert answer.status == 403
    assert page.locator("tbody tr").count() == 0
    assert "企业已撤回授权" in page.locator("main").inner_text()
    windows.seen("32-revoked")
    windows.back_to("bank")
    windows.seen("33-nothing")


def she_reads_who_read_what(windows: Windows) -> None:
    """The reading that was allowed and the one that was not, each with its reader, its time and what it was about."""
    page = windows.back_to("owner")
    home(page)
    follow(page, "读取记录")
    windows.seen("34-readings")
    for number, (decision, name) in enumerate([("企业已撤回授权", "refused"), ("允许读取", "allowed")], 35):
        page.locator("#list tbody tr", has_text="海峡银行").filter(has_text=decision).first.get_by_role("link").click()
        page.wait_for_load_state("networkidle")
        told = page.locator("main").inner_text()
        assert all(words in told for words in ("海峡银行", "贷款申请审查", "2021-06-30", "非居民客户月度电量电费"))
        windows.seen(f"{number}-{name}")
        page.go_back()
        page.wait_for_load_state("networkidle")
