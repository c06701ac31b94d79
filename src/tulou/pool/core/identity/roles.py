"""What the columns of a file hold, guessed from their headers (Chinese or English) and from their content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from tulou.kernel.uscc import normalise_usccs, org_codes_valid, usccs_valid
from tulou.pool.core.identity.addresses import parse_addresses
from tulou.pool.core.identity.firms import days, phone_numbers
from tulou.pool.core.identity.general import Kind
from tulou.pool.core.identity.names import LEGAL_CLASSES, parse_names

SAMPLE = 2000


class Role(StrEnum):
    """What a column holds."""

    ID = "id"
    CLUSTER = "cluster"
    USCC = "uscc"
    ORG_CODE = "org_code"
    FIRM_NAME = "name"
    ADDRESS = "address"
    DISTRICT = "district"
    PHONE = "phone"
    PERSON = "person"
    ESTABLISHED = "established"
    GIVEN_NAME = "given_name"
    SURNAME = "surname"
    GENERAL = "general"
    EMPTY = "empty"


_HEADERS: Mapping[Role, tuple[str, str]] = {
    Role.CLUSTER: (
        r"^(cluster|cluster_?id|true_?cluster|entity_?id|truth|label|group_?id)$",
        r"^(真值|实体编号|聚类|所属实体)$",
    ),
    Role.ID: (
        r"^(id|uid|unique_?id|rec_?id|record_?id|row_?id|(left|right)_?id)$",
        r"^(编号|序号|记录号|记录编号|行号|主键)$",
    ),
    Role.USCC: (r"uscc|credit_?code", r"信用代码"),
    Role.ORG_CODE: (r"org(anisation|anization)?_?code", r"机构代码"),
    Role.ADDRESS: (r"^addr(ess)?(_?full)?$|street_?address", r"地址|住所|经营场所|所在地$|坐落"),
    Role.DISTRICT: (r"^(district|county|region)(_?code)?$", r"区县|县区|行政区划|所属地区|^地区$"),
    Role.PHONE: (r"phone|mobile|^tel", r"电话|手机|联系方式"),
    Role.GIVEN_NAME: (r"^(first|given|fore|christian)_?name$", r"^名$"),
    Role.SURNAME: (r"^(sur|last|family)_?name$", r"^姓$"),
    Role.ESTABLISHED: (
        r"^established|founded|incorporat|registration_?date",
        r"(成立|注册|设立|开业|登记)(日期|时间)",
    ),
    Role.PERSON: (
        r"^person$|legal_?rep|owner|contact_?name",
        r"法定代表人|法人|负责人|经营者|投资人|联系人|业主|^姓名$",
    ),
    Role.FIRM_NAME: (
        r"company|firm|enterprise|business_?name",
        r"企业名|公司名|单位名|商户名|客户名|户名|字号|名称|^企业$|^公司$",
    ),
}
"""What headers say, in English and in Chinese; the first role that fits counts."""

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康洪庄施柯翁颜詹游连赖阮池涂欧章温倪"
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A column, what it holds and, where it is compared as general content, how."""

    column: str
    role: Role
    kind: Kind = Kind.TEXT


def guess_roles(table: pl.DataFrame) -> list[Guess]:
    """What every column of a table of text holds. Content that contradicts a header wins over it."""
    guesses = [_guess(table[name], _wish(name)) for name in table.columns]
    return _one_each(guesses, table)


def _wish(header: str) -> Role | None:
    plain = re.sub(r"[\s\-.()（）:：]+", "_", header.strip()).strip("_").casefold()
    return next((role for role, patterns in _HEADERS.items() if re.search("|".join(patterns), plain)), None)


def _guess(values: pl.Series, wish: Role | None) -> Guess:
    sample = values.drop_nulls()
    sample = sample.filter(sample.str.strip_chars() != "").head(SAMPLE)
    if not len(sample):
        return Guess(values.name, Role.EMPTY)
    if wish in (Role.CLUSTER, Role.ID, Role.GIVEN_NAME, Role.SURNAME, Role.DISTRICT):
        return Guess(values.name, wish)
    found = _by_content(sample)
    if found is not None and (wish is None or found in (Role.USCC, Role.ORG_CODE)):
        return Guess(values.name, found, kind_of(values))
    if wish is not None and _may_be(sample, wish):
        return Guess(values.name, wish)
    return Guess(values.name, found or Role.GENERAL, kind_of(values))


def _share(marks: np.ndarray | pl.Series) -> float:
    return float(np.mean(np.asarray(marks))) if len(marks) else 0.0


def _by_content(sample: pl.Series) -> Role | None:
    """What the values themselves say: the check digits of codes, the legal forms of firms, streets, surnames."""
    plain = normalise_usccs(sample.to_arrow())
    if _share(usccs_valid(plain)) >= 0.5:
        return Role.USCC
    if _share(org_codes_valid(plain)) >= 0.6 and _share(sample.str.contains(r"\D")) > 0.3:
        return Role.ORG_CODE
    if _share(sample.str.contains(r"^\D{0,4}1[3-9]\d[ -]?\d{4}[ -]?\d{4}$")) >= 0.5:
        return Role.PHONE
    if _share(sample.str.contains(r"\p{Han}")) < 0.5:
        return None
    if _firms(sample) >= 0.5:
        return Role.FIRM_NAME
    if _addresses(sample) >= 0.5:
        return Role.ADDRESS
    return Role.PERSON if _persons(sample) >= 0.6 else None


def _may_be(sample: pl.Series, role: Role) -> bool:
    """Whether the content does not contradict what the header says."""
    if role is Role.ESTABLISHED:
        return _share(days(sample.to_arrow()).is_not_null()) >= 0.5
    if role is Role.PHONE:
        return _share(phone_numbers(sample.to_arrow()) != "") >= 0.3
    if role is Role.USCC:
        return _share(sample.str.contains(r"[0-9A-Za-z]{15,18}")) >= 0.3
    if role in (Role.FIRM_NAME, Role.ADDRESS, Role.PERSON):
        return _share(sample.str.contains(r"\p{Han}")) >= 0.5
    return True


def _firms(sample: pl.Series) -> float:
    return _share(parse_names(sample.to_arrow()).legal >= LEGAL_CLASSES.index("company"))


def _addresses(sample: pl.Series) -> float:
    parts = parse_addresses(sample.to_arrow())
    place = (pl.Series(parts.street) != "") & ((pl.Series(parts.house) != "") | pl.Series(parts.region > 0))
    return _share(place & (sample.str.len_chars() >= 6))


def _persons(sample: pl.Series) -> float:
    return _share(sample.str.contains(r"^\p{Han}{2,4}$") & sample.str.head(1).is_in(list(_SURNAMES)))


def kind_of(values: pl.Series) -> Kind:
    """How a column that is nothing in particular is compared."""
    every = values.drop_nulls()
    every = every.filter(every.str.strip_chars() != "")
    sample = every.head(SAMPLE)
    if _share(sample.str.contains("@")) >= 0.5:
        return Kind.EMAIL
    if _share(sample.str.contains(r"^\d{1,4}\D\d{1,2}\D\d{1,4}|^(19|20)\d{6}$|^\d{4}年")) >= 0.8:
        return Kind.DATE
    if _share(sample.str.contains(r"\p{Han}")) >= 0.5:
        return Kind.HAN
    if _share(sample.str.contains(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$|^-?\d+\.\d+$")) >= 0.8:
        return Kind.NUMBER
    if _share(sample.str.contains(r"\d") & ~sample.str.contains(r"\s")) >= 0.6:
        return Kind.CODE
    return Kind.CATEGORY if every.n_unique() <= max(20, len(every) // 50) else Kind.TEXT


_SINGLE = frozenset(Role) - {Role.GENERAL, Role.EMPTY}


def _one_each(guesses: Sequence[Guess], table: pl.DataFrame) -> list[Guess]:
    """Let every role but `general` stand once: the fullest column keeps it, others are compared as what they are."""
    kept: dict[Role, str] = {}
    for role in _SINGLE:
        rivals = [guess.column for guess in guesses if guess.role is role]
        if rivals:
            kept[role] = max(rivals, key=lambda name: (table[name].count(), -table.columns.index(name)))
    answer = []
    for guess in guesses:
        if guess.role in kept and kept[guess.role] != guess.column:
            guess = Guess(guess.column, Role.GENERAL, kind_of(table[guess.column]))
        answer.append(guess)
    return answer
