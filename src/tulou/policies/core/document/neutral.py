"""The neutral form of aid programmes, read directly: a list with `eligibility` trees of attr, op and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any as Anything

from tulou.kernel.errors import Refused, Text
from tulou.policies.core.attributes import AS_OF_ATTRIBUTE, Attribute, Catalogue, Kind
from tulou.policies.core.document.pointing import Place
from tulou.policies.core.document.policy import Benefit, Policy, PolicySet
from tulou.policies.core.firms.facts import ordinal, whole
from tulou.policies.core.rule.tree import About, All, Any, Const, In, Intersects, Is, Limits, Node, Range, When
from tulou.policies.core.rule.truth import AS_OF

GOALS = {
    "environmental_impact": Text(zh="降低环境影响", en="lower environmental impact"),
    "energy_performance": Text(zh="提高能效", en="better energy performance"),
    "water_consumption": Text(zh="节约用水", en="less water"),
    "building_renovation": Text(zh="建筑改造", en="renovation of buildings"),
    "sustainable_mobility": Text(zh="绿色出行", en="sustainable mobility"),
    "waste_management": Text(zh="废弃物管理", en="waste management"),
    "ecodesign": Text(zh="生态设计", en="ecodesign"),
    "train_or_recruit": Text(zh="培训或招聘", en="train or recruit"),
    "biodiversity": Text(zh="生物多样性", en="biodiversity"),
}

CATALOGUE = Catalogue(
    {
        AS_OF: AS_OF_ATTRIBUTE,
        "region": Attribute("region", Kind.CODE, Text(zh="大区", en="region")),
        "naf_section": Attribute("naf_section", Kind.CODE, Text(zh="行业门类 (NAF)", en="NAF section")),
        "headcount": Attribute(
            "headcount", Kind.INTEGER, Text(zh="员工人数", en="headcount"), unit=Text(zh="人", en="persons")
        ),
        "is_microentrepreneur": Attribute(
            "is_microentrepreneur", Kind.FLAG, Text(zh="微型创业者", en="micro-entrepreneur")
        ),
        "goals": Attribute("goals", Kind.SET, Text(zh="目标", en="goals"), members=GOALS),
    }
)

PROSE_KEYS = ("size_text", "area_text", "sector_text", "years_text", "other_text")
LEAF_KEYS = frozenset({"attr", "op", "value", "value_from", "label"})


def looks_neutral(document: Anything) -> bool:
    """Whether a document is a list of programmes in the neutral form."""
    rows = document.get("programs") if isinstance(document, dict) else document
    return isinstance(rows, list) and all(
        isinstance(row, dict) and "eligibility" in row and "id" in row for row in rows
    )


def read_neutral(document: Anything, file: str | None = None) -> PolicySet:
    """The programmes of a neutral document. Those that cannot be read are among the set's problems."""
    root = Place(document["programs"] if isinstance(document, dict) else document, "$", file)
    policies, problems = [], []
    for place in root.items():
        try:
            policies.append(read_programme(place))
        except Refused as error:
            problems.append(error.finding)
    return PolicySet(tuple(policies), CATALOGUE, tuple(problems), form="neutral")


def read_programme(place: Place) -> Policy:
    """One programme. Its validity is already in its tree, where the programme checks it at all."""
    row = place.mapping()
    title = place.at("title").text()
    since, until = place.maybe("valid_from"), place.maybe("valid_to")
    conditions = row.get("conditions_text") or {}
    prose = {key: tuple(str(line) for line in conditions.get(key) or ()) for key in PROSE_KEYS}
    for key in ("amount_text", "duration_text"):
        prose[key] = (str(row[key]),) if row.get(key) else ()
    return Policy(
        id=place.at("id").text(),
        title=Text(zh=title, en=title),
        eligibility=read_node(place.at("eligibility")),
        status="suspended" if row.get("temporarily_unavailable") else _status(row),
        department=row.get("operator"),
        kind=row.get("aid_type"),
        valid_from=since.day() if since else None,
        valid_to=until.day() if until else None,
        dates_in_rule=True,
        benefit=Benefit(Text(zh=row["amount_text"], en=row["amount_text"])) if row.get("amount_text") else None,
        url=str(row["url"]).strip() if row.get("url") else None,
        prose=prose,
    )


def _status(row: Anything) -> Anything:
    return "published" if row.get("in_production") else "draft"


def read_node(place: Place) -> Node:
    """A node of the neutral tree."""
    row = place.mapping()
    about = About(id=str(row["label"])) if "label" in row else About()
    if "attr" in row:
        place.only(LEAF_KEYS)
        return _leaf(place, about)
    kinds = [key for key in ("all", "any", "when", "const") if key in row]
    if len(kinds) != 1:
        raise place.fault(
            "node", "节点必须恰好是 all、any、when、const 或叶子", "a node is one of all, any, when, const, a leaf"
        )
    key = kinds[0]
    place.only({key, "label", *({"then"} if key == "when" else ())})
    if key == "const":
        return Const(place.at("const").boolean(), about)
    if key == "when":
        return When(read_node(place.at("when")), read_node(place.at("then")), about)
    parts = [read_node(item) for item in place.at(key).items()]
    joined = _joined_all(parts) if key == "all" else _joined_any(parts)
    if len(joined) == 1 and not isinstance(joined[0], (All, Any)):
        return replace(joined[0], about=about)
    return All(tuple(joined), about) if key == "all" else Any(tuple(joined), about)


def _joined_any(parts: Sequence[Node]) -> list[Node]:
    """Alternatives over one attribute are one set; the lists here are open, so nothing is known of a union only."""
    found: list[Node] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, In) and isinstance(last, In) and part.attr == last.attr:
            found[-1] = In(part.attr, last.include | part.include)
        elif isinstance(part, Intersects) and isinstance(last, Intersects) and part.attr == last.attr:
            found[-1] = Intersects(part.attr, last.members | part.members)
        else:
            found.append(part)
    return found


def _joined_all(parts: Sequence[Node]) -> list[Node]:
    """A lower and an upper end of one attribute are one range."""
    found: list[Node] = []
    for part in parts:
        last = found[-1] if found else None
        if (
            isinstance(part, Range)
            and isinstance(last, Range)
            and part.attr == last.attr
            and last.limits.le is part.limits.ge is None
        ):
            found[-1] = Range(part.attr, Limits(ge=last.limits.ge, le=part.limits.le))
        else:
            found.append(part)
    return found


def _leaf(place: Place, about: About) -> Node:
    attr = place.at("attr").one_of(tuple(CATALOGUE))
    op = place.at("op").one_of(("eq", "le", "ge", "contains"))
    value, kind = place.at("value"), CATALOGUE[attr].kind
    if (kind, op) == (Kind.CODE, "eq"):
        return In(attr, frozenset({value.text()}), about=about)
    if (kind, op) == (Kind.FLAG, "eq"):
        return Is(attr, value.boolean(), about=about)
    if (kind, op) == (Kind.SET, "contains"):
        return Intersects(attr, frozenset({value.text()}), about=about)
    if kind in (Kind.INTEGER, Kind.DATE) and op != "contains":
        bound = whole(value.value) if kind is Kind.INTEGER else ordinal(value.day())
        limits = {"le": Limits(le=bound), "ge": Limits(ge=bound), "eq": Limits(ge=bound, le=bound)}[op]
        return Range(attr, limits, about)
    raise place.fault("op", f"{attr} 不支持运算 {op}", f"{attr} does not know the op {op}")
