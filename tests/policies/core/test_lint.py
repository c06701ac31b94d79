"""The lint finds what is wrong and is silent where all is right."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tulou.policies.core.document.policy import Policy, PolicySet
from tulou.policies.core.document.reading import load_policies, read_policies, with_prose
from tulou.policies.core.firms.facts import Firm
from tulou.policies.core.firms.table import table_of
from tulou.policies.core.lint import chinese, english, french, lint
from tulou.policies.core.lint.claims import Claim, Measure, Subject
from tulou.policies.core.rule.tree import Age, All, AtLeast, Limits, Node, Not, Range, When, Window
from tulou.policies.core.rule.tree import Any as AnyOf
from tulou.policies.demo import demo_policies

DAY = dt.date(2026, 6, 12)
TEXT = {"zh": "文字", "en": "words"}


def checks(found: PolicySet, day: dt.date = DAY) -> list[str]:
    return [each.check for each in lint(found, day)]


def own(rule: dict[str, Any], **more: Any) -> PolicySet:
    examples = [{"firm": {}, "expect": "U"}]
    row = {"id": "P", "title": TEXT, "eligibility": rule, "examples": examples, **more}
    return read_policies({"policies": [row]})


def cited(
    row: dict[str, Any], quote: str | None = None, zh: str | None = None, en: str | None = None
) -> dict[str, Any]:
    citation = {"document": TEXT, **({"quote": quote} if quote else {})}
    label = {"label": {"zh": zh or "条件", "en": en or "row"}} if zh or en else {}
    return {**row, "citation": citation, **label}


def neutral(text: dict[str, list[str]], rule: dict[str, Any], **more: Any) -> PolicySet:
    row = {"id": "n", "title": "Aide", "in_production": True, "conditions_text": text, "eligibility": rule, **more}
    return read_policies([row])


def heads(op: str, value: int) -> dict[str, Any]:
    return {"attr": "headcount", "op": op, "value": value}


@pytest.mark.parametrize(
    ("words", "rule", "expected"),
    [
        ("Moins de 250 salariés", heads("le", 249), []),
        ("Moins de 250 salariés", heads("le", 250), ["boundary_word"]),
        ("Moins de 250 salariés", heads("le", 499), ["limit_differs"]),
        ("Moins de 250 salariés", {"const": True}, ["limit_only_in_text", "everybody"]),
        ("Plus de 50 salariés", heads("ge", 51), []),
        ("Plus de 50 salariés", heads("ge", 50), ["boundary_word"]),
        ("Jusqu'à 500 salariés", heads("le", 500), []),
        ("Au moins 10 employés", heads("ge", 10), []),
        ("Entre 20 et 250 salariés", {"all": [heads("ge", 20), heads("le", 250)]}, []),
        ("Entre 20 et 250 salariés", {"all": [heads("ge", 20), heads("le", 249)]}, ["limit_differs"]),
        ("PME", heads("le", 249), []),
        ("PME", heads("le", 300), ["limit_differs"]),
        ("Toutes tailles", heads("le", 499), ["limit_only_in_rule"]),
        ("Moins de 250 salariés", {"all": [heads("ge", 10), heads("le", 249)]}, ["limit_only_in_rule"]),
        ("Prioritairement aux entreprises de moins de 50 salariés", heads("le", 249), []),
    ],
)
def test_headcounts_in_french_against_the_rule(words: str, rule: dict[str, Any], expected: list[str]) -> None:
    assert checks(neutral({"size_text": [words]}, rule)) == expected


RULE = heads("le", 249)


@pytest.mark.parametrize(
    ("key", "words", "expected"),
    [
        ("years_text", "Au moins 3 ans d'activité", ["limit_only_in_text"]),
        ("years_text", "Au moins un an avant la date de la demande", ["limit_only_in_text"]),
        ("years_text", "Éligible à toutes les entreprises", []),
        (
            "other_text",
            "Avoir un chiffre d'affaires inférieur à 50 M€ ou un bilan inférieur à 43 M€",
            ["limit_only_in_text"],
        ),
        ("other_text", "Le coût doit être compris entre 100 k€ et 3 M€", ["limit_only_in_text"]),
        ("other_text", "1 million d’euros minimum pour les projets", ["limit_only_in_text"]),
        ("other_text", "Ayant perçu moins de 300 000 € d’aides dites « de minimis »", ["limit_only_in_text"]),
        ("other_text", "La subvention est plafonnée à 10 000 €", []),
        ("other_text", "Les devis inférieurs à 500 € HT ne sont pas éligibles.", []),
        ("other_text", "En général, minimum 5M€ de chiffre d'affaires, dérogations acceptées", []),
        ("other_text", "Donc l'effectif est supérieur à 5 personnes.", ["limit_only_in_text"]),
        ("other_text", "Être implanté dans le Var", ["place_only_in_text"]),
        ("other_text", "Pour les sites situés en PACA, vous pouvez transmettre le dossier", []),
        ("area_text", "Bouches-du-Rhône, Corse", ["place_only_in_text", "place_only_in_text"]),
        ("area_text", "France et territoires d'outre-mer", []),
    ],
)
def test_limits_that_only_the_french_text_knows(key: str, words: str, expected: list[str]) -> None:
    assert checks(neutral({key: [words]}, RULE)) == expected


def sections(letters: str) -> dict[str, Any]:
    return {"any": [{"attr": "naf_section", "op": "eq", "value": letter} for letter in letters]}


def regions(*names: str) -> dict[str, Any]:
    return {"any": [{"attr": "region", "op": "eq", "value": name} for name in names]}


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ({"area_text": ["Bretagne, Corse"]}, regions("Bretagne", "Corse"), []),
        ({"area_text": ["Bretagne"]}, regions("Bretagne", "Corse"), ["place_only_in_rule"]),
        ({"area_text": ["Var"]}, regions("Provence-Alpes-Côte d'Azur"), ["place_wider"]),
        ({"area_text": ["Landes"]}, regions("Landes"), ["unknown_code"]),
        ({"sector_text": ["Tous secteurs d'activité"]}, sections("ABC"), ["sector_narrower"]),
        ({"sector_text": ["Tous secteurs d'activité"]}, sections("ABCDEFGHIJKLMNPQRS"), []),
        ({"sector_text": ["Tous secteurs, hors agriculture"]}, sections("BC"), []),
        ({"sector_text": ["Codes NAF concernés : 56.10A"]}, sections("I"), ["codes_only_in_text"]),
        ({}, sections("ABCDEFGHIJKLMNOPQRSTU"), ["criterion_everybody"]),
    ],
)
def test_places_and_sectors_against_the_rule(
    text: dict[str, list[str]], rule: dict[str, Any], expected: list[str]
) -> None:
    assert checks(neutral(text, rule)) == expected


@pytest.mark.parametrize(
    ("more", "words", "expected"),
    [
        ({"valid_to": "2026-06-11"}, "", ["expired"]),
        ({"valid_to": "2026-06-12"}, "", []),
        ({"valid_to": "2026-06-11", "in_production": False}, "", []),
        ({"valid_to": "2026-06-11", "temporarily_unavailable": True}, "", []),
        ({"valid_to": "2099-12-31"}, "", ["far_end"]),
        ({"valid_from": "2027-01-02", "valid_to": "2027-01-01"}, "", ["dates_crossed"]),
        ({"valid_to": "2026-09-10"}, "Candidatez avant le 10 septembre 2026", ["last_day"]),
        ({"valid_to": "2026-09-09"}, "Candidatez avant le 10 septembre 2026", []),
        ({"valid_to": "2026-09-10"}, "Candidatez jusqu'au 10 septembre 2026", []),
        ({"valid_to": "2026-09-10"}, "Déposez votre dossier au plus tard le 1er mai 2026", ["deadline_differs"]),
        ({}, "Déposez votre dossier au plus tard le 1er mai 2026", ["deadline_differs"]),
        ({"valid_to": "2026-09-10"}, "Arrêté du 29 décembre 2021, avant le 3 mai 2020", []),
    ],
)
def test_dates(more: dict[str, Any], words: str, expected: list[str]) -> None:
    assert checks(neutral({"other_text": [words] if words else []}, RULE, **more)) == expected


def test_dates_of_a_rule_that_are_not_the_policy_s() -> None:
    rule = {"all": [RULE, {"attr": "as_of_date", "op": "le", "value": "2026-12-31"}]}
    assert checks(neutral({}, rule, valid_to="2026-12-30")) == ["dates_in_rule"]
    assert checks(neutral({}, rule, valid_to="2026-12-31")) == []


RANGE = {"op": "range", "attr": "headcount", "le": 300}
AGE = {"op": "age", "attr": "registered_on", "ge": 3}
SUM = {"op": "window", "attr": "aid", "measure": "sum", "length": 3, "lt": 500_000}


@pytest.mark.parametrize(
    ("row", "quote", "expected"),
    [
        (RANGE, "从业人员300人以下", []),
        (RANGE, "从业人员不超过300人", []),
        (RANGE, "从业人员不满300人", ["boundary_word"]),
        (RANGE, "从业人员少于300人的企业", ["boundary_word"]),
        (RANGE, "从业人员200人以下", ["limit_differs"]),
        (RANGE, "从业人员20人以上300人以下", []),
        (RANGE, "上年度营业收入4000万元以下", []),
        ({**RANGE, "ge": 20}, "从业人员20人及以上、300人以下", []),
        ({"op": "range", "attr": "headcount", "gt": 20}, "职工20人以上", ["boundary_word"]),
        ({"op": "range", "attr": "headcount", "gt": 20}, "职工超过20人", []),
        ({"op": "range", "attr": "revenue", "le": 400_000_000}, "营业收入4亿元以下", []),
        ({"op": "range", "attr": "revenue", "le": 400_000_000}, "营业收入40000万元以内", []),
        ({"op": "range", "attr": "rd_ratio", "ge": 5}, "研发占比不低于5%", []),
        ({"op": "range", "attr": "rd_ratio", "ge": 5}, "研发占比高于5%", ["boundary_word"]),
        (AGE, "成立满三年", []),
        (AGE, "成立满36个月", []),
        (AGE, "成立超过3年", ["boundary_word"]),
        (AGE, "成立满5年", ["limit_differs"]),
        ({**AGE, "unit": "days"}, "登记满3天", []),
        (SUM, "近3年累计补助低于50万元", []),
        (SUM, "近3年累计补助不超过50万元", ["boundary_word"]),
        ({**SUM, "measure": "count", "lt": 3}, "近3年享受次数少于3次", []),
        ({**SUM, "measure": "count", "lt": 3}, "近3年享受不超过3次", ["boundary_word"]),
    ],
)
def test_boundary_words_of_a_quote_against_its_row(row: dict[str, Any], quote: str, expected: list[str]) -> None:
    assert checks(own(cited(row, quote))) == expected


def test_labels_in_both_languages_are_held_against_the_row() -> None:
    assert checks(own(cited(RANGE, zh="300人以下", en="at most 300 staff"))) == []
    assert checks(own(cited(RANGE, zh="不满300人", en="fewer than 300 staff"))) == ["boundary_word", "boundary_word"]
    assert checks(own(cited(RANGE, en="up to 200 staff"))) == ["limit_differs"]


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        (["从业人员300人以下的企业"], []),
        (["从业人员不满300人的企业"], []),
        (["从业人员100人以下的企业"], ["limit_differs"]),
        (["上年度营业收入4000万元以上"], ["limit_only_in_text"]),
        (["每家给予补助，营业收入4000万元以上的加倍"], []),
    ],
)
def test_chinese_prose_against_the_whole_rule(prose: list[str], expected: list[str]) -> None:
    rule = {"op": "range", "attr": "headcount", "le": 299 if "不满" in prose[0] else 300}
    assert checks(own(cited(rule), prose={"zh": prose, "en": ["at most 300 staff"]})) == expected


def test_every_bound_of_the_demonstration_that_is_moved_or_opened_is_found() -> None:
    found = demo_policies()
    missed, tried = [], 0
    for policy in found:
        for wrong in mutants(policy.eligibility):
            tried += 1
            one = replace(found, policies=(replace(policy, eligibility=wrong, examples=()),))
            faults = set(checks(one)) & {"boundary_word", "limit_differs"}
            if not faults:
                missed.append((policy.id, wrong))
    assert tried > 150
    assert len(missed) == 0, [policy_id for policy_id, _ in missed]


def mutants(rule: Node) -> list[Node]:
    """The rule with one bound moved, or its end opened or closed."""
    match rule:
        case All() | AnyOf() | AtLeast():
            return [
                replace(rule, parts=(*rule.parts[:i], wrong, *rule.parts[i + 1 :]))
                for i, part in enumerate(rule.parts)
                for wrong in mutants(part)
            ]
        case Not():
            return [replace(rule, part=wrong) for wrong in mutants(rule.part)]
        case When():
            return [replace(rule, then=wrong) for wrong in mutants(rule.then)]
        case Range() | Age() | Window() if rule.attr not in ("as_of_date", "project.loan_started_on"):
            opened = {"ge": "gt", "gt": "ge", "le": "lt", "lt": "le"}
            ends = {key: end for key in opened if (end := getattr(rule.limits, key)) is not None}
            moved = [Limits(**{**ends, key: end + 7}) for key, end in ends.items()]
            moved += [
                Limits(**{**{k: v for k, v in ends.items() if k != key}, opened[key]: end}) for key, end in ends.items()
            ]
            return [replace(rule, limits=each) for each in moved]
        case _:
            return []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"op": "in", "attr": "region", "include": ["999999"]}, ["unknown_code", "criterion_nobody", "contradiction"]),
        ({"op": "intersects", "attr": "tags", "any_of": ["typo"]}, ["unknown_code"]),
        ({"op": "in", "attr": "size", "include": ["micro", "small", "medium", "large"]}, ["criterion_everybody"]),
        (
            {"op": "not_in", "attr": "size", "include": ["micro", "small", "medium", "large"]},
            ["criterion_nobody", "contradiction"],
        ),
        ({"op": "range", "attr": "headcount", "ge": 0}, ["criterion_everybody"]),
        ({"op": "range", "attr": "headcount", "ge": 1}, []),
        (
            {
                "all": [
                    cited({"op": "range", "attr": "headcount", "ge": 10}),
                    cited({"op": "range", "attr": "headcount", "lt": 10}),
                ]
            },
            ["contradiction"],
        ),
        (
            {
                "all": [
                    cited({"op": "is", "attr": "zombie", "value": True}),
                    cited({"op": "is", "attr": "zombie", "value": False}),
                ]
            },
            ["contradiction"],
        ),
        (
            {
                "all": [
                    cited({"op": "intersects", "attr": "tags", "any_of": ["gazelle"]}),
                    {"not": cited({"op": "intersects", "attr": "tags", "any_of": ["gazelle"]})},
                ]
            },
            ["contradiction"],
        ),
        (
            {
                "any": [
                    cited({"op": "is", "attr": "zombie", "value": True}),
                    cited({"op": "is", "attr": "zombie", "value": False}),
                ]
            },
            ["criterion_everybody"],
        ),
        ({"op": "window", "attr": "aid", "measure": "sum", "length": 1, "lt": 0}, ["contradiction"]),
        ({"const": False}, ["nobody"]),
        ({"const": True}, ["everybody"]),
    ],
)
def test_rows_that_nobody_or_everybody_meets(rule: dict[str, Any], expected: list[str]) -> None:
    found = own(cited(rule) if "op" in rule else rule)
    assert [each for each in checks(found) if each != "example_fails"] == expected


def test_what_a_policy_of_ours_should_have() -> None:
    bare = own(RANGE, examples=[])
    assert checks(bare) == ["no_examples", "no_citation"]
    wrong = own(cited(RANGE), examples=[{"firm": {"headcount": 301}, "expect": "T"}])
    assert checks(wrong) == ["example_fails"]


def test_a_deadline_and_a_row_that_lie_outside_of_the_validity() -> None:
    row = cited({**RANGE, "effective_to": "2025-06-30", "id": "old"})
    found = own({"all": [row, cited(AGE)]}, valid_from="2026-01-01", valid_to="2026-12-31", deadline="2027-01-01")
    assert checks(found) == ["deadline_after_end", "row_never_in_effect"]


def test_policies_with_one_rule_and_nearly_one_title_are_duplicates() -> None:
    one = own(cited(RANGE))
    policy: Policy = one.policies[0]
    twin = replace(policy, id="Q")
    assert checks(replace(one, policies=(policy, twin))) == ["duplicate"]
    other = replace(twin, title=replace(policy.title, zh="完全不同的名称"))
    assert checks(replace(one, policies=(policy, other))) == []


def test_rows_that_all_or_none_of_the_given_firms_meet() -> None:
    found = own({"all": [cited(RANGE), cited(AGE)]})
    firms = table_of([Firm(f"F{i}", {"headcount": 5 + i}) for i in range(3)], found.catalogue)
    assert [each.check for each in lint(found, DAY, [firms])] == ["met_by_all"]
    assert [each.check for each in lint(found, DAY, [table_of([Firm("F", {"headcount": 400})], found.catalogue)])] == [
        "met_by_none"
    ]


def test_the_programmes_have_more_than_a_hundred_faults(shared_data: Path) -> None:
    folder = shared_data / "policies"
    found = with_prose(load_policies(folder / "programs.json"), folder / "programs_text.json")
    faults = lint(found, DAY)
    counts = Counter(each.check for each in faults)
    assert len(faults) == sum(counts.values()) >= 300
    assert (counts["expired"], counts["unknown_code"], counts["last_day"]) == (61, 8, 1)
    assert counts["boundary_word"] + counts["limit_differs"] + counts["limit_only_in_rule"] >= 15
    finding = faults[0].finding("programs.json")
    assert finding.code.startswith("policies.lint.")
    assert finding.where.file == "programs.json"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("从业人员十人以上", [Claim(Subject.HEADCOUNT, Measure.PERSONS, "ge", 10, "十人以上")]),
        ("从业人员二十五人以下", [Claim(Subject.HEADCOUNT, Measure.PERSONS, "le", 25, "二十五人以下")]),
        ("从业人员一百二十人以下", [Claim(Subject.HEADCOUNT, Measure.PERSONS, "le", 120, "一百二十人以下")]),
        ("资产总额不超过5,000万元", [Claim(Subject.ASSETS, Measure.MONEY, "le", 5_000_000_000, "不超过5,000万元")]),
        (
            "营业收入2000万元以上，4亿元以下",
            [
                Claim(Subject.REVENUE, Measure.MONEY, "ge", 2_000_000_000, "2000万元以上"),
                Claim(Subject.REVENUE, Measure.MONEY, "le", 40_000_000_000, "4亿元以下"),
            ],
        ),
        ("奖励20万元", []),
        ("营业收入同比下降20%以上", [Claim(Subject.OTHER, Measure.PERCENT, "le", -20, "20%以上")]),
        ("增幅低于-0.5%", [Claim(Subject.OTHER, Measure.PERCENT, "lt", -0.5, "低于-0.5%")]),
        ("增长超过12.5%", [Claim(Subject.OTHER, Measure.PERCENT, "gt", 12.5, "超过12.5%")]),
    ],
)
def test_numbers_in_chinese(text: str, expected: list[Claim]) -> None:
    assert list(chinese.claims(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at most CNY 3 million", ("le", 300_000_000)),
        ("no fewer than 20 people", ("ge", 20)),
        ("under 3 years", ("lt", 36)),
        ("over 5 per cent", ("gt", 5)),
        ("more than 2.5 %", ("gt", 2.5)),
    ],
)
def test_numbers_in_english(text: str, expected: tuple[str, float]) -> None:
    assert [(each.comparison, each.value) for each in english.claims(text)] == [expected]
    assert list(english.claims("more than 3 reasons")) == []


def test_numbers_in_french_have_spaces_and_words() -> None:
    claims = list(french.money_claims("coût supérieur ou égal à 1 250 000,50 € HT"))
    assert [(each.comparison, each.value) for each in claims] == [("ge", 125_000_050)]
    claims = list(french.money_claims("chiffre d’affaires n’excédant pas 2 milliards d’euros"))
    assert [(each.subject, each.value) for each in claims] == [(Subject.REVENUE, 200_000_000_000)]


def test_linting_changes_nothing() -> None:
    found = demo_policies()
    before = copy.deepcopy(found.policies)
    lint(found, DAY)
    assert found.policies == before
