"""Pairs of dirty registers of firms with the truth, made unlike the simulator's: a second opinion on linkage.

The trade names are real ones where the corpus lies beside the project (`../shared/data`), else composed. What is hard
is on purpose: popular trade names in every district, chains with one trade name and one trade, branches that are
enterprises of their own, business parks where thirty firms share a door, firms on one side only (a quarter of each).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from pypinyin import lazy_pinyin

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data" / "pool" / "company_short_forms_28w.txt"
DISTRICTS = [
    (city, district)
    for city, districts in {
        "福州市": "鼓楼区 台江区 仓山区 马尾区 晋安区 长乐区 闽侯县 连江县 罗源县 永泰县 福清市",
        "厦门市": "思明区 海沧区 湖里区 集美区 同安区 翔安区",
        "莆田市": "城厢区 涵江区 荔城区 秀屿区 仙游县",
        "三明市": "三元区 沙县区 明溪县 大田县 尤溪县 永安市",
        "泉州市": "鲤城区 丰泽区 洛江区 泉港区 惠安县 安溪县 永春县 德化县 石狮市 晋江市 南安市",
        "漳州市": "芗城区 龙文区 龙海区 长泰区 云霄县 漳浦县 诏安县 东山县 平和县",
        "南平市": "延平区 建阳区 顺昌县 浦城县 邵武市 武夷山市 建瓯市",
        "龙岩市": "新罗区 永定区 长汀县 上杭县 武平县 漳平市",
        "宁德市": "蕉城区 霞浦县 古田县 福安市 福鼎市",
    }.items()
    for district in districts.split()
]
TRADES = [
    "贸易 商贸 进出口贸易 商业贸易",
    "机械 机械制造 机械设备 精密机械",
    "电子 电子科技 电子商务 光电科技",
    "食品 食品工业 食品加工 农副产品",
    "服饰 服装 服装织造 针纺织品",
    "鞋业 鞋服 鞋材 体育用品",
    "石材 石业 建材 石材工艺",
    "建筑工程 建设工程 建筑劳务 市政工程 建筑装饰工程",
    "物流 货运代理 国际物流 供应链管理",
    "茶业 茶叶 茶叶专业 生态茶业",
    "房地产 房地产开发 置业 物业管理",
    "餐饮 餐饮管理 酒店管理 餐饮服务",
    "信息技术 网络科技 软件开发 信息科技",
    "生物科技 医药 医疗器械 生物工程",
    "水产 水产养殖 海洋食品 渔业",
    "化工 塑料制品 塑胶 新材料科技",
    "文化传媒 广告 文化传播 品牌策划",
    "汽车销售 汽车服务 汽车配件 汽车维修",
    "家具 家居用品 木业 竹木制品",
    "投资 投资管理 实业 资产管理 企业管理咨询",
]
LEGAL = [("有限公司", 70), ("有限责任公司", 6), ("股份有限公司", 3), ("商行", 4), ("经营部", 5), ("店", 4), ("厂", 4)]
LEGAL += [("专业合作社", 2), ("工作室", 1), ("个人独资企业", 1)]
SYNONYMS = {
    "有限公司": ["有限责任公司", "公司", "有限公司"],
    "有限责任公司": ["有限公司", "公司"],
    "股份有限公司": ["股份公司", "有限公司"],
    "专业合作社": ["合作社", "农民专业合作社"],
    "商行": ["经营部", "商行(个体工商户)"],
    "经营部": ["商行", "经营部（个体工商户）"],
}
_ROADS = """
湖滨南 湖滨北 中山 人民 解放 建设 新华 文化 工业 振兴 江滨 滨海 环城 站前 五一 八一
东大 西门 学园 金山 龙山 凤凰 石鼓 宝龙 兴业 创新 科技 迎宾 滨江 田安 温陵 九龙
丹霞 水仙 津淮 泉秀 嘉禾 仙岳 吕岭 莲前 华林 福新
"""
ROADS = _ROADS.split()
KINDS = ["路", "路", "路", "路", "街", "大道", "东路", "西路", "巷"]
PARKS = ["工业园", "工业区", "科技园", "创业园", "产业园", "高新区", "物流园"]
_PLACES = """
下洋 溪头 石井 林厝 埔头 凤林 霞美 内坑 桥南 山前 后厝 梅岭 港边 塘头 上店 前洲 洋中 古山
"""
PLACES = _PLACES.split()
HALLS = ["国贸", "世纪", "万达", "宝龙", "恒力", "中庚", "财富", "海西", "银河", "环球", "明珠", "阳光"]
SURNAMES = "陈林黄张吴李郑王刘苏蔡杨许叶谢何曾郭邱周"
GIVEN = "伟建明国志文华荣强军辉勇斌海平东峰杰丽美玉芳秀英兰珍燕红梅云晓佳欣怡思雅"
SIMILAR = (
    "己已 未末 土士 日曰 天夫 大太 鑫森 辉晖 恒桓 源原 泰秦 宏弘 晟盛 铭茗 博搏 瑞端 丰卞 宇字 航舫 汇江 祥详 诚城 嘉喜"
)
DIGITS = "零一二三四五六七八九"
TRADITIONAL = str.maketrans(
    "东丰义乐云亚产亿众优伟传华发国园圣坚声备大头宁实宝对导尔尘尧岛币师庆应开张强归录当忆态总恋悦战护报拥换据"
    "数斋无时显术机权条来杰松极构枫柜标栋树样桥梦检榄欢气汇汉汤沟泽洁济浓润涛渔湾满滨潇灵灿炉炼热爱环现玛电",
    "東豐義樂雲亞產億眾優偉傳華發國園聖堅聲備大頭寧實寶對導爾塵堯島幣師慶應開張強歸錄當憶態總戀悅戰護報擁換據"
    "數齋無時顯術機權條來傑鬆極構楓櫃標棟樹樣橋夢檢欖歡氣匯漢湯溝澤潔濟濃潤濤漁灣滿濱瀟靈燦爐煉熱愛環現瑪電",
)


@dataclass(frozen=True)
class Firm:
    """A firm as it is; `dirty` makes what a department wrote."""

    place: tuple[str, str]
    core: str
    trade: str
    legal: str
    branch: str
    road: str
    number: int
    building: str
    room: str
    phone: str
    person: str
    established: str
    style: int

    def name(self) -> str:
        """The registered name."""
        city, district = self.place
        place = ["福建省" + city, city, district, "福建", city[:-1], "福建省", ""][self.style]
        body = f"{self.core}（{city[:-1]}）{self.trade}" if self.style == 3 else place + self.core + self.trade
        return body + self.legal + self.branch

    def address(self) -> str:
        """The registered address."""
        return f"福建省{self.place[0]}{self.place[1]}{self.road}{self.number}号{self.building}{self.room}"


def pairs(n: int, *, mode: str = "full", seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Left and right register of `n` records each, and the truth (left_id, right_id): about three quarters of each."""
    chance = random.Random(seed)
    firms = _firms(chance, n + n // 4)
    shared = n - n // 4
    homophones = _homophones()
    left = firms[:n]
    right_firms = firms[:shared] + firms[n:]
    right = [_dirty(firm, chance, homophones) for firm in right_firms]
    order = list(range(len(right)))
    chance.shuffle(order)
    left_rows = [_record(f"L{i}", firm.name(), firm.address(), firm) for i, firm in enumerate(left)]
    right_rows: list[dict[str, str | None]] = [{}] * len(order)
    truth = []
    for place, i in enumerate(order):
        right_rows[place] = right[i] | {"id": f"R{place}"}
        if i < shared:
            truth.append({"left_id": f"L{i}", "right_id": f"R{place}"})
    columns = ["id", "name", "address"] + (["phone", "person", "established"] if mode == "full" else [])
    frames = [pl.DataFrame(rows, infer_schema_length=None).select(columns) for rows in (left_rows, right_rows)]
    return frames[0], frames[1], pl.DataFrame(truth)


def _record(identifier: str, name: str, address: str | None, firm: Firm) -> dict[str, str | None]:
    return {
        "id": identifier,
        "name": name,
        "address": address,
        "phone": firm.phone,
        "person": firm.person,
        "established": firm.established,
    }


def _cores() -> list[str]:
    if CORPUS.exists():
        words = CORPUS.read_text(encoding="utf-8").split()
        return [word for word in words if 2 <= len(word) <= 5 and all("一" <= sign <= "鿿" for sign in word)]
    signs = "鑫源盛泰华兴达福安恒瑞祥宏嘉丰德信诚利永昌隆顺和美康宇航龙凤金银海天明星光辉胜博雅优创新联合众"
    return [a + b for a in signs for b in signs] + [a + b + c for a in signs for b in signs[::3] for c in signs[::5]]


def _firms(chance: random.Random, count: int) -> list[Firm]:
    cores = _cores()
    chance.shuffle(cores)
    popular = cores[: max(20, count // 400)]
    parks = [
        (chance.choice(DISTRICTS), chance.choice(PLACES) + chance.choice(PARKS), chance.randint(1, 60))
        for _ in range(max(3, count // 400))
    ]
    firms: list[Firm] = []
    while len(firms) < count:
        firm = _firm(chance, cores, popular, parks)
        firms.append(firm)
        fate = chance.random()
        if fate < 0.012:
            firms.extend(_chain(chance, firm))
        elif fate < 0.03:
            firms.append(_branch(chance, firm))
    chance.shuffle(firms)
    return firms[:count]


Park = tuple[tuple[str, str], str, int]


def _firm(chance: random.Random, cores: Sequence[str], popular: Sequence[str], parks: Sequence[Park]) -> Firm:
    core = chance.choice(popular) if chance.random() < 0.25 else chance.choice(cores)
    legal = chance.choices([name for name, _ in LEGAL], [weight for _, weight in LEGAL])[0]
    place = chance.choice(DISTRICTS)
    if chance.random() < 0.12:
        place, road, number = chance.choice(parks)
    elif chance.random() < 0.2:
        road, number = chance.choice(PLACES) + "村", chance.randint(1, 300)
    else:
        road, number = chance.choice(ROADS) + chance.choice(KINDS), chance.randint(1, 900)
    building = ""
    if chance.random() < 0.4:
        building = chance.choice(
            [f"{chance.randint(1, 30)}号楼", f"{chance.choice('ABCD')}座", f"{chance.randint(1, 20)}幢"]
        )
        if chance.random() < 0.4:
            building = chance.choice(HALLS) + chance.choice(["大厦", "广场", "中心"]) + building
    room = (
        f"{chance.randint(1, 28)}{chance.randint(1, 20):02d}" + chance.choice(["室", "室", "", "单元"])
        if building or chance.random() < 0.2
        else ""
    )
    mobile = chance.choice(["139", "138", "136", "189", "180", "159"]) + f"{chance.randint(0, 10**8 - 1):08d}"
    return Firm(
        place,
        core,
        chance.choice(chance.choice(TRADES).split()),
        legal,
        "",
        road,
        number,
        building,
        room,
        mobile if chance.random() < 0.7 else f"0591-8{chance.randint(0, 10**7 - 1):07d}",
        _person(chance),
        _date(chance),
        chance.choices(range(7), [25, 25, 20, 8, 10, 8, 4])[0],
    )


def _person(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice([1, 2, 2, 2])))


def _chain(chance: random.Random, firm: Firm) -> list[Firm]:
    return [
        replace(
            firm,
            place=chance.choice(DISTRICTS),
            road=chance.choice(ROADS) + chance.choice(KINDS),
            number=chance.randint(1, 900),
            building="",
            room="",
            phone=firm.phone if chance.random() < 0.5 else f"139{chance.randint(0, 10**8 - 1):08d}",
            style=chance.choice([1, 2, 4]),
        )
        for _ in range(chance.randint(2, 8))
    ]


def _branch(chance: random.Random, firm: Firm) -> Firm:
    place = chance.choice(DISTRICTS)
    return replace(
        firm,
        place=place,
        branch=place[0][:-1] + "分公司" if "公司" in firm.legal else "第二分店",
        road=chance.choice(ROADS) + chance.choice(KINDS),
        number=chance.randint(1, 900),
        style=0,
    )


Change = Callable[[str], str]


def _dirty(firm: Firm, chance: random.Random, homophones: dict[str, str]) -> dict[str, str | None]:
    now = firm
    roll = chance.random
    renamed, moved = roll() < 0.03, roll() < 0.07
    if renamed:
        now = replace(now, core=chance.choice(list(homophones)) + chance.choice(GIVEN) + chance.choice(GIVEN)[:1])
        if roll() < 0.3:
            now = replace(now, trade=chance.choice(chance.choice(TRADES).split()))
    if moved:
        place = chance.choice(DISTRICTS) if roll() < 0.3 else now.place
        now = replace(now, place=place, road=chance.choice(ROADS) + chance.choice(KINDS), number=chance.randint(1, 900))
    address = _dirty_address(now, chance, homophones) if roll() > 0.04 else None
    record = _record("", _dirty_name(replace(now, place=firm.place), chance, homophones), address, now)
    _spoil_contacts(record, chance, homophones)
    return record


def _spoil_contacts(record: dict[str, str | None], chance: random.Random, homophones: dict[str, str]) -> None:
    roll = chance.random
    record["phone"] = _one_of(
        roll(),
        [
            (0.15, f"138{chance.randint(0, 10**8 - 1):08d}"),
            (0.13, None),
            (0.14, "+86 " + str(record["phone"])),
        ],
        record["phone"],
    )
    record["person"] = _one_of(
        roll(),
        [(0.12, _person(chance)), (0.05, _swap(str(record["person"]), chance, homophones)), (0.05, None)],
        record["person"],
    )
    record["established"] = _one_of(
        roll(),
        [(0.08, None), (0.04, _date(chance)), (0.17, str(record["established"]).replace("-", "/"))],
        record["established"],
    )


def _one_of(dice: float, fates: Sequence[tuple[float, str | None]], otherwise: str | None) -> str | None:
    for weight, value in fates:
        dice -= weight
        if dice < 0:
            return value
    return otherwise


def _date(chance: random.Random) -> str:
    return f"{chance.randint(1988, 2020)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"


def _dirty_name(firm: Firm, chance: random.Random, homophones: dict[str, str]) -> str:
    roll = chance.random
    if roll() < 0.35:
        firm = replace(firm, style=chance.choice([0, 1, 2, 3, 4, 5, 6, 6]))
    if roll() < 0.12:
        firm = replace(firm, legal="")
    elif roll() < 0.15 and firm.legal in SYNONYMS:
        firm = replace(firm, legal=chance.choice(SYNONYMS[firm.legal]))
    if roll() < 0.08:
        firm = replace(firm, trade=firm.trade[:2] if roll() < 0.6 else "")
    if roll() < 0.05:
        firm = replace(firm, legal="", style=6, trade=firm.trade[:2] if roll() < 0.5 else "")
    if roll() < 0.10:
        firm = replace(firm, core=_swap(firm.core, chance, homophones))
    elif roll() < 0.02 and len(firm.core) > 2:
        spot = chance.randrange(len(firm.core))
        firm = replace(firm, core=firm.core[:spot] + firm.core[spot + 1 :])
    name = firm.name()
    if roll() < 0.02:
        spot = chance.randrange(len(name) - 1)
        name = name[:spot] + name[spot + 1] + name[spot] + name[spot + 2 :]
    if roll() < 0.04:
        name = name.translate(TRADITIONAL)
    if roll() < 0.05:
        spot = chance.randrange(len(name))
        name = name[:spot] + " " + name[spot:]
    if roll() < 0.05:
        name = name.replace("（", "(").replace("）", ")")
    return name


def _swap(text: str, chance: random.Random, homophones: dict[str, str]) -> str:
    spot = chance.randrange(len(text))
    sign = text[spot]
    looks = next((pair.replace(sign, "") for pair in SIMILAR.split() if sign in pair), "")
    fate = chance.random()
    other = (
        homophones.get(sign, "") if fate < 0.5 else looks if looks and fate < 0.8 else chance.choice(list(homophones))
    )
    return text[:spot] + (other or looks or "源") + text[spot + 1 :]


def _dirty_address(firm: Firm, chance: random.Random, homophones: dict[str, str]) -> str:
    roll = chance.random
    city, district = firm.place
    head = chance.choices(
        ["福建省" + city + district, city + district, district, city, city[:-1] + district, ""], [40, 25, 15, 8, 7, 5]
    )[0]
    road, number = firm.road, str(firm.number)
    if roll() < 0.04:
        road = _swap(road[:-1], chance, homophones) + road[-1]
    if roll() < 0.15:
        road = chance.choice(["城东", "新桥", "梅溪", "安海", "凤山"]) + chance.choice(["街道", "镇"]) + road
    if roll() < 0.06:
        number = _han_number(firm.number)
    mark = chance.choices(["号", "號", "", "-1号"], [85, 5, 7, 3])[0]
    building = "" if roll() < 0.2 else firm.building
    if roll() < 0.2:
        building = building.replace("号楼", "#楼").replace("座", "栋").replace("幢", "栋")
    room = "" if roll() < 0.2 else firm.room.replace("单元", "室") if roll() < 0.2 else firm.room
    tail = chance.choice(["(原粮站旁)", "（加油站对面）", "一楼", "店面"]) if roll() < 0.06 else ""
    text = head + road + number + mark + building + room + tail
    if roll() < 0.05:
        text = "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() and sign.isalnum() else sign for sign in text)
    return text


def _han_number(number: int) -> str:
    if number < 10:
        return DIGITS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")
    return "".join(DIGITS[int(digit)] for digit in str(number))


def _homophones() -> dict[str, str]:
    signs = sorted({sign for word in _cores()[:40_000] for sign in word})
    groups: dict[str, list[str]] = {}
    for sign, sound in zip(signs, lazy_pinyin(signs), strict=True):
        groups.setdefault(sound, []).append(sign)
    return {
        sign: group[(spot + 1) % len(group)]
        for group in groups.values()
        if len(group) > 1
        for spot, sign in enumerate(group)
    }
