"""The rows of domain.md 5.3, by value: just below a threshold, on it, and above."""

from datetime import timedelta
from typing import Any

import pytest

from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, PROJECT, Rows, a_version, assessed, days_ago, signal
from tests.scoring_sites import (
    TEN,
    TWENTY,
    a_flow,
    a_site,
    by_hand,
    fee,
    on_project,
    payroll,
    presence,
    register,
    wages,
    weeks,
)
from tests.unit.test_scoring_indicators import EMPLOYER


def _an_account(signed: str, **items: object) -> dict[str, Any]:
    return a_version("bk_special_account", "acc", account_no="acc", contract_signed=signed, **items)


def _paid(actual: str, **items: object) -> Rows:
    paid = {"payroll_no": "pr", "id_no": "w1", "actual": actual, "paid_at": "2026-11-10"}
    line = paid | {"_kind": "payroll", "_subject": "pr"}
    return [*payroll("2026-10", ["w2"]), a_version("hc_payroll_detail", "pr|w1", **line, **items)]


def _a_guarantee(days_left: int, **items: object) -> dict[str, Any]:
    known = {"form": "bank_LG", "guarantee_to": days_ago(-days_left)} | items
    return a_version("hrss_wage_deposit", "d", _kind="project", _subject=PROJECT, **known)


def _sheet(payable: str, **items: object) -> Rows:
    """A payroll of October with one line."""
    header = {"payroll_no": "pr", "pay_month": "2026-10", "worker_cnt": 1, "signed_cnt": 1, "payable_total": payable}
    line = {"payroll_no": "pr", "id_no": "w1", "payable": payable, "_kind": "payroll", "_subject": "pr"}
    return [
        *on_project(a_version("hc_payroll", "pr", **header)),
        a_version("hc_payroll_detail", "pr|w1", **line, **items),
    ]


def _balance(day: str, balance: str | None) -> dict[str, Any]:
    return a_flow(day, direction="out", purpose="wage out", payee_is_worker=True, balance=balance)


PROJECTS: list[tuple[str, Rows, tuple[int, str] | None]] = [
    ("P04", [*a_site(), fee("2026-10-23")], None),
    ("P04", [*a_site(), fee("2026-10-22")], (10, "yellow")),
    ("P04", [*a_site(), fee("2026-09-22")], (20, "orange")),
    ("P04", [*a_site(), fee("2026-08-23")], (20, "orange")),
    ("P04", [*a_site(), fee("2026-08-22")], (35, "red")),
    ("P04", [*a_site(), fee("2026-08-22"), fee("2026-11-01")], None),
    ("P04", [*a_site(state="完工"), fee("2026-05-01")], None),
    ("P04", [*a_site(complete_date="2026-06-01"), fee("2026-05-01")], None),
    ("P04", a_site(), None),
    ("P06", [*a_site(), *presence("2026-09-10", "w1"), fee("2026-09-01"), fee("2026-11-20")], (35, "red")),
    ("P06", [*a_site(), *presence("2026-09-10", "w1"), fee("2026-09-01"), wages("2026-09-30")], None),
    ("P06", [*a_site(), *presence("2026-09-10", "w1"), fee("2026-09-01"), wages("2026-10-31")], None),
    ("P06", [*a_site(), *presence("2026-09-10", "w1"), fee("2026-09-01"), wages("2026-11-01")], (35, "red")),
    ("P06", [*a_site(), *presence("2026-10-10", "w1"), fee("2026-09-01"), fee("2026-11-20")], None),
    ("P06", [*a_site(), *presence("2026-09-10", "w1")], None),
    ("P07", [*a_site(), *presence("2026-10-10", *TEN), *payroll("2026-10", TEN)], None),
    ("P07", [*a_site(), *presence("2026-10-10", *TEN), *payroll("2026-10", TEN[1:])], (10, "yellow")),
    ("P07", [*a_site(), *presence("2026-10-10", *TEN), *payroll("2026-10", TEN[2:])], (35, "red")),
    ("P07", [*a_site(), *presence("2026-10-10", *TWENTY), *payroll("2026-10", TWENTY[2:])], (10, "yellow")),
    ("P07", [*a_site(), *presence("2026-10-10", *TEN), *payroll("2026-10", TEN[5:], count=10)], None),
    (
        "P07",
        [
            *a_site(),
            *presence("2026-10-10", *TEN),
            *payroll("2026-10", TEN[5:], count=10, _reported=AT - timedelta(days=4)),
        ],
        (35, "red"),
    ),
    ("P07", [*a_site(), *presence("2026-09-10", *TEN), *payroll("2026-10", TEN[5:])], None),
    ("P11", [*a_site(), a_flow("2026-11-01", direction="out", purpose="other", payee_is_worker=False)], (35, "red")),
    ("P11", [*a_site(), wages("2026-11-01")], None),
    ("P15", on_project(a_version("hc_payroll", pay_month="2026-10", worker_cnt=10, signed_cnt=10)), None),
    ("P15", on_project(a_version("hc_payroll", pay_month="2026-10", worker_cnt=10, signed_cnt=9)), (10, "yellow")),
    ("P15", on_project(a_version("hc_payroll", pay_month="2026-10", worker_cnt=10, signed_cnt=8)), (10, "yellow")),
    ("P15", on_project(a_version("hc_payroll", pay_month="2026-10", worker_cnt=10, signed_cnt=7)), (20, "orange")),
    ("P12", [*a_site(), *presence("2026-11-10", *TEN), *register(TEN)], None),
    ("P12", [*a_site(), *presence("2026-11-10", *TWENTY), *register(TWENTY[1:])], (10, "yellow")),
    ("P12", [*a_site(), *presence("2026-11-10", *TWENTY), *register(TWENTY[2:])], (20, "orange")),
    ("P12", [*a_site(), *presence("2026-11-10", *TEN), *register(TEN, has_contract=False)], (20, "orange")),
    ("P12", [*a_site(), *presence("2026-11-10", *TEN)], None),
    ("P12", [*a_site(), *presence("2026-11-21", "new"), *register(TEN)], None),
    ("P12", [*a_site(), *presence("2026-11-20", "new"), *register(TEN)], (20, "orange")),
    ("P12", [*a_site(), *presence("2026-09-30", "gone"), *register(TEN)], None),
    ("P13", [*a_site(), *weeks(TEN, TEN[:5])], (10, "yellow")),
    ("P13", [*a_site(), *weeks(TEN, TEN[:6])], None),
    ("P13", [*a_site(), *weeks(TEN, TEN[:5]), *presence("2026-11-18", *TEN)], None),
    ("P13", [*a_site(), *weeks(TEN[:4], TEN[:1])], None),
    ("P13", [*a_site(state="完工"), *weeks(TEN, TEN[:5])], None),
    ("P20", [*a_site(), *presence("2026-11-10", *TWENTY[4:]), *by_hand("2026-11-10", *TWENTY[:4])], None),
    ("P20", [*a_site(), *presence("2026-11-10", *TWENTY[5:]), *by_hand("2026-11-10", *TWENTY[:5])], (10, "yellow")),
    ("P20", [*a_site(), *by_hand("2026-11-10", *TWENTY[:19])], None),
]
PROJECTS += [
    ("P01", on_project(_an_account(days_ago(30))), None),
    ("P01", on_project(_an_account(days_ago(31))), (10, "yellow")),
    ("P01", on_project(_an_account(days_ago(46))), (20, "orange")),
    ("P01", on_project(_an_account(days_ago(46), opened_at=days_ago(1))), None),
    ("P01", on_project(_an_account(days_ago(46), closed_at=days_ago(1))), None),
    ("P09", _paid("50000.00"), None),
    ("P09", _paid("50000.01"), (35, "red")),
    ("P09", _paid("90000.00", is_back_pay=True), None),
    (
        "P14",
        [*a_site(state="停工"), *presence("2026-09-10", "w1"), fee("2026-09-01"), fee("2026-11-20")],
        (20, "orange"),
    ),
    ("P14", [*a_site(), *presence("2026-09-10", "w1"), fee("2026-09-01"), fee("2026-11-20")], None),
    ("P14", [*a_site(state="停工"), *presence("2026-09-10", "w1"), fee("2026-09-01"), wages("2026-09-30")], None),
]
PROJECTS += [
    ("P03", [*a_site(), _a_guarantee(31)], None),
    ("P03", [*a_site(), _a_guarantee(30)], (10, "yellow")),
    ("P03", [*a_site(), _a_guarantee(-1)], (10, "yellow")),
    ("P03", [*a_site(), _a_guarantee(-1, returned_at=days_ago(3))], None),
    ("P03", [*a_site(), _a_guarantee(-1, form="cash")], None),
    ("P03", [*a_site(state="完工"), _a_guarantee(3)], None),
    ("P03", [_a_guarantee(3)], None),
    ("P05", [*a_site(), *_sheet("1000.00"), _balance("2026-11-01", "1000.00")], None),
    ("P05", [*a_site(), *_sheet("1000.00"), _balance("2026-11-01", "999.99")], (10, "yellow")),
    ("P05", [*a_site(), *_sheet("1000.00"), _balance("2026-11-01", "0.00")], (10, "yellow")),
    ("P05", [*a_site(), *_sheet("1000.00", paid_at="2026-11-02"), _balance("2026-11-02", "0.00")], None),
    ("P05", [*a_site(), *_sheet("1000.00"), _balance("2026-11-01", "0.00"), _balance("2026-11-02", "1000.00")], None),
    ("P05", [*a_site(), *_sheet("1000.00"), _balance("2026-11-01", None)], None),
    ("P05", [*a_site(), *_sheet("1000.00")], None),
]
# 2,490 a month by 174 hours: 14.31 an hour. By hours, so that who came half a month is not underpaid.
PROJECTS += [
    ("P08", _sheet("2519.00", hours="176"), None),
    ("P08", _sheet("2518.00", hours="176"), (35, "red")),
    ("P08", _sheet("1260.00", hours="88"), None),
    ("P08", _sheet("0.00", hours="88"), (35, "red")),
    ("P08", _sheet("1260.00"), None),
    ("P08", _sheet("1260.00", hours="0"), None),
    ("P08", _sheet("100.00", hours="88", is_back_pay=True), None),
]
PROJECT_TRIED = {code for code, _, expected in PROJECTS if expected}


@pytest.mark.parametrize(("code", "rows", "expected"), PROJECTS)
def test_a_project_indicator_stands_where_the_table_says(
    code: str, rows: Rows, expected: tuple[int, str] | None
) -> None:
    found = signal(assessed(*rows, kind="project"), code)
    assert (found and (found.points, found.floor)) == expected


def test_a_bank_that_has_been_silent_for_long_is_not_known_rather_than_in_arrears() -> None:
    reported = AT - timedelta(days=200)
    silent = a_flow("2026-04-20", direction="in", purpose="labour fee in", _reported=reported)
    found = signal(assessed(*a_site(), silent, kind="project"), "P04")
    # Heard until 200 days ago; its silence means something for 35 days more, not for half a year.
    assert found is not None
    assert found.floor == "yellow"


def test_every_shipped_indicator_is_tried_by_value() -> None:
    tried = {code for code, _, expected in EMPLOYER if expected} | {"E21"} | PROJECT_TRIED
    tried |= {"E34", "E36", "P10"}  # tests/unit/test_scoring_arrears.py, test_scoring_relations.py
    assert {indicator.code for indicator in shipped().indicators if indicator.kind == "wage"} == tried
