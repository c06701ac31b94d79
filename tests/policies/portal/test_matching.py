"""What firms are told when a policy, a fact, or the day changes: each thing once, whoever dies when."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings
from tests.policies.portal.laying import HOUSE, amend, at_most, in_region, noon, publish
from tests.policies.portal.profiles import write_pool

from tulou.platform import clock
from tulou.platform.outbox.models import InboxItem, Message
from tulou.platform.story import story
from tulou.policies.core.attributes import Kind as Of
from tulou.policies.core.firms.columns import Codes
from tulou.policies.core.firms.facts import Firm, LedgerEntry, SetFact
from tulou.policies.core.firms.table import facts_at, table_of
from tulou.policies.core.rule.tree import Const
from tulou.policies.models import Application, Declaration, Mark, MatchEvent, Matching, Run, Told, Wish
from tulou.policies.queries.documents import as_core
from tulou.policies.services import matching, store, telling
from tulou.policies.services.matching import Overtaken, count, keep_up, population, results_of
from tulou.policies.services.publishing import resume, suspend
from tulou.policies.services.sources import catalogue
from tulou.policies.services.wording import wording_of
from tulou.registry.models import Organisation
from tulou.registry.roles import Kind, Role

TODAY = dt.date(2026, 7, 1)
FUZHOU, XIAMEN = "350102", "350203"


class Town:
    """Three firms with an owner each, and one that has no account; a department; a pool."""

    def __init__(self, organisation: Callable[..., Organisation], person: Callable[..., Any]) -> None:
        self.department = organisation(Kind.DEPARTMENT)
        self.firms = [organisation(Kind.ENTERPRISE) for _ in range(3)]
        self.owners = [person(Role.ENTERPRISE_LEGAL, firm) for firm in self.firms]
        self.values: dict[str, dict[str, Any]] = {
            firm.code: {"market_register__district_code": place, "market_register__headcount": staff}
            for firm, place, staff in zip(self.firms, (FUZHOU, FUZHOU, XIAMEN), (10, None, 500), strict=True)
        }
        self.values["NOACCOUNT"] = {"market_register__district_code": FUZHOU, "market_register__headcount": 3}
        write_pool(self.values)

    def told(self) -> list[tuple[int, str]]:
        """(which firm, what) of every event, oldest first."""
        at = {firm.pk: i for i, firm in enumerate(self.firms)}
        rows = MatchEvent.objects.order_by("id").values_list("firm_id", "kind")
        return [(at[firm], kind) for firm, kind in rows]


@pytest.fixture
def town(
    db: None, tmp_path: Path, organisation: Callable[..., Organisation], person: Callable[..., Any]
) -> Iterator[Town]:
    """A small town on the first of July, whose matching has begun."""
    with override_settings(POOL=tmp_path / "pool"), noon(TODAY):
        made = Town(organisation, person)
        keep_up()
        yield made


SMALL = {"all": [in_region("350100"), at_most("headcount", 100)]}


def test_a_published_policy_is_in_the_inbox_of_every_firm_that_it_may_be_for(town: Town) -> None:
    """Surely, possibly and not; the firm without an account is counted and told nothing."""
    version = publish(town.department, "a", SMALL, deadline=TODAY + dt.timedelta(days=30))
    keep_up()
    assert town.told() == [(0, "eligible"), (1, "possible")]
    items = InboxItem.objects.order_by("person_id")
    assert [item.person for item in items] == town.owners[:2]
    assert items[0].title_en == "You are eligible: Policy a"
    assert items[0].body_en == "CNY 10,000. Apply by 31 July 2026."
    event = MatchEvent.objects.get(kind="eligible")
    assert items[0].link == f"/policies/news/{event.public_id}/"
    told = Told.objects.get()
    assert (told.version, told.sure, told.possible) == (version, 2, 1)
    told_of = Message.objects.filter(code__startswith="policies.match.")
    assert set(told_of.values_list("state", flat=True)) == {"delivered"}


def test_nothing_is_told_twice_however_often_it_is_asked(town: Town) -> None:
    """A second look finds nothing new."""
    publish(town.department, "a", SMALL)
    assert [keep_up(), keep_up(), keep_up()] == [1, 0, 0]
    assert (MatchEvent.objects.count(), InboxItem.objects.count()) == (2, 2)


def test_what_was_in_force_before_the_first_facts_is_stock_and_no_news(
    db: None, tmp_path: Path, organisation: Callable[..., Organisation], person: Callable[..., Any]
) -> None:
    """Otherwise a new installation would greet every firm with all policies of the province."""
    with override_settings(POOL=tmp_path / "pool"), noon(TODAY):
        town = Town(organisation, person)
        publish(town.department, "a", SMALL)
        assert keep_up() == 0
        assert (Told.objects.count(), town.told()) == (1, [])


def test_an_amendment_tells_who_gained_who_lost_and_who_keeps_it_changed(town: Town) -> None:
    """From Fuzhou's small firms to all small firms: the possible one hears of the change; the large one of nothing."""
    policy = publish(town.department, "a", SMALL).policy
    keep_up()
    MatchEvent.objects.all().delete()
    amend(policy, eligibility=in_region("350200"), benefit_zh="补贴两万元", benefit_en="CNY 20,000")
    keep_up()
    assert sorted(town.told()) == [(0, "lost"), (2, "eligible")]
    amend(policy, benefit_zh="补贴三万元", benefit_en="CNY 30,000")
    keep_up()
    changed = MatchEvent.objects.get(kind="changed")
    assert changed.firm == town.firms[2]
    assert wording_of(changed.version, "changed").body.en == "Changed: benefit."


def test_suspending_takes_a_policy_from_the_eligible_and_resuming_brings_it_back(town: Town) -> None:
    """The same version, told twice, because it became true twice."""
    policy = publish(town.department, "a", in_region("350100")).policy
    keep_up()
    officer = replace(HOUSE, organisation_key=town.department.pk)
    with clock.at(clock.now() + dt.timedelta(minutes=5)):
        suspend(officer, policy, reason_zh="核查")
    keep_up()
    with clock.at(clock.now() + dt.timedelta(minutes=9)):
        resume(officer, policy)
        keep_up()
    assert Counter(kind for _, kind in town.told()) == {"eligible": 4, "lost": 2}


def test_new_facts_tell_only_the_firms_whose_answer_changed(town: Town) -> None:
    """The unknown headcount becomes known; a firm that is new to the pool is greeted with nothing."""
    publish(town.department, "a", SMALL)
    keep_up()
    MatchEvent.objects.all().delete()
    town.values[town.firms[1].code]["market_register__headcount"] = 20
    town.values[town.firms[0].code]["market_register__headcount"] = 2_000
    town.values["NEWFIRM"] = dict(town.values["NOACCOUNT"])
    write_pool(town.values)
    keep_up()
    assert sorted(town.told()) == [(0, "lost"), (1, "eligible")]


def test_the_day_opens_and_closes_a_policy(town: Town) -> None:
    """Valid from tomorrow, for two days; the last day is included."""
    days = [TODAY + dt.timedelta(days=n) for n in range(4)]
    publish(town.department, "a", in_region("350200"), valid_from=days[1], valid_to=days[2])
    seen = []
    for day in days:
        with noon(day):
            keep_up()
            seen.append(len(town.told()))
    assert seen == [0, 1, 1, 2]
    assert town.told() == [(2, "eligible"), (2, "lost")]


def test_a_deadline_is_told_at_14_7_and_1_days_even_when_the_worker_slept(town: Town) -> None:
    """Once each; after a pause the tightest that was passed; not to a firm that has applied already."""
    deadline = TODAY + dt.timedelta(days=20)
    version = publish(town.department, "a", in_region("350100"), deadline=deadline)
    keep_up()
    Application.objects.create(firm=town.firms[1], policy=version.policy, version=version, state="submitted")
    Mark.objects.create(firm=town.firms[2], policy=version.policy, kind="saved")
    seen: dict[int, list[tuple[int, str]]] = {}
    for left in (15, 14, 13, 5, 1, 0, -1):
        MatchEvent.objects.all().delete()
        with noon(deadline - dt.timedelta(days=left)):
            keep_up()
        seen[left] = sorted((firm, MatchEvent.objects.get(firm=town.firms[firm]).cause) for firm, _ in town.told())
    due = {left: [(0, f"c20260721.{told}"), (2, f"c20260721.{told}")] for left, told in ((14, 14), (5, 7), (1, 1))}
    assert seen == {15: [], 13: [], 0: [], -1: [], **due}


def test_a_firm_s_own_word_changes_its_answers_and_nobody_else_s(town: Town) -> None:
    """The firm of unknown size declares ten people: it is eligible now; it takes that back: only possible again."""
    publish(town.department, "a", SMALL)
    keep_up()
    MatchEvent.objects.all().delete()
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        made = Declaration.objects.create(firm=town.firms[1], fact="headcount", answer="10")
        keep_up()
    with clock.at(clock.now() + dt.timedelta(minutes=2)):
        Declaration.objects.filter(pk=made.pk).update(ended_at=clock.now())
        keep_up()
        keep_up()
    assert town.told() == [(1, "eligible"), (1, "possible")]


def test_who_does_not_want_a_kind_of_news_gets_none_in_the_inbox(town: Town) -> None:
    """The event is on the firm's record all the same."""
    Wish.objects.create(person=town.owners[0], kinds=["closing"])
    publish(town.department, "a", SMALL)
    keep_up()
    assert len(town.told()) == 2
    assert [item.person for item in InboxItem.objects.all()] == [town.owners[1]]


def test_a_run_goes_on_where_it_broke_off(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """One firm a transaction, and an error in the second: the first stays told, the second is told by the next run."""
    monkeypatch.setattr(telling, "CHUNK", 1)
    publish(town.department, "a", SMALL)
    real, calls = telling._people, iter([False, True])

    def breaks(*arguments: Any) -> Any:
        if next(calls, False):
            raise ConnectionError("gone")
        return real(*arguments)

    monkeypatch.setattr(telling, "_people", breaks)
    with pytest.raises(ConnectionError):
        keep_up()
    assert (town.told(), InboxItem.objects.count(), Run.objects.get().told) == ([(0, "eligible")], 1, 1)
    keep_up()
    assert (town.told(), InboxItem.objects.count()) == ([(0, "eligible"), (1, "possible")], 2)


def test_a_worker_that_was_thought_dead_changes_nothing_any_more(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one took the matching over between two chunks."""
    monkeypatch.setattr(telling, "CHUNK", 1)
    publish(town.department, "a", SMALL)

    def overtaken(hold: matching.Hold, run: Run, plan: Any) -> None:
        Matching.objects.update(fence=hold.fence + 1)
        telling.tell_run(hold, run, plan)

    with pytest.raises(Overtaken):
        keep_up(overtaken)
    assert town.told() == []
    Matching.objects.update(until=None)
    keep_up()
    assert len(town.told()) == 2


def test_two_workers_do_not_hold_the_matching_at_once(town: Town) -> None:
    """The second goes away; when the hold has run out, or its process is gone, it is taken over."""
    with matching.holding() as first, matching.holding() as second:
        assert (first is not None, second) == (True, None)
        with clock.at(clock.now() + dt.timedelta(minutes=5)), matching.holding() as third:
            assert third is not None
    Matching.objects.update(until=clock.now() + dt.timedelta(minutes=5), holder="another.machine:1")
    with matching.holding() as other:
        assert other is None


def test_lost_files_are_built_again_and_nobody_is_told_twice(town: Town) -> None:
    """The cache beside the lake goes; a policy published meanwhile is told, old ones are not."""
    publish(town.department, "a", SMALL)
    keep_up()
    shutil.rmtree(store.folder())
    publish(town.department, "b", in_region("350200"))
    keep_up()
    assert town.told() == [(0, "eligible"), (1, "possible"), (2, "eligible")]
    assert Told.objects.count() == 2


def test_a_lost_plan_is_made_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between planning and telling the file goes."""
    publish(town.department, "a", SMALL)

    def gone(hold: matching.Hold, run: Run, plan: Any) -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        keep_up(gone)
    shutil.rmtree(store.folder() / "plans")
    keep_up()
    assert len(town.told()) == 2


def test_pages_count_firms_and_ask_for_one(town: Town) -> None:
    """All four firms are counted; one firm's answers hold its declared facts at once."""
    version = publish(town.department, "a", SMALL)
    rule = as_core(version).rule
    counts = count(rule, TODAY)
    assert counts is not None
    assert (counts.sure, counts.possible, counts.never) == (2, 1, 1)
    there = population()
    assert there is not None
    assert (there.table.size, list(there.codes)) == (4, sorted(town.values))
    verdict = results_of(town.firms[1], TODAY)[version.policy.public_id]
    assert (verdict.truth, verdict.missing) == ("U", frozenset({"headcount"}))
    Declaration.objects.create(firm=town.firms[1], fact="headcount", answer="10")
    assert results_of(town.firms[1], TODAY)[version.policy.public_id].truth == "T"
    assert count(Const(True), TODAY).sure == 4  # type: ignore[union-attr]


def test_before_the_first_facts_there_is_nothing_to_count(db: None, tmp_path: Path) -> None:
    """Pages say so instead of showing zeros."""
    with override_settings(POOL=tmp_path / "pool"):
        assert (population(), count(Const(True), TODAY)) == (None, None)


def test_every_kind_of_column_comes_back_from_its_file(db: None, tmp_path: Path) -> None:
    """Codes, numbers, flags, sets and ledgers, in the order of the firms' codes."""
    facts: dict[str, Any] = {
        "region": "350102",
        "registered_on": dt.date(2020, 1, 1).toordinal(),
        "rd_ratio": 1.5,
        "revenue": 12_345,
        "tax_arrears": False,
        "tags": SetFact({"high_tech": True, "gazelle": None}),
        "aid": (LedgerEntry(737_000, 100, "a"),),
    }
    table = table_of([Firm("B", facts), Firm("A", {})], catalogue())
    assert {catalogue()[name].kind for name in facts} == set(Of) - {Of.INTEGER}
    with override_settings(POOL=tmp_path / "pool"):
        saved = store.save_facts(["B", "A"], table, TODAY, "1")
        loaded = store.load_facts(saved.name)
        assert loaded is not None
        assert (loaded.row_of("A"), loaded.row_of("B"), loaded.row_of("C")) == (0, 1, None)
        back = facts_at(loaded.table(catalogue()).whole(), 1)
        assert back == facts_at(table, 0)
        assert isinstance(loaded.table(catalogue()).column("region"), Codes)
        answers = np.array([0, 1, 2, 2, 1, 0, 0, 1, 2], np.int8)
        assert store.load_answers(store.save_answers(answers), 9).tolist() == answers.tolist()  # type: ignore[union-attr]


def test_notices_go_out_in_the_story_or_not_at_all(town: Town) -> None:
    """A publishing that fails leaves no task behind and tells nobody."""

    def fails() -> None:
        with story(HOUSE):
            publish(town.department, "a", SMALL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert (keep_up(), town.told()) == (0, [])
