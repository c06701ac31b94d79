"""One artefact, many executors: NumPy, one row, DuckDB, PMML and the exported module give the same whole score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from tests.finance.core.card_tables import arrow
from tests.finance.core.invented_firms import card, firms
from tests.finance.core.pmml_reader import Reader
from tests.finance.core.random_cards import STORAGE, Row, cards

from tulou.finance.core import batch, load_artefact, score_one, score_rows
from tulou.finance.core.artefact import Scorecard
from tulou.finance.core.batch import score as batch_score
from tulou.finance.core.batch import sort_into_cells
from tulou.finance.core.document import fingerprint, from_document, to_document
from tulou.finance.core.pmml import to_pmml
from tulou.finance.core.python_code import to_python
from tulou.finance.core.scalar import score
from tulou.finance.core.sql import to_sql
from tulou.kernel.errors import Refused, WrongUse

Case = tuple[Scorecard, dict[str, str], list[Row]]


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def one_by_one(case: Case) -> list[int]:
    artefact, _, rows = case
    return [score(artefact, row) for row in rows]


@settings(max_examples=50)
@given(cards())
def test_a_table_scores_as_its_rows_do(case: Case) -> None:
    artefact, kinds, rows = case
    expected = one_by_one(case)
    table = arrow(rows, kinds)
    columns = {name: table.column(name) for name in kinds}
    assert batch_score(artefact, columns).tolist() == expected
    assert sort_into_cells(artefact, columns).scores().tolist() == expected
    lists = {name: [row[name] for row in rows] for name in kinds}
    assert batch_score(artefact, lists).tolist() == expected
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in lists.items()})
    assert batch_score(artefact, {name: frame[name] for name in kinds}).tolist() == expected


def test_duckdb_scores_as_the_rows_do(duck: duckdb.DuckDBPyConnection) -> None:
    @settings(max_examples=40)
    @given(cards())
    def check(case: Case) -> None:
        artefact, kinds, rows = case
        storage = {name: STORAGE[kind] for name, kind in kinds.items()}
        duck.register("firms", arrow(rows, kinds))
        query = to_sql(artefact, "duckdb", keep=["place"], storage=storage)
        found = duck.execute(f"{query} ORDER BY place").fetchall()
        assert [row[1] for row in found] == one_by_one(case)
        for _, points, chance in found:
            assert chance == pytest.approx(artefact.calibration.probability(points), rel=1e-12)

    check()


@settings(max_examples=30)
@given(cards(kinds=("number", "date", "category")))
def test_pmml_scores_as_the_rows_do(case: Case) -> None:
    artefact, _, rows = case
    reader = Reader(to_pmml(artefact))
    for row in rows:
        points, chance = reader.score(row)
        assert points == score(artefact, row)
        assert chance == pytest.approx(artefact.calibration.probability(points), rel=1e-12)


@settings(max_examples=20)
@given(cards())
def test_the_exported_module_scores_as_the_rows_do(case: Case) -> None:
    artefact, _, rows = case
    module: dict[str, Any] = {}
    exec(compile(to_python(artefact), "card.py", "exec"), module)
    for row in rows:
        assert module["score"](row) == (score(artefact, row), artefact.calibration.probability(score(artefact, row)))


@settings(max_examples=20)
@given(cards())
def test_a_card_comes_back_from_its_document_as_it_was(case: Case) -> None:
    artefact, _, rows = case
    document = to_document(artefact)
    again = from_document(document)
    assert to_document(again) == document
    assert [score(again, row) for row in rows] == one_by_one(case)


@settings(max_examples=20)
@given(cards())
def test_reasons_of_a_table_are_those_of_its_rows(case: Case) -> None:
    artefact, kinds, rows = case
    scored = score_rows(artefact, {name: arrow(rows, kinds).column(name) for name in kinds})
    for place, (row, (points, chance, band, reasons)) in enumerate(zip(rows, scored.rows(), strict=True)):
        one = score_one(artefact, row)
        assert (points, chance, band) == (one.score, one.probability, one.band)
        assert scored.codes(place) == [reason.code for reason in one.reasons]
        assert reasons == [(reason.text, reason.shortfall) for reason in one.reasons]


def test_a_trained_card_scores_the_same_everywhere(duck: duckdb.DuckDBPyConnection) -> None:
    artefact, columns = card(), firms()
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    expected = [score(artefact, row) for row in rows]
    assert batch_score(artefact, columns).tolist() == expected
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    table = table.set_column(4, "founded", table.column("founded").cast(pa.date32()))
    duck.register("firms", table.append_column("place", pa.array(range(len(rows)))))
    query = to_sql(artefact, "duckdb", keep=["place"], storage={"growth": "text", "staff": "text", "year": "text"})
    assert [row[1] for row in duck.execute(f"{query} ORDER BY place").fetchall()] == expected


def test_a_large_table_is_scored_in_blocks_compiled_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    artefact, columns = card(), firms(20_000, seed=3)
    expected = sort_into_cells(artefact, columns).scores().tolist()
    assert batch_score(artefact, columns).tolist() == expected
    monkeypatch.setattr(batch, "WORTH_COMPILING", 0)
    assert batch_score(artefact, columns).tolist() == expected
    monkeypatch.setattr(batch, "loops", lambda: None)
    assert batch_score(artefact, columns).tolist() == expected


def test_compiled_loops_score_as_the_rows_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WORTH_COMPILING", 0)

    @settings(max_examples=50)
    @given(cards())
    def check(case: Case) -> None:
        artefact, kinds, rows = case
        table = arrow(rows, kinds)
        assert batch_score(artefact, {name: table.column(name) for name in kinds}).tolist() == one_by_one(case)

    check()


def test_columns_that_are_slices_strided_or_full_of_gaps_score_as_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    artefact, columns = card(), firms(200, seed=5)
    held = {name for pair in artefact.pairs for name in pair.features}
    assert held
    random = np.random.default_rng(7)
    numbers = [feature for feature in artefact.features if feature.cuts and feature.kind == "number"]
    table: dict[str, Any] = {name: pa.array(values, from_pandas=True)[13:] for name, values in columns.items()}
    rows = [{name: column[i].as_py() for name, column in table.items()} for i in range(187)]
    for place, feature in enumerate(numbers):
        name = feature.items[0].column
        cells = random.choice([*feature.cuts, *np.nextafter(feature.cuts, -np.inf), np.inf, -np.inf], 200)
        gaps = random.random(200) < 0.2
        # What lies under a gap means nothing: here it would be a number like any other.
        lying = pa.array(cells, mask=gaps)[13:]
        blocks = np.asfortranarray(np.vstack([cells, np.where(gaps, np.nan, cells)])).T
        table[name] = [lying, pa.chunked_array([lying[:5], lying[5:]]), blocks[13:, 1]][place % 3]
        for i, row in enumerate(rows):
            row[name] = None if gaps[13 + i] else float(cells[13 + i])
    expected = [score(artefact, row) for row in rows]
    assert batch_score(artefact, table).tolist() == expected
    monkeypatch.setattr(batch, "WORTH_COMPILING", 0)
    assert batch_score(artefact, table).tolist() == expected


def test_mappings_may_lack_what_counts_as_missing_but_tables_may_not() -> None:
    artefact = card()
    assert score_rows(artefact, [{}, {"growth": "0.1"}]).score.tolist() == [
        score(artefact, {}),
        score(artefact, {"growth": "0.1"}),
    ]
    with pytest.raises(Refused, match=r"finance\.score\.column_missing"):
        batch_score(artefact, {"growth": ["0.1"]})


def test_numbers_may_be_whole_text_or_decimal_and_mean_the_same() -> None:
    artefact = card()
    frames = [np.array([3.0, np.nan]), np.array([3, 4]), ["3", None], pa.array([3, None], pa.int32())]
    found = {batch_score(artefact, firms(2) | {"staff": column}).tolist()[0] for column in frames}
    assert len(found) == 1


def test_text_dates_and_unknown_words_are_refused_by_sql() -> None:
    with pytest.raises(Refused, match=r"finance\.sql\.text_date"):
        to_sql(dated_card(), "duckdb", storage={"founded": "text"})
    with pytest.raises(WrongUse, match=r"finance\.sql\.dialect"):
        to_sql(card(), "oracle")
    with pytest.raises(WrongUse, match=r"finance\.sql\.storage"):
        to_sql(card(), "duckdb", storage={"growth": "blob"})  # type: ignore[dict-item]


def dated_card() -> Scorecard:
    document = to_document(card())
    feature = next(feature for feature in document["features"] if feature["kind"] == "number")
    feature.update(kind="date", items=[{"column": "founded", "format": "%Y-%m-%d"}])
    return from_document({**document, "hash": fingerprint(document)})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d.update(schema="other"), "finance.artefact.schema"),
        (lambda d: d.update(base=d["base"] + 1), "finance.artefact.hash"),
        (lambda d: d["features"][0].pop("points"), "finance.artefact.shape"),
        (lambda d: d["features"][0]["points"].append(1), "finance.artefact.contradiction"),
        (lambda d: d["features"][0].update(missing=0.5), "finance.artefact.contradiction"),
        (lambda d: d["features"].append(d["features"][0]), "finance.artefact.contradiction"),
        (lambda d: d["pairs"].extend(d["pairs"] * 20), "finance.artefact.contradiction"),
        (lambda d: d["pairs"][0].update(features=["no", "where"]), "finance.artefact.contradiction"),
        (lambda d: d["pairs"][0]["groups"][0].append(0), "finance.artefact.contradiction"),
        (lambda d: d["pairs"][0]["points"][0].__setitem__(0, 1.5), "finance.artefact.contradiction"),
    ],
)
def test_a_document_that_was_changed_or_contradicts_itself_is_refused(change: Any, code: str) -> None:
    document = to_document(card())
    assert document["pairs"]
    change(document)
    if code not in ("finance.artefact.hash", "finance.artefact.schema"):
        document["hash"] = fingerprint(document)
    with pytest.raises(Refused) as caught:
        from_document(document)
    assert caught.value.finding.code == code


def test_what_is_no_json_is_refused() -> None:
    for content in (b"{", b"\xff\xfe", b"[]", b"null"):
        with pytest.raises(Refused):
            load_artefact(content)
