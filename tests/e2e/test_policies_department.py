"""A department's trip in the browser: draft, editor, check, review by a colleague, force, amendment, suspension."""

from __future__ import annotations

from typing import Any

import pytest

from tulou.policies.models import Policy, PolicyVersion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
TEXT = {
    "title_zh": "小微企业房租补贴",
    "title_en": "Rent subsidy for small firms",
    "summary_zh": "补贴小微企业的房租。",
    "summary_en": "Small firms get a part of their rent back.",
    "document_zh": "闽测〔2026〕1号",
    "document_en": "Test document No. 1 of 2026",
    "benefit_zh": "按年租金的30%补贴",
    "benefit_en": "30 % of the yearly rent",
    "valid_from": "2026-01-01",
    "valid_to": "2039-12-31",
}
LOOKS = [("phone", "zh", "light"), ("desk", "en", "dark")]


class Trip:
    """One window after another, each signed in as one of the two officers."""

    def __init__(self, house: Any, size: str, language: str, theme: str) -> None:
        self.house, self.look = house, {"size": size, "language": language, "theme": theme}

    def enter(self, account: str) -> Any:
        if self.house.page is not None:
            self.house.page.context.close()
        return self.house.open(**self.look).enter(account).page

    def still(self) -> None:
        """Wait until the page is still, then hold it against the rules of the house."""
        self.house.page.wait_for_load_state("networkidle")
        self.house.look()


@pytest.mark.parametrize(("size", "language", "theme"), LOOKS)
def test_a_policy_from_draft_to_force_to_suspension(house: Any, size: str, language: str, theme: str) -> None:
    trip = Trip(house, size, language, theme)
    page = trip.enter("officer")
    house.go("/policies/department/").look()
    page.click('a[href="/policies/department/new/"]')
    trip.still()
    for name, value in TEXT.items():
        page.fill(f"#id_{name}", value)
    page.select_option("#id_theme", "rent")
    page.click("form.stack .btn-primary")
    page.wait_for_url("**/rule/")
    version = PolicyVersion.objects.get()
    draft = f"/policies/department/versions/{version.public_id}/"

    cite(page, "edit-0", "在福建省内登记注册")
    ask(page, "#add-root", "headcount")
    page.select_option("#row-low_op", "")
    page.fill("#row-low", "")
    page.select_option("#row-high_op", "le")
    page.fill("#row-high", "100")
    page.locator("#live").get_by_text("从业人数100人以下").wait_for()
    page.wait_for_load_state("networkidle")
    page.fill("#row-article", "第三条")
    page.fill("#row-quote", "从业人数100人以下")
    house.look()
    house.picture(f"policy-editor-{size}-{language}")
    keep(page, "#row-1")

    page.click("#addgroup-root")
    page.wait_for_selector("#group-2")
    settled(page)
    ask(page, "#add-2", "industry")
    page.fill("#include-q", "C13")
    page.press("#include-q", "Enter")
    page.wait_for_selector('.hits input[value="C13"]')
    settled(page)
    page.check('.hits input[value="C13"]')
    page.fill("#row-quote", "农副食品加工业")
    house.look()
    keep(page, "#row-2-0")
    ask(page, "#add-2", "size")
    page.check('input[name="include"][value="micro"]')
    page.fill("#row-quote", "微型企业")
    keep(page, "#row-2-1")
    trip.still()

    house.go(f"{draft}examples/one/")
    example(page, language, region="350102", headcount="100", size="micro", expect="T")
    house.go(f"{draft}examples/one/").look()
    example(page, language, region="350102", headcount="101", size="micro", expect="T")
    house.go(f"{draft}check/").look()
    assert page.locator(".findings .tone-red").count() >= 1
    page.click(".findings a >> nth=0")
    page.wait_for_url("**/examples/")
    trip.still()
    page.click("tbody a >> nth=1")
    page.select_option("#example-expect", "F")
    page.click(".form-actions .btn-primary")
    page.wait_for_url("**/examples/")
    house.go(f"{draft}effect/").look()
    house.go(f"{draft}files/").look()
    house.go(f"{draft}check/").look()
    page.click('form:has(input[name="revision"]) .btn-primary')
    page.wait_for_url(f"**/policies/department/{version.policy.public_id}/")
    house.go(f"{draft}review/").look()
    assert page.locator('button[name="approve"]').count() == 0

    page = trip.enter("reviewer")
    house.go(f"{draft}review/").look()
    page.click('button[name="approve"]')
    page.wait_for_url(f"**/policies/department/{version.policy.public_id}/")
    trip.still()
    assert Policy.objects.get().state == "published"

    page = trip.enter("officer")
    own = f"/policies/department/{version.policy.public_id}/"
    house.go(own)
    page.click('form[action$="/do/amend/"] button')
    page.wait_for_url("**/versions/*/")
    trip.still()
    second = PolicyVersion.objects.get(number=2)
    draft = f"/policies/department/versions/{second.public_id}/"
    house.go(f"{draft}rule/")
    page.click("#edit-1")
    page.wait_for_selector("#row-high")
    settled(page)
    page.fill("#row-high", "300")
    page.fill("#row-quote", "从业人数300人以下")
    keep(page, "#row-1")
    house.go(f"{draft}examples/one/?at=1")
    page.fill('[name="fact.headcount"]', "301")
    page.click(".form-actions .btn-primary")
    page.wait_for_url("**/examples/")
    house.go(f"{draft}check/")
    page.click('form:has(input[name="revision"]) .btn-primary')
    page.wait_for_url(f"**{own}")

    page = trip.enter("reviewer")
    house.go(f"{draft}review/").look()
    house.picture(f"policy-review-{size}-{language}")
    assert "100" in page.locator("del").first.inner_text()
    assert "300" in page.locator("ins").first.inner_text()
    page.click('button[name="approve"]')
    page.wait_for_url(f"**{own}")
    page.click("details.card summary")
    page.fill("#id_reason_zh", "预算已用完")
    page.fill("#id_reason_en", "The budget is used up")
    page.click('button[formaction$="/do/suspend/"]')
    page.wait_for_url(f"**{own}")
    trip.still()
    policy = Policy.objects.get()
    assert (policy.state, policy.current, policy.reason_en) == ("suspended", second, "The budget is used up")
    house.go(f"{own}reach/").look()


def settled(page: Any) -> None:
    """Wait until htmx has put in what it fetched, and armed it."""
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(".htmx-added, .htmx-settling, .htmx-swapping, .htmx-request", state="detached")


def ask(page: Any, button: str, attribute: str) -> None:
    """Open the form of a new criterion about something."""
    page.click(button)
    page.wait_for_selector("#row-attr")
    settled(page)
    page.select_option("#row-attr", attribute)
    page.wait_for_selector("#row-form")
    settled(page)


def keep(page: Any, row: str) -> None:
    """Keep the criterion, and wait until it stands in the rule."""
    page.click("#row-form .btn-primary")
    page.wait_for_selector(f"#editor {row} .rule-words")
    settled(page)


def cite(page: Any, button: str, quote: str) -> None:
    """Say where a criterion stands in the document."""
    page.click(f"#{button}")
    page.wait_for_selector("#row-quote")
    settled(page)
    page.fill("#row-quote", quote)
    keep(page, "#row-0")


def example(page: Any, language: str, *, region: str, headcount: str, size: str, expect: str) -> None:
    """Fill an example in and keep it."""
    page.fill("#example-name_zh", f"{headcount}人的企业")
    page.fill("#example-name_en", f"a firm of {headcount}")
    page.fill("#example-as_of", "2026-06-15")
    page.select_option("#example-expect", expect)
    page.fill('[name="fact.region"]', region)
    page.fill('[name="fact.headcount"]', headcount)
    page.select_option('[name="fact.size"]', size)
    page.click(".form-actions .btn-primary")
    page.wait_for_url("**/examples/")


def test_the_editor_works_by_keyboard_and_the_import_names_lines(house: Any) -> None:
    page = house.open(size="desk", language="en").enter("officer").page
    house.go("/policies/department/import/").look()
    page.set_input_files(
        "input[type=file]", files=[{"name": "p.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}]
    )
    page.click("form .btn-primary")
    page.get_by_text("There is no attribute").wait_for()
    house.look()
    version = PolicyVersion.objects.get()
    house.go(f"/policies/department/versions/{version.public_id}/rule/")
    page.focus("#down-0")
    page.keyboard.press("Enter")
    page.locator("#row-0").get_by_text("headcount").wait_for()
    settled(page)
    page.focus("#add-root")
    page.keyboard.press("Enter")
    page.wait_for_selector("#row-attr")
    settled(page)
    page.select_option("#row-attr", "zombie")
    page.wait_for_selector("#row-value")
    settled(page)
    page.focus("#row-article")
    page.keyboard.type("Art. 9")
    page.keyboard.press("Enter")
    page.wait_for_selector("#editor #row-2 .rule-words")
    settled(page)
    house.look()


TABLE = """code,title_zh,attribute,operator,value
one,第一条政策,region,in,350000
,,headcount,<=,100
two,第二条政策,shoe size,<=,43
"""
