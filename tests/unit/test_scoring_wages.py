"""What a worker's month of wages comes to, state by state. Today is 2026-11-23; September is due on 2026-10-30."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scoring.rulebook import shipped
from services.scoring.wages import STATES, due_days
from tests.scoring_facts import TODAY
from tests.scoring_wages import (
    Row,
    a_flow,
    a_line,
    a_sheet,
    a_worker,
    an_account,
    count,
    the_line,
    wages,
    yuan,
)

CAME = {("w1", "2026-09"): 22}
ABSENT = {("w2", "2026-09"): 22}
FOR_SEPTEMBER: dict[str, Any] = {"is_back_pay": True, "back_month": "2026-09"}

CASES: list[tuple[str, list[Row], dict[tuple[str, str], int]]] = [
    ("paid_in_full_on_time", [a_sheet(), a_line()], CAME),
    ("paid_in_full_on_time", [a_sheet(), a_line(paid_at="2026-10-30")], CAME),
    # Nobody's attendance was told: nobody is said to have stayed away.
    ("paid_in_full_on_time", [a_sheet(), a_line()], {}),
    ("paid_in_full_on_time", [a_sheet(), a_line(), a_worker(role="manager")], ABSENT),
    ("paid_late", [a_sheet(), a_line(paid_at="2026-10-31")], CAME),
    ("paid_short", [a_sheet(), a_line(actual="7499.99")], CAME),
    ("paid_short", [a_sheet(), a_line(deduct=None)], CAME),
    ("not_paid", [a_sheet(), a_line(actual="0.00")], CAME),
    # A sum without a day is a plan; so is one of tomorrow.
    ("not_paid", [a_sheet(), a_line(paid_at=None)], CAME),
    ("not_paid", [a_sheet(), a_line(paid_at="2026-11-24")], CAME),
    ("not_paid", [a_sheet(), a_line(actual=None, paid_at=None)], ABSENT),
    ("not_yet_due", [a_sheet("pr", "2026-11"), a_line(actual="0.00")], {("w1", "2026-11"): 9}),
    ("not_yet_due", [], {("w1", "2026-11"): 9}),
    ("paid_in_full_on_time", [a_sheet("pr", "2026-11"), a_line(paid_at="2026-11-20")], {("w1", "2026-11"): 9}),
    ("paid_without_attendance", [a_sheet(), a_line()], ABSENT),
    ("paid_without_attendance", [a_sheet(), a_line(actual="1.00", paid_at="2026-11-20")], ABSENT),
    ("attended_without_payroll", [], CAME),
    ("attended_without_payroll", [a_sheet(), a_line(payable="0.00", deduct=None, actual="0.00")], CAME),
    ("no_claim", [a_sheet(), a_line(payable="0.00", deduct=None, actual="0.00")], ABSENT),
    ("no_claim", [a_sheet(), a_line(payable="6000.00", deduct="6000.00", actual="0.00")], CAME),
    ("no_claim", [a_worker(role="manager")], CAME),
]


# Somebody else's attendance is known of that month, so who is on its sheet and has none never came.
ELSEWHERE = {("w9", "2026-11"): 3}


@pytest.mark.parametrize(("state", "rows", "came"), CASES)
def test_each_state_by_value(state: str, rows: list[Row], came: dict[tuple[str, str], int]) -> None:
    lines, _ = wages(*rows, came=came)
    assert [line["state"] for line in lines if line["worker"] == "w1"] == [state]


def test_every_state_is_tried_by_value() -> None:
    assert {state for state, _, _ in CASES} == set(STATES)


def test_wages_are_due_until_the_month_after_ends_and_before_a_holiday() -> None:
    due = dict(due_days(TODAY, shipped()).iter_rows())
    assert due[count("2026-09")] == date(2026, 10, 30)
    # 31 October 2026 is a Saturday, 31 May 2026 a Sunday.
    assert due[count("2026-04")] == date(2026, 5, 29)
    assert len(due) == 24
    assert due_days(date(2019, 6, 1), shipped()).is_empty()


def test_back_pay_counts_for_its_month_and_its_day() -> None:
    short = a_line(actual="5000.00")
    back = {"payable": "2500.00", "deduct": "0.00", "actual": "2500.00"} | FOR_SEPTEMBER
    told = [a_sheet(), short, a_sheet("late", "2026-10")]
    line = the_line(*told, a_line("w1", "late", **back, paid_at="2026-11-12"))
    assert (line["state"], line["payable"], line["paid"]) == ("paid_late", yuan("8000.00"), yuan("7500.00"))
    assert (line["back_paid"], line["paid_on"], line["open"]) == (yuan("2500.00"), date(2026, 11, 12), yuan("0.00"))
    assert the_line(*told, a_line("w1", "late", **back, paid_at="2026-10-20"))["state"] == "paid_in_full_on_time"


def test_what_back_pay_restates_is_not_owed_twice_and_what_it_adds_is_owed() -> None:
    unpaid = [a_sheet(), a_line(actual="0.00", deduct="0.00")]
    first = {"payable": "8000.00", "deduct": "0.00", "actual": "3000.00", "paid_at": "2026-11-02"} | FOR_SEPTEMBER
    second = first | {"payable": "5000.00", "actual": "5000.00", "paid_at": "2026-11-20"}
    told = [*unpaid, a_sheet("b1", "2026-10"), a_line("w1", "b1", **first)]
    told += [a_sheet("b2", "2026-11"), a_line("w1", "b2", **second)]
    line = the_line(*told)
    assert (line["due"], line["paid"], line["state"]) == (yuan("8000.00"), yuan("8000.00"), "paid_late")
    more = first | {"payable": "100.00", "actual": "0.00", "paid_at": None}
    line = the_line(*told, a_sheet("b3", "2026-11"), a_line("w1", "b3", **more))
    assert (line["due"], line["open"], line["state"]) == (yuan("8100.00"), yuan("100.00"), "paid_short")


def test_a_worker_of_two_teams_is_owed_both_sheets_in_one_line() -> None:
    line = the_line(a_sheet(), a_line(), a_sheet("other", team_no="t2"), a_line("w1", "other", actual="1000.00"))
    assert (line["payrolls"], line["due"], line["paid"]) == (2, yuan("15000.00"), yuan("8500.00"))
    assert line["state"] == "paid_short"


def test_the_newest_version_of_a_line_is_the_one_that_counts() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    unpaid = a_line(actual="0.00", _time=early)
    for told in ([unpaid, a_line(_time=late)], [a_line(_time=late), unpaid, unpaid]):
        assert the_line(a_sheet(), *told)["paid"] == yuan("7500.00")


def test_money_from_another_account_than_the_special_one_is_told() -> None:
    elsewhere = a_line(payer_account="boss")
    assert the_line(a_sheet(), elsewhere, an_account())["elsewhere"] == yuan("7500.00")
    assert the_line(a_sheet(), a_line(), an_account())["elsewhere"] == yuan("0.00")
    # Whose account it is cannot be said while the project's own is not known.
    assert the_line(a_sheet(), elsewhere)["elsewhere"] == yuan("0.00")


def test_a_month_sums_its_lines_and_sets_the_account_beside_them() -> None:
    rows = [
        *(a_sheet(), a_line(), a_line("w2", actual="0.00"), a_worker(), a_worker("w9"), an_account()),
        *(a_flow("2026-08-03", "labour fee in", "1.00", "in"), a_flow("2026-11-20", "other", "1.00")),
        *(a_flow("2026-10-12", "wage out", "7600.00"), a_flow("2026-10-14", "refund", "200.00", "in")),
        a_flow("2026-09-05", "labour fee in", "12000.00", "in"),
    ]
    _, months = wages(*rows, came={("w1", "2026-09"): 22, ("w3", "2026-09"): 3})
    september, october = months["2026-09"], months["2026-10"]
    counted = ("registered", "workers", "on_payroll", "attended", "paid_in_full_on_time", "not_paid")
    assert [september[name] for name in counted] == [2, 3, 2, 2, 1, 1]
    assert (september["attended_without_payroll"], september["overdue"]) == (1, yuan("7500.00"))
    assert (september["fee_in"], september["fee_gap"]) == (yuan("12000.00"), yuan("3000.00"))
    assert (october["wage_out"], october["wage_returned"], october["sheets_paid"]) == (7600, 200, 7500)
    assert october["sheets_gap"] == yuan("100.00")


def test_what_goes_to_no_worker_without_a_purpose_is_no_wage_that_left_the_account() -> None:
    def left(is_worker: bool | None) -> Any:
        flow = a_flow("2026-10-12", None, "7600.00", payee_is_worker=is_worker)
        return wages(a_sheet(), a_line(), an_account(), flow, came=CAME)[1]["2026-10"]["wage_out"]

    assert [left(None), left(True), left(False)] == [7600, 7600, 0]


def test_nothing_is_overdue_before_its_day_and_the_register_counts_without_a_line() -> None:
    advance = [a_sheet("n", "2026-11"), a_line("w1", "n", actual="1000.00", paid_at="2026-11-20"), a_worker("w1")]
    _, months = wages(*advance, a_worker("w9"), an_account(), a_flow("2026-10-12", "wage out", "5.00"), came=ELSEWHERE)
    assert (months["2026-11"]["overdue"], months["2026-11"]["open_not_due"]) == (yuan("0.00"), yuan("6500.00"))
    assert (months["2026-10"]["workers"], months["2026-10"]["registered"]) == (0, 2)


def test_a_bank_that_was_never_heard_says_nothing_of_a_month() -> None:
    _, months = wages(a_sheet(), a_line(), an_account(), came=CAME)
    assert (months["2026-09"]["wage_out"], months["2026-09"]["fee_gap"]) == (None, None)
