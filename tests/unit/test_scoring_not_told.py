"""What is not told is not nothing: a month without a figure, a second bank that is silent, sums that floats miss."""

from datetime import datetime
from typing import Any

import pytest

from tests.scoring_facts import PROJECT, Rows, a_version, assessed, signal
from tests.unit.test_scoring_indicators import month, monthly

SITE: dict[str, Any] = {"_kind": "project", "_subject": PROJECT}


def use(*accounts: list[str | None]) -> Rows:
    """Power use, month by month, of each account; the first for last month."""
    return [
        a_version("pw_usage", f"{account}|{back}", account_no=f"{account}", period=month(back + 1), kwh=kwh)
        for account, months in enumerate(accounts)
        for back, kwh in enumerate(months)
    ]


@pytest.mark.parametrize(
    ("newest", "points"), [(["40", "50"], 15), ([None, "50"], None), (["50", None], None), (["0", "50"], 25)]
)
def test_a_month_whose_headcount_was_not_told_is_no_fall_to_zero(newest: list[object], points: int | None) -> None:
    found = signal(assessed(*monthly("hrss_insured_headcount", "pension_payers", [*newest, "50", "50"])), "E02")
    assert (found and found.points) == points


@pytest.mark.parametrize(
    ("accounts", "points"),
    [
        ([["100", *["1000"] * 14]], 18),
        ([[None, *["1000"] * 14]], None),
        # Of two months one is not known: nothing is said of two months running.
        ([["400", None, *["1000"] * 14]], None),
        ([["400", "400", *["1000"] * 14]], 12),
        # What one account used is not known, so neither is what the firm used.
        ([["1000"] * 15, [None, *["9000"] * 14]], None),
    ],
)
def test_use_that_was_not_told_is_no_drop_of_use(accounts: list[list[str | None]], points: int | None) -> None:
    found = signal(assessed(*use(*accounts)), "E10")
    assert (found and found.points) == points


def an_account(number: str, bank: str, **told: object) -> dict[str, Any]:
    given = {"account_no": number, "opened_at": "2025-01-15"} | told
    return a_version("bk_special_account", number, _agency=bank, **SITE, **given)


def a_flow(day: str, number: str, bank: str, direction: str, purpose: str) -> dict[str, Any]:
    at = f"{day}T10:00:00+08:00"
    items = {"account_no": number, "txn_at": at, "direction": direction, "purpose": purpose, "amount": "5000.00"}
    origin = {"_kind": "account", "_subject": number, "_agency": bank, "_reported": datetime.fromisoformat(at)}
    return a_version("bk_account_flow", f"{number}{day}", **origin, **items)


# Somebody was at work in September.
AT_WORK: Rows = [
    a_version("hc_project", PROJECT, name="某某工程", state="在建", **SITE),
    a_version("hc_attendance", "p", id_no="w1", punch_at="2026-09-10T08:00:00+08:00", **SITE),
]


def two_banks(**first: object) -> Rows:
    """Wages come from the first account, whose bank is silent from August on; the second bank reports."""
    return [
        *AT_WORK,
        an_account("first", "bank", **first),
        an_account("second", "other-bank"),
        a_flow("2026-07-20", "first", "bank", "out", "wage out"),
        a_flow("2026-06-20", "second", "other-bank", "in", "labour fee in"),
        a_flow("2026-11-20", "second", "other-bank", "in", "labour fee in"),
    ]


def test_no_month_is_called_unpaid_while_the_bank_of_one_open_account_is_not_heard() -> None:
    assert signal(assessed(*two_banks(), kind="project"), "P06") is None
    heard = [*two_banks(), a_flow("2026-11-19", "first", "bank", "in", "labour fee in")]
    unpaid = signal(assessed(*heard, kind="project"), "P06")
    assert unpaid
    assert unpaid.floor == "red"


def test_a_bank_whose_account_is_closed_need_not_be_heard() -> None:
    closed = signal(assessed(*two_banks(closed_at="2026-08-01"), kind="project"), "P06")
    assert closed
    assert closed.floor == "red"


@pytest.mark.parametrize(
    ("opened", "closed", "floor"),
    [
        # The second account was there before its bank's feed began: it may have paid September's wages.
        ("2025-01-15", None, None),
        (None, None, None),
        ("2026-09-30", None, None),
        # It was opened when that feed was there, and paid nobody.
        ("2026-10-01", None, "red"),
        # It was closed before September.
        ("2025-01-15", "2026-08-31", "red"),
        ("2025-01-15", "2026-10-01", None),
    ],
)
def test_no_month_is_called_unpaid_in_which_an_account_may_have_paid_that_was_not_heard_yet(
    opened: str | None, closed: str | None, floor: str | None
) -> None:
    """The first bank's feed goes back to July, the second one's to October."""
    rows = [
        *AT_WORK,
        an_account("first", "bank"),
        an_account("second", "other-bank", opened_at=opened, closed_at=closed),
        a_flow("2026-07-20", "first", "bank", "out", "wage out"),
        a_flow("2026-11-20", "first", "bank", "in", "labour fee in"),
        a_flow("2026-10-01", "second", "other-bank", "in", "labour fee in"),
        a_flow("2026-11-20", "second", "other-bank", "in", "labour fee in"),
    ]
    found = signal(assessed(*rows, kind="project"), "P06")
    assert (found and found.floor) == floor


@pytest.mark.parametrize(("last", "floor"), [("104.40", None), ("104.41", "red")])
def test_a_site_that_pays_exactly_the_least_wage_by_the_hour_does_not_pay_less(last: str, floor: str | None) -> None:
    """17.4 hours for CNY 249 is the least (2,490 a month of 174 hours); summed as floats it came out just below."""
    lines = [
        a_version("hc_payroll_detail", who, payroll_no="pr", id_no=who, payable=pay, hours=hours, _kind="payroll")
        | {"subject": "pr"}
        for who, hours, pay in (("a", "52.20", "747.00"), ("b", last, "1494.00"))
    ]
    sheet = a_version("hc_payroll", "pr", payroll_no="pr", pay_month="2026-10", worker_cnt=2, signed_cnt=2, **SITE)
    found = signal(assessed(sheet, *lines, kind="project"), "P08")
    assert (found and found.floor) == floor


@pytest.mark.parametrize(
    ("opened", "closed", "floor"),
    [
        ("2025-01-15", None, None),
        (None, None, None),
        # September's wages were to be paid before there was such an account.
        ("2026-11-15", None, "red"),
        ("2025-01-15", "2026-08-31", "red"),
        ("2025-01-15", "2026-10-01", None),
    ],
)
def test_no_month_is_called_unpaid_while_the_bank_of_an_account_has_never_told_of_any(
    opened: str | None, closed: str | None, floor: str | None
) -> None:
    rows = [
        *AT_WORK,
        an_account("first", "bank"),
        an_account("second", "a-bank-that-sends-no-flows", opened_at=opened, closed_at=closed),
        a_flow("2026-07-20", "first", "bank", "out", "wage out"),
        a_flow("2026-11-19", "first", "bank", "in", "labour fee in"),
    ]
    found = signal(assessed(*rows, kind="project"), "P06")
    assert (found and found.floor) == floor
