"""Whose a label is, however its code is written; what counts once; and what no day may know of later ones."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from local import modelling
from services.scoring.backtest import cautions
from services.scoring.worlds import World, read_world
from services.scoring.worlds.register import Register
from tests.scoring_worlds import A, B, C, a_bill, a_world, on

HEAD = "account_no,period,uscc,arrears,amount_due,kwh,reported_at\n"


def a_directory(folder: Path, employers: list[str], labels: list[str]) -> World:
    """Bills of employers, and a label of each code."""
    bills = "".join(f"p{place},2026-09,{name},3,100,5,2026-10-10\n" for place, name in enumerate(employers))
    (folder / "pw_usage.csv").write_text(HEAD + bills, encoding="utf-8")
    told = "".join(f"{name},2026-05-01,2026-06-0{place + 1}\n" for place, name in enumerate(labels))
    (folder / "labels.csv").write_text("employer_id,started_on,discovered_on\n" + told, encoding="utf-8")
    return read_world(folder)


@pytest.mark.parametrize("written", ["FIRM-a7", "firm-A7 ", "Ｆｉｒｍ－Ａ７", "Firm- A7", "\u3000firm-a7"])
def test_a_label_is_the_employers_however_case_width_and_blanks_are_written(tmp_path: Path, written: str) -> None:
    world = a_directory(tmp_path, ["Firm-A7", "Firm-B8"], [written])
    assert world.labels["employer_id"].to_list() == ["Firm-A7"]
    assert world.subjects(on("2026-11-01")).to_list() == ["Firm-A7", "Firm-B8"]
    (tmp_path / "oracle.csv").write_text(f"employer_id,as_of,hazard\n{written},2026-09-30,0.2\n", encoding="utf-8")
    (tmp_path / "inspections.csv").write_text(f"employer_id,inspected_on,found\n{written},2026-09-30,1\n", "utf-8")
    for told in (modelling.read_oracle(tmp_path, world.spelled), modelling.read_visits(tmp_path, world.spelled)):
        assert told is not None
        assert told["employer_id"].to_list() == ["Firm-A7"]


def test_numbers_that_lost_their_noughts_on_the_way_are_whose_they_were(tmp_path: Path) -> None:
    world = a_directory(tmp_path, ["000123", "045", "46"], ["123", "0045", "0046", "0"])
    assert world.labels["employer_id"].to_list() == ["000123", "045", "46", "0"]


@pytest.mark.parametrize("label", ["12", "0012", "07", "07.0"])
def test_where_two_employers_differ_by_noughts_alone_no_nought_is_taken_away(tmp_path: Path, label: str) -> None:
    world = a_directory(tmp_path, ["007", "7", "012", "Firm-B"], [label, "firm-b"])
    assert world.labels["employer_id"].to_list() == [label.removesuffix(".0"), "Firm-B"]
    assert world.strangers == (1, 2)


@pytest.mark.parametrize("label", ["AB3X", "ab3x", "Ab3Y"])
def test_where_two_employers_differ_by_case_alone_case_tells_employers_apart(tmp_path: Path, label: str) -> None:
    world = a_directory(tmp_path, ["aB3x", "Ab3y", "aB3Y", "0012"], [label, "12", "ａB3x"])
    assert world.labels["employer_id"].to_list() == [label, "0012", "aB3x"]
    assert world.spelled(pl.Series([label, "aB3 x"])).to_list() == [label, "aB3x"]


def test_strangers_that_differ_by_case_alone_change_nothing_for_who_comes_later(tmp_path: Path) -> None:
    world = a_directory(tmp_path, ["Firm-A7"], ["zZ", "Zz", "FIRM-A7"])
    assert world.labels["employer_id"].to_list() == ["zZ", "Zz", "Firm-A7"]
    assert world.spelled(pl.Series(["firm-A7"])).to_list() == ["Firm-A7"]


def test_labels_of_strangers_are_told_of(tmp_path: Path) -> None:
    assert a_directory(tmp_path, ["f1", "f2", "f3"], ["f1", "x1", "x2"]).strangers == (2, 3)
    assert cautions.strangers(2, 3) is not None
    assert cautions.strangers(1, 3) is cautions.strangers(0, 0) is None


def test_files_are_found_in_whatever_case_their_names_are_written(tmp_path: Path) -> None:
    a_directory(tmp_path, ["f1"], ["f1"])
    (tmp_path / "labels.csv").rename(tmp_path / "Labels.CSV")
    (tmp_path / "pw_usage.csv").rename(tmp_path / "PW_USAGE.csv")
    assert read_world(tmp_path).labels["employer_id"].to_list() == ["f1"]
    assert modelling.datasets(read_world(tmp_path)) == ["pw_usage"]


def test_codes_that_differ_by_case_alone_stay_two_employers(tmp_path: Path) -> None:
    world = a_directory(tmp_path, ["aB", "Ab", "c"], ["aB", "Ab", "ab", "C"])
    assert world.labels["employer_id"].to_list() == ["aB", "Ab", "ab", "C"]


def test_a_label_of_nobody_in_the_datasets_keeps_its_own_code(tmp_path: Path) -> None:
    world = a_directory(tmp_path, ["Firm-A7"], ["Firm-Z9", "0"])
    assert world.labels["employer_id"].to_list() == ["Firm-Z9", "0"]


def test_a_register_reads_codes_as_they_are_until_it_is_settled() -> None:
    register = Register()
    assert [register.enter(pl.Series([code])).item() for code in ("x1", "X1", "Y2")] == [0, 1, 2]
    register.settle()
    assert register.enter(pl.Series(["y2", " x1", "Ｘ１", None])).to_list() == [3, 0, 1, None]
    other = Register()
    assert [other.enter(pl.Series([code])).item() for code in ("x1", "X2", "Y2")] == [0, 1, 2]
    other.settle()
    assert other.enter(pl.Series(["y2", " X1", "ｘ１", "Z1", None])).to_list() == [2, 0, 0, 3, None]


def test_a_label_that_was_written_twice_is_one_event(tmp_path: Path) -> None:
    a_directory(tmp_path, ["f1", "f2"], [])
    rows = ["f1,2026-05-01,2026-06-01,3,10", "f1,2026/5/1,20260601,3,10", "f1,2026-05-01,2026-06-01,4,",
            "f1,2026-05-01,2026-07-01,3,10", "f2,2026-05-01,2026-06-01,3,10", "f2,2026-05-01,,3,10"]  # fmt: skip
    text = "employer_id,started_on,discovered_on,workers,amount\n" + "\n".join(rows) + "\n"
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    told = read_world(tmp_path).labels.select("employer_id", "discovered_on").rows()
    june = date(2026, 6, 1)
    assert told == [("f2", None), ("f1", june), ("f2", june), ("f1", june + timedelta(days=30))]


def test_who_is_a_slip_on_a_day_never_depends_on_labels_of_later() -> None:
    """Else of all codes that do not prove those alone were scored who fail later."""
    slip = A[:-1] + "1"
    bills = [a_bill(who, "2026-01") for who in (B, C, *(f"other-{place}" for place in range(20)))]
    bills.append(a_bill(slip, "2026-01", account_no="lost"))
    label = {"employer_id": slip, "started_on": "2026-05-01", "discovered_on": "2026-06-01"}
    told, untold = a_world({"pw_usage": bills, "own_past": [label]}), a_world({"pw_usage": bills})
    before, after = on("2026-05-31"), on("2026-06-03")
    assert told.subjects(before).to_list() == untold.subjects(before).to_list()
    assert slip in told.subjects(after).to_list()
    assert slip not in untold.subjects(after).to_list()
