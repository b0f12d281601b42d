"""Wages at their edges: two teams, deductions beyond the pay, days nobody told, and when "the month after" ends."""

import random
from datetime import date
from typing import Any

import pytest

from services.scoring.rulebook import shipped
from services.scoring.wages import due_days
from tests.scoring_facts import TODAY
from tests.scoring_wages import a_flow, a_line, a_sheet, an_account, count, the_line, wages, yuan

UNPAID: dict[str, Any] = {"actual": "0.00", "deduct": "0.00", "paid_at": None}
OF_SEPTEMBER: dict[str, Any] = {"is_back_pay": True, "back_month": "2026-09", "deduct": "0.00"}


def two_teams(first: str, second: str) -> list[dict[str, Any]]:
    """September's sheets of two subcontractors with the same worker, neither paid."""
    sheets = [a_sheet("a", corp_uscc="A", team_no="t1"), a_sheet("b", corp_uscc="B", team_no="t2")]
    return [*sheets, a_line("w1", "a", payable=first, **UNPAID), a_line("w1", "b", payable=second, **UNPAID)]


def back_pay(payable: str, corp: str | None, team: str | None, **line: Any) -> list[dict[str, Any]]:
    """A line of October's sheet that pays in full for September."""
    number = f"back{corp}{team}"
    given = {"payable": payable, "actual": payable, "paid_at": "2026-11-12"} | OF_SEPTEMBER | line
    return [a_sheet(number, "2026-10", corp_uscc=corp, team_no=team), a_line("w1", number, **given)]


def test_deductions_beyond_what_is_payable_leave_nothing_due_and_are_told() -> None:
    line = the_line(a_sheet(), a_line(payable="1000.00", deduct="1500.00", actual="0.00"))
    assert (line["payable"], line["deducted"], line["due"]) == (yuan("1000.00"), yuan("1000.00"), yuan("0.00"))
    assert (line["over_deducted"], line["open"], line["state"]) == (yuan("500.00"), yuan("0.00"), "no_claim")
    assert the_line(a_sheet(), a_line())["over_deducted"] == yuan("0.00")


def test_one_teams_deductions_beyond_its_pay_take_nothing_from_the_other() -> None:
    sheets = [a_sheet("a", corp_uscc="A"), a_line("w1", "a", payable="1000.00", deduct="1500.00", actual="0.00")]
    line = the_line(*sheets, a_sheet("b", corp_uscc="B"), a_line("w1", "b"))
    assert (line["due"], line["paid"], line["over_deducted"]) == (yuan("7500.00"), yuan("7500.00"), yuan("500.00"))


def test_a_months_sum_tells_what_was_deducted_beyond_the_pay() -> None:
    _, months = wages(a_sheet(), a_line(payable="1000.00", deduct="1500.00", actual="0.00"), a_line("w2"))
    assert months["2026-09"]["over_deducted"] == yuan("500.00")


def test_days_that_no_sheet_tells_are_not_known_rather_than_none() -> None:
    assert the_line(a_sheet(), a_line(days=None))["said_days"] is None
    assert the_line(a_sheet(), a_line(days=0))["said_days"] == 0
    two = [a_sheet(), a_line(), a_sheet("other", team_no="t2"), a_line("w1", "other", days=None)]
    assert the_line(*two)["said_days"] == 22
    # A sheet that only pays for September says nothing of the days of September.
    (line,), _ = wages(*back_pay("2500.00", "A", "t1"))
    assert line["said_days"] is None


@pytest.mark.parametrize(
    ("back", "due", "left"),
    [
        # Each pays what its own sheet stated.
        ([("8000.00", "A", "t1"), ("5000.00", "B", "t2")], "13000.00", "0.00"),
        ([("5000.00", "B", "t2")], "13000.00", "8000.00"),
        # The second finds that it owes more than it had stated: the first still owes all of its own.
        ([("6000.00", "B", "t2")], "14000.00", "8000.00"),
        ([("9000.00", "A", "t1"), ("6000.00", "B", "t2")], "15000.00", "0.00"),
        # The general contractor clears for both, on a sheet of its own (Decree 724, art. 30).
        ([("13000.00", "GC", None)], "13000.00", "0.00"),
        ([("13000.00", None, None)], "13000.00", "0.00"),
    ],
)
def test_back_pay_of_two_teams_is_matched_to_its_own_team(
    back: list[tuple[str, str, str]], due: str, left: str
) -> None:
    told = [row for each in back for row in back_pay(*each)]
    line = next(line for line in wages(*two_teams("8000.00", "5000.00"), *told)[0] if line["month"] == count("2026-09"))
    assert (line["due"], line["open"]) == (yuan(due), yuan(left))


def test_back_pay_on_the_sheet_of_a_team_that_a_worker_moved_to_is_not_owed_on_top() -> None:
    september = [a_sheet("a", corp_uscc="A", team_no="t1"), a_line("w1", "a", payable="8000.00", **UNPAID)]
    line = the_line(*september, *back_pay("8000.00", "B", "t2"))
    assert (line["due"], line["open"], line["state"]) == (yuan("8000.00"), yuan("0.00"), "paid_late")


@pytest.mark.parametrize(
    ("month", "last"),
    [
        # 30 days after January is March: the month after has no such day. 28 February 2026 is a make-up workday.
        ("2026-01", date(2026, 2, 28)),
        ("2025-01", date(2025, 2, 28)),
        ("2026-02", date(2026, 3, 31)),
        # 31 January 2026 and 31 October 2026 are Saturdays.
        ("2025-12", date(2026, 1, 30)),
        ("2026-09", date(2026, 10, 30)),
        ("2026-10", date(2026, 11, 30)),
    ],
)
def test_wages_are_due_by_the_last_day_of_the_month_after(month: str, last: date) -> None:
    assert dict(due_days(TODAY, shipped()).iter_rows())[count(month)] == last


def test_a_flow_without_a_purpose_is_read_as_what_the_account_is_for() -> None:
    flows = [a_flow("2026-09-05", None, "1000.00", "in"), a_flow("2026-09-20", None, "900.00")]
    _, months = wages(a_sheet(), a_line(), an_account(), *flows)
    assert (months["2026-09"]["fee_in"], months["2026-09"]["wage_out"]) == (1000, 900)


def gaps(*flows: Any) -> list[tuple[Any, Any]]:
    """What came back and what is missing of September's wages, of October (when they were paid) and of November."""
    heard = a_flow("2026-11-20", "labour fee in", "1.00", "in")
    _, months = wages(a_sheet(), a_line(), an_account(), heard, *flows)
    return [(months[name]["wage_returned"], months[name]["sheets_gap"]) for name in ("2026-10", "2026-11")]


def test_what_came_back_is_missing_in_the_month_of_its_payment_and_not_in_the_month_it_came_in() -> None:
    paid = a_flow("2026-10-30", "wage out", "7500.00")
    assert gaps(paid, a_flow("2026-11-03", "refund", "7500.00", "in")) == [(7500, 7500), (0, 0)]
    assert gaps(paid, a_flow("2026-11-03", "refund", "500.00", "in")) == [(500, 500), (0, 0)]
    # What fits no payment is told where it came in.
    assert gaps(paid, a_flow("2026-11-03", "refund", "8000.00", "in")) == [(0, 0), (8000, 8000)]


def test_what_came_back_of_a_payment_that_was_no_wage_leaves_the_wages_paid() -> None:
    paid = [a_flow("2026-10-12", "wage out", "7500.00"), a_flow("2026-10-20", "other", "900.00")]
    assert gaps(*paid, a_flow("2026-10-21", "refund", "900.00", "in")) == [(0, 0), (0, 0)]


def test_a_batch_that_came_back_as_one_sum_is_missing_in_its_month() -> None:
    batch = [a_flow("2026-10-30", "wage out", amount) | {"key": amount} for amount in ("4500.00", "3000.00")]
    assert gaps(*batch, a_flow("2026-11-02", "refund", "7500.00", "in")) == [(7500, 7500), (0, 0)]


def test_what_is_owed_agrees_with_going_through_the_lines_one_by_one() -> None:
    dice = random.Random(5)  # noqa: S311 - no secret
    for _ in range(60):
        told = [_a_random_line(dice, number) for number in range(dice.randrange(1, 7))]
        rows = [row for _, made in told for row in made]
        (line,) = [line for line in wages(*rows)[0] if line["month"] == count("2026-09")]
        stated = [each for each, _ in told]
        assert line["due"] == _owed(stated)
        assert line["open"] == max(_owed(stated) - sum(each["paid"] for each in stated), 0)


def _a_random_line(dice: random.Random, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A line for September, on a sheet of its own: what it states, and the rows that tell it."""
    is_back, corp = dice.random() < 0.6, dice.choice(["A", "B", None])
    net, is_paid = dice.randrange(9000), dice.random() < 0.5
    paid = dice.choice([net, net // 2]) if is_paid else 0
    told: dict[str, Any] = {"payable": f"{net}.00", "deduct": "0.00", "actual": f"{paid}.00", "paid_at": "2026-11-12"}
    told |= {"is_back_pay": is_back, "back_month": "2026-09" if is_back else None}
    sheet = a_sheet(f"s{number}", "2026-10" if is_back else "2026-09", corp_uscc=corp)
    return {"is_back": is_back, "corp": corp, "net": net, "paid": paid}, [sheet, a_line("w1", f"s{number}", **told)]


def _owed(lines: list[dict[str, Any]]) -> int:
    """The sum of what each payer owes, or what the lines of no payer of the month make it, if that is more."""
    own, back = ([each for each in lines if each["is_back"] == is_back] for is_back in (False, True))
    payers = {each["corp"] for each in own}
    owed = {corp: sum(each["net"] for each in own if each["corp"] == corp) for corp in payers}
    paid = {corp: sum(each["paid"] for each in own if each["corp"] == corp) for corp in payers}
    everybody, for_all = sum(paid.values()), 0
    for each in back:
        if each["corp"] in payers:
            owed[each["corp"]] = max(owed[each["corp"]], paid[each["corp"]] + each["net"])
            paid[each["corp"]] += each["paid"]
        else:
            for_all = max(for_all, everybody + each["net"])
        everybody += each["paid"]
    return int(max(sum(owed.values()), for_all))


@pytest.mark.parametrize(
    ("given", "perhaps", "left"),
    [
        # The sheet tells what he was paid, and of deductions nothing.
        ({"deduct": None}, "500.00", "500.00"),
        ({"deduct": None, "actual": "7999.99"}, "0.01", "0.01"),
        ({"deduct": None, "actual": "8000.00"}, "0.00", "0.00"),
        ({"deduct": None, "actual": "8000.01"}, "0.00", "0.00"),
        # It tells them: what is missing is missing.
        ({"deduct": "0.00"}, "0.00", "500.00"),
        ({"deduct": "500.00", "actual": "7000.00"}, "0.00", "500.00"),
        # Nothing was paid: nobody takes all of it for deductions.
        ({"deduct": None, "actual": "0.00"}, "0.00", "8000.00"),
        ({"deduct": None, "actual": None}, "0.00", "8000.00"),
    ],
)
def test_what_may_have_been_deducted_is_told_beside_what_is_open(
    given: dict[str, Any], perhaps: str, left: str
) -> None:
    line = the_line(a_sheet(), a_line(**given))
    assert (line["perhaps_deducted"], line["open"]) == (yuan(perhaps), yuan(left))


def test_what_was_paid_back_later_was_not_deducted() -> None:
    for_september: dict[str, Any] = {"is_back_pay": True, "back_month": "2026-09", "paid_at": "2026-11-12"}
    sheets = [a_sheet(), a_sheet("late", "2026-10")]
    short = a_line(deduct=None, actual="4000.00")
    rest = a_line(number="late", payable="4000.00", deduct=None, actual="3800.00", **for_september)
    line = the_line(*sheets, short, rest)
    assert (line["open"], line["perhaps_deducted"]) == (yuan("200.00"), yuan("200.00"))
    _, months = wages(*sheets, short, rest)
    assert months["2026-09"]["perhaps_deducted"] == yuan("200.00")


WHOLE: dict[str, Any] = {"is_back_pay": True, "back_month": "2026-09", "paid_at": "2026-11-12"}


@pytest.mark.parametrize(
    ("back", "due", "left", "state"),
    [
        # The month's own sum once more, and what was left of it: the month is paid.
        ({"actual": "3500.00"}, "7500.00", "0.00", "paid_late"),
        ({"actual": "3499.99"}, "7500.00", "0.01", "paid_short"),
        ({"actual": "3500.00", "paid_at": None}, "7500.00", "3500.00", "paid_short"),
        # It pays more than was left, or states another sum than the month's: that is owed anew.
        ({"actual": "3500.01"}, "11500.00", "3999.99", "paid_short"),
        ({"payable": "8000.01", "actual": "3500.00"}, "11500.01", "4000.01", "paid_short"),
        ({"payable": "7999.99", "actual": "3500.00"}, "11499.99", "3999.99", "paid_short"),
        ({"payable": "4000.00", "actual": "3500.00"}, "7500.00", "0.00", "paid_late"),
    ],
)
def test_back_pay_that_repeats_the_whole_month_is_not_owed_on_top(
    back: dict[str, Any], due: str, left: str, state: str
) -> None:
    line = the_line(
        a_sheet(), a_line(actual="4000.00"), a_sheet("late", "2026-10"), a_line(number="late", **WHOLE | back)
    )
    assert (line["due"], line["open"], line["state"]) == (yuan(due), yuan(left), state)
    assert line["payable"] == line["due"] + line["deducted"]


def test_a_month_that_is_repeated_twice_and_paid_in_three_parts_is_paid() -> None:
    sheets = [a_sheet(), a_sheet("b1", "2026-10"), a_sheet("b2", "2026-11")]
    parts = [a_line(actual="4000.00"), a_line(number="b1", **WHOLE | {"actual": "2000.00", "paid_at": "2026-11-02"})]
    line = the_line(*sheets, *parts, a_line(number="b2", **WHOLE | {"actual": "1500.00"}))
    assert (line["due"], line["deducted"], line["open"]) == (yuan("7500.00"), yuan("500.00"), yuan("0.00"))


def test_a_contractor_that_repeats_the_sum_of_two_teams_clears_both() -> None:
    sheets = [a_sheet("a", corp_uscc="A"), a_sheet("b", corp_uscc="B"), a_sheet("gc", "2026-10", corp_uscc="G")]
    own = [a_line(number=team, payable="5000.00", deduct="0.00", actual="1000.00") for team in ("a", "b")]
    clears = a_line(number="gc", **WHOLE | {"payable": "10000.00", "deduct": "0.00", "actual": "8000.00"})
    line = the_line(*sheets, *own, clears)
    assert (line["due"], line["open"], line["state"]) == (yuan("10000.00"), yuan("0.00"), "paid_late")
