"""The portal's settings for tests: a home of their own per process, nothing from this machine's surroundings."""

from __future__ import annotations

import os
import tempfile
from dataclasses import fields

from tulou.portal.environment import Environment

for field in fields(Environment):
    os.environ.pop(f"TULOU_{field.name.upper()}", None)
os.environ["TULOU_MODE"] = "demo"
os.environ["TULOU_HOME"] = tempfile.mkdtemp(prefix="tulou-tests-")
os.environ["TULOU_SECRET_KEY"] = "only for tests, fifty characters long, and never used elsewhere"
if os.environ.get("TULOU_TEST_DATABASE") == "postgres":
    os.environ["TULOU_DATABASE_URL"] = os.environ["TULOU_TEST_POSTGRES"]

from tulou.portal.settings import *  # noqa: E402, F403
from tulou.portal.settings import DATABASES, TEMPLATES  # noqa: E402


class Undefined(str):
    """What an undefined variable of a template becomes: an error."""

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, name: object) -> str:
        raise AssertionError(f"a template uses {name}, which is not there")


STRICT = Undefined("%s")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["TEST"] = {"NAME": "tulou_tests"} if "postgresql" in DATABASES["default"]["ENGINE"] else {}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = STRICT
