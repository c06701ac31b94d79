"""What a column tells about the subject of its record: codes by check digits, names, phones, addresses by form."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from tulou.kernel.errors import Text
from tulou.kernel.uscc import is_reg_no, org_codes_valid, usccs_valid
from tulou.pool.core.contract.contract import KeyRole, LogicalType
from tulou.pool.core.contract.inference.column_sample import ColumnSample
from tulou.pool.core.contract.inference.guesses import Guess
from tulou.pool.core.contract.inference.kinds import Kind

_COMPANY_ZH = (
    r".*(?:公司|厂|商店|商行|合作社|事务所|中心|经营部|批发部|工作室|集团|酒店|宾馆|超市|药店|门市部|加油站|医院|学校)"
    r".{0,12}"
)
_COMPANY_EN = (
    r"(?i).*\b(?:inc|llc|l\.l\.c|corp|corporation|co|company|ltd|limited|gmbh|plc|enterprises?|associates)\b\.?.*"
)
_PHONE = r"(?:\+?86[- ]?)?1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}(?:[-转]\d{1,5})?|[48]00[- ]?\d{3}[- ]?\d{4}"
_ADDRESS = r".*(?:省|市|区|县|镇|乡|村).*(?:路|街|道|巷|弄|村|号|大厦|园区|工业区).*"
_PERSON = r"[\u4e00-\u9fff·]{2,5}"
_HEADERS: tuple[tuple[KeyRole, str], ...] = (
    (KeyRole.USCC, r"(?i)uscc|信用代码"),
    (KeyRole.ORG_CODE, r"(?i)org(anisation|anization)?_?code|机构代码"),
    (KeyRole.REG_NO, r"(?i)reg(istration)?_?no|注册号|执照号"),
    (KeyRole.TAX_NO, r"(?i)tax(payer)?_?(no|id)|纳税人识别号|税号"),
    (KeyRole.PHONE, r"(?i)phone|mobile|\btel\b|电话|手机"),
    (KeyRole.ADDRESS, r"(?i)address|地址|住所|坐落"),
    (KeyRole.PERSON, r"(?i)legal_?rep|contact_?(person|name)|法定代表人|法人代表|法人姓名|负责人|联系人"),
    (KeyRole.ESTABLISHED, r"(?i)established|founded|成立日期|设立日期|开业日期"),
    (KeyRole.DISTRICT, r"(?i)district|区划"),
    (KeyRole.LOCAL_ID, r"(?i)account_?(no|id)|customer_?(no|id)|户号|账号|客户编号|单位编号"),
    (KeyRole.NAME, r"(?i)^(company|firm|enterprise|customer|borrower|taxpayer|unit|entity)?[_ ]?name$"),
    (KeyRole.NAME, r"企业名称|单位名称|公司名称|户名|纳税人名称|机构名称|主体名称"),
)
_BY_HEADER = frozenset({KeyRole.NAME, KeyRole.ADDRESS, KeyRole.LOCAL_ID, KeyRole.TAX_NO, KeyRole.DISTRICT})
"""Roles that a header alone makes likely: their values have no form of their own."""

LIKELY = 0.6
MOST_TESTED = 20_000


def guess_role(column: ColumnSample, kind: Kind, name: str) -> Guess | None:
    """The part that a column plays in telling whom a record is about, or None."""
    named = next((role for role, pattern in _HEADERS if re.search(pattern, column.header)), None)
    if kind.logical_type in (LogicalType.DATE, LogicalType.PERIOD):
        if named is KeyRole.ESTABLISHED:
            return _guess(name, named, 0.9, "列名", "its header")
        return None
    if kind.logical_type is not LogicalType.STRING or column.present == 0:
        return None
    for role, share, zh, en in _by_content(column):
        threshold = 0.3 if role is named else LIKELY
        if share >= threshold and (role is not KeyRole.PERSON or named is role):
            percent = f"{share:.1%}"
            return _guess(name, role, share, f"{percent} 的值{zh}", f"{percent} of its values {en}")
    checked = {KeyRole.USCC, KeyRole.ORG_CODE, KeyRole.REG_NO}
    if named in checked:
        return _guess(name, named, 0.5, "列名; 但多数值未通过校验", "its header, though most values fail the check")
    bare_name = named is KeyRole.NAME and column.header.isascii() and column.share(_COMPANY_EN) < 0.1
    if named in _BY_HEADER and not bare_name and column.distinct > 1:
        return _guess(name, named, 0.6, "列名", "its header")
    return None


def _by_content(column: ColumnSample) -> list[tuple[KeyRole, float, str, str]]:
    return [
        (
            KeyRole.USCC,
            _checked(column, 18, usccs_valid),
            "通过统一社会信用代码校验",
            "pass the check of a credit code",
        ),
        (KeyRole.ORG_CODE, _org_codes(column), "通过组织机构代码校验", "pass the check of an organisation code"),
        (KeyRole.REG_NO, _reg_nos(column), "通过工商注册号校验", "pass the check of a registration number"),
        (KeyRole.PHONE, column.share(_PHONE), "是电话号码", "are telephone numbers"),
        (KeyRole.ADDRESS, column.share(_ADDRESS), "像地址", "look like addresses"),
        (
            KeyRole.NAME,
            max(column.share(_COMPANY_ZH), column.share(_COMPANY_EN)),
            "像企业名称",
            "look like firms' names",
        ),
        (KeyRole.DISTRICT, _districts(column), "是行政区划代码", "are codes of districts"),
        (KeyRole.PERSON, column.share(_PERSON), "像姓名", "look like persons' names"),
    ]


def _checked(column: ColumnSample, length: int, valid: Callable[..., np.ndarray]) -> float:
    texts = column.tidy.str.to_uppercase()
    if not column.present or int((texts.str.len_chars() == length).sum()) < LIKELY / 2 * len(texts):
        return 0.0
    held = np.asarray(valid(texts.to_arrow().cast("string")))
    good = int(np.asarray(column.counts.to_numpy())[held].sum())
    return good / column.present


def _org_codes(column: ColumnSample) -> float:
    dashed = column.tidy.str.replace("-", "", literal=True)
    plain = ColumnSample(column.header, dashed, column.counts, column.records, column.blanks)
    return _checked(plain, 9, org_codes_valid)


def _reg_nos(column: ColumnSample) -> float:
    if not column.present or not column.matching(r"\d{15}").any():
        return 0.0
    texts = column.tidy.head(MOST_TESTED).to_list()
    times = column.counts.head(MOST_TESTED).to_list()
    good: int = sum(count for text, count in zip(texts, times, strict=True) if len(text) == 15 and is_reg_no(text))
    return good / int(sum(times))


def _districts(column: ColumnSample) -> float:
    share = column.share(r"[1-8][1-7]\d{4}")
    return share if re.search(r"(?i)区划|district|region|area", column.header) else 0.0


def _guess(name: str, role: KeyRole, confidence: float, zh: str, en: str) -> Guess:
    return Guess(name, "role", role.value, min(confidence, 0.999), Text(zh=f"依据: {zh}", en=f"because of {en}"))
