"""What the pool knows, as the rules of policies ask it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from django.test import override_settings
from tests.policies.portal.profiles import AS_OF, PERIOD, write_pool

from tulou.kernel.errors import Refused
from tulou.platform.actor import SYSTEM
from tulou.platform.audit.models import AuditEvent
from tulou.policies.core.attributes import Kind, standard_attributes
from tulou.policies.core.firms.facts import SetFact
from tulou.policies.core.firms.table import facts_at
from tulou.policies.models import Declaration
from tulou.policies.services.asking_row import columns_of, items_by_name, question_about_one
from tulou.policies.services.facts import PURPOSE, all_facts, facts_of, size_of
from tulou.policies.services.sources import COUNTS, YUAN, Compiler, Source, catalogue, kind_of, sources
from tulou.pool.core.catalogue import reference_catalogue
from tulou.pool.core.consent import PURPOSES, ReadDenied
from tulou.pool.core.profile.features import features_of
from tulou.pool.courtyard import catalogue as items_of_pool
from tulou.pool.models import PurposeVersion
from tulou.pool.services.duty import profile_shape
from tulou.registry.roles import Kind as Who
from tulou.registry.roles import Role

BY_NAME = items_by_name(reference_catalogue())
TEA = {
    "market_register__district_code": "350102",
    "market_register__industry_code": "1530",
    "market_register__entity_type": "151",
    "market_register__established_on": dt.date(2015, 3, 1),
    "market_register__headcount": 12,
    "market_register__registration_status": "1",
    "cit_annual__revenue": 2_500_000.5,
    "power_monthly__total_energy__sum12": 1_200.0,
    "power_monthly__total_energy__prior12": 1_000.0,
    "customs_registration__declarant_kind": "1",
    "customs_registration__cross_border_ecommerce": True,
    "market_annual_report__assets": 80.0,
}
ABROAD = {
    "market_register__district_code": "350203",
    "market_register__entity_type": "330",
    "market_register__registration_status": "1",
    "tax_arrears__balance": 17.0,
    "high_tech_certificate__certificate_no": "GR1",
    "high_tech_certificate__expires_on": dt.date(2026, 6, 30),
    "environment_event__event_kind": "1",
    "environment_event__period": dt.date(2024, 1, 1),
}
GONE = {"market_register__district_code": "350203", "market_register__registration_status": "3"}


@pytest.fixture
def pool(db: None, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """`pool({code: values})`: what the pool knows."""
    with override_settings(POOL=tmp_path / "pool"):
        yield write_pool


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_source_names_items_of_the_reference_catalogue_within_the_purpose(name: str) -> None:
    """An item that the catalogue has not, or that may not be read for matching, would answer nothing for ever."""
    known, ceiling = set(standard_attributes()), PURPOSES[PURPOSE]
    tags = {f"tags.{member}" for member in standard_attributes()["tags"].members}
    assert name in known | tags
    for item in [item for source in sources()[name] for item in source.items()]:
        assert item in BY_NAME, item
        found = BY_NAME[item]
        assert (found.sharing_type in ceiling.sharing_types, found.sensitivity <= ceiling.max_sensitivity) == (
            True,
            True,
        )


@pytest.mark.parametrize("name", sorted(sources()))
def test_every_source_fits_the_attribute_s_kind_and_unit(name: str) -> None:
    """Codes are translated into the attribute's dictionary, amounts have a unit of money, columns are the profile's."""
    contracts = reference_catalogue()
    for source in sources()[name]:
        for column, item in source.columns():
            features = {feature.name for feature in features_of(contracts.contract(item.partition(".")[0]))}
            assert column in features, column
        if source.item and kind_of(name) is Kind.MONEY:
            assert BY_NAME[source.item].unit in YUAN
        if source.item and kind_of(name) in (Kind.INTEGER, Kind.NUMBER) and not source.share_of and not source.growth:
            assert BY_NAME[source.item].unit in COUNTS
        dictionary = catalogue().dictionary_of(name)
        if source.codes:
            theirs = contracts.code_sets[str(BY_NAME[source.item].code_set)].codes
            assert set(source.codes) <= set(theirs)
            assert dictionary is None or all(code in dictionary for code in source.codes.values())
        if source.true_for:
            assert set(source.true_for) <= set(contracts.code_sets[str(BY_NAME[source.item].code_set)].codes)


def answer(source: Source, name: str, **columns: Any) -> Any:
    """What one source says where the profile's row has these columns."""
    compiler = Compiler(AS_OF, frozenset(columns), {item: found.unit for item, found in BY_NAME.items()})
    expressions = compiler.attribute(name, [source])
    if not expressions:
        return "not asked"
    with duckdb.connect() as connection:
        connection.register("profile", pa.table({column: [value] for column, value in columns.items()}))
        return connection.execute(f"SELECT {expressions[0]} FROM profile").fetchone()[0]  # type: ignore[index]


def test_amounts_become_fen_whatever_unit_a_department_counts_in() -> None:
    """Yuan and ten thousands of yuan; a third decimal is rounded to the fen."""
    seen = {"cit_annual__received_at": "2026-01-01", "market_annual_report__received_at": "2026-01-01"}
    revenue, _, report = [*sources()["revenue"], *sources()["revenue"]][:3]
    assert answer(revenue, "revenue", cit_annual__revenue=0.29, **seen) == 29
    assert answer(sources()["revenue"][1], "revenue", market_annual_report__sales=1.23, **seen) == 1_230_000
    assert report == revenue


def test_a_quarter_of_sales_is_three_months_and_its_parts_are_added_up() -> None:
    """Goods 300 and services 600 in a quarter: 300 a month; with one part unknown the other counts alone."""
    source, seen = sources()["monthly_sales"][0], {"vat_return_small__received_at": "2026-01-01"}
    both = {"vat_return_small__sales3_goods_c": 300.0, "vat_return_small__sales3_serv_c": 600.0}
    assert answer(source, "monthly_sales", **both, **seen) == 30_000
    assert answer(source, "monthly_sales", vat_return_small__sales3_goods_c=300.0, **seen) == 10_000
    unknown = {"vat_return_small__sales3_goods_c": None, "vat_return_small__sales3_serv_c": None}
    assert answer(source, "monthly_sales", **unknown, **seen) is None


def test_growth_needs_something_to_grow_from() -> None:
    """12 months against the 12 before, in per cent; from nothing there is no rate."""
    source, seen = sources()["power_growth"][0], {"power_monthly__received_at": "2026-01-01"}
    for now, before, expected in (
        (1_200.0, 1_000.0, 20.0),
        (500.0, 1_000.0, -50.0),
        (5.0, 0.0, None),
        (5.0, None, None),
    ):
        columns = {"power_monthly__total_energy__sum12": now, "power_monthly__total_energy__prior12": before}
        assert answer(source, "power_growth", **columns, **seen) == expected


def test_a_list_that_names_everybody_says_no_by_silence_and_one_ended_entry_says_nothing() -> None:
    """In arrears: yes; not on the list: no; on the list with the latest entry paid: others may not be, so unknown."""
    source = sources()["tax_arrears"][0]
    paid = {"tax_arrears__balance": 9.0, "tax_arrears__cleared_on": dt.date(2026, 6, 29)}
    assert answer(source, "tax_arrears", tax_arrears__balance=9.0, tax_arrears__received_at="2026-06-01") is True
    assert answer(source, "tax_arrears", tax_arrears__balance=None, tax_arrears__received_at=None) is False
    assert answer(source, "tax_arrears", **paid, tax_arrears__received_at="2026-06-01") is None
    assert answer(source, "tax_arrears") == "not asked"  # nobody delivered the list


def test_a_title_lasts_until_its_last_day_included() -> None:
    """Valid until the day of the profile: held; until the day before: not; withdrawn: not."""
    source, seen = sources()["tags.high_tech"][0], {"high_tech_certificate__received_at": "2026-06-01"}

    def held(until: dt.date | None, ended: dt.date | None = None, number: str | None = "GR1") -> Any:
        columns = {
            "high_tech_certificate__certificate_no": number,
            "high_tech_certificate__expires_on": until,
            "high_tech_certificate__cancelled_on": ended,
        }
        return answer(source, "tags.high_tech", **columns, **seen)

    assert [held(AS_OF), held(AS_OF - dt.timedelta(days=1)), held(None, AS_OF), held(None, None, None)] == [
        True,
        False,
        False,
        False,
    ]


def test_a_penalty_counts_for_twelve_months() -> None:
    """A penalty of the last year, a fine within it, an old event, and an inspection that proves nothing."""
    source, seen = sources()["environmental_penalty_12m"][0], {"environment_event__received_at": "2026-06-01"}

    def fined(kind: str, day: dt.date, fine: float | None = None) -> Any:
        columns = {
            "environment_event__event_kind": kind,
            "environment_event__decided_on": day,
            "environment_event__period": day,
            "environment_event__fine__sum12": fine,
        }
        return answer(source, "environmental_penalty_12m", **columns, **seen)

    recent, old = dt.date(2025, 7, 1), dt.date(2025, 6, 30)
    assert [fined("2", recent), fined("2", old), fined("1", recent, 5.0), fined("1", recent)] == [
        True,
        False,
        True,
        None,
    ]


def test_a_size_follows_from_the_standard_where_the_figures_decide_it() -> None:
    """Two figures of three are enough where they leave one class; negative ones are not known."""
    assert size_of("C1530", 12, 250_000_050, None) == "micro"
    assert size_of("C1530", 400, None, None) is None
    assert size_of("C1530", 400, -5, None) is None
    assert size_of("J6621", 12, 1, 1) is None  # banks have a standard of their own


def test_all_firms_in_existence_are_read_in_one_audited_reading(pool: Callable[..., None]) -> None:
    """Facts with their conversions, struck-off firms left out, one line in the audit log that names the items."""
    pool({"F1": TEA, "F2": ABROAD, "F3": GONE})
    found = all_facts(SYSTEM)
    assert (found.firm_ids, found.as_of) == (["F1", "F2"], AS_OF)
    tea, abroad = (facts_at(found.table, row) for row in range(2))
    assert (tea["region"], tea["industry"], tea["size"]) == ("350102", "C1530", "micro")
    assert (tea["revenue"], tea["assets"], tea["power_growth"]) == (250_000_050, 80_000_000, 20.0)
    assert (tea["has_export_licence"], tea["tax_arrears"]) == (True, False)
    assert (abroad["tax_arrears"], abroad["has_export_licence"]) == (True, False)
    assert abroad["environmental_penalty_12m"] is False
    assert isinstance(abroad["tags"], SetFact)
    assert [abroad["tags"].has(name) for name in ("high_tech", "foreign_invested", "old_brand")] == [True, True, None]
    (line,) = AuditEvent.objects.filter(action="pool.duty.read")
    assert (line.facts["firms"], line.facts["withheld"], line.facts["purpose"]) == (3, 0, PURPOSE)
    assert BY_NAME["tax_arrears.balance"].code in line.facts["items"]


def test_nothing_is_read_when_the_purpose_has_ended(pool: Callable[..., None]) -> None:
    """The administrator of the pool takes the purpose back: matching stops."""
    pool({"F1": TEA})
    PurposeVersion.objects.filter(code=PURPOSE).update(ended_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    with pytest.raises(Refused, match="not in force"):
        all_facts(SYSTEM)


def test_a_lower_ceiling_withholds_items(pool: Callable[..., None]) -> None:
    """With a ceiling of sensitivity 1 amounts stay where they are; places and kinds are read."""
    pool({"F1": TEA})
    PurposeVersion.objects.filter(code=PURPOSE).update(max_sensitivity=1)
    facts = facts_at(all_facts(SYSTEM).table, 0)
    assert facts["region"] == "350102"
    assert not {"revenue", "power_kwh", "headcount"} & set(facts)


def test_one_firm_reads_the_same_facts_with_where_they_come_from(
    pool: Callable[..., None], enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """The gate's reading and the table of all firms answer every attribute alike; each fact names its department."""
    firms = [organisation(Who.ENTERPRISE), organisation(Who.ENTERPRISE)]
    pool({firms[0].code: TEA, firms[1].code: ABROAD})
    found = all_facts(SYSTEM)
    for row, firm in enumerate(firms):
        actor = enter(Role.ENTERPRISE_LEGAL, firm).actor
        own = facts_of(actor, firm)
        theirs = facts_at(found.table, row)
        tags, all_tags = own.firm.facts["tags"], theirs.pop("tags")
        assert {name: fact for name, fact in own.firm.facts.items() if name != "tags"} == theirs
        assert isinstance(tags, SetFact)
        assert isinstance(all_tags, SetFact)
        assert {m: v for m, v in all_tags.members.items() if v is not None} == dict(tags.members)
    origin = own.origins["region"]
    assert (origin.item_code, origin.period, origin.delivery) == (
        BY_NAME["market_register.district_code"].code,
        PERIOD,
        "delivery-1",
    )
    assert own.firm.provenance["region"].source is not None


def test_a_new_build_of_the_profile_is_asked_at_once(
    pool: Callable[..., None], enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """What is kept between questions holds for one build: other columns and values answer from the next reading on."""
    firm = organisation(Who.ENTERPRISE)
    actor = enter(Role.ENTERPRISE_LEGAL, firm).actor
    pool({firm.code: {"market_register__headcount": 12}})
    before = facts_of(actor, firm).firm.facts
    pool({firm.code: {"market_register__headcount": 30, "market_register__district_code": "350102"}})
    after = facts_of(actor, firm).firm.facts
    assert (before["headcount"], after["headcount"]) == (12, 30)
    assert ("region" in before, after["region"]) == (False, "350102")


def test_nothing_of_one_firm_stays_for_the_question_about_the_next(
    pool: Callable[..., None], enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """The row of the firm before is gone from the memory in which its values were asked."""
    firms = [organisation(Who.ENTERPRISE), organisation(Who.ENTERPRISE)]
    pool({firms[0].code: TEA, firms[1].code: {"market_register__headcount": 3}})
    for firm in firms:
        own = facts_of(enter(Role.ENTERPRISE_LEGAL, firm).actor, firm)
    assert "region" not in own.firm.facts
    shape = profile_shape()
    assert shape is not None
    question = question_about_one(items_of_pool(), shape)
    assert question.connection.execute("SELECT count(*) FROM profile").fetchone() == (0,)


def test_only_who_may_speak_for_a_firm_reads_its_facts(
    pool: Callable[..., None], enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """Neither another firm's owner nor a clerk."""
    mine, other = organisation(Who.ENTERPRISE), organisation(Who.ENTERPRISE)
    pool({mine.code: TEA, other.code: ABROAD})
    with pytest.raises(ReadDenied):
        facts_of(enter(Role.ENTERPRISE_LEGAL, other).actor, mine)
    with pytest.raises(ReadDenied):
        facts_of(enter(Role.ENTERPRISE_CLERK, mine).actor, mine)


def test_a_declared_fact_answers_what_is_unknown_and_nothing_else(
    pool: Callable[..., None], enter: Callable[..., Any], organisation: Callable[..., Any]
) -> None:
    """In the one firm's facts and in the table alike; the department's word stands against the firm's."""
    firm = organisation(Who.ENTERPRISE)
    pool({firm.code: TEA})
    for fact, answered in (("project.started", "false"), ("headcount", "9999"), ("tags.old_brand", "true")):
        Declaration.objects.create(firm=firm, fact=fact, answer=answered)
    own = facts_of(enter(Role.ENTERPRISE_LEGAL, firm).actor, firm).firm
    table = facts_at(all_facts(SYSTEM).table, 0)
    for facts in (own.facts, table):
        assert (facts["project.started"], facts["headcount"]) == (False, 12)
        assert isinstance(facts["tags"], SetFact)
        assert (facts["tags"].has("old_brand"), facts["tags"].has("cross_border_ecommerce")) == (True, True)
    assert own.provenance["project.started"].verified is False


def test_the_columns_that_are_read_are_few() -> None:
    """Reading is bounded by what the rules ask: some dozens of the profile's thousands of columns."""
    assert 60 < len(columns_of(BY_NAME)) < 120
