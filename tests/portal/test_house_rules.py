"""What holds for the whole portal: who may come in, what a GET may do, which words there are."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

from tulou.platform.actor import NOBODY
from tulou.platform.web.access import page
from tulou.platform.web.checks import every_view_says_who_may_open_it, public_routes, routes
from tulou.platform.web.readonly import WroteOnGet
from tulou.portal import urls as house_urls
from tulou.registry.models import Organisation
from tulou.registry.roles import Role

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = Path(__file__).with_name("public_urls.txt")
ROOMS = [*settings.HOUSE, "portal"]


@page(public=True)
def writes_on_get(request: Any) -> HttpResponse:
    Organisation.objects.create(kind="bank", code="X", name_zh="X")
    return HttpResponse("ok")


@page(Role.BANK_OFFICER)
def for_bank_officers(request: Any) -> HttpResponse:
    return HttpResponse("ok")


@page(Role.ENTERPRISE_LEGAL, methods=["GET", "POST"])
def makes_an_organisation(request: Any) -> HttpResponse:
    if request.method == "POST" and request.POST.get("good"):
        Organisation.objects.create(kind="bank", code=request.POST["good"], name_zh="X")
        answer = HttpResponse(status=302)
        answer.headers["Location"] = "/done/"
        return answer
    return HttpResponse("form again")


def undeclared(request: Any) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    *house_urls.urlpatterns,
    path("writes/", writes_on_get),
    path("bank-only/", for_bank_officers),
    path("makes/", makes_an_organisation),
]
handler400, handler403 = house_urls.handler400, house_urls.handler403
handler404, handler500 = house_urls.handler404, house_urls.handler500
here = override_settings(ROOT_URLCONF=__name__)


def test_the_pages_that_are_open_to_everybody_are_listed_in_one_file() -> None:
    assert PUBLIC.read_text().splitlines() == public_routes()


def test_every_view_says_who_may_open_it() -> None:
    assert every_view_says_who_may_open_it(None) == []


@pytest.mark.django_db
def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_from_every_other_page() -> None:
    public = set(public_routes())
    client = Client()
    tried = 0
    for route, view in routes():
        if route in public or "<" in route or route.startswith("api/"):
            continue
        wished = getattr(getattr(view, "access", None), "methods", ("GET",))[0]
        answer = getattr(client, wished.lower())(f"/{route}")
        assert answer.status_code == 302, route
        assert answer.headers["Location"].startswith("/account/login/"), route
        tried += 1
    assert tried >= 5


@pytest.mark.django_db
@here
def test_a_page_asked_for_may_not_write() -> None:
    with pytest.raises(WroteOnGet):
        Client().get("/writes/")


@pytest.mark.django_db
@here
@pytest.mark.parametrize(
    ("role", "strong", "status"),
    [
        (Role.BANK_OFFICER, True, 200),
        (Role.BANK_OFFICER, False, 302),
        (Role.ENTERPRISE_LEGAL, True, 403),
        (None, True, 403),
    ],
)
def test_a_page_opens_to_its_roles_only_and_to_staff_only_with_two_factors(
    enter: Callable[..., Any], role: Role | None, strong: bool, status: int
) -> None:
    answer = enter(role, strong=strong).get("/bank-only/")
    assert answer.status_code == status
    if status == 302:
        assert answer.headers["Location"] == "/workspace/strengthen/"


@pytest.mark.django_db
@here
def test_a_form_sent_twice_has_one_effect_and_a_form_with_errors_may_be_corrected(enter: Callable[..., Any]) -> None:
    client = enter(Role.ENTERPRISE_LEGAL)
    before = Organisation.objects.count()
    assert client.post("/makes/", {"_once": "k"}).content == b"form again"
    answers = [client.post("/makes/", {"_once": "k", "good": "A"}) for _ in range(3)]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [(302, "/done/")] * 3
    assert Organisation.objects.count() == before + 1
    other = client.post("/makes/", {"_once": "k", "good": "B"})
    assert other.status_code == 422
    assert b"idempotency.key_reused" in other.content


def test_a_view_without_a_declaration_stops_the_server() -> None:
    with override_settings(ROOT_URLCONF=type("U", (), {"urlpatterns": [path("x/", undeclared)]})):
        found = every_view_says_who_may_open_it(None)
    assert [error.id for error in found] == ["tulou.E001"]
    assert not NOBODY.signed_in
    assert RequestFactory().get("/").path == "/"


def test_every_text_has_its_chinese_and_every_catalogue_is_compiled() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "messages.py"), "--check", *ROOMS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, "run scripts/messages.py"


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "portal"])
@pytest.mark.django_db
def test_the_migrations_are_complete(room: str) -> None:
    call_command("makemigrations", room, "--check", "--dry-run", verbosity=0)


def templates() -> list[Path]:
    """Every page's template. Those of e-mails are left out: mail readers load no style sheet, so theirs is inline."""
    found = sorted((ROOT / "src" / "tulou").rglob("templates/**/*.html"))
    return [template for template in found if template.parent.name != "mail"]


@pytest.mark.parametrize("template", templates(), ids=lambda p: "/".join(p.parts[-2:]))
def test_a_template_has_no_inline_style_script_or_handler(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)


HEADERS = {
    "Content-Security-Policy": r".*default-src 'none'.*",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Request-Id": r"[2-9a-z]{20}",
}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/design/", "/account/login/", "/nothing/", "/api/", "/workspace/"])
def test_every_answer_is_armoured(address: str) -> None:
    answer = Client().get(address)
    for name, pattern in HEADERS.items():
        assert re.fullmatch(pattern, answer.headers.get(name, "")), name
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_production_passes_djangos_own_deployment_checks(tmp_path: Path) -> None:
    environment = {
        "TULOU_MODE": "production",
        "TULOU_HOME": str(tmp_path),
        "TULOU_SECRET_KEY": "k3!v9_" * 12,
        "TULOU_HOSTS": "portal.example.gov.cn",
        "TULOU_BASE_URL": "https://portal.example.gov.cn",
        "DJANGO_SETTINGS_MODULE": "tulou.portal.settings",
        "PATH": "",
    }
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    names = "from tulou.portal import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    said = subprocess.run([sys.executable, "-c", names], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["__Host-session", "__Host-csrf"]


def test_production_without_a_key_is_refused(tmp_path: Path) -> None:
    environment = {"TULOU_MODE": "production", "TULOU_HOME": str(tmp_path), "PATH": ""}
    command = [sys.executable, "-m", "tulou", "migrate"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "portal.production_incomplete" in refused.stderr
