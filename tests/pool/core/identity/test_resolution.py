"""The ladder over a pool: whose every record is, and ids that stay."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.identity_fixtures import NOW, REGISTER, Deliver, contract, firm, links, rows_of

from tulou.kernel.uscc import org_code_of
from tulou.pool.core.identity import resolve, state
from tulou.pool.core.identity.writing import id_of
from tulou.pool.core.lake import Lake

LATER = NOW + dt.timedelta(days=30)
TAX = contract("tax", ["tax_no", "name"], department="tax", grain="event")
SOCIAL = contract("social", ["account", "org_code", "name"], department="social")
POWER = contract("power", ["account", "name", "address", "phone", "person"], department="power")
POWER_MONTH = contract("power_month", ["account", "name"], department="power", grain="enterprise-month")
ROAD = contract("road", ["reg_no", "name"], department="road")
COURT = contract("court", ["uscc", "name"], department="court", grain="event")


def register(deliver: Deliver, size: int = 40) -> list[dict[str, str | None]]:
    firms = [firm(number) for number in range(size)]
    deliver(REGISTER, firms)
    return firms


def test_an_empty_pool_has_nobody_to_resolve(lake: Lake) -> None:
    assert resolve(lake, now=NOW).enterprises == 0


def test_codes_tie_records_whatever_names_they_bear(lake: Lake, deliver: Deliver) -> None:
    first, second, third = register(deliver)[:3]
    inner = org_code_of(str(third["uscc"]))
    deliver(TAX, [{"tax_no": first["uscc"], "name": "某店"}, {"tax_no": f"350203{inner}", "name": "某行"}])
    deliver(SOCIAL, [{"account": "S1", "org_code": org_code_of(str(second["uscc"])), "name": None}])
    done = resolve(lake, now=NOW)
    assert (done.enterprises, done.created, done.merged) == (40, 40, 0)
    assert {key: (rung, uscc) for key, (rung, _, uscc) in (links(lake, "tax") | links(lake, "social")).items()} == {
        f"uscc:{first['uscc']}": ("uscc", first["uscc"]),
        f"tax:350203{inner}": ("org_code", third["uscc"]),
        f"org:{org_code_of(str(second['uscc']))}": ("org_code", second["uscc"]),
    }


def test_a_number_that_was_seen_beside_a_code_is_as_good_as_the_code(lake: Lake, deliver: Deliver) -> None:
    known = register(deliver)[5]
    deliver(ROAD, [{"reg_no": known["reg_no"], "name": "无名"}])
    deliver(SOCIAL, [{"account": "S9", "org_code": org_code_of(str(known["uscc"])), "name": None}])
    deliver(contract("social_month", ["account"], department="social", grain="enterprise-month"), [{"account": "S9"}])
    resolve(lake, now=NOW)
    assert links(lake, "road")[f"reg:{known['reg_no']}"][::2] == ("crosswalk", known["uscc"])
    assert links(lake, "social_month")["loc:S9"][::2] == ("crosswalk", known["uscc"])


def test_a_number_that_was_seen_with_two_codes_proves_nothing(lake: Lake, deliver: Deliver) -> None:
    one, other = register(deliver)[:2]
    shared = contract("shared", ["uscc", "account"], department="x", grain="event")
    deliver(shared, [{"uscc": one["uscc"], "account": "A"}, {"uscc": other["uscc"], "account": "A"}])
    deliver(contract("later", ["account", "name"], department="x"), [{"account": "A", "name": "某某某"}])
    resolve(lake, now=NOW)
    assert links(lake, "later")["loc:A"][::2] == ("founder", None)


def test_names_and_the_model_tie_what_has_no_number(lake: Lake, deliver: Deliver) -> None:
    firms = register(deliver, 120)
    rows = [
        {"account": f"P{n}", "name": firms[n]["name"], "address": firms[n]["address"], "phone": firms[n]["phone"]}
        for n in range(30)
    ]
    rows += [
        {
            "account": f"P{n}",
            "name": str(firms[n]["name"])[3:-4],
            "address": str(firms[n]["address"]).removeprefix("福建省"),
            "phone": firms[n]["phone"],
            "person": firms[n]["person"],
        }
        for n in range(30, 60)
    ]
    rows.append({"account": "P99", "name": "南平市无人知晓养蜂场", "address": "南平市延平区山后村1号"})
    deliver(POWER, rows)
    deliver(POWER_MONTH, [{"account": "P40", "name": None}])
    done = resolve(lake, now=NOW)
    found = links(lake, "power")
    assert all(found[f"loc:P{n}"][::2] == ("exact_name", firms[n]["uscc"]) for n in range(30))
    assert all(found[f"loc:P{n}"][::2] == ("model", firms[n]["uscc"]) for n in range(30, 60))
    assert found["loc:P99"][::2] == ("founder", None)
    assert links(lake, "power_month")["loc:P40"][2] == firms[40]["uscc"]
    assert (done.enterprises, done.rungs["founder"]) == (121, 1)
    reasons = {row[0] for row in rows_of(lake, "entity.event", "reason")}
    assert reasons == {None, "exact_name", "model"}


def test_a_code_that_the_name_beside_it_contradicts_is_not_believed(lake: Lake, deliver: Deliver) -> None:
    firms = register(deliver, 120)
    deliver(COURT, [{"uscc": firms[3]["uscc"], "name": firms[98]["name"]}])
    resolve(lake, now=NOW)
    assert links(lake, "court")[f"uscc:{firms[3]['uscc']}"][::2] == ("exact_name", firms[98]["uscc"])


def test_what_was_resolved_is_not_resolved_again_and_ids_stay(lake: Lake, deliver: Deliver) -> None:
    register(deliver)
    resolve(lake, now=NOW)
    before = links(lake, "register")
    assert resolve(lake, now=LATER).subjects == 0
    deliver(REGISTER, [firm(number) for number in range(30, 50)], LATER)
    done = resolve(lake, now=LATER)
    assert (done.subjects, done.created, done.enterprises) == (10, 10, 50)
    after = links(lake, "register")
    assert {key: after[key] for key in before} == before


def test_the_same_pool_gives_the_same_ids_anywhere(lake: Lake, deliver: Deliver) -> None:
    known = register(deliver)[0]
    resolve(lake, now=NOW)
    assert links(lake, "register")[f"uscc:{known['uscc']}"][1] == id_of("org:" + org_code_of(str(known["uscc"])))


def test_a_founder_that_proves_to_be_registered_keeps_its_records(lake: Lake, deliver: Deliver) -> None:
    newcomer = firm(70)
    register(deliver)
    deliver(POWER, [{name: newcomer.get(name) for name in ("name", "address", "phone", "person")} | {"account": "P1"}])
    resolve(lake, now=NOW)
    founder = links(lake, "power")["loc:P1"][1]
    deliver(REGISTER, [newcomer], LATER)
    done = resolve(lake, now=LATER)
    assert (done.created, done.merged, done.enterprises) == (0, 0, 41)
    assert links(lake, "power")["loc:P1"][2] == newcomer["uscc"]
    assert links(lake, "power")["loc:P1"][1] == founder


def test_enterprises_that_a_later_number_joins_are_merged_with_their_history(lake: Lake, deliver: Deliver) -> None:
    known = register(deliver)[0]
    deliver(ROAD, [{"reg_no": "350203299999999", "name": "无人相识"}])
    resolve(lake, now=NOW)
    founder = links(lake, "road")["reg:350203299999999"][1]
    deliver(REGISTER, [{**known, "reg_no": "350203299999999"}], LATER)
    done = resolve(lake, now=LATER)
    assert done.merged == 1
    assert links(lake, "road")["reg:350203299999999"][2] == known["uscc"]
    assert (founder, "merged", "crosswalk") in rows_of(lake, "entity.event", "enterprise_id, kind, reason")
    retired = dict(row for row in rows_of(lake, "entity.enterprise", "enterprise_id, retired_into") if row[1])
    assert retired == {founder: id_of("org:" + org_code_of(str(known["uscc"])))}


def test_only_what_was_received_by_then_is_looked_at(lake: Lake, deliver: Deliver) -> None:
    register(deliver, 10)
    deliver(REGISTER, [firm(number) for number in range(10, 20)], LATER)
    assert resolve(lake, now=LATER, as_of=NOW + dt.timedelta(days=1)).enterprises == 10
    assert resolve(lake, now=LATER).enterprises == 20


def test_a_resolution_that_broke_off_before_its_links_is_done_again_without_a_trace(
    lake: Lake, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    firms = register(deliver)
    deliver(POWER, [{"account": "P1", "name": "无人知晓养蜂场"}, {"account": "P2", "name": firms[2]["name"]}])
    write = state.write

    def cut(lake: Lake, table: str, *rows: object, **options: object) -> None:
        if table == "entity.link":
            raise OSError("no space left")
        write(lake, table, *rows, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(state, "write", cut)
    with pytest.raises(OSError, match="no space"):
        resolve(lake, now=NOW)
    monkeypatch.setattr(state, "write", write)
    resolve(lake, now=LATER)
    assert links(lake, "power")["loc:P2"][2] == firms[2]["uscc"]
    for table, key in (("enterprise", "enterprise_id"), ("event", "event_id"), ("link", "dataset || subject_key")):
        keys = rows_of(lake, f"entity.{table}", key)
        assert len(keys) == len(set(keys))
    assert len(rows_of(lake, "entity.enterprise", "enterprise_id")) == 41
