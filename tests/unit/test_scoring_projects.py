"""Projects at the edges of 5.3: shares just above a threshold, agreed days, feeds younger than the account."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.scoring_facts import PROJECT, a_version, assessed, features, signal

Rows = list[dict[str, Any]]
OCTOBER = "2026-10-10"


def a_project(dataset: str = "hc_project", **items: object) -> dict[str, Any]:
    known = {"name": "某某工程", "state": "在建"} | items
    return a_version(dataset, PROJECT, _kind="project", _subject=PROJECT, **known)


def an_account(opened_at: str) -> dict[str, Any]:
    origin: dict[str, Any] = {"_kind": "project", "_subject": PROJECT, "_agency": "bank"}
    return a_version("bk_special_account", "acc", account_no="acc", opened_at=opened_at, **origin)


def a_flow(
    day: str, direction: str = "in", purpose: str | None = "labour fee in", amount: str | None = None, **origin: Any
) -> dict[str, Any]:
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    items: dict[str, Any] = {
        "account_no": "acc",
        "txn_at": f"{day}T10:00:00+08:00",
        "direction": direction,
        "purpose": purpose,
    }
    items |= {"amount": amount} if amount else {}
    where: dict[str, Any] = {"_kind": "account", "_subject": "acc", "_agency": "bank", "_time": noon} | origin
    return a_version("bk_account_flow", f"t{day}{purpose}{where['_subject']}", **where, **items)


def a_month_of_work(workers: int, left_out: int) -> Rows:
    """Everybody attends in October; the last `left_out` have no line on October's payroll."""
    names = [f"w{number:04}" for number in range(workers)]
    site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
    paid = names[: workers - left_out]
    header = {"payroll_no": "pr", "pay_month": "2026-10", "worker_cnt": len(paid), "signed_cnt": len(paid)}
    return [
        a_project(),
        *(a_version("hc_attendance", name, id_no=name, punch_at=f"{OCTOBER}T08:00:00+08:00", **site) for name in names),
        a_version("hc_payroll", "pr", **header, **site),
        *(
            a_version("hc_payroll_detail", name, payroll_no="pr", id_no=name, _kind="payroll", _subject="pr")
            for name in paid
        ),
    ]


@pytest.mark.parametrize(
    ("workers", "left_out", "expected"),
    [(229, 23, "red"), (230, 23, "yellow"), (2500, 1, "yellow"), (2500, 0, None)],
)
def test_a_share_of_left_out_workers_is_compared_before_it_is_rounded(
    workers: int, left_out: int, expected: str | None
) -> None:
    found = signal(assessed(*a_month_of_work(workers, left_out), kind="project"), "P07")
    assert (found and found.floor) == expected


def test_managers_are_not_left_out_of_a_payroll() -> None:
    site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
    managers = [a_version("hc_worker", f"w{n:04}", id_no=f"w{n:04}", work_role="manager", **site) for n in (8, 9)]
    month = a_month_of_work(10, 2)
    assert signal(assessed(*month, kind="project"), "P07") is not None
    assert signal(assessed(*month, *managers, kind="project"), "P07") is None


def test_a_payroll_says_who_was_left_out_of_its_own_month_alone_and_when_that_is_over() -> None:
    def shown(pay_month: str, came: str, **line: Any) -> Any:
        site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
        sheet = a_version("hc_payroll", "pr", payroll_no="pr", pay_month=pay_month, worker_cnt=1, **site)
        paid = a_version("hc_payroll_detail", "l", payroll_no="pr", id_no="w1", _kind="payroll", _subject="pr", **line)
        gate = [a_version("hc_attendance", w, id_no=w, punch_at=f"{came}T08:00:00+08:00", **site) for w in ("w1", "w2")]
        found = signal(assessed(a_project(), sheet, paid, *gate, kind="project"), "P07")
        return found and found.floor

    assert shown("2026-10", OCTOBER) == "red"
    # The sheet of one who left early in a month that is not over; one that only pays for September.
    assert shown("2026-11", "2026-11-10") is None
    assert shown("2026-10", OCTOBER, is_back_pay="true", back_month="2026-09") is None


def test_sheets_that_do_not_tell_who_signed_are_left_out_of_the_share() -> None:
    def sheet(number: str, **counts: int) -> dict[str, Any]:
        month = {"payroll_no": number, "pay_month": "2026-10"}
        return a_version("hc_payroll", number, _kind="project", _subject=PROJECT, **month, **counts)

    signed = sheet("a", worker_cnt=10, signed_cnt=10)
    assert signal(assessed(a_project(), signed, sheet("b", worker_cnt=10), kind="project"), "P15") is None
    half = sheet("c", worker_cnt=10, signed_cnt=5)
    found = signal(assessed(a_project(), half, sheet("d", signed_cnt=10), kind="project"), "P15")
    assert found is not None
    assert found.floor == "orange"


def test_what_came_in_before_the_banks_feed_began_is_not_known_rather_than_missed() -> None:
    first_word = a_flow("2026-11-20", "out", "wage out")
    found = features(a_project(), an_account("2025-01-15"), first_word, kind="project")
    assert found.values["fee_cycles_missed"].to_list() == [0]


def test_a_cycle_is_missed_when_the_banks_feed_was_there_all_the_while() -> None:
    told = (a_flow("2026-08-20", "out", "wage out"), a_flow("2026-11-20", "out", "wage out"))
    found = signal(assessed(a_project(), an_account("2025-01-15"), *told, kind="project"), "P04")
    assert (found and found.floor) == "red"


@pytest.mark.parametrize(
    ("fee_day", "last_fee", "cycles"),
    [
        (None, "2026-10-28", 0),
        (17, "2026-10-28", 1),  # October's came late; November's was due on the 17th, and five days have passed
        (18, "2026-10-28", 0),  # five days after the 18th is today
        (17, "2026-11-10", 0),  # a week early is still November's
        (1, "2026-10-30", 0),
        (1, "2026-10-12", 1),
        (31, "2026-10-20", 1),  # the month is the earlier of the two here
        (31, "2026-09-20", 2),
        (17, "2026-08-20", 3),
        (99, "2026-10-28", 0),
    ],
)
@pytest.mark.parametrize("dataset", ["tr_project", "wr_project"])
def test_a_labour_fee_is_missed_after_a_month_or_five_days_after_the_agreed_day_whichever_is_earlier(
    dataset: str, fee_day: int | None, last_fee: str, cycles: int
) -> None:
    site = a_project(dataset, labour_fee_day=fee_day)
    alive = a_flow("2026-11-22", "out", "wage out")
    found = features(site, an_account("2025-01-15"), a_flow(last_fee), alive, kind="project")
    assert found.values["fee_cycles_missed"].to_list() == [cycles]


def test_the_agreed_day_of_a_short_month_is_its_last() -> None:
    at = datetime(2026, 3, 7, 4, tzinfo=UTC)
    flows = [a_flow("2026-02-10", _reported=at), a_flow("2026-03-06", "out", "wage out", _reported=at)]
    known = [a_project("tr_project", labour_fee_day=30, _reported=at), an_account("2025-01-15") | {"reported_at": at}]
    # The fee of 10 February is nearer to 30 January than to 28 February, which is five days and more ago.
    assert features(*known, *flows, at=at, kind="project").values["fee_cycles_missed"].to_list() == [1]
    eve = datetime(2026, 3, 5, 4, tzinfo=UTC)
    then = [row | {"reported_at": eve} for row in (*known, *flows)]
    assert features(*then, at=eve, kind="project").values["fee_cycles_missed"].to_list() == [0]


def test_of_an_account_without_a_date_and_without_a_fee_nothing_is_known() -> None:
    told = (a_flow("2026-08-20", "out", "wage out"), a_flow("2026-11-20", "out", "wage out"))
    undated = an_account("2025-01-15") | {"body": '{"account_no":"acc"}'}
    assert features(a_project(), undated, *told, kind="project").values["fee_cycles_missed"].to_list() == [None]


def test_wages_that_never_left_the_account_are_told_with_the_workers_and_the_sum_but_without_a_name() -> None:
    site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
    came = [
        a_version("hc_attendance", f"{name}{day}", id_no=name, punch_at=f"2026-09-{day}T08:00:00+08:00", **site)
        for name in ("w1", "w2")
        for day in ("10", "11")
    ]
    sheet = a_version("hc_payroll", "pr", payroll_no="pr", pay_month="2026-09", worker_cnt=2, signed_cnt=2, **site)
    lines = [
        a_version("hc_payroll_detail", name, payroll_no="pr", id_no=name, payable="8000.50", **PAYROLL)
        for name in ("w1", "w2")
    ]
    bank = (a_flow("2026-08-20"), a_flow("2026-11-20"))
    known = [a_project(), an_account("2025-01-15"), *came, *bank]
    found = features(*known, sheet, *lines, kind="project").values.row(0, named=True)
    figures = [found[f"unpaid_attendance_{name}"] for name in ("months", "workers", "payable")]
    assert figures == [1, 2, Decimal("16001.00")]
    # What no payroll states is not known; it is not zero.
    assert features(*known, kind="project").values["unpaid_attendance_payable"].to_list() == [None]


PAYROLL: dict[str, Any] = {"_kind": "payroll", "_subject": "pr"}


def unpaid_months(*rows: dict[str, Any], worker: str = "w1") -> Any:
    """P06 of a site where one worker came in September, and whose bank is heard from August to November."""
    site: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}
    came = a_version("hc_attendance", "p", id_no=worker, punch_at="2026-09-10T08:00:00+08:00", **site)
    known = (a_project(), an_account("2025-01-15"), came, a_flow("2026-08-20"), a_flow("2026-11-20"))
    return features(*known, *rows, kind="project").values["unpaid_attendance_months"].item()


def test_wages_that_all_came_back_to_the_account_paid_no_month() -> None:
    out = a_flow("2026-10-12", "out", "wage out", amount="5000.00")
    assert unpaid_months(out) == 0
    assert unpaid_months(out, a_flow("2026-10-13", "in", "refund", amount="5000.00")) == 1
    assert unpaid_months(out, a_flow("2026-10-13", "in", "refund", amount="4999.00")) == 0
    again = a_flow("2026-10-20", "out", "wage out", amount="5000.00")
    assert unpaid_months(out, a_flow("2026-10-13", "in", "refund", amount="5000.00"), again) == 0


def back(day: str, amount: str) -> dict[str, Any]:
    return a_flow(day, "in", "refund", amount=amount)


def test_what_comes_back_is_taken_from_the_payment_it_takes_back_and_not_from_the_month_it_comes_in() -> None:
    """September's wages were paid each time; what came back was another payment, or is no payment that is known."""
    wages = [a_flow(f"2026-{month}-25", "out", "wage out", amount="100000.00") for month in ("07", "08", "09")]
    assert unpaid_months(*wages, back("2026-09-03", "100000.00")) == 0
    other = a_flow("2026-09-21", "out", "other", amount="60000.00")
    wage = a_flow("2026-09-20", "out", "wage out", amount="50000.00")
    assert unpaid_months(wage, other, back("2026-09-23", "60000.00")) == 0
    assert unpaid_months(*wages[1:], back("2026-10-05", "150000.00")) == 0
    assert unpaid_months(wages[-1], back("2026-10-05", "100000.00")) == 1


def test_what_the_bank_knows_to_go_to_no_worker_is_no_wage_if_no_purpose_says_so() -> None:
    def paid(purpose: str | None, is_worker: bool | None) -> Any:
        told = {} if is_worker is None else {"payee_is_worker": is_worker}
        return unpaid_months(a_flow("2026-10-12", "out", purpose, amount="5000.00", **told))

    assert paid(None, False) == 1
    assert [paid(None, None), paid(None, True), paid("wage out", False)] == [0, 0, 0]
    untold = a_flow("2026-10-12", "out", None, payee_is_worker=False)
    assert unpaid_months(untold) == 1


def test_what_left_the_account_without_a_purpose_or_a_sum_may_have_been_wages() -> None:
    assert unpaid_months() == 1
    assert unpaid_months(a_flow("2026-10-12", "out", None, amount="5000.00")) == 0
    assert unpaid_months(a_flow("2026-10-12", "out", "wage out")) == 0
    assert unpaid_months(a_flow("2026-10-12", "out", "other", amount="5000.00")) == 1


def test_a_month_in_which_only_a_manager_came_asks_for_no_wages_from_the_account() -> None:
    manager = a_version("hc_worker", "m", id_no="m", work_role="manager", _kind="project", _subject=PROJECT)
    assert unpaid_months(worker="m") == 1
    assert unpaid_months(manager, worker="m") is None
