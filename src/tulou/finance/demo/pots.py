"""Two rounds of pots in the demonstration: one published, with an appeal, and one that waits for a decision."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tulou.finance.models import PotClaim, PotRound
from tulou.finance.services.pots import appeal_claim, decide_round, make_round, publish_round
from tulou.platform import clock
from tulou.platform.actor import Actor
from tulou.pool.demo.people import make_cast
from tulou.registry.middleware import actor_of
from tulou.registry.models import Membership, Organisation
from tulou.registry.queries import current_memberships
from tulou.registry.roles import Kind, Role

FIRMS = 180
GUARANTEES = (("应急周转担保", 18_000_000, 60), ("科技创新担保", 30_000_000, None), ("出口信用担保", 24_000_000, None))
SUBSIDIES = (
    ("技术改造贴息", 2_600_000, None),
    ("稳岗扩岗补贴", 1_500_000, 40),
    ("数字化转型补贴", 1_800_000, None),
    ("绿色节能补贴", 900_000, 25),
)


def make_pots() -> int:
    """Lay both rounds out, once; answers how many there are."""
    if not PotRound.objects.exists():
        cast = make_cast()
        officer = _operator() or cast.officers["industry"]
        firms = _firms(cast.firm)
        now = clock.now()
        with clock.at(now - dt.timedelta(days=9)):
            titles = ("2021 年融资担保资金池", "Guarantee pots 2021", "福彩 3D 2021165 期")
            done = _round(officer, titles, GUARANTEES, firms, unit=60, number=7)
            decide_round(officer, done, "stable", reason="按评分从高到低分配，任何企业都不会被评分更低者越过")
        with clock.at(now - dt.timedelta(days=6)):
            publish_round(officer, done)
        waiting = PotClaim.objects.filter(round=done, firm=cast.firm, decision="waiting").first()
        if waiting is not None:
            with clock.at(now - dt.timedelta(days=2)):
                appeal_claim(cast.owner, waiting, "评分未计入我公司今年二季度恢复的订单，请复核。")
        titles = ("2021 年技改与稳岗补贴", "Upgrading and retention subsidies 2021", "福彩 3D 2021172 期")
        _round(officer, titles, SUBSIDIES, firms, unit=8, number=11)
    return PotRound.objects.count()


def _operator() -> Actor | None:
    """Who runs the platform in the demonstration."""
    member = Membership.objects.filter(role=Role.OPERATOR_STAFF, ended_at=None).select_related("person").first()
    if member is None:
        return None
    own = [each for each in current_memberships(member.person) if each.organisation_id == member.organisation_id]
    return actor_of(member.person, own, "", True)


def _firms(own: Organisation) -> list[str]:
    """Credit codes of firms on the platform, the demo's own first."""
    others = Organisation.objects.filter(kind=Kind.ENTERPRISE, state=Organisation.State.ACTIVE).exclude(pk=own.pk)
    return [own.code, *others.order_by("id").values_list("code", flat=True)[: FIRMS - 1]]


def _round(
    officer: Actor,
    titles: tuple[str, str, str],
    pots: Sequence[tuple[str, int, int | None]],
    firms: Sequence[str],
    *,
    unit: int,
    number: int,
) -> PotRound:
    """A round whose claims are drawn by a fixed number: amounts in `unit` times ten thousand yuan, scores 50 to 99."""
    rng = np.random.default_rng(number)
    rows = []
    for place, firm in enumerate(firms):
        wanted = rng.permutation(len(pots))[: rng.integers(1, len(pots) + 1)]
        quality = 62 if place == 0 else rng.normal(74, 9)
        for choice, pot in enumerate(wanted, 1):
            score = int(np.clip(round(quality + rng.normal(0, 4)), 50, 99))
            amount = int(rng.integers(1, 13)) * unit * 1000
            rows.append((firm, pots[pot][0], score, amount, choice, int(rng.integers(1, 60))))
    with tempfile.TemporaryDirectory() as folder:
        return make_round(
            officer,
            title_zh=titles[0],
            title_en=titles[1],
            seed=titles[2],
            pots=_written(Path(folder) / "pots.csv", ("pot", "budget", "places"), pots),
            claims=_written(Path(folder) / "claims.csv", ("firm", "pot", "claim", "amount", "choice", "benefit"), rows),
        )


def _written(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([["" if value is None else value for value in row] for row in rows])
    return path
