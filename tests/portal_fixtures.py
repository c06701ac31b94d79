"""Fixtures for every test that needs the portal: people in their roles, a client that acts for them, the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tulou.platform.actor import SYSTEM, Actor
from tulou.registry.middleware import actor_of
from tulou.registry.models import Organisation, Person
from tulou.registry.queries import current_memberships
from tulou.registry.roles import Kind, Role
from tulou.registry.services import give_role


class Enter(Client):
    """A client that is signed in as somebody; `enter.person` and `enter.actor` say as whom."""

    person: Person
    actor: Actor

    def sign_in(self, *, strong: bool = True) -> None:
        """Begin a new session: at first, and again where time went by and the last one has ended."""
        self.logout()
        self.force_login(self.person, settings.AUTHENTICATION_BACKENDS[0])
        if strong:
            session = self.session
            session["demo_strong"] = True
            session.save()


@pytest.fixture
def organisation(db: None) -> Callable[..., Organisation]:
    """`organisation(Kind.BANK)`: one of that kind, with a code of its own; fields can be given."""
    count = iter(range(1, 1000))

    def make(kind: Kind = Kind.ENTERPRISE, **fields: Any) -> Organisation:
        number = next(count)
        known = {"code": f"{kind.upper()}{number:04d}", "name_zh": f"单位{number}", "name_en": f"Organisation {number}"}
        return Organisation.objects.create(kind=kind, **{**known, **fields})

    return make


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    """`person()`: somebody without a role; `person(Role.BANK_OFFICER, bank)`: with one."""
    count = iter(range(1, 1000))

    def make(role: Role | None = None, at: Organisation | None = None, **fields: Any) -> Person:
        number = next(count)
        made = Person.objects.create_user(f"person{number}@example.com", **{"name": f"人{number}", **fields})
        if role is not None and at is not None:
            give_role(SYSTEM, made, at, role)
        return made

    return make


@pytest.fixture
def enter(organisation: Callable[..., Organisation], person: Callable[..., Person]) -> Callable[..., Enter]:
    """`enter(Role.BANK_OFFICER)`: a signed-in client (strong unless told otherwise); `enter(None)`: without a role."""

    def make(role: Role | None = None, at: Organisation | None = None, *, strong: bool = True, **fields: Any) -> Enter:
        if role is not None and at is None:
            at = organisation(role.kind)
        client = Enter(headers={"Accept-Language": "en"})
        client.person = person(role, at, **fields)
        client.sign_in(strong=strong)
        client.actor = actor_of(client.person, list(current_memberships(client.person)), "", strong)
        return client

    return make


@pytest.fixture
def drain(db: None) -> Callable[[], int]:
    """`drain()`: do all background work that is due now, in this process; how many tasks succeeded."""
    from tulou.platform.tasks.services import claim_task, run_claim

    def work() -> int:
        done = 0
        while (claim := claim_task("tests")) is not None:
            done += run_claim(claim)
        return done

    return work


@pytest.fixture(autouse=True)
def house_rules(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What holds for every test of the portal: checkpoints and files of its own, no language left behind."""
    if not {"db", "transactional_db", "django_db_setup"} & set(request.fixturenames):
        yield
        return
    from django.test.utils import override_settings
    from django.utils import translation

    home = tmp_path_factory.mktemp("home")
    with override_settings(CHECKPOINTS=home / "checkpoints", ATTACHMENTS=home / "attachments", MEDIA_ROOT=home):
        yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of browser files; tests that need them are skipped where `scripts/assets` has not run."""
    if not settings.STATICFILES_DIRS:
        pytest.skip("scripts/assets has not run")
    return Path(settings.STATICFILES_DIRS[0])
