"""Checks between the items of a row, and that each row is judged alone."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.validation import Checker
from tests.ingest_rows import GOOD, NOW, a_batch, a_dataset, an_item, check


def test_an_end_may_not_lie_before_its_beginning() -> None:
    dataset = a_dataset(an_item("date", item="start"), an_item("date", item="end", not_before="start"))
    rows: list[dict[str, str | None]] = [
        {"start": "2026-01-02", "end": "2026-01-01"},
        {"start": "2026-01-01", "end": "2026-01-01"},
        {"start": None, "end": "2026-01-01"},
    ]
    assert check(dataset, *rows).faults.rows() == [(1, "end", "before_other")]


def test_a_part_may_not_be_more_than_the_whole() -> None:
    dataset = a_dataset(an_item("int", item="whole"), an_item("int", item="part", at_most="whole"))
    assert check(dataset, {"whole": "2", "part": "3"}, {"whole": "3", "part": "3"}).faults.rows() == [
        (1, "part", "more_than_other")
    ]


@pytest.mark.parametrize(
    ("payable", "paid", "arrears", "is_right"),
    [("10", "4", "6", True), ("10", "4", "6.01", False), ("10", "12", "0", True), ("10", None, "5", True)],
)
def test_arrears_are_what_was_due_less_what_was_paid(
    payable: str, paid: str | None, arrears: str, is_right: bool
) -> None:
    dataset = shipped().datasets["tax_social_fee"]
    row: dict[str, str | None] = {"uscc": GOOD, "period": "2026-10", "payable": payable, "paid": paid}
    checked = check(dataset, row | {"arrears": arrears})
    assert checked.faults.rows() == ([] if is_right else [(1, "arrears", "wrong_difference")])


def test_an_item_may_be_required_because_of_another() -> None:
    dataset = shipped().datasets["hrss_wage_deposit"]
    row: dict[str, str | None] = {"project_code": "P", "gc_uscc": GOOD, "bank_name": "某行"}
    assert check(dataset, row | {"form": "银行保函"}).faults.rows() == [(1, "guarantee_no", "required_here")]
    assert check(dataset, row | {"form": "cash"}, row).rejected == 0


def test_a_breach_of_the_law_is_no_fault_of_the_record() -> None:
    """What the platform looks for must not be refused at its door (Decree 724; 人社部发〔2021〕53号 art. 7, 8)."""
    account = shipped().datasets["bk_special_account"]
    late: dict[str, str | None] = {
        "account_no": "1", "project_code": "P", "gc_uscc": GOOD, "bank_name": "某行", "contract_signed": "2026-01-01",
        "opened_at": "2026-10-01",
    }  # fmt: skip
    assert check(account, late).rejected == 0
    flow = shipped().datasets["bk_account_flow"]
    outflow: dict[str, str | None] = {
        "account_no": "1", "txn_id": "1", "txn_at": "2026-11-01", "direction": "out", "amount": "5",
        "payee_is_worker": "false",
    }  # fmt: skip
    assert check(flow, outflow).rejected == 0


def test_a_source_time_more_than_a_day_ahead_is_refused() -> None:
    dataset = shipped().datasets["tax_arrears"]
    row: dict[str, str | None] = {"taxpayer": "某", "taxpayer_no": "1", "tax_kind": "v", "as_of": "2026-10"}
    skewed = row | {"stat_at": "2026-11-24T08:00:00Z"}
    wrong = row | {"stat_at": "2026-11-24T10:00:00Z"}
    assert check(dataset, skewed, wrong).faults.rows() == [(2, "stat_at", "in_the_future")]


def test_a_dirty_code_of_the_employer_refuses_no_row_that_has_another_key() -> None:
    dataset = shipped().datasets["tax_arrears"]
    row: dict[str, str | None] = {
        "taxpayer": "某", "taxpayer_no": "1", "tax_kind": "v", "as_of": "2026-10", "uscc": "91330110MA2CEABC1X",
    }  # fmt: skip
    checked = check(dataset, row)
    assert (checked.rejected, len(checked.values)) == (0, 1)
    assert checked.faults.rows() == [(1, "uscc", "uscc_check")]
    keyed: dict[str, str | None] = {"uscc": "91330110MA2CEABC1X", "period": "2026-10"}
    assert check(shipped().datasets["tax_social_fee"], keyed).rejected == 1


TAX = Checker(shipped().datasets["tax_arrears"])
CALM: dict[str, str | None] = {
    "taxpayer": "某", "taxpayer_no": "1", "tax_kind": "增值税", "balance": "1.00", "as_of": "2026-10",
}  # fmt: skip
anything = st.dictionaries(
    st.sampled_from(list(TAX.dataset.by_name)), st.text(st.characters(codec="utf-8"), max_size=25), max_size=9
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(CALM), anything), max_size=12))
def test_a_good_row_is_never_lost_because_of_a_bad_one(rows: list[dict[str, str | None]]) -> None:
    good = [number for number, row in enumerate(rows, 1) if row == CALM]
    checked = TAX.check(a_batch(TAX.dataset, rows), NOW)
    kept = checked.values.get_column("#row").to_list()
    assert set(good) <= set(kept)
    assert len(kept) + checked.rejected == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just(CALM), anything), min_size=1, max_size=8))
def test_a_row_is_judged_alone_as_it_is_judged_among_others(rows: list[dict[str, str | None]]) -> None:
    together = TAX.check(a_batch(TAX.dataset, rows), NOW).faults
    for number, row in enumerate(rows, 1):
        alone = TAX.check(a_batch(TAX.dataset, [row]), NOW).faults
        mine = together.filter(pl.col("row") == number).select("item", "code")
        assert mine.rows() == alone.select("item", "code").rows()
