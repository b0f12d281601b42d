"""E34 and P10: what workers are owed, near the criminal line or after they left; only what the account bears out."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.arrears import _employers, _settled
from services.scoring.frames import gather
from services.scoring.judgement import judge
from services.scoring.projects import bank_horizon
from services.scoring.rulebook import shipped
from tests.scoring_facts import AT, PROJECT, Rows, assessed, features, feeds_of, signal, versions_of
from tests.scoring_wages import a_flow, a_line, a_sheet, a_worker, an_account, count, facts_of

NEVER: dict[str, Any] = {"actual": None, "paid_at": None, "deduct": None}
BACK: dict[str, Any] = {"is_back_pay": True, "back_month": "2026-08"}
# The bank is heard from March on.
HEARD = (a_flow("2026-03-01", "labour fee in", "1.00", "in"), a_flow("2026-11-20", "labour fee in", "1.00", "in"))


def unpaid(workers: int, payable: str, months: tuple[str, ...] = ("2026-08",), corp: str = "c") -> Rows:
    """Sheets of some months on which nobody was paid."""
    sheets = [a_sheet(f"{corp}{month}", month, corp_uscc=corp) for month in months]
    names = [f"{corp}{number}" for number in range(workers)]
    return sheets + [a_line(who, f"{corp}{month}", payable=payable, **NEVER) for month in months for who in names]


def figure(rows: Rows, code: str) -> Any:
    return features(*rows, kind="project").values[code].item()


def floor(*rows: dict[str, Any]) -> str | None:
    found = signal(assessed(an_account(), *HEARD, *rows, kind="project"), "E34")
    return found.floor if found else None


def employers(rows: Rows) -> set[str]:
    """Who is said to owe the workers their wages of August."""
    facts = facts_of([an_account(), *HEARD, *rows])
    banks = bank_horizon(facts, 35, facts.today)
    owed = _settled(facts, shipped(), banks).filter(pl.col("open") > 0, pl.col("month") == count("2026-08"))
    return set(_employers(facts, owed).get_column("employer"))


QUARTER = ("2026-07", "2026-08", "2026-09")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Ten workers of one employer, 80% of 60,000.
        (unpaid(10, "4800.00"), "red"),
        (unpaid(10, "4799.99"), None),
        (unpaid(9, "6000.00"), None),
        ([*unpaid(5, "9000.00", corp="a"), *unpaid(5, "9000.00", corp="b")], None),
        # One worker, three months, 80% of 10,000.
        (unpaid(1, "2666.67", QUARTER), "red"),
        (unpaid(1, "2666.66", QUARTER), None),
        (unpaid(1, "9000.00", QUARTER[:2]), None),
        # September's last pay day is 30 October, October's has not come.
        (unpaid(10, "9000.00", ("2026-10",)), None),
    ],
)
def test_it_stands_where_months_workers_and_amounts_come_near_the_law(rows: Rows, expected: str | None) -> None:
    assert floor(*rows) == expected


def test_who_has_moved_is_owed_by_whoever_employed_him_in_the_month() -> None:
    """Ten are owed by B for August; one of them stood on a sheet of A before, and was paid by it."""
    moved = [a_sheet("may", "2026-05", corp_uscc="A"), a_line("B0", "may", paid_at="2026-06-10")]
    left = a_flow("2026-06-10", "wage out", "7500.00")
    assert floor(*unpaid(10, "6000.00", corp="B"), *moved, left) == "red"
    # Nine of B, and one whom A owes for July and B for August.
    other = [a_sheet("jul", "2026-07", corp_uscc="A"), a_line("B0", "jul", payable="6000.00", **NEVER)]
    assert floor(*unpaid(9, "6000.00", corp="B"), *other) is None


def test_who_has_paid_his_debt_as_back_pay_is_not_the_one_who_owes_it() -> None:
    """A pays all that it owes by a line for the month; B never pays."""
    workers = [f"B{number}" for number in range(10)]

    def by_back_pay(named: list[str], payable: str) -> Rows:
        later: Rows = [a_sheet("A8", "2026-08", corp_uscc="A"), a_sheet("A9", "2026-09", corp_uscc="A")]
        paid: dict[str, Any] = {"payable": payable, "actual": payable, "deduct": None, "paid_at": "2026-10-10"}
        for who in named:
            later += [a_line(who, "A8", payable=payable, **NEVER)]
            later += [a_line(who, "A9", is_back_pay=True, back_month="2026-08", **paid)]
        return later

    assert employers([*unpaid(10, "5900.00", corp="B"), *by_back_pay(workers, "6000.00")]) == {"B"}
    five = [*by_back_pay(workers[:5], "7000.00"), a_flow("2026-10-10", "wage out", "35000.00")]
    assert floor(*unpaid(10, "6000.00", corp="B"), *five) == "red"


def test_who_owes_is_told_by_what_is_left_after_deductions_and_by_who_has_a_sheet_of_the_month() -> None:
    net: dict[str, Any] = {"payable": "9000.00", "actual": "7000.00", "deduct": None}
    # A's sheet leaves 2,000 for insurance, B's 1,000 of wages.
    assert employers(
        [*unpaid(1, "1000.00", corp="B"), a_sheet("A8", "2026-08", corp_uscc="A"), a_line("B0", "A8", **net)]
    ) == {"B"}
    restated = [a_sheet("A9", "2026-09", corp_uscc="A"), a_line("B0", "A9", payable="900.00", **BACK, **NEVER)]
    assert employers([*unpaid(1, "900.00", corp="B"), *restated]) == {"B"}
    # What a line for the month adds to wages that were paid is owed by whom it stands with.
    settled = [a_sheet("A8", "2026-08", corp_uscc="A"), a_line("w", "A8")]
    more = [a_sheet("B9", "2026-09", corp_uscc="B"), a_line("w", "B9", payable="900.00", **BACK, **NEVER)]
    still = [a_sheet("A9", "2026-08", corp_uscc="A"), a_line("w", "A9", payable="100.00", **NEVER)]
    assert employers([*settled, *more, *still]) == {"B"}


def test_wages_that_left_the_account_are_paid_whatever_the_sheets_do_not_say() -> None:
    owed = unpaid(10, "6000.00")
    assert floor(*owed) == "red"
    assert floor(*owed, a_flow("2026-09-20", "wage out", "60000.00")) is None
    # What left it before the first of these months was for another.
    assert floor(*owed, a_flow("2026-07-20", "wage out", "60000.00")) == "red"
    assert (
        figure([an_account(), *HEARD, *owed, a_flow("2026-09-20", "wage out", "10000.00")], "near_line_amount") == 50000
    )


def test_wages_of_other_months_pay_nothing_of_the_old_ones() -> None:
    owed = unpaid(20, "8000.00")
    october = [a_sheet("o", "2026-10"), *(a_line(f"c{number}", "o", paid_at="2026-11-10") for number in range(20))]
    may = [a_sheet("m", "2026-05"), *(a_line(f"c{number}", "m", paid_at="2026-08-10") for number in range(20))]
    assert floor(*owed, *october, a_flow("2026-11-10", "wage out", "150000.00")) == "red"
    assert floor(*owed, *may, a_flow("2026-08-10", "wage out", "150000.00")) == "red"
    # What more left the account than the dated sheets explain may have been for these.
    assert floor(*owed, *october, a_flow("2026-11-10", "wage out", "310000.00")) is None


def test_wages_that_came_back_were_not_paid() -> None:
    owed, out = unpaid(10, "6000.00"), a_flow("2026-09-20", "wage out", "60000.00")
    assert floor(*owed, out, a_flow("2026-09-21", "refund", "60000.00", "in")) == "red"
    assert floor(*owed, out, a_flow("2026-09-21", "refund", "60000.00", "out")) is None


def test_a_refund_of_another_payment_leaves_wages_paid() -> None:
    owed, out = unpaid(10, "6000.00"), a_flow("2026-09-20", "wage out", "60000.00")
    other, refund = a_flow("2026-09-21", "other", "70000.00"), a_flow("2026-09-23", "refund", "70000.00", "in")
    assert floor(*owed, out, other, refund) is None
    assert floor(*owed, out, refund) is None
    # July's wages come back in September: what was paid then are August's.
    july, its_refund = a_flow("2026-07-20", "wage out", "50000.00"), a_flow("2026-09-01", "refund", "50000.00", "in")
    assert floor(*owed, july, its_refund, out) is None


def test_what_left_the_account_without_a_purpose_may_have_been_these_wages() -> None:
    owed = unpaid(10, "6000.00")
    assert floor(*owed, a_flow("2026-09-20", None, "60000.00")) is None


def test_what_a_sheet_says_was_paid_in_full_or_in_part_is_not_owed() -> None:
    assert floor(a_sheet(), *(a_line(f"w{number}") for number in range(12))) is None
    half = [a_line(f"w{number}", actual="4000.00", deduct="0.00") for number in range(20)]
    assert figure([an_account(), *HEARD, a_sheet(), *half], "near_line_amount") == 80000


def test_deductions_that_a_sheet_does_not_tell_are_never_arrears() -> None:
    """Neither of lines that were paid, nor of lines without a day whose net sums left the account."""
    net: dict[str, Any] = {"payable": "8000.00", "actual": "7000.00", "deduct": None}
    paid = [a_line(f"w{number}", **net) for number in range(90)]
    undated = [a_line(f"w{number}", **net, paid_at=None) for number in range(90)]
    left = a_flow("2026-10-12", "wage out", "630000.00")
    for lines in (paid, undated):
        rows = [an_account(), *HEARD, a_sheet(), *lines, left, gone("w1", "2026-10-01")]
        assert [figure(rows, code) for code in ("near_line_amount", "workers_near_line", "left_unpaid_workers")] == [
            0,
            0,
            0,
        ]
    assert figure([an_account(), *HEARD, a_sheet(), *undated], "near_line_amount") == 630000


def test_a_bank_that_was_not_heard_makes_it_unknown() -> None:
    owed = unpaid(10, "6000.00")
    assert figure([an_account(), *owed], "near_line_percent") is None
    late = (a_flow("2026-10-01", "labour fee in", "1.00", "in"),)
    assert figure([an_account(), *late, *owed], "near_line_percent") is None
    assert figure([an_account(), *HEARD, a_sheet(), a_line()], "near_line_percent") == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(QUARTER), st.integers(0, 9000)), min_size=1, max_size=12),
    st.integers(0, 60000),
    st.randoms(),
)
@settings(max_examples=25, deadline=None)
def test_more_pay_never_brings_anyone_nearer_and_order_never_matters(
    told: list[tuple[int, str, int]], paid: int, dice: Any
) -> None:
    lines = {(who, month): yuan for who, month, yuan in told}
    rows = [a_sheet(month, month) for month in QUARTER]
    rows += [a_line(f"w{who}", month, payable=f"{yuan}.00", **NEVER) for (who, month), yuan in lines.items()]
    before, after = [an_account(), *HEARD, *rows], [an_account(), *HEARD, *rows]
    after.append(a_flow("2026-10-20", "wage out", f"{paid}.00"))
    shuffled = list(after)
    dice.shuffle(shuffled)
    for code in ("workers_near_line", "near_line_percent"):
        assert figure(after, code) <= figure(before, code)
        assert figure(shuffled, code) == figure(after, code)


def gone(worker: str, day: str) -> dict[str, Any]:
    return a_worker(worker, exit_at=f"{day}T18:00:00+08:00")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([*unpaid(1, "100.00"), gone("c0", "2026-09-01")], "red"),
        ([*unpaid(1, "99.99"), gone("c0", "2026-09-01")], None),
        ([*unpaid(1, "5000.00"), a_worker("c0")], None),
        # He leaves today.
        ([*unpaid(1, "5000.00"), gone("c0", "2026-11-23")], None),
        ([*unpaid(1, "5000.00"), gone("another", "2026-09-01")], None),
        ([*unpaid(1, "5000.00"), gone("c0", "2026-09-01"), a_flow("2026-09-02", "wage out", "5000.00")], None),
        ([a_sheet(), a_line(), gone("w1", "2026-09-01")], None),
        # The last lawful pay day of October has not come.
        ([*unpaid(1, "5000.00", ("2026-10",)), gone("c0", "2026-10-31")], None),
    ],
)
def test_wages_unpaid_after_a_worker_left_stand_where_sheet_register_and_account_agree(
    rows: Rows, expected: str | None
) -> None:
    found = signal(assessed(an_account(), *HEARD, *rows, kind="project"), "P10")
    assert (found.floor if found else None) == expected


def test_no_sentence_of_it_tells_what_one_worker_is_owed() -> None:
    found = features(an_account(), *HEARD, *unpaid(1, "9000.00", QUARTER), kind="project", at=AT).values
    told = found.select("workers_near_line", "near_line_workers", "near_line_amount", "near_line_percent").row(0)
    assert told == (1, 0, 0, 0)


def test_what_lies_below_the_criminal_amount_is_never_said_to_be_all_of_it() -> None:
    """CNY 59,750 of 60,000 is not a hundred percent of it."""
    rows = [an_account(), *HEARD, *unpaid(10, "5975.00")]
    given = gather([PROJECT], versions_of(rows), feeds_of(rows), shipped().of_subject("project"), AT)
    (verdict,) = judge(given, shipped(), "project", {})
    (reason,) = [each for each in verdict.reasons if each.indicator == "E34"]
    assert reason.text_en.startswith(
        "One employer owes 10 workers CNY 59,750.00, 99.58% of the criminal amount for many;"
    )
    assert "拖欠10名工人工资共 59,750.00 元,为多人入罪数额的99.58%" in reason.text_zh
