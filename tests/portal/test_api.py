"""The API keeps its promises: tokens with scopes, problems, every POST once, a true schema."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tulou.kernel.errors import Refused
from tulou.platform.api.kit import Window, slice_of
from tulou.platform.idempotency.models import AnsweredRequest
from tulou.platform.web.middleware import post_once
from tulou.pool.core.consent import Granularity, Wish
from tulou.pool.models import MatchReview
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import grant_consent, request_consent
from tulou.pool.services.disputes import raise_dispute
from tulou.portal.wsgi import application
from tulou.registry.forms import SCOPES
from tulou.registry.models import Organisation, Token
from tulou.registry.roles import Kind, Role
from tulou.registry.services import end_token, make_token

pytestmark = pytest.mark.django_db
SELF = "/api/v1/registry/self"


@pytest.fixture
def token(enter: Callable[..., Any]) -> tuple[Token, str]:
    """A bank's token with the right to read itself."""
    client = enter(Role.BANK_MANAGER)
    bank = Organisation.objects.get(pk=client.actor.organisation_key)
    return make_token(client.actor, bank, name="core system", scopes=["registry:read"])


def ask(secret: str, method: str = "get", path: str = SELF, **more: Any) -> Any:
    return getattr(Client(), method)(
        path, headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"}, **more
    )


def test_a_token_says_whose_it_is_and_only_its_hash_is_kept(token: tuple[Token, str]) -> None:
    answer = ask(token[1])
    assert answer.status_code == 200
    assert answer.json()["organisation"] == token[0].organisation.public_id
    assert token[1] not in json.dumps(list(Token.objects.values()), default=str)


def test_without_a_good_token_there_is_a_problem(token: tuple[Token, str]) -> None:
    for answer in (Client().get(SELF), ask("nonsense"), ask(token[1][:-1])):
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["code"] == "api.token"


def test_a_token_that_was_ended_or_whose_organisation_is_suspended_is_worthless(
    token: tuple[Token, str], enter: Callable[..., Any]
) -> None:
    Organisation.objects.update(state="suspended")
    assert ask(token[1]).status_code == 401
    Organisation.objects.update(state="active")
    assert ask(token[1]).status_code == 200
    head = enter(Role.BANK_MANAGER, token[0].organisation)
    end_token(head.actor, token[0])
    assert ask(token[1]).status_code == 401


def test_a_scope_that_is_missing_is_named(enter: Callable[..., Any]) -> None:
    client = enter(Role.BANK_MANAGER)
    bank = Organisation.objects.get(pk=client.actor.organisation_key)
    _, secret = make_token(client.actor, bank, name="x", scopes=[])
    answer = ask(secret)
    assert answer.status_code == 403
    assert "registry:read" in answer.json()["title"]


def test_only_the_head_of_an_organisation_makes_tokens(enter: Callable[..., Any]) -> None:
    client = enter(Role.BANK_OFFICER)
    bank = Organisation.objects.get(pk=client.actor.organisation_key)
    with pytest.raises(Refused):
        make_token(client.actor, bank, name="x", scopes=[])


def post(key: str, body: str, asker: str = "a") -> HttpRequest:
    headers = {"Idempotency-Key": key, "Authorization": f"Bearer {asker}"}
    return RequestFactory().post("/api/v1/x", body, content_type="application/json", headers=headers)


def test_a_post_happens_once_and_its_answer_is_kept() -> None:
    count = 0

    def work() -> Any:
        nonlocal count
        count += 1
        return JsonResponse({"n": count}, status=201)

    answers: list[Any] = [post_once(post("k", '{"a": 1}'), work) for _ in range(3)]
    assert [(a.status_code, json.loads(a.content)) for a in answers] == [(201, {"n": 1})] * 3
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert post_once(post("k", '{"a": 2}'), work).status_code == 422
    assert post_once(post("k", '{"a": 1}', "another"), work).status_code == 201
    assert post_once(post("", "{}"), work).status_code == 400
    assert post_once(post("k" * 81, "{}"), work).status_code == 400
    assert count == 2


def test_a_post_that_was_refused_leaves_its_key_free_and_no_effect() -> None:
    def refused() -> Any:
        Organisation.objects.create(kind=Kind.BANK, code="HALF", name_zh="x")
        return JsonResponse({}, status=422)

    with transaction.atomic():
        assert post_once(post("k", "{}"), refused).status_code == 422
    assert not AnsweredRequest.objects.exists()
    assert not Organisation.objects.filter(code="HALF").exists()


def test_a_list_is_read_in_pages_that_neither_skip_nor_repeat(organisation: Callable[..., Organisation]) -> None:
    for _ in range(7):
        organisation(Kind.BANK)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = slice_of(Organisation.objects.filter(kind=Kind.BANK), Window(cursor=cursor, limit=3), lambda o: o.code)
        seen += page["items"]
        cursor = page["next"]
        organisation(Kind.PROVIDER)
    assert len(seen) == len(set(seen)) == 7
    for odd in ("x", "djI6MQ", "djE6LTE", "\u200b"):
        with pytest.raises(Refused):
            slice_of(Organisation.objects.all(), Window(cursor=odd, limit=3), str)


def test_the_page_that_describes_the_api_names_every_operation() -> None:
    paths = Client().get("/api/v1/openapi.json").json()["paths"]
    text = Client().get("/api/").content.decode()
    assert paths
    for path, methods in paths.items():
        assert path in text
        for operation in methods.values():
            assert {"401", "403", "404", "422", "503"} <= set(map(str, operation["responses"]))


def test_a_chinese_reader_reads_of_every_operation_in_chinese_and_the_document_stays_as_it_is() -> None:
    readers = {language: Client(headers={"Accept-Language": language}) for language in ("zh-CN", "en")}
    schema = readers["zh-CN"].get("/api/v1/openapi.json").json()
    assert schema == readers["en"].get("/api/v1/openapi.json").json()
    operations = [one for methods in schema["paths"].values() for one in methods.values()]
    texts = {" ".join(one[part].split()) for one in operations for part in ("summary", "description")}
    texts |= {answer["description"] for one in operations for answer in one["responses"].values()}
    pages = {language: unescape(reader.get("/api/").content.decode()) for language, reader in readers.items()}
    assert [text for text in texts if f">{text}<" in pages["zh-CN"] or f"> {text}<" in pages["zh-CN"]] == []
    assert [text for text in texts if text not in pages["en"]] == []


@pytest.mark.django_db(transaction=True)
def test_no_operation_answers_anything_undocumented(
    enter: Callable[..., Any], organisation: Callable[..., Organisation], courtyard: Callable[..., list[str]]
) -> None:
    """Every operation, asked by a bank, a firm, a department and the operator in turn, with ids that there are."""
    tokens, ids = people_of_the_fuzz(enter, organisation, courtyard)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    tried: dict[str, int] = {}
    reached: dict[str, set[int]] = {}
    # A rule of the field may refuse, with 422, what the schema lets pass: a cursor of somebody else, a ceiling.
    ruled_out = ("unsupported_method", "ignored_auth", "positive_data_acceptance")
    skipped = [CHECKS.get_one(name) for name in ruled_out if name in CHECKS.get_all_names()]
    turn, chance = iter(range(10**9)), random.Random(4)
    for result in schema.get_all_operations():
        operation = result.ok()

        def try_one(case: Any) -> None:
            number, label = next(turn), case.operation.label
            tried[label] = tried.get(label, 0) + 1
            if "key" in (case.path_parameters or {}) and number % 4:
                case.path_parameters["key"] = chance.choice(ids)
            headers = {"Authorization": f"Bearer {chance.choice(tokens)}", "Idempotency-Key": f"k{number}"}
            answer = case.call_and_validate(headers=headers, excluded_checks=skipped)
            reached.setdefault(label, set()).add(answer.status_code)

        run = given(case=operation.as_strategy())(try_one)
        settings(
            max_examples=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            database=None,
        )(run)()
    assert len(tried) >= 24
    assert min(tried.values()) >= 1
    assert sum(bool(codes & {200, 201}) for codes in reached.values()) >= 10, reached


def people_of_the_fuzz(
    enter: Callable[..., Any], organisation: Callable[..., Organisation], courtyard: Callable[..., list[str]]
) -> tuple[list[str], list[str]]:
    """Tokens of four organisations with every scope, and the ids of records that belong to some of them."""
    install_purposes()
    firm, market = organisation(Kind.ENTERPRISE), organisation(Kind.DEPARTMENT, code="MARKET")
    items = courtyard([firm], "market_penalty")
    heads = {
        "bank": enter(Role.BANK_MANAGER),
        "firm": enter(Role.ENTERPRISE_LEGAL, firm),
        "department": enter(Role.DEPARTMENT_OFFICER, market),
        "operator": enter(Role.OPERATOR_SECURITY),
    }
    scopes = [scope for scope, _ in SCOPES]
    tokens = [
        make_token(h.actor, Organisation.objects.get(pk=h.actor.organisation_key), name="fuzz", scopes=scopes)[1]
        for h in heads.values()
    ]
    right = open_items(heads["department"].actor, department="market", dataset="market_penalty", reader_kind="bank")
    wish = Wish(frozenset(items[:3]), Granularity.RAW, date(2019, 1, 1), date(2020, 7, 1), 30, 5, 5, 30)
    asked = [
        request_consent(heads["bank"].actor, firm, purpose="LOAN_APPLY", wish=wish, reason=reason) for reason in "ab"
    ]
    grant_consent(heads["firm"].actor, asked[0])
    dispute = raise_dispute(heads["firm"].actor, item=items[0], value="1", explanation="x")
    pair = MatchReview.objects.create(review_id="r1", dataset="power", subject_key="loc:1", enterprise_id="e1")
    return tokens, [row.public_id for row in (*asked, dispute, right, pair)]
