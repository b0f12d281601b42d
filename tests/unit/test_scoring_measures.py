# ruff: noqa: E501 - rows are read best on one line
"""Features from measures: what is known at a time, and nothing else, decides them; missing is not zero."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.ingest.catalogue import shipped as catalogue
from services.scoring.measurebook import parse, shipped
from services.scoring.measures import context_at, described, feature_table
from services.scoring.worlds import read_world
from tests.scoring_worlds import AT, A, B, C, a_bill, a_stored_world, a_world, feature, features_of, in_files, on

# Hypothesis explains a failure by tracing every line: of columns that takes minutes.
SLOW = settings(max_examples=8, deadline=None, phases=[Phase.generate, Phase.shrink])
EMPLOYERS = (A, B, C)


@st.composite
def a_row(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A row of some dataset about one of three employers, and its dataset."""
    dataset = draw(
        st.sampled_from(("pw_usage", "tax_arrears", "court_enforcement", "samr_entity", "own_past", "hc_project"))
    )
    who, day = draw(st.sampled_from(EMPLOYERS)), draw(st.integers(0, 400))
    reported = AT - timedelta(days=day, minutes=draw(st.integers(0, 1439)))
    month = f"{reported:%Y-%m}"
    amount = draw(st.sampled_from((0.0, 0.1, 10.55, 999.99)))
    items: dict[str, dict[str, Any]] = {
        "pw_usage": {"account_no": f"p{who}", "period": month, "uscc": draw(st.sampled_from((who, who, None))), "arrears": amount, "kwh": amount, "amount_due": 3.3},
        "tax_arrears": {"taxpayer_no": who, "uscc": who, "tax_kind": "增值税", "as_of": month, "balance": amount},
        "court_enforcement": {"case_no": f"c{day % 5}", "party": "某公司", "uscc": who, "filed_at": f"{month}-01", "target": amount},
        "samr_entity": {"entity_id": f"e{who}", "uscc": who, "ent_name": who, "street": "330110005", "industry": "4710", "legal_rep": "王一"},
        "own_past": {"employer_id": who, "started_on": f"{month}-01", "discovered_on": f"{reported:%Y-%m-%d}", "workers": 3, "amount": amount},
        "hc_project": {"project_code": f"j{day % 3}", "gc_uscc": who, "state": "停工", "start_date": f"{month}-01"},
    }  # fmt: skip
    return dataset, items[dataset] | {"reported_at": reported}


some_rows = st.lists(a_row(), min_size=1, max_size=25)


def _by_dataset(rows: list[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for dataset, row in rows:
        found.setdefault(dataset, []).append(row)
    return found


def _reported(dataset: str, row: dict[str, Any]) -> datetime:
    if dataset != "own_past":
        return row["reported_at"]  # type: ignore[no-any-return]
    return datetime.fromisoformat(f"{row['discovered_on']}T00:00:00+08:00").astimezone(UTC)


@given(some_rows, some_rows, st.integers(1, 300))
@SLOW
def test_nothing_that_was_reported_after_a_time_changes_a_feature_at_that_time(
    rows: list[tuple[str, dict[str, Any]]], more: list[tuple[str, dict[str, Any]]], days: int
) -> None:
    then = AT - timedelta(days=days)
    every = [*rows, *more]
    before = [(dataset, row) for dataset, row in every if _reported(dataset, row) <= then]
    if not before:
        return
    seen = features_of(_by_dataset(before), EMPLOYERS, then)
    hindsight = features_of(_by_dataset(every), EMPLOYERS, then)
    assert_frame_equal(hindsight.select(seen.columns), seen, check_exact=True)
    # Of a dataset that only came later nothing is known, and it is not taken for zero; but that nothing was found yet
    # of anybody is known of everybody alike.
    unheard = [
        name for name in hindsight.columns if name not in seen.columns and not name.endswith((".known", ".others"))
    ]
    past = [name for name in unheard if name.startswith("own_past.claims.")]
    assert all(hindsight[name].to_list() == [3650.0 if name.endswith(".since") else 0.0] * 3 for name in past)
    # Of who belongs together with him, too; null where nobody does.
    kin = [name for name in unheard if name.startswith("related.") and ".claims_" in name]
    assert all(set(hindsight[name].to_list()) <= {0.0, None} for name in kin)
    assert all(hindsight[name].null_count() == len(EMPLOYERS) for name in unheard if name not in [*past, *kin])


@given(some_rows, st.randoms())
@SLOW
def test_the_order_of_rows_and_their_repetition_do_not_matter(
    rows: list[tuple[str, dict[str, Any]]], dice: Any
) -> None:
    again = [*rows, *dice.choices(rows, k=5)]
    dice.shuffle(again)
    assert_frame_equal(
        features_of(_by_dataset(again), EMPLOYERS), features_of(_by_dataset(rows), EMPLOYERS), check_exact=True, check_column_order=False
    )  # fmt: skip


@given(some_rows)
@SLOW
def test_an_employer_alone_has_the_features_that_it_has_among_all(rows: list[tuple[str, dict[str, Any]]]) -> None:
    world = a_world(_by_dataset(rows))
    context = context_at(world, AT)
    everyone = feature_table(world, AT, pl.Series(EMPLOYERS), context)
    for place, who in enumerate(EMPLOYERS):
        alone = feature_table(world, AT, pl.Series([who]), context)
        assert_frame_equal(alone, everyone.slice(place, 1), check_exact=True)


@given(some_rows)
@SLOW
def test_stored_versions_and_files_give_the_same_features_to_the_last_bit(
    rows: list[tuple[str, dict[str, Any]]],
) -> None:
    told = {
        _reported(dataset, row): (dataset, row)
        for dataset, row in rows
        if dataset != "own_past" and row.get("uscc", "")
    }
    by_dataset = _by_dataset(list(told.values()))
    if not by_dataset:
        return
    of_files = features_of(by_dataset, EMPLOYERS)
    stored = feature_table(a_stored_world(by_dataset, AT), AT, pl.Series(EMPLOYERS))
    assert_frame_equal(stored.select(of_files.columns), of_files, check_exact=True)


def test_a_run_of_unpaid_bills_is_counted_back_from_the_newest_month_that_is_known() -> None:
    bills = [a_bill(A, f"2026-{month:02}", 40.0 if month >= 8 else 0.0) for month in range(1, 11)]
    table = features_of({"pw_usage": bills}, [A])
    wanted = {"level": 40.0, "months": 3, "count_6": 3, "since": 1, "share": 0.4, "age": 1, "known": 1}
    assert {name: round(table[f"pw_usage.arrears.{name}"][0], 6) for name in wanted} == wanted


def test_use_is_compared_with_the_own_past() -> None:
    bills = [a_bill(A, f"2026-{month:02}", kwh=100.0 if month == 10 else 400.0) for month in range(1, 11)]
    table = features_of({"pw_usage": bills}, [A])
    assert table["pw_usage.use.own"][0] == 0.25
    assert table["pw_usage.use.change_1"][0] == -0.75
    assert table["pw_usage.use.year"][0] is None


def test_of_a_slow_state_the_newest_months_say_together_more_than_one_alone() -> None:
    bills = [a_bill(A, f"2026-{month:02}", 40.0 if month in (8, 9) else 0.0) for month in range(1, 11)]
    calm = [a_bill(B, f"2026-{month:02}", 40.0 if month in (1, 2) else 0.0) for month in range(1, 11)]
    table = features_of({"pw_usage": bills + calm}, [A, B])
    weights = [0.75**age for age in range(10)]
    told = {who: sum(weights[age] * 40 for age in ages) / sum(weights) for who, ages in ((0, (1, 2)), (1, (8, 9)))}
    assert table["pw_usage.arrears.level"].to_list() == [0, 0]
    assert table["pw_usage.arrears.fading"].to_list() == pytest.approx([told[0], told[1]])
    assert table["pw_usage.arrears.fading_share"].to_list() == pytest.approx([told[0] / 100, told[1] / 100])


def test_how_many_months_are_told_up_to_the_newest_tells_who_is_new() -> None:
    told = {A: range(1, 11), B: (3, 5, 6), C: [*range(-9, 0), *range(1, 11)]}
    name = {month: f"2026-{month:02}" if month > 0 else f"2025-{13 + month:02}" for month in range(-12, 13)}
    bills = [a_bill(who, name[month]) for who, months in told.items() for month in months]
    table = features_of({"pw_usage": bills}, [A, B, C])
    assert table["pw_usage.arrears.told_12"].to_list() == [10, 3, 12]
    assert table["pw_usage.use.told_12"].to_list() == [10, 3, 12]


def test_several_meters_are_one_bill() -> None:
    bills = [a_bill(A, "2026-10", 40.0), a_bill(A, "2026-10", 2.5, account_no="another")]
    assert feature({"pw_usage": bills}, "pw_usage.arrears.level") == 42.5


def test_a_month_that_nobody_told_is_missing_in_a_bill_and_nothing_in_a_list_of_debtors() -> None:
    debts = [
        {"taxpayer_no": who, "uscc": who, "tax_kind": "增值税", "as_of": "2026-10", "balance": 7.0, "reported_at": on("2026-11-05")}
        for who in (B, C)
    ]  # fmt: skip
    rows = {"tax_arrears": debts, "pw_usage": [a_bill(B, "2026-10", 1.0)]}
    table = features_of(rows, [A])
    assert table["tax_arrears.arrears.level"][0] == 0
    assert table["pw_usage.arrears.level"][0] is None
    assert table["pw_usage.arrears.known"][0] == 0


def test_a_silent_feed_does_not_say_that_nothing_happened() -> None:
    cases = [{"case_no": "1", "uscc": B, "accept_date": "2026-01-05", "worker_num": 4, "reported_at": on("2026-01-06")}]
    assert feature({"hrss_arbitration": cases}, "hrss_arbitration.cases.count_30") is None
    assert feature({"hrss_arbitration": cases}, "hrss_arbitration.cases.count_ever") == 0


def test_the_newest_version_of_a_case_counts_and_its_end_closes_it() -> None:
    case = {"case_no": "1", "uscc": A, "accept_date": "2026-10-05", "worker_num": 4, "reported_at": on("2026-10-06")}
    closed = case | {"close_date": "2026-11-01", "close_amount": 9000, "reported_at": on("2026-11-02")}
    rows = {"hrss_arbitration": [closed, case | {"close_date": None, "close_amount": None}]}
    assert feature(rows, "hrss_arbitration.cases.open", at=on("2026-10-20")) == 1
    assert feature(rows, "hrss_arbitration.cases.open") == 0
    assert feature(rows, "hrss_arbitration.cases.count_90") == 1
    assert feature(rows, "hrss_arbitration.cases.people_90") == 4


def test_days_behind_without_an_amount_are_arrears() -> None:
    bills = [a_bill(A, f"2026-{month:02}", None, arrears_days=days) for month, days in ((8, 0), (9, 30), (10, 61))]
    told = {code: feature({"pw_usage": bills}, f"pw_usage.arrears.{code}") for code in ("months", "count_6", "days")}
    assert told == {"months": 2, "count_6": 2, "days": 61}
    known = [a_bill(A, "2026-10", 500.0, arrears_days=61)]
    assert feature({"pw_usage": known}, "pw_usage.arrears.level") == 500


def test_a_past_claim_is_known_from_the_day_on_which_it_was_discovered() -> None:
    claim = {"employer_id": A, "started_on": "2026-05-01", "discovered_on": "2026-08-10", "workers": 5, "amount": 100.5}
    rows = {"own_past": [claim]}
    assert feature(rows, "own_past.claims.count_365") == 1
    assert feature(rows, "own_past.claims.amount_365") == 100.5
    assert feature(rows, "own_past.claims.count_ever", at=on("2026-08-09", 2)) == 0
    assert feature(rows, "own_past.claims.since", at=on("2026-08-12")) == 2
    assert feature(rows, "own_past.begun.value", at=on("2026-08-12")) == 103
    assert feature(rows, "own_past.begun.value", at=on("2026-08-09", 2)) is None


def test_what_befalls_others_of_the_same_legal_representative_is_told() -> None:
    entities = [
        {"entity_id": who, "uscc": who, "ent_name": who, "legal_rep": name, "est_date": "2020-01-01", "reported_at": on("2026-01-05")}
        for who, name in ((A, "王一"), (B, "王一"), (C, "李二"))
    ]  # fmt: skip
    rows = {
        "samr_entity": entities,
        "pw_usage": [a_bill(B, "2026-10", 5.0), a_bill(A, "2026-10"), a_bill(C, "2026-10", 5.0)],
    }
    table = features_of(rows, [A, B, C])
    assert table["related.owner.others"].to_list() == [1, 1, 0]
    assert table["related.owner.bills_bad_worst"].to_list() == [1, 0, None]


def ranks(*owed: float) -> list[float]:
    bills = [a_bill(who, "2026-10", amount) for who, amount in zip((A, B, C), owed, strict=True)]
    return features_of({"pw_usage": bills}, EMPLOYERS)["pw_usage.arrears.peer"].round(4).to_list()


def test_rank_is_taken_among_the_peers_and_who_owes_nothing_stands_at_nought_however_many_do() -> None:
    assert ranks(5.0, 10.0, 20.0) == pytest.approx([0.1667, 0.5, 0.8333])
    assert [ranks(0.0, *others)[0] for others in ((0.0, 0.0), (0.0, 20.0), (10.0, 20.0))] == [0, 0, 0]


def test_a_dataset_that_nobody_knew_becomes_features_by_data_alone(tmp_path: Path) -> None:
    page = (Path("services/scoring/data/measures.yaml")).read_text(encoding="utf-8")
    fund = """
- {dataset: housing_fund, family: tax_si, zh: 公积金缴存, en: Housing fund, cycle_days: 62, key: [uscc, month], code: [uscc], period: month,
   items: {uscc: text, month: month, payers: int, owed: money},
   measures: [{code: payers, kind: headcount, amount: payers, risk: -1, zh: 缴存人数, en: Payers},
              {code: owed, kind: arrears, amount: owed, zh: 公积金欠缴, en: Unpaid housing fund}]}
# Utilities"""
    book = parse(page.replace("\n# Utilities", fund, 1).encode())
    (tmp_path / "housing_fund.csv").write_text(
        f"uscc,month,payers,owed,reported_at\n{A},2026-10,12,300.00,2026-11-09\n"
    )
    table = feature_table(read_world(tmp_path, book), AT)
    assert table["housing_fund.payers.level"].to_list() == [12]
    assert table["housing_fund.owed.months"].to_list() == [1]
    assert table["breadth.tax_si.bad"].to_list() == [1]
    assert described(table.columns, book)["housing_fund.payers.own"].monotone == -1


def test_a_book_that_names_an_item_which_is_none_is_refused() -> None:
    page = (Path("services/scoring/data/measures.yaml")).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="nothing is called kilowatts"):
        parse(page.replace("amount: kwh", "amount: kilowatts").encode())


def test_of_counted_rows_only_their_number_is_measured() -> None:
    page = (Path("services/scoring/data/measures.yaml")).read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="only their number is measured"):
        parse(page.replace("{code: punches, kind: usage,", "{code: punches, kind: event,").encode())


def test_keys_times_and_items_are_those_of_the_catalogue() -> None:
    kinds = {"uscc": "text", "str": "text", "char": "text", "div9": "text", "idno": "text", "year": "text"}
    loose = {("samr_change", "seq"), ("tax_arrears", "tax_kind")}
    for each in shipped().datasets:
        if each.dataset == "own_past":
            continue
        there = catalogue().datasets[each.dataset]
        assert set(each.key) == set(there.key), each.dataset
        assert set(each.source_time) == set(there.source_time), each.dataset
        for item, kind in each.items.items():
            told = there.by_name[item].kind
            assert kinds.get(told, told) == kind or (each.dataset, item) in loose, (each.dataset, item)


def test_every_dataset_about_employers_is_measured() -> None:
    persons = {"hrss_insured_person"}  # one row a person: the headcount says the same in one row a month
    about = {code for code, each in catalogue().datasets.items() if each.subject.kind == "employer"}
    assert about - persons <= set(shipped().by_code)


def test_every_column_is_described_in_two_languages(tmp_path: Path) -> None:
    rows = {"pw_usage": [a_bill(A, "2026-10", 5.0)], "hrss_arbitration": [{"case_no": "1", "uscc": A, "accept_date": "2026-10-05", "worker_num": 4, "reported_at": on("2026-10-06")}]}  # fmt: skip
    table = feature_table(read_world(in_files(rows, tmp_path)), AT)
    info = described(table.columns)
    assert list(info) == table.columns[1:]
    assert info["pw_usage.use.own"].monotone == -1
    assert info["pw_usage.arrears.since"].monotone == -1
    assert info["hrss_arbitration.cases.count_90"].family == "complaints"
    assert all(each.zh and each.en for each in info.values())
    assert all(kind == pl.Float32 for kind in table.drop("subject").dtypes)
