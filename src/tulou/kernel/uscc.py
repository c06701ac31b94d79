"""Unified social credit codes (统一社会信用代码) and the older numbers inside and beside them, singly and by column.

A USCC (GB 32100-2015) has 18 characters: department (1), category (1), region (6, GB/T 2260), organisation code
(9, GB 11714) and a check character (modulus 31). The organisation code carries a check of its own (modulus 11) at
position 17 of the USCC. Registries issue codes whose modulus 31 is right and whose inner check is not often enough
that the inner check is a second opinion (`Uscc.org_code_holds`, `strict=True`), not a reason to refuse.

A registration number (工商注册号, GS 15-2006) has 15 digits: authority (6), sequence (8) and a check digit by
ISO 7064 MOD 11,10. Nothing computes a USCC from it: only the registry's crosswalk does.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tulou.kernel.errors import Refused, Text, Where, refuse

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of a USCC: no I, O, S, V or Z."""

ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The 36 characters of an organisation code's body."""

DEPARTMENTS: dict[str, Text] = {
    "1": Text(zh="机构编制", en="Public institutions establishment"),
    "2": Text(zh="外交", en="Foreign affairs"),
    "3": Text(zh="司法行政", en="Judicial administration"),
    "4": Text(zh="文化", en="Culture"),
    "5": Text(zh="民政", en="Civil affairs"),
    "6": Text(zh="旅游", en="Tourism"),
    "7": Text(zh="宗教", en="Religious affairs"),
    "8": Text(zh="工会", en="Trade unions"),
    "9": Text(zh="市场监督管理(工商)", en="Market regulation"),
    "A": Text(zh="军队编制", en="Military establishment"),
    "N": Text(zh="农业农村", en="Agriculture and rural affairs"),
    "Y": Text(zh="其他", en="Other"),
}
"""Registering departments (first character); A and N came with the standard's amendments."""

ENTERPRISE, SOLE_TRADER, FARMERS_COOPERATIVE = "91", "92", "93"
"""The first two characters of the three kinds of business that market regulation registers."""

_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_VALUE = {character: value for value, character in enumerate(USCC_ALPHABET)}
_ORG_VALUE = {character: value for value, character in enumerate(ORG_ALPHABET)}
_ORG_CHECKS = "0X987654321"  # By the weighted sum modulo 11.
_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)  # str.upper turns ß into SS and ı into I.
_SEPARATORS = re.compile(r"[\s\u00ad\u200b-\u2015\u2060\u2212\ufeff-]+")
_RE2_SEPARATORS = (  # The same in Arrow's expressions, whose \s is ASCII.
    r"[\s\x{b}\x{1c}-\x{1f}\x{85}\x{ad}\x{1680}\x{2000}-\x{2015}\x{2028}\x{2029}\x{202f}\x{205f}\x{2060}\x{2212}\x{feff}-]+"
)
_INVALID = 255

Strings: TypeAlias = "pa.Array | pa.ChunkedArray | npt.NDArray[Any] | Iterable[str | None]"
Booleans: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Uscc:
    """A valid USCC and its parts."""

    value: str
    department: str
    category: str
    region: str
    org_code: str
    check: str

    @property
    def org_code_holds(self) -> bool:
        """Whether position 17 is the check digit that GB 11714 gives for positions 9 to 16."""
        return is_org_code(self.org_code)


def normalise_uscc(text: str) -> str:
    """`text` in half-width capitals without spaces and hyphens. Letters that look alike are never guessed.

    >>> normalise_uscc(" ９１３５０２０３-575017700a ")
    '91350203575017700A'
    """
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).translate(_CAPITALS)


def check_character(body17: str) -> str:
    """The check character of a USCC's first 17 characters (GB 32100-2015, annex A).

    >>> check_character("91350203575017700")
    'A'
    """
    if len(body17) != 17 or any(character not in _VALUE for character in body17):
        raise refuse(
            "uscc.body",
            f"校验码由前 17 位计算,应为数字或大写字母(不含 I、O、S、V、Z),得到“{body17}”",
            f"The check character is computed from 17 digits or capitals (no I, O, S, V, Z); this is {body17!r}",
            where=Where(value=body17),
        )
    return USCC_ALPHABET[-sum(_VALUE[c] * w for c, w in zip(body17, _WEIGHTS, strict=True)) % 31]


def is_uscc(text: str, *, strict: bool = False) -> bool:
    """Whether `text` is a valid USCC as it stands; with `strict`, its organisation code must hold too.

    >>> is_uscc("91350203575017700A"), is_uscc("N2350203MF1234567N"), is_uscc("91350203575017700B")
    (True, True, False)
    """
    return _fault(text) is None and (not strict or is_org_code(text[8:17]))


def parse_uscc(text: str) -> Uscc:
    """The parts of the USCC in `text`, which is normalised first.

    Raises
    ------
    Refused
        Says which part is wrong: `uscc.length`, `uscc.character`, `uscc.department`, `uscc.region`, `uscc.check`.
    """
    value = normalise_uscc(text)
    fault = _fault(value)
    if fault is not None:
        raise _refused(fault, value)
    return Uscc(value, value[0], value[1], value[2:8], value[8:17], value[17])


def make_uscc(department: str, category: str, region: str, org_body: str) -> str:
    """The USCC of an organisation code's 8-character body, with both checks computed.

    >>> make_uscc("9", "1", "350203", "57501770")
    '91350203575017700A'
    """
    body = f"{department}{category}{region}{org_body}{org_code_check(org_body)}"
    return parse_uscc(body + check_character(body)).value


def org_code_check(body8: str) -> str:
    """The check character of an organisation code's 8-character body (GB 11714): a digit or X.

    >>> org_code_check("57501770"), org_code_check("D2143569")
    ('0', 'X')
    """
    if len(body8) != 8 or any(character not in _ORG_VALUE for character in body8):
        raise refuse(
            "org_code.body",
            f"组织机构代码主体应为 8 位数字或大写字母,得到“{body8}”",
            f"The body of an organisation code is 8 digits or capitals; this is {body8!r}",
            where=Where(value=body8),
        )
    return _ORG_CHECKS[sum(_ORG_VALUE[c] * w for c, w in zip(body8, _ORG_WEIGHTS, strict=True)) % 11]


def is_org_code(text: str) -> bool:
    """Whether `text` is an organisation code, with or without the hyphen before its check character.

    >>> is_org_code("575017700"), is_org_code("57501770-0"), is_org_code("575017701")
    (True, True, False)
    """
    code = text[:8] + text[9:] if len(text) == 10 and text[8] == "-" else text
    return len(code) == 9 and all(c in _ORG_VALUE for c in code[:8]) and org_code_check(code[:8]) == code[8]


def org_code_of(uscc: str) -> str:
    """The organisation code inside a USCC, which is what older records of the same body carry.

    >>> org_code_of("91350203575017700A")
    '575017700'
    """
    return parse_uscc(uscc).org_code


def is_reg_no(text: str) -> bool:
    """Whether `text` is a 15-digit registration number whose check digit holds (GS 15-2006, ISO 7064 MOD 11,10).

    >>> is_reg_no("110108000000016"), is_reg_no("110108000000017")
    (True, False)
    """
    if len(text) != 15 or not (text.isascii() and text.isdigit()):
        return False
    return reg_no_check(text[:14]) == text[14]


def reg_no_check(body14: str) -> str:
    """The check digit of a registration number's first 14 digits.

    >>> reg_no_check("11010800000001")
    '6'
    """
    if len(body14) != 14 or not (body14.isascii() and body14.isdigit()):
        raise refuse(
            "reg_no.body",
            f"注册号前 14 位应为数字,得到“{body14}”",
            f"The first 14 characters of a registration number are digits; this is {body14!r}",
            where=Where(value=body14),
        )
    product = 10
    for digit in body14:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def usccs_valid(values: Strings, *, strict: bool = False) -> Booleans:
    """`is_uscc` for a whole column (Arrow, NumPy or any iterable of strings; null is not valid)."""
    block, right_length = _characters(values, 18)
    value = _USCC_TABLE[block]
    valid = right_length & (value[:, :17] != _INVALID).all(axis=1)
    valid &= _DEPARTMENT_TABLE[block[:, 0]]
    valid &= (value[:, 2:8] < 10).all(axis=1)
    valid &= _weighted(value, _WEIGHTS, 31) == value[:, 17]
    if strict:
        valid &= _org_codes_hold(block[:, 8:17])
    return np.asarray(valid)


def org_codes_valid(values: Strings) -> Booleans:
    """`is_org_code` for a whole column of nine-character codes; a code written with its hyphen is understood too."""
    block, right_length = _characters(pc.replace_substring_regex(_strings(values), r"^(.{8})-(.)$", r"\1\2"), 9)
    return np.asarray(right_length & _org_codes_hold(block))


def org_codes_of(values: Strings) -> pa.Array:
    """The organisation codes inside a column of USCCs; null where the USCC is not valid."""
    strings = _strings(values)
    codes = pc.utf8_slice_codeunits(strings, 8, 17)
    return pc.if_else(pa.array(usccs_valid(strings)), codes, pa.scalar(None, codes.type))


def normalise_usccs(values: Strings) -> pa.Array:
    """`normalise_uscc` for a whole column."""
    half_width = pc.utf8_normalize(_strings(values), form="NFKC")
    return pc.ascii_upper(pc.replace_substring_regex(half_width, _RE2_SEPARATORS, ""))


def _fault(value: str) -> str | None:
    """The first part of `value` that is wrong, or None."""
    if len(value) != 18:
        return "length"
    if any(character not in _VALUE for character in value):
        return "character"
    if value[0] not in DEPARTMENTS:
        return "department"
    if not value[2:8].isdigit():
        return "region"
    return None if check_character(value[:17]) == value[17] else "check"


def _refused(fault: str, value: str) -> Refused:
    odd = sorted({character for character in value if character not in _VALUE})
    texts = {
        "length": (
            f"统一社会信用代码应为 18 位,得到 {len(value)} 位",
            f"A USCC has 18 characters; this one has {len(value)}",
        ),
        "character": (
            f"统一社会信用代码只用数字和大写字母(不含 I、O、S、V、Z),不能有“{'、'.join(odd)}”",
            f"A USCC uses digits and capitals without I, O, S, V and Z; found {', '.join(odd)}",
        ),
        "department": (
            f"第 1 位登记管理部门代码“{value[:1]}”不存在,应为 {'、'.join(DEPARTMENTS)} 之一",
            f"Position 1 (registering department) is {value[:1]!r}; it must be one of {', '.join(DEPARTMENTS)}",
        ),
        "region": (
            f"第 3 至 8 位行政区划码应为 6 位数字,得到“{value[2:8]}”",
            f"Positions 3 to 8 (region) must be six digits; found {value[2:8]!r}",
        ),
        "check": (
            f"第 18 位校验码“{value[17:]}”与前 17 位不符,请逐位核对原件",
            f"The check character {value[17:]!r} does not fit the first 17; compare the code with the certificate",
        ),
    }
    zh, en = texts[fault]
    return refuse(f"uscc.{fault}", zh, en, where=Where(value=value))


def _table(alphabet: str) -> npt.NDArray[np.uint8]:
    table = np.full(256, _INVALID, dtype=np.uint8)
    table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return table


_USCC_TABLE = _table(USCC_ALPHABET)
_ORG_TABLE = _table(ORG_ALPHABET)
_ORG_CHECK_TABLE = np.frombuffer(_ORG_CHECKS.encode(), dtype=np.uint8)
_DEPARTMENT_TABLE = np.isin(np.arange(256), [ord(department) for department in DEPARTMENTS])


def _strings(values: Any) -> pa.Array:
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, type=pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.cast(pa.string()) if array.type != pa.string() else array


def _characters(values: Any, length: int) -> tuple[npt.NDArray[np.uint8], Booleans]:
    """The bytes of a column as one row a value, and which values have `length` bytes; the others' rows are zeros."""
    strings = _strings(values)
    fits = pc.fill_null(pc.equal(pc.binary_length(strings), length), False)
    filled = pc.if_else(fits, strings, pa.scalar("0" * length))
    start = filled.offset * length
    data = np.frombuffer(filled.buffers()[2] or b"", dtype=np.uint8)[start : start + len(filled) * length]
    return data.reshape(len(filled), length), fits.to_numpy(zero_copy_only=False)


def _weighted(value: npt.NDArray[np.uint8], weights: tuple[int, ...], modulus: int) -> npt.NDArray[np.uint16]:
    """The number that completes each row's weighted sum to a multiple of `modulus`."""
    total = np.zeros(len(value), dtype=np.uint16)  # 17 x 30 x 30 fits; rows with invalid characters are masked anyway.
    for position, weight in enumerate(weights):
        total += value[:, position].astype(np.uint16) * np.uint16(weight)
    return (modulus - total % modulus) % modulus


def _org_codes_hold(block: npt.NDArray[np.uint8]) -> Booleans:
    value = _ORG_TABLE[block[:, :8]]
    checks = _ORG_CHECK_TABLE[-_weighted(value, _ORG_WEIGHTS, 11).astype(np.int16) % 11]
    return np.asarray((value != _INVALID).all(axis=1) & (checks == block[:, 8]))
