"""A round of pots in the browser: laid out, compared, decided, published; the firm reads why, and appeals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tulou.kernel.uscc import make_uscc
from tulou.portal.demo import demo_person
from tulou.registry.queries import current_memberships

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

SAY = {
    "zh": {"compare": "比较各种方法", "run": "按此方法分配", "publish": "发布", "why": "资金未分配到您的位次",
           "send": "提交", "waits": "主管部门尚未答复"},
    "en": {"compare": "Compare the methods", "run": "Run this method", "publish": "Publish",
           "why": "The money did not reach your place in line", "send": "Send", "waits": "has not answered yet"},
}  # fmt: skip


def press(page: Any, words: str) -> None:
    page.locator("main").get_by_role("button", name=words, exact=True).first.click()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("language", "size"), [("zh", "phone"), ("en", "desk")])
def test_a_round_is_given_out_and_a_firm_appeals(house: Any, tmp_path: Path, language: str, size: str) -> None:
    say = SAY[language]
    owner = demo_person("owner")
    assert owner is not None
    firm = next(iter(current_memberships(owner))).organisation
    firm.code = make_uscc("9", "1", "350203", "MA000009")
    firm.save()
    other = make_uscc("9", "1", "350203", "MA000001")
    (tmp_path / "pots.csv").write_text("pot,budget,places\nGuarantee,100,\n", encoding="utf-8")
    claims = f"firm,pot,claim,amount\n{firm.code},Guarantee,70,60\n{other},Guarantee,90,50\n"
    (tmp_path / "claims.csv").write_text(claims, encoding="utf-8")
    page = house.open(size=size, language=language).enter("operator").page
    house.go("/finance/pots/own/new/").look()
    page.fill("[name=title_zh]", "2021 年担保资金池")
    page.fill("[name=title_en]", "Guarantees 2021")
    page.fill("[name=seed]", "draw 7")
    page.set_input_files("[name=pots]", tmp_path / "pots.csv")
    page.set_input_files("[name=claims]", tmp_path / "claims.csv")
    press(page, say["compare"])
    assert not page.locator(".error-summary, .errorlist, .invalid-feedback").all_inner_texts()
    house.look()
    house.picture(f"pots-{language}-compare")
    page.check("[name=method][value=stable]")
    page.fill("[name=reason]", "by the published rules")
    press(page, say["run"])
    house.look()
    press(page, say["publish"])
    house.look()
    page.context.close()
    page = house.open(size=size, language=language).enter("owner").page
    house.go("/finance/pots/claims/").look()
    page.locator("main a[href^='/finance/pots/claims/']").first.click()
    page.wait_for_load_state("networkidle")
    assert say["why"] in page.content()
    house.look()
    house.picture(f"pots-{language}-claim")
    page.fill("[name=text]", "our tax grade is A")
    press(page, say["send"])
    assert say["waits"] in page.content()
    house.go("/finance/pots/").look()
    house.go("/finance/figures/").look()
