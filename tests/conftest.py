"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: a loaded machine is slow, and timings belong to benchmarks. `.ci/run` sets CI, and then the examples are
# the same in every run of a commit; anywhere else each run looks for new ones.
settings.register_profile("tulou", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tulou")

pytest_plugins = ["tests.portal_fixtures", "tests.courtyard_fixtures", "tests.identity_fixtures"]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; tests that need it are skipped where it is not there."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared/data is not there")
    return SHARED
