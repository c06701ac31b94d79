"""`tulou finance allocate`: files of claims and pots to decisions, and the comparison that decides nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tulou.finance.cli import app

CLAIMS = """firm,pot,claim,amount,choice,benefit
A,guarantee,90,60.00,1,5
A,subsidy,10,60.00,2,5
B,guarantee,80,50.50,1,50
C,guarantee,70,40.00,1,60
C,subsidy,70,40.00,2,1
D,subsidy,99,900.00,1,9
"""
POTS = "pot,budget,places\nguarantee,100,\nsubsidy,60,1\n"
runner = CliRunner()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    claims, pots = tmp_path / "claims.csv", tmp_path / "pots.csv"
    claims.write_text(CLAIMS, encoding="utf-8")
    pots.write_text(POTS, encoding="utf-8")
    return claims, pots


def decided(path: Path) -> dict[tuple[str, str], str]:
    with path.open(encoding="utf-8-sig") as file:
        return {(row["firm"], row["pot"]): row["decision"] for row in csv.DictReader(file)}


def test_a_stable_allocation_says_of_every_claim_what_became_of_it(files: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    run = runner.invoke(app, ["allocate", *map(str, files), "--method", "stable", "--out", str(target), "--json"])
    assert run.exit_code == 0, run.output
    assert decided(target) == {
        ("A", "guarantee"): "awarded",
        ("A", "subsidy"): "better",
        ("B", "guarantee"): "waiting",
        ("C", "guarantee"): "waiting",
        ("C", "subsidy"): "awarded",
        ("D", "subsidy"): "too_large",
    }
    (figures,) = json.loads(run.stdout)["methods"]
    assert (figures["awards"], figures["awarded_fen"], figures["blocking_pairs"]) == (2, 10_000, 0)


def test_the_most_benefit_passes_the_better_claim_over(files: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    run = runner.invoke(app, ["allocate", *map(str, files), "--method", "benefit", "--out", str(target)])
    assert run.exit_code == 0, run.output
    found = decided(target)
    assert found["B", "guarantee"] == found["C", "guarantee"] == "awarded"
    assert found["A", "guarantee"] == "passed_over"
    assert found["A", "subsidy"] == "awarded"


@pytest.mark.parametrize(("language", "words"), [("zh", "被越过的企业"), ("en", "firms passed over")])
def test_the_comparison_shows_both_and_writes_nothing(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setenv("TULOU_LANG", language)
    run = runner.invoke(app, ["allocate", *map(str, files)])
    assert run.exit_code == 0
    assert words in run.stdout
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["claims.csv", "pots.csv"]


def test_chinese_headings_and_parquet_are_read_alike(files: tuple[Path, Path], tmp_path: Path) -> None:
    chinese = tmp_path / "申请.csv"
    heading = "企业,资金池,得分,申请金额,志愿,效益"
    chinese.write_text("\n".join([heading, *CLAIMS.splitlines()[1:]]) + "\n", encoding="gb18030")
    rows = list(csv.DictReader(CLAIMS.splitlines()))
    numbers = ("claim", "amount", "choice", "benefit")
    columns = {name: [float(row[name]) if name in numbers else row[name] for row in rows] for name in rows[0]}
    parquet = tmp_path / "claims.parquet"
    pq.write_table(pa.table(columns), parquet)
    found = []
    for claims in (files[0], chinese, parquet):
        target = tmp_path / "out.csv"
        run = runner.invoke(app, ["allocate", str(claims), str(files[1]), "--method", "stable", "--out", str(target)])
        assert run.exit_code == 0, run.output
        found.append(decided(target))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("claims", "pots", "code"),
    [
        (CLAIMS.replace("amount", "sum"), POTS, "finance.pots.column"),
        (CLAIMS.replace("50.50", "50.505"), POTS, "finance.pots.value"),
        (CLAIMS.replace("50.50", "-1"), POTS, "finance.pots.value"),
        (CLAIMS.replace("50.50", "much"), POTS, "finance.pots.value"),
        (CLAIMS.replace("B,", ","), POTS, "finance.pots.value"),
        (CLAIMS.replace("B,guarantee", "B,lottery"), POTS, "finance.claim.pot"),
        (CLAIMS, POTS.replace("60,1", "60,1.5"), "finance.pots.value"),
        (CLAIMS, POTS.replace("60,1", "sixty,1"), "finance.pots.value"),
        (CLAIMS, POTS.replace("60,1", ","), "finance.pot.endless"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(tmp_path: Path, claims: str, pots: str, code: str) -> None:
    (tmp_path / "claims.csv").write_text(claims, encoding="utf-8")
    (tmp_path / "pots.csv").write_text(pots, encoding="utf-8")
    run = runner.invoke(app, ["allocate", str(tmp_path / "claims.csv"), str(tmp_path / "pots.csv"), "--json"])
    assert run.exit_code == 1
    assert json.loads(run.stdout)["error"]["code"] == code


def test_what_cannot_be_meant_is_wrong_use(files: tuple[Path, Path], tmp_path: Path) -> None:
    for more in (["--out", str(tmp_path / "x.csv")], ["--method", "stable"], ["--method", "stable", "--out", "x.docx"]):
        assert runner.invoke(app, ["allocate", *map(str, files), *more]).exit_code == 2
