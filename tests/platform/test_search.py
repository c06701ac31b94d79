"""The same words find the same records in the same order, on every database."""

from __future__ import annotations

import pytest

from tulou.platform.search.analyser import terms
from tulou.platform.search.models import Posting, Synonym, Term
from tulou.platform.search.queries import search
from tulou.platform.search.services import count_terms, forget_document, index_document
from tulou.platform.search.synonyms import house_synonyms, install_synonyms

pytestmark = pytest.mark.django_db
DOCUMENTS = {
    "d1": ("中小企业贷款贴息", "对受疫情影响的小微企业，流动资金贷款给予贴息。"),
    "d2": ("对象存储 OSS", "海量、安全、低成本的云存储服务，Object storage for archives."),
    "d3": ("财务软件订阅", "云上财务管理与记账软件，按月订阅。"),
    "d4": ("MES 制造执行系统", "车间排产、质量追溯。Manufacturing execution system."),
    "d5": ("稳岗返还", "对不裁员或少裁员的参保企业返还失业保险费。"),
    "d6": ("Loans for exporters", "Working capital loans with interest subsidies for small firms."),
    "d7": ("等保测评服务", "网络安全等级保护二级、三级测评。"),
}


@pytest.fixture
def library() -> None:
    for key, (title, body) in DOCUMENTS.items():
        index_document("tests", key, title=title, body=body, link=f"/{key}/")
    for word in ("贷款", "loan", "融资"):
        Synonym.objects.create(group="loan", word=word)
    for word in ("对象存储", "云存储", "云端储存", "object storage"):
        Synonym.objects.create(group="storage", word=word)
    count_terms.call()


def found(question: str, **more: object) -> list[str]:
    return [hit.document.key for hit in search(question, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("贴息", ["d1"]),
        ("等保", ["d7"]),
        ("财务软件", ["d3"]),
        ("MES 制造执行", ["d4"]),
        ("雲端儲存", ["d2"]),
        ("ＯＳＳ", ["d2"]),
        ("object storage", ["d2"]),
        ("loans", ["d6", "d1"]),
        ("融资", ["d6", "d1"]),
        ("裁员", ["d5"]),
        ("没有这样的东西吧", []),
        ("   ", []),
        ("?!，。", []),
    ],
)
def test_a_question_finds_in_this_order(library: None, question: str, expected: list[str]) -> None:
    assert found(question) == expected


def test_an_entry_that_is_changed_is_found_by_its_new_words_only(library: None) -> None:
    index_document("tests", "d1", title="出口退税", body="加快办理", link="/d1/")
    assert found("贴息") == []
    assert found("退税") == ["d1"]


def test_an_entry_that_is_forgotten_leaves_nothing(library: None) -> None:
    forget_document("tests", "d1")
    assert found("贴息") == []
    assert not Posting.objects.filter(document__key="d1").exists()


def test_what_is_for_some_is_not_found_by_others(library: None) -> None:
    index_document("tests", "secret", title="贴息内部口径", link="/s/", audience="bank")
    assert "secret" not in found("贴息")
    assert "secret" in found("贴息", audiences=["bank"])
    assert found("贴息", kinds=["others"]) == []


def test_terms_are_counted_by_the_job(library: None) -> None:
    assert Term.objects.get(text="loan").documents == 1
    assert Term.objects.get(text="贷款").documents == 1


def test_rare_or_odd_text_is_indexed_without_harm() -> None:
    assert terms("𠀀 \x00 C++ .NET 5G-A " + "x" * 500)
    index_document("tests", "odd", title="C++ " + "长" * 400, body="x" * 5000, link="/odd/")
    assert found("C++") == ["odd"]


def test_the_houses_synonyms_are_installed_once_and_leave_an_operators_own_alone() -> None:
    Synonym.objects.create(group="own", word="茶叶")
    first = install_synonyms()
    assert first == Synonym.objects.filter(group__startswith="house.").count() >= 150
    assert install_synonyms() == 0
    Synonym.objects.filter(word="补助").delete()
    Synonym.objects.create(group="house.补贴", word="从前的词")
    assert install_synonyms() == 2
    assert Synonym.objects.filter(group="own").count() == 1


def test_no_word_of_the_house_means_two_things() -> None:
    words = [word for group in house_synonyms().values() for word in group]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_a_question_finds_what_says_it_in_other_words() -> None:
    index_document("tests", "s1", title="稳岗返还办法", body="失业保险返还给不裁员的企业。", link="/s1/")
    install_synonyms()
    count_terms.call()
    assert found("稳就业") == ["s1"]
