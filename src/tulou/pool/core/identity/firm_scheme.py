"""How firms are compared and blocked."""

from __future__ import annotations

from collections.abc import Set

from tulou.kernel.errors import Text
from tulou.pool.core.identity.comparison import BlockingKey, Comparison, Distance, Level, Scheme, bucketed
from tulou.pool.core.identity.firms import second_keys

_TRADES_AGREE = "(trades_l = 0 OR trades_r = 0 OR (trades_l & trades_r) <> 0)"
_TRADES_MEET = "(trades_l & trades_r) <> 0"
_COUNTY_AGREES = "(county_l = 0 OR county_r = 0 OR county_l = county_r)"
_CITY_AGREES = "(city_l = 0 OR city_r = 0 OR city_l = city_r)"
_CORES_MEET = (
    "core_l <> core_r AND sound_l <> sound_r AND (signs_l & signs_r) <> 0 AND greatest(core_size_l, core_size_r) "
    "- bit_count(signs_l & signs_r) <= CASE WHEN greatest(core_size_l, core_size_r) >= 5 THEN 2 ELSE 1 END"
)
_BITS = "xor(phone_l, phone_r)"
_ONE_DIGIT_DIFFERS = f"bit_count(({_BITS} | {_BITS} >> 1 | {_BITS} >> 2 | {_BITS} >> 3) & 1229782938247303441) = 1"
"""Telephone numbers are binary-coded decimals: folded together, the bits of a differing digit leave one of four."""

_CORE_DISTANCE = Distance("core_distance", "core_text", _CORES_MEET)
_STREETS_MEET = f"street_l <> street_r AND house_l = house_r AND {_CITY_AGREES} AND {_COUNTY_AGREES}"
_STREET_DISTANCE = Distance("street_distance", "street_text", _STREETS_MEET)


def firm_scheme(roles: Set[str]) -> Scheme:
    """The comparisons and keys for files that have these columns (name, address, phone, person, established)."""
    comparisons: list[Comparison] = []
    if roles & {"uscc", "org_code"}:
        comparisons.append(_code())
    if "name" in roles:
        comparisons += [_name(), _form(), _place()]
    if "address" in roles:
        comparisons += [_address()]
    comparisons += [_region()]
    if "phone" in roles:
        comparisons.append(_phone())
    if "person" in roles:
        comparisons.append(_person())
    if "established" in roles:
        comparisons.append(_established())
    return Scheme(tuple(comparisons), tuple(_keys(roles)), second_keys, stratum="county")


def _code() -> Comparison:
    levels = (
        Level(Text(zh="组织机构代码相同", en="same organisation code"), "org_l = org_r", 0.95, 1e-9, recognises=True),
        Level(
            Text(zh="代码仅差两位以内", en="codes differ in two places at most"),
            "(org_l IS NULL OR org_r IS NULL) AND damerau_levenshtein(code_text_l, code_text_r) <= 2",
            0.03,
            1e-8,
            recognises=True,
        ),
        Level(Text(zh="代码无效, 无从比较", en="an invalid code"), "org_l IS NULL OR org_r IS NULL", 0.01, 0.01),
        Level(Text(zh="组织机构代码不同", en="another organisation code"), "ELSE", 0.001, 1.0),
    )
    null = "code_text_l IS NULL OR code_text_r IS NULL"
    return Comparison("code", Text(zh="代码", en="Code"), null, levels)


def _name() -> Comparison:
    levels = [
        *bucketed(
            Text(zh="字号和行业相同", en="same trade name and trade"),
            "stem_l = stem_r",
            "n_stem",
            (2, 3, 5, 9, 17, 65),
            m=0.6,
            u=1e-7,
            recognises=True,
        ),
        *bucketed(
            Text(zh="字号相同, 行业相近", en="same trade name, related trade"),
            f"core_l = core_r AND {_TRADES_MEET}",
            "n_core",
            (2, 3, 5, 9, 17, 65),
            m=0.1,
            u=1e-7,
            recognises=True,
        ),
        *bucketed(
            Text(zh="字号相同, 一方未写行业", en="same trade name, one without a trade"),
            f"core_l = core_r AND {_TRADES_AGREE}",
            "n_core",
            (2, 3, 5, 9, 17, 65),
            m=0.05,
            u=1e-7,
            recognises=True,
        ),
        *bucketed(
            Text(zh="字号相同, 行业不同", en="same trade name, another trade"),
            "core_l = core_r",
            "n_core",
            (2, 5, 17, 65),
            m=0.02,
            u=1e-6,
        ),
        *bucketed(
            Text(zh="字号同音", en="trade name sounds the same"),
            f"sound_l = sound_r AND {_TRADES_AGREE}",
            "n_sound",
            (3, 17),
            m=0.05,
            u=1e-6,
            recognises=True,
        ),
        Level(
            Text(zh="字号同音, 行业不同", en="trade name sounds the same, another trade"),
            "sound_l = sound_r",
            0.005,
            1e-5,
        ),
        Level(
            Text(zh="字号没有相同的字, 行业相同", en="no sign of the trade name in common, same trade"),
            "(signs_l & signs_r) = 0 AND trade_l = trade_r",
            0.01,
            0.03,
        ),
        Level(
            Text(zh="字号没有相同的字", en="no sign of the trade name in common"),
            "(signs_l & signs_r) = 0",
            0.01,
            0.9,
        ),
        Level(
            Text(zh="字号仅有形近字或颠倒之差", en="trade name differs by a look-alike or a swap"),
            f"core_distance <= 0.7 AND {_TRADES_AGREE}",
            0.02,
            1e-6,
            recognises=True,
        ),
        Level(
            Text(zh="名称包含对方的三字以上字号", en="one name holds the other's trade name of three signs or more"),
            "least(core_size_l, core_size_r) >= 3 AND "
            "(contains(stem_text_l, core_text_r) OR contains(stem_text_r, core_text_l))",
            0.02,
            1e-6,
            recognises=True,
        ),
        Level(
            Text(zh="字号(三字以上)差一字", en="trade name of three signs or more differs in one"),
            f"greatest(core_size_l, core_size_r) >= 3 AND core_distance <= 1 AND {_TRADES_AGREE}",
            0.04,
            1e-5,
            recognises=True,
        ),
        Level(
            Text(zh="名称包含对方的两字字号", en="one name holds the other's trade name of two signs"),
            "contains(stem_text_l, core_text_r) OR contains(stem_text_r, core_text_l)",
            0.01,
            1e-4,
            recognises=True,
        ),
        Level(
            Text(zh="字号差一字, 行业相同", en="trade name differs in one sign, same trade"),
            "core_distance <= 1 AND trade_l = trade_r",
            0.02,
            1e-4,
            recognises=True,
        ),
        Level(
            Text(zh="字号(五字以上)差两字以内", en="trade name of five signs or more differs in two"),
            "greatest(core_size_l, core_size_r) >= 5 AND core_distance <= 2",
            0.01,
            1e-5,
            recognises=True,
        ),
        Level(Text(zh="字号差一字", en="trade name differs in one sign"), "core_distance <= 1", 0.01, 1e-3),
        Level(Text(zh="字号不同", en="another trade name"), "ELSE", 0.02, 0.07),
    ]
    null = "core_l IS NULL OR core_r IS NULL"
    return Comparison("name", Text(zh="名称", en="Name"), null, tuple(levels), _CORE_DISTANCE)


def _form() -> Comparison:
    levels = (
        Level(Text(zh="同一分支机构", en="same branch"), "branch_l = branch_r AND branch_l <> 0", 0.02, 0.001),
        Level(Text(zh="不同的分支机构", en="other branches"), "branch_l <> 0 AND branch_r <> 0", 0.002, 0.001),
        Level(Text(zh="仅一方是分支机构", en="only one is a branch"), "branch_l <> 0 OR branch_r <> 0", 0.003, 0.03),
        Level(Text(zh="组织形式相同", en="same legal form"), "legal_l = legal_r", 0.93, 0.6),
        Level(
            Text(zh="组织形式相近", en="related legal forms"),
            "legal_l <= 2 AND legal_r <= 2",
            0.03,
            0.05,
        ),
        Level(Text(zh="组织形式不同", en="another legal form"), "ELSE", 0.01, 0.3),
    )
    null = "branch_l = 0 AND branch_r = 0 AND (legal_l IS NULL OR legal_r IS NULL)"
    return Comparison("form", Text(zh="组织形式", en="Legal form"), null, levels)


def _place() -> Comparison:
    levels = (
        Level(
            Text(zh="名称中的区县相同", en="same county in the name"),
            "place_l = place_r AND place_l % 100 <> 0",
            0.1,
            0.002,
        ),
        Level(
            Text(zh="名称中的地市相同", en="same city in the name"),
            "place_l // 100 = place_r // 100 AND (place_l % 100 = 0 OR place_r % 100 = 0) AND place_l % 10000 <> 0",
            0.5,
            0.1,
        ),
        Level(
            Text(zh="名称中的省相同", en="same province in the name"),
            "place_l // 10000 = place_r // 10000 AND (place_l % 10000 = 0 OR place_r % 10000 = 0)",
            0.38,
            0.4,
        ),
        Level(Text(zh="名称中的地名不同", en="another place in the name"), "ELSE", 0.02, 0.5),
    )
    return Comparison("place", Text(zh="名称中的地名", en="Place in the name"), "place_l = 0 OR place_r = 0", levels)


def _address() -> Comparison:
    here = f"street_l = street_r AND house_l = house_r AND {_CITY_AGREES} AND {_COUNTY_AGREES}"
    rooms_differ = "(room_l <> room_r OR building_l <> building_r)"
    levels = [
        *bucketed(
            Text(zh="门牌和房号相同", en="same house and room"),
            f"{here} AND room_l = room_r",
            "n_door",
            (2, 3, 9),
            m=0.3,
            u=1e-7,
            recognises=True,
        ),
        *bucketed(
            Text(zh="门牌相同", en="same house"),
            f"{here} AND NOT coalesce({rooms_differ}, false)",
            "n_point",
            (2, 3, 5, 17, 65),
            m=0.35,
            u=1e-7,
            recognises=True,
        ),
        *bucketed(
            Text(zh="门牌相同, 房号不同", en="same house, another room"), here, "n_point", (5, 65), m=0.01, u=1e-6
        ),
        Level(
            Text(zh="门牌和房号相同, 路名相近", en="same house and room, street written much alike"),
            "street_distance <= 1 AND room_l = room_r",
            0.02,
            1e-7,
            recognises=True,
        ),
        Level(
            Text(zh="门牌相同, 路名相近", en="same house number, street written much alike"),
            "street_distance <= 1",
            0.03,
            1e-5,
        ),
        Level(
            Text(zh="门牌相同, 同市不同区县", en="same street and house, another county of the city"),
            f"street_l = street_r AND house_l = house_r AND {_CITY_AGREES}",
            0.01,
            1e-6,
        ),
        Level(
            Text(zh="路名门牌相同, 不同地市", en="same street and house, another city"),
            "street_l = street_r AND house_l = house_r",
            0.002,
            1e-5,
        ),
        Level(
            Text(zh="同一条路, 门牌缺失", en="same street, house not given"),
            f"street_l = street_r AND {_COUNTY_AGREES} AND {_CITY_AGREES} AND (house_l IS NULL OR house_r IS NULL)",
            0.03,
            1e-4,
        ),
        Level(
            Text(zh="门牌和房号相同, 路名不同", en="same house and room, another street"),
            f"house_l = house_r AND room_l = room_r AND {_COUNTY_AGREES} AND {_CITY_AGREES}",
            0.01,
            1e-6,
        ),
        Level(
            Text(zh="同一条路, 门牌不同", en="same street, another house"),
            f"street_l = street_r AND {_COUNTY_AGREES} AND {_CITY_AGREES}",
            0.03,
            1e-3,
        ),
        Level(Text(zh="地址不同", en="another address"), "ELSE", 0.1, 0.99),
    ]
    null = "street_l IS NULL OR street_r IS NULL"
    return Comparison("address", Text(zh="地址", en="Address"), null, tuple(levels), _STREET_DISTANCE)


def _region() -> Comparison:
    levels = (
        Level(Text(zh="区县相同", en="same county"), "county_l = county_r AND county_l <> 0", 0.85, 0.015),
        Level(Text(zh="地市相同", en="same city"), "city_l = city_r AND (county_l = 0 OR county_r = 0)", 0.1, 0.05),
        Level(Text(zh="同市不同区县", en="another county of the city"), "city_l = city_r", 0.03, 0.1),
        Level(Text(zh="地市不同", en="another city"), "ELSE", 0.02, 0.85),
    )
    return Comparison("region", Text(zh="地区", en="Region"), "city_l = 0 OR city_r = 0", levels)


def _phone() -> Comparison:
    levels = [
        *bucketed(
            Text(zh="电话相同", en="same telephone"), "phone_l = phone_r", "n_phone", (2, 3, 5, 17), m=0.7, u=1e-7
        ),
        Level(
            Text(zh="电话差一位", en="telephone differs in one digit"),
            _ONE_DIGIT_DIFFERS,
            0.02,
            1e-6,
        ),
        Level(Text(zh="电话不同", en="another telephone"), "ELSE", 0.28, 1.0),
    ]
    null = "phone_l IS NULL OR phone_r IS NULL"
    return Comparison("phone", Text(zh="电话", en="Telephone"), null, tuple(levels))


def _person() -> Comparison:
    meet = "surname_l = surname_r AND person_l <> person_r"
    levels = [
        *bucketed(
            Text(zh="人员相同", en="same person"), "person_l = person_r", "n_person", (2, 3, 5, 17, 65), m=0.75, u=1e-6
        ),
        Level(
            Text(zh="人员姓名同音", en="person's name sounds the same"), "person_sound_l = person_sound_r", 0.03, 1e-4
        ),
        Level(Text(zh="人员姓名差一字", en="person's name differs in one sign"), "person_distance <= 1", 0.02, 0.01),
        Level(Text(zh="人员同姓", en="same surname"), "surname_l = surname_r", 0.02, 0.05),
        Level(Text(zh="人员不同", en="another person"), "ELSE", 0.18, 0.94),
    ]
    null = "person_l IS NULL OR person_r IS NULL"
    return Comparison(
        "person", Text(zh="人员", en="Person"), null, tuple(levels), Distance("person_distance", "person_text", meet)
    )


def _established() -> Comparison:
    levels = (
        Level(Text(zh="成立日期相同", en="same date of establishment"), "established_l = established_r", 0.85, 1e-4),
        Level(
            Text(zh="成立日期相差七天以内", en="established within seven days"),
            "abs(established_l - established_r) <= 7",
            0.05,
            1e-3,
        ),
        Level(
            Text(zh="成立日期相差一年以内", en="established within a year"),
            "abs(established_l - established_r) <= 366",
            0.03,
            0.08,
        ),
        Level(Text(zh="成立日期不同", en="established at another time"), "ELSE", 0.07, 0.92),
    )
    null = "established_l IS NULL OR established_r IS NULL"
    return Comparison("established", Text(zh="成立日期", en="Established"), null, levels)


def _keys(roles: Set[str]) -> list[BlockingKey]:
    keys = []
    if roles & {"uscc", "org_code"}:
        keys.append(BlockingKey("org", ("org",), 10_000))
    if "name" in roles:
        keys += [
            BlockingKey("stem", ("stem", "stem_city", "stem_county"), 200),
            BlockingKey("core", ("core", "core_city", "core_county"), 60),
            BlockingKey("sound", ("sound", "sound_city", "sound_county"), 60),
        ]
    if "address" in roles:
        keys += [
            BlockingKey("point", ("point", "door"), 400),
            BlockingKey("street", ("street_house", "street_house_county"), 60),
        ]
    if "phone" in roles:
        keys.append(BlockingKey("phone", ("phone", "phone_county"), 60))
    if "person" in roles:
        keys.append(BlockingKey("person", ("person_city", "person_county"), 60))
    return keys
