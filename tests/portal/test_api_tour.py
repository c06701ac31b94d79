"""Every command of the tour of the API does what the tour says, on a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tulou.pool.models import Consent, Dispute, ReadDecision
from tulou.pool.services.access import install_purposes, open_items
from tulou.pool.services.consent import grant_consent
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role
from tulou.registry.services import make_token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
TOUR = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "api-tour.md"
GRANTS = "<!-- the owner grants -->"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """The commands of a part of the tour."""
    return [line[2:] for block in BLOCK.findall(text) for line in block.splitlines() if line.startswith("$ ")]


def test_every_command_of_the_tour_works(
    live_server: Any,
    courtyard: Callable[..., list[str]],
    organisation: Callable[..., Organisation],
    enter: Callable[..., Any],
    tmp_path: Path,
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    install_purposes()
    firm, market, bank = organisation(Kind.ENTERPRISE), organisation(Kind.DEPARTMENT, code="MARKET"), Kind.BANK
    courtyard([firm], "market_penalty")
    owner, officer, banker = (
        enter(Role.ENTERPRISE_LEGAL, firm),
        enter(Role.DEPARTMENT_OFFICER, market),
        enter(Role.BANK_MANAGER, organisation(bank)),
    )
    for dataset in ("market_penalty", "market_register"):
        open_items(officer.actor, department="market", dataset=dataset, reader_kind="bank")
    scopes = ["registry:read", "pool:read", "pool:write"]
    tokens = {
        name: make_token(head.actor, Organisation.objects.get(pk=head.actor.organisation_key), name=name, scopes=scopes)
        for name, head in (("BANK", banker), ("FIRM", owner), ("OFFICE", officer))
    }
    known = {name: secret for name, (_, secret) in tokens.items()}
    surroundings = {**os.environ, **known, "TULOU": f"{live_server.url}/api/v1", "CODE": firm.code}
    before, after = TOUR.read_text(encoding="utf-8").split(GRANTS)
    with override_settings(ALLOWED_HOSTS=["*"]):
        run(commands(before), tmp_path, surroundings)
        grant_consent(owner.actor, Consent.objects.get())
        run(commands(after), tmp_path, surroundings)
    assert Consent.objects.get().state == "revoked"
    assert Dispute.objects.get().state == "accepted"
    codes = ReadDecision.objects.order_by("id").values_list("code", "own")
    assert list(codes) == [("allowed", False), ("allowed", True), ("revoked", False)]
    assert len(commands(before + after)) >= 20


def run(lines: list[str], folder: Path, surroundings: dict[str, str]) -> None:
    """Run the commands in one shell; what it learned is there for the next."""
    learned = folder / "learned.sh"
    script = [f". {learned}" if learned.exists() else "true", *lines]
    script.append(f"for name in CONSENT DISPUTE ITEM; do declare -p $name >> {learned} 2>/dev/null || true; done")
    done = subprocess.run(
        ["bash", "-xeuo", "pipefail", "-c", "\n".join(script)],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr[-1500:]}\n{done.stdout[-500:]}"
