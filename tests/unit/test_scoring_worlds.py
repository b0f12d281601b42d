# ruff: noqa: E501 - rows are read best on one line
"""Worlds as real offices write them: nothing that can be read is lost, nothing is known before it was reported."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.measurebook import shipped
from services.scoring.measures import feature_table
from services.scoring.worlds import read_world, reading, tables, world_in
from services.scoring.worlds.codes import canonical, is_slip
from services.scoring.worlds.register import Register
from tests.scoring_worlds import AT, A, B, C, a_bill, a_world, feature, features_of, frames_of, on

HEAD = "account_no,period,uscc,arrears,amount_due,kwh,reported_at\n"


def _level(folder: Path) -> Any:
    return feature_table(read_world(folder), AT, pl.Series([A]))["pw_usage.arrears.level"][0]


@pytest.mark.parametrize(
    "line",
    [
        f"p1,2026-10,{A},40.5,100,5,2026-11-10T00:00:00Z",
        f"p1,2026/10,{A.lower()},40.5,100,5,2026-11-10 08:00:00",
        f"p1,202610, {A} ,¥40.50,100,5,2026-11-10T08:00:00+08:00",
        f"p1,2026年10月,{A.replace('0', 'O')},40.5元,100,五,2026/11/10",
        f'p1,2026-10-01,{A},"40.5",100,5,20261110',
        f'p1,10/2026,{A},"$40.50",100,5,11/10/2026',
        f"p1,Oct-2026,{A},$40.5,100,5,11/10/2026 08:00",
        f"p1,10/31/2026,{A},40.5,100,5,2026-11-10",
        f"p1,31/10/2026,{A},40.5,100,5,2026-11-10",
    ],
)
def test_months_money_codes_and_times_are_read_in_every_way_they_are_written(tmp_path: Path, line: str) -> None:
    (tmp_path / "pw_usage.csv").write_text(HEAD + line + "\n", encoding="utf-8")
    assert _level(tmp_path) == 40.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_the_encoding_it_has(tmp_path: Path, encoding: str) -> None:
    text = "employer,petition_no,received_at,people_cnt,reported_at\n杭州某某建设有限公司,1,2026-11-01,6,2026-11-02\n"
    (tmp_path / "gov_petition.csv").write_text(text, encoding=encoding)
    entity = f"entity_id,uscc,ent_name,reported_at\ne1,{A},杭州某某建设有限公司,2026-01-02\n"
    (tmp_path / "samr_entity.csv").write_text(entity, encoding=encoding)
    table = feature_table(read_world(tmp_path), AT, pl.Series([A]))
    assert table["gov_petition.petitions.people_90"].to_list() == [6]


def test_a_file_is_read_in_its_encoding_however_late_that_shows(tmp_path: Path) -> None:
    bills = "".join(f"p{n},2026-09,c{n},1,1,1,2026-10-10\n" for n in range(40_000))
    last = f"户号一,2026-10,{A},40.5,100,5,2026-11-10\n"
    (tmp_path / "pw_usage.csv").write_text(HEAD + bills + last, encoding="gb18030")
    assert _level(tmp_path) == 40.5


def test_a_number_that_was_kept_as_a_fraction_names_the_same_employer() -> None:
    told = canonical(pl.Series(["101", " 101.0 ", "7.5", "1.0.0"]))
    assert told.to_list() == ["101", "101", "7.5", "1.0.0"]
    assert canonical(pl.Series([101.0, None])).to_list() == ["101", None]


def test_typed_parquet_with_naive_times_and_dates_for_months_is_read(tmp_path: Path) -> None:
    frame = pl.DataFrame({
        "account_no": [7], "period": [date(2026, 10, 1)], "uscc": [A], "arrears": [40.5], "amount_due": [100], "kwh": [5],
        "reported_at": [datetime(2026, 11, 10)],  # noqa: DTZ001 - naive as the file has it
    })  # fmt: skip
    frame.write_parquet(tmp_path / "pw_usage.parquet")
    assert _level(tmp_path) == 40.5


def test_a_row_without_a_code_is_whose_account_it_is_from_the_day_on_which_that_was_known() -> None:
    rows = {
        "pw_usage": [
            a_bill(A, "2026-08", 7.0, account_no="p1", uscc=None),
            a_bill(A, "2026-10", 0.0, account_no="p1"),
        ]
    }
    assert feature(rows, "pw_usage.arrears.count_6") == 1
    assert feature(rows, "pw_usage.arrears.known", at=on("2026-10-01")) == 0


def test_a_slip_in_a_code_is_put_right_by_the_account_and_is_nobody_by_itself() -> None:
    slip = A[:-1] + "1"
    others = [a_bill(who, "2026-10") for who in (B, C)] + [a_bill(f"other-{place}", "2026-10") for place in range(9)]
    bills = [a_bill(A, "2026-09", account_no="p1"), a_bill(slip, "2026-10", 9.0, account_no="p1")]
    rows = {"pw_usage": [*bills, *others]}
    assert feature(rows, "pw_usage.arrears.level") == 9
    lost = {"pw_usage": [*bills[:1], a_bill(slip, "2026-10", 9.0), *others]}
    assert slip not in a_world(lost).subjects(AT).to_list()


def test_employers_may_be_named_as_one_likes(tmp_path: Path) -> None:
    (tmp_path / "pw_usage.csv").write_text(HEAD + "p1,2026-10,firm-07,3,100,5,2026-11-10\n")
    (tmp_path / "labels.csv").write_text(
        "employer_id,started_on,discovered_on,workers,amount\nfirm-07,2026-05-01,2026-06-01,4,10\nfirm-08,2026-05-01,2026-06-01,,\n"
    )
    world = read_world(tmp_path)
    assert world.subjects(AT).to_list() == ["firm-07", "firm-08"]
    assert world.labels["employer_id"].to_list() == ["firm-07", "firm-08"]
    assert feature_table(world, AT)["own_past.claims.count_365"].to_list() == [1, 1]


def test_a_world_with_one_dataset_and_missing_columns_is_still_a_world() -> None:
    table = features_of({"pw_usage": [{"uscc": A, "period": "2026-10", "arrears": 2, "reported_at": on("2026-11-10")}]})
    assert table["pw_usage.arrears.level"].to_list() == [2]
    assert table["pw_usage.use.level"].to_list() == [None]


def test_an_empty_file_and_a_value_that_is_none_harm_nothing() -> None:
    nothing = pl.LazyFrame(schema={"uscc": pl.String, "period": pl.String})
    assert feature_table(world_in({"pw_usage": nothing}), AT).height == 0
    assert feature({"pw_usage": [a_bill(A, "2026-10", "many")]}, "pw_usage.arrears.level") is None  # type: ignore[arg-type]


def test_without_a_time_of_report_a_month_is_known_when_it_is_over() -> None:
    bill = a_bill(A, "2026-10", 5.0, reported_at=None)
    assert feature({"pw_usage": [bill]}, "pw_usage.arrears.level", at=on("2026-10-30")) is None
    assert feature({"pw_usage": [bill]}, "pw_usage.arrears.level", at=on("2026-11-02")) == 5


def test_a_projects_flows_are_its_general_contractors() -> None:
    account = {"account_no": "s1", "project_code": "j1", "gc_uscc": A, "opened_at": "2026-01-05", "reported_at": on("2026-01-06")}  # fmt: skip
    pay = {"account_no": "s1", "direction": "out", "purpose": "wage out", "payee_is_worker": True}
    flows = [
        pay | {"txn_id": f"t{month}", "txn_at": f"2026-{month:02}-20T10:00:00", "amount": 100.0, "reported_at": on(f"2026-{month:02}-21")}
        for month in range(2, 9)
    ]  # fmt: skip
    other = pay | {"account_no": "s2", "txn_id": "u", "txn_at": "2026-10-20T10:00:00", "amount": 1.0, "reported_at": on("2026-10-21")}  # fmt: skip
    rows = {"bk_special_account": [account, account | {"account_no": "s2", "gc_uscc": B}], "bk_account_flow": [*flows, other]}  # fmt: skip
    table = features_of(rows, [A])
    assert table["bk_account_flow.wage_out.zeros"].to_list() == [2]


def test_profile_tells_town_section_and_size() -> None:
    entity = {"entity_id": "e1", "uscc": A, "street": "330110005", "industry": "4710", "reported_at": on("2026-01-05")}
    heads = {"uscc": A, "period": "2026-10", "pension_payers": 12, "reported_at": on("2026-11-05")}
    world = a_world({"samr_entity": [entity], "hrss_insured_headcount": [heads]})
    assert world.profile(AT).rows() == [(A, "330110005", "E", "10-49")]
    assert world.profile(datetime(2026, 2, 1, tzinfo=UTC)).rows() == [(A, "330110005", "E", None)]


def test_bad_news_is_an_event_or_a_debt_that_was_reported_lately() -> None:
    clue = {"clue_no": "1", "duty_uscc": C, "registered_at": on("2026-03-01"), "reported_at": on("2026-03-02")}
    world = a_world({"pw_usage": [a_bill(A, "2026-01", 300), a_bill(B, "2026-01")], "hrss_clue": [clue]})
    assert world.troubled(on("2026-03-03"), timedelta(days=60)).to_list() == sorted([A, C])
    assert world.troubled(on("2026-03-03"), timedelta(days=20)).to_list() == [C]
    assert world.troubled(on("2026-02-09"), timedelta(days=60)).to_list() == []


def test_only_what_has_the_shape_of_a_credit_code_is_washed() -> None:
    texts = pl.Series([f" {A.lower()} ", A.replace("0", "O"), "Firm O1", "NULL", ""])
    assert canonical(texts).to_list() == [A, A, "Firm O1", None, None]
    assert is_slip(pl.Series([A, A[:-1] + "1", "Firm O1", None])).to_list() == [False, True, False, False]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=30),
    st.integers(1, 10),
)
def test_cutting_a_dataset_into_parts_never_changes_its_table(told: list[tuple[str, int, int]], part: int) -> None:
    rows = [a_bill(code, f"2025-0{month}", 10.0 * owed, kwh=None) for code, month, owed in told]
    dataset, register = shipped().by_code["pw_usage"], Register()
    typed = reading.typed(frames_of({"pw_usage": rows})["pw_usage"].lazy(), dataset, register)
    keyed = reading.with_keys(typed, dataset).with_columns(register.hashes(typed["number"]))
    whole, cut = (tables.build(reading.whole(keyed, dataset), dataset, shipped(), size) for size in (10**6, part))
    for name in ("subject", "reported", "gone", "gone_at"):
        assert np.array_equal(getattr(whole, name), getattr(cut, name)), name
    assert whole.columns.keys() == cut.columns.keys()
    for name, column in whole.columns.items():
        assert np.array_equal(column, cut.columns[name]), name
