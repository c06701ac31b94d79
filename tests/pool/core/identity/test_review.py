"""The clerical review, from the command line and as functions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.identity_fixtures import NOW, REGISTER, Deliver, contract, firm, links, rows_of
from typer.testing import CliRunner

from tulou.cli import app
from tulou.kernel.errors import Language, Refused
from tulou.pool.core.identity import decide_review, pairs_under_review, resolve, split_subject, undo_review
from tulou.pool.core.identity.review import Pair
from tulou.pool.core.identity.sides import sides_of
from tulou.pool.core.lake import Lake

POWER = contract("power", ["account", "name", "address", "phone", "person"], department="power")


def run(*arguments: str, language: str = "en") -> Any:
    return CliRunner().invoke(app, ["pool", *arguments], env={"TULOU_LANG": language})


def _as_power_knows(about: dict[str, str | None], number: int) -> dict[str, str | None]:
    """A firm as a department has it: some have moved, some bear another name, all lack place and legal form."""
    name, address = str(about["name"])[3:-4], about["address"]
    if number % 5 == 0:
        address = f"福建省龙岩市新罗区和平路{number}号"
    elif number % 6 == 0:
        name = f"{'乾坤朗润'[number % 4]}{'捷润桥波'[number % 3]}{name[2:]}"
    return {
        "account": f"P{number}",
        "name": name,
        "address": address,
        "phone": about["phone"],
        "person": about["person"],
    }


def stranger_of(lake: Lake, *, language: Language = "en", every: bool = False) -> list[Pair]:
    """The pairs under review that speak of the stranger."""
    return [pair for pair in pairs_under_review(lake, language=language, every=every) if pair.subject_key == "loc:P7"]


@pytest.fixture
def doubtful(lake: Lake, deliver: Deliver) -> Lake:
    """A pool in which somebody has a firm's telephone and owner, and another name and address."""
    firms = [firm(number) for number in range(120)]
    deliver(REGISTER, firms)
    known = [_as_power_knows(firms[number], number) for number in range(40, 100)]
    stranger = {
        "account": "P7",
        "name": "南平市延平区瓷缘杂货铺",
        "address": "福建省南平市延平区山后村12号",
        "phone": firms[7]["phone"],
        "person": firms[7]["person"],
    }
    deliver(POWER, [*known, stranger])
    resolve(lake, now=NOW)
    return lake


def test_who_shares_but_owner_and_telephone_is_put_before_a_person(doubtful: Lake) -> None:
    (pair,) = stranger_of(doubtful)
    assert (pair.dataset, pair.subject_key, pair.name) == ("power", "loc:P7", firm(7)["name"])
    assert pair.own_name == "南平市延平区瓷缘杂货铺"
    assert "same telephone" in pair.evidence
    assert "电话相同" in stranger_of(doubtful, language="zh")[0].evidence
    assert links(doubtful, "power")["loc:P7"][0] == "founder"


def test_the_same_are_one_from_then_on(doubtful: Lake, deliver: Deliver) -> None:
    (pair,) = stranger_of(doubtful)
    done = decide_review(doubtful, pair.review_id, same=True, by="wang", now=NOW, note="asked the owner")
    assert done["event"] == "merged"
    assert links(doubtful, "power")["loc:P7"][2] == firm(7)["uscc"]
    assert stranger_of(doubtful) == []
    (kept,) = stranger_of(doubtful, every=True)
    assert (kept.decision, kept.decided_by, kept.note) == ("same", "wang", "asked the owner")
    assert (pair.own, "merged", "review") in rows_of(doubtful, "entity.event", "enterprise_id, kind, reason")
    with pytest.raises(Refused, match=r"review\.decided"):
        decide_review(doubtful, pair.review_id, same=False, by="li", now=NOW)


def test_those_that_were_called_different_are_not_asked_about_again(doubtful: Lake, deliver: Deliver) -> None:
    (pair,) = stranger_of(doubtful)
    assert decide_review(doubtful, pair.review_id, same=False, by="wang", now=NOW)["event"] == "kept_apart"
    deliver(REGISTER, [firm(number) for number in range(120, 130)])
    resolve(doubtful, now=NOW)
    assert stranger_of(doubtful) == []
    assert links(doubtful, "power")["loc:P7"][2] is None


def test_records_can_be_taken_out_of_an_enterprise_that_is_not_theirs(doubtful: Lake, deliver: Deliver) -> None:
    before = links(doubtful, "power")["loc:P50"]
    done = split_subject(doubtful, "power", "loc:P50", by="wang", now=NOW, note="another shop")
    after = links(doubtful, "power")["loc:P50"]
    assert before[2] is not None
    assert (after[1], after[2]) == (done["enterprise_id"], None)
    assert (before[1], "split", done["enterprise_id"]) in rows_of(
        doubtful, "entity.event", "enterprise_id, kind, other_id"
    )
    deliver(REGISTER, [firm(130)])
    resolve(doubtful, now=NOW)
    assert links(doubtful, "power")["loc:P50"][1] == done["enterprise_id"]


def test_what_cannot_be_decided_is_refused_with_a_reason(doubtful: Lake) -> None:
    with pytest.raises(Refused, match=r"review\.none"):
        decide_review(doubtful, "r0", same=True, by="wang", now=NOW)
    with pytest.raises(Refused, match=r"review\.no_subject"):
        split_subject(doubtful, "power", "loc:none", by="wang", now=NOW)
    with pytest.raises(Refused, match=r"review\.own_code"):
        split_subject(doubtful, "register", f"uscc:{firm(1)['uscc']}", by="wang", now=NOW)


def test_a_clerk_works_from_the_command_line(doubtful: Lake) -> None:
    pool = ["--pool", str(doubtful.root)]
    listed = run("review", "list", *pool)
    assert "瓷缘杂货铺" in listed.stdout
    shown = json.loads(run("review", "list", *pool, "--json").stdout)
    pair = next(each for each in shown if each["subject_key"] == "loc:P7")
    decided = run("review", "decide", pair["review_id"], *pool, "--same", "--by", "wang")
    assert (decided.exit_code, "retired into" in decided.stdout) == (0, True)
    assert pair["review_id"] not in run("review", "list", *pool).stdout
    assert "拆出" in run("review", "split", "power", "loc:P51", *pool, "--by", "wang", language="zh").stdout
    again = run("review", "decide", pair["review_id"], *pool, "--different", "--by", "li", "--json")
    assert (again.exit_code, json.loads(again.stdout)["error"]["code"]) == (1, "review.decided")


def test_a_pool_without_doubts_has_nothing_to_review(lake: Lake, deliver: Deliver) -> None:
    deliver(REGISTER, [firm(number) for number in range(5)])
    resolve(lake, now=NOW)
    assert "没有待审" in run("review", "list", "--pool", str(lake.root), language="zh").stdout


def test_a_pool_is_resolved_from_the_command_line(lake: Lake, deliver: Deliver) -> None:
    deliver(REGISTER, [firm(number) for number in range(5)])
    pool = ["--pool", str(lake.root)]
    assert "5 enterprises" in run("resolve", *pool).stdout
    again = json.loads(run("resolve", *pool, "--json", "--as-of", "2030-01-01").stdout)
    assert (again["subjects"], again["enterprises"]) == (0, 5)


def test_a_decision_is_taken_back_and_the_retired_enterprise_lives_again(doubtful: Lake, deliver: Deliver) -> None:
    (pair,) = stranger_of(doubtful)
    before = links(doubtful, "power")["loc:P7"]
    decide_review(doubtful, pair.review_id, same=True, by="wang", now=NOW)
    assert links(doubtful, "power")["loc:P7"][2] == firm(7)["uscc"]
    done = undo_review(doubtful, pair.review_id, by="li", now=NOW, note="another shop after all")
    assert (done["event"], done["enterprise_id"]) == ("parted", pair.own)
    assert links(doubtful, "power")["loc:P7"] == before
    (again,) = stranger_of(doubtful)
    assert (again.review_id, again.decision, again.note) == (pair.review_id, None, "another shop after all")
    decide_review(doubtful, pair.review_id, same=False, by="li", now=NOW)
    assert undo_review(doubtful, pair.review_id, by="li", now=NOW)["event"] == "reopened"
    with pytest.raises(Refused, match=r"review\.not_decided"):
        undo_review(doubtful, pair.review_id, by="li", now=NOW)


def test_both_sides_of_a_pair_are_shown_as_their_records_have_them(doubtful: Lake) -> None:
    (pair,) = stranger_of(doubtful)
    subject, enterprise = sides_of(doubtful, [pair])[pair.review_id]
    assert (subject.name, subject.phone) == ("南平市延平区瓷缘杂货铺", firm(7)["phone"])
    assert (enterprise.name, enterprise.uscc) == (firm(7)["name"], firm(7)["uscc"])
