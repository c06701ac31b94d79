"""The subject key: the words by which a dataset's record says whose record it is."""

from __future__ import annotations

from tulou.pool.core.contract import Contract, KeyRole
from tulou.pool.core.lake.schema import literal, quoted

_USCC_FORM = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
_ORG_CODE_FORM = "[0-9A-Z]{8}-?[0-9X]"
_NUMBER_FORM = "[0-9A-Z()-]{6,40}"
_IDENTIFIERS = (
    ("uscc", KeyRole.USCC, _USCC_FORM),
    ("uscc", KeyRole.TAX_NO, _USCC_FORM),
    ("org", KeyRole.ORG_CODE, _ORG_CODE_FORM),
    ("org", KeyRole.USCC, _ORG_CODE_FORM),
    ("reg", KeyRole.REG_NO, _NUMBER_FORM),
    ("tax", KeyRole.TAX_NO, _NUMBER_FORM),
    ("loc", KeyRole.LOCAL_ID, ".{1,80}"),
)
"""Prefix of the key, the column's role, the form that its value must have; tried in this order."""


def subject_key_sql(contract: Contract) -> str:
    """DuckDB SQL of the subject key of a record of `contract`: a VARCHAR, or NULL where the record names nobody.

    The key is the first of USCC, organisation code, registration number, tax number and local id that is well formed
    (with a prefix that says which), else a digest of name, district and address as they are written. It is a key of
    `entity.link`, not yet an identity: a mistyped USCC is a key of its own, which resolution then ties to the right
    enterprise. A tax number of 18 places is a USCC. Placeholders (one sign repeated, as in 000000000) are no keys.
    """
    branches = []
    for prefix, role, form in _IDENTIFIERS:
        for column in contract.with_role(role)[:1]:
            value = f"upper(trim({quoted(column.name)}::VARCHAR))"
            branches.append(f"WHEN {_stands(value, form)} THEN {literal(prefix + ':')} || {_plain(prefix, value)}")
    names = [
        f"coalesce(trim({quoted(column.name)}::VARCHAR), '')"
        for role in (KeyRole.NAME, KeyRole.DISTRICT, KeyRole.ADDRESS)
        for column in contract.with_role(role)[:1]
    ]
    if contract.with_role(KeyRole.NAME):
        branches.append(f"WHEN {names[0]} <> '' THEN 'nam:' || md5(concat_ws('|', {', '.join(names)}))")
    return f"(CASE {' '.join(branches)} END)" if branches else "NULL::VARCHAR"


def _stands(value: str, form: str) -> str:
    """Whether a value has the form and is no placeholder: not one sign repeated, nor a code that is all zeros."""
    return (
        f"(regexp_full_match({value}, {literal(form)}) AND replace({value}, left({value}, 1), '') <> '' "
        f"AND NOT contains({value}, '000000000'))"
        if form != ".{1,80}"
        else f"({value} <> '')"
    )


def _plain(prefix: str, value: str) -> str:
    return f"replace({value}, '-', '')" if prefix == "org" else value
