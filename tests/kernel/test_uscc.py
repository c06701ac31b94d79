"""Unified social credit codes, organisation codes and registration numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tulou.kernel.errors import Refused
from tulou.kernel.uscc import (
    DEPARTMENTS,
    USCC_ALPHABET,
    check_character,
    is_org_code,
    is_reg_no,
    is_uscc,
    make_uscc,
    normalise_uscc,
    normalise_usccs,
    org_code_check,
    org_code_of,
    org_codes_of,
    org_codes_valid,
    parse_uscc,
    reg_no_check,
    usccs_valid,
)

usccs = st.builds(
    make_uscc,
    st.sampled_from(sorted(DEPARTMENTS)),
    st.sampled_from("123459"),
    st.from_regex(r"[1-8][0-9]{5}", fullmatch=True),
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)


def vectors(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "pool" / "uscc_vectors.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_public_codes_get_the_verdict_of_the_standard(shared_data: Path) -> None:
    for row in vectors(shared_data):
        assert is_uscc(row["code"]) == (row["gb32100_check_ok"] == "True"), row
        if row["orgcode_gb11714_ok"]:
            assert is_org_code(row["code"][8:17]) == (row["orgcode_gb11714_ok"] == "True"), row


def test_registry_codes_get_their_verdict(shared_data: Path) -> None:
    with (shared_data / "registry" / "uscc_vectors.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            assert is_uscc(row["code"]) == (row["valid"] == "1"), row


def test_a_column_gets_the_same_verdicts_as_its_values(shared_data: Path) -> None:
    codes: list[str | None] = [row["code"] for row in vectors(shared_data)]
    codes += [None, "", "厦门市湖里区信息", "９１３５０２０３５７５０１７７００Ａ", "91350203575017700a"]
    expected = [code is not None and is_uscc(code) for code in codes]
    assert usccs_valid(codes).tolist() == expected
    assert usccs_valid(pa.array(codes)[3:]).tolist() == expected[3:]
    assert usccs_valid(pa.chunked_array([codes[:5], codes[5:]])).tolist() == expected
    assert usccs_valid(pa.array(codes, pa.large_string())).tolist() == expected
    assert usccs_valid(np.array([code or "" for code in codes])).tolist() == expected
    strict = [code is not None and is_uscc(code, strict=True) for code in codes]
    assert usccs_valid(codes, strict=True).tolist() == strict


@given(usccs)
def test_a_made_code_is_valid_and_takes_itself_apart(code: str) -> None:
    parts = parse_uscc(code)
    assert is_uscc(code, strict=True)
    assert parts.org_code_holds
    assert parts.department + parts.category + parts.region + parts.org_code + parts.check == code == parts.value
    assert org_code_of(code) == parts.org_code
    assert org_codes_of([code, None, "x"]).to_pylist() == [parts.org_code, None, None]


@given(usccs, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_changed_character_is_always_noticed(code: str, position: int, character: str) -> None:
    changed = code[:position] + character + code[position + 1 :]
    assert is_uscc(changed) == (changed == code)


@given(usccs, st.integers(0, 16))
def test_two_neighbours_in_the_wrong_order_are_noticed(code: str, position: int) -> None:
    swapped = code[:position] + code[position + 1] + code[position] + code[position + 2 :]
    assert is_uscc(swapped) == (swapped == code)


@given(st.lists(st.one_of(st.none(), st.text(max_size=20), usccs, st.text(USCC_ALPHABET, min_size=18, max_size=18))))
def test_columns_and_values_agree_on_anything(codes: list[str | None]) -> None:
    assert usccs_valid(codes).tolist() == [code is not None and is_uscc(code) for code in codes]
    org = [None if code is None else code[8:17] for code in codes]
    assert org_codes_valid(org).tolist() == [code is not None and is_org_code(code) for code in org]


@given(st.lists(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cn"]), max_size=24)))
def test_a_column_is_normalised_as_its_values_are(codes: list[str]) -> None:
    assert normalise_usccs(codes).to_pylist() == [normalise_uscc(code) for code in codes]


def test_what_people_type_is_normalised_but_not_guessed() -> None:
    assert parse_uscc("９１３５０２０３ 57501770-0a").value == "91350203575017700A"
    assert normalise_uscc("9135O2O3") == "9135O2O3"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9135020357501770", "uscc.length"),
        ("9135O203575017700A", "uscc.character"),
        ("B1350203575017700A", "uscc.department"),
        ("91A50203575017700A", "uscc.region"),
        ("91350203575017700B", "uscc.check"),
    ],
)
def test_the_refusal_says_which_part_is_wrong(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_uscc(text)
    finding = refused.value.finding
    assert finding.code == code
    assert finding.text.zh != finding.text.en
    assert finding.where.value == text


def test_an_issued_code_whose_inner_check_fails_is_valid_but_not_strictly() -> None:
    code = "91350500MAY4CL12T3"
    assert is_uscc(code)
    assert not is_uscc(code, strict=True)
    assert not parse_uscc(code).org_code_holds


def test_organisation_codes_are_read_with_and_without_hyphen() -> None:
    assert org_codes_valid(["57501770-0", "575017700", "57501770-1", "D2143569-X", None]).tolist() == [
        True,
        True,
        False,
        True,
        False,
    ]


@given(st.from_regex(r"[1-6][0-9]{13}", fullmatch=True))
def test_a_registration_number_holds_with_its_own_check_digit_only(body: str) -> None:
    assert [is_reg_no(body + digit) for digit in "0123456789"].count(True) == 1
    assert is_reg_no(body + reg_no_check(body))
    assert not is_reg_no(body)


@pytest.mark.parametrize(
    ("function", "body", "code"),
    [
        (check_character, "9135020357501770", "uscc.body"),
        (check_character, "9135020357501770I", "uscc.body"),
        (org_code_check, "1234567", "org_code.body"),
        (org_code_check, "1234567é", "org_code.body"),
        (reg_no_check, "1234567890123x", "reg_no.body"),
    ],
)
def test_a_check_is_only_computed_from_a_whole_body(function: object, body: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        function(body)  # type: ignore[operator]
    assert refused.value.finding.code == code
