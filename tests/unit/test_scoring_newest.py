"""The newest row, the days left until a day: in any order, as known at a time, looked at again when time changes it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import features
from services.scoring.frames import gather
from services.scoring.rulebook import Feature, shipped
from tests.scoring_facts import AT, PROJECT, a_receipt, a_version, feeds_of, versions_of

SLOW = settings(max_examples=40, deadline=None)
BOOK = shipped()
NAMED: dict[str, Feature] = {each.code: each for each in BOOK.measured}
BALANCE = msgspec.structs.replace(NAMED["account_balance"], days=9)
LEFT = NAMED["guarantee_days_left"]
Rows = list[dict[str, Any]]


def a_flow(moment: datetime, balance: object, account: str = "acc", **origin: Any) -> dict[str, Any]:
    items = {"account_no": account, "txn_at": moment.isoformat(), "direction": "out", "balance": balance}
    where: dict[str, Any] = {"_kind": "account", "_subject": account, "_time": moment, "_reported": moment} | origin
    return a_version("bk_account_flow", f"{account}{moment:%d%H}{where.get('_row', 1)}", **items, **where)


def an_account(number: str = "acc") -> dict[str, Any]:
    where: dict[str, Any] = {"_kind": "project", "_subject": PROJECT, "_reported": AT - timedelta(days=90)}
    return a_version("bk_special_account", number, account_no=number, **where)


def a_guarantee(number: int, until: datetime, **origin: Any) -> dict[str, Any]:
    items = {"form": "bank_LG", "guarantee_to": until.date().isoformat()}
    return a_version("hrss_wage_deposit", f"g{number}", **items, _kind="project", _subject=PROJECT, **origin)


def measured(feature: Feature, rows: Rows, at: datetime) -> features.Measured:
    datasets = BOOK.of_subject("project")
    facts = gather([PROJECT], versions_of(rows), feeds_of(rows), datasets, at)
    return features.measure(facts, feature, datasets[feature.dataset])


def value(feature: Feature, rows: Rows, at: datetime = AT) -> Any:
    return measured(feature, rows, at).values[feature.code].item()


@st.composite
def some_flows(draw: st.DrawFn) -> Rows:
    """An account or two with a few flows, some of the same moment, some without a balance, some dated to come."""
    rows = [an_account(), an_account("other")]
    for number in range(draw(st.integers(1, 7))):
        told = AT - timedelta(hours=draw(st.integers(0, 300)))
        moment = told + timedelta(hours=draw(st.sampled_from((0, 0, 0, 60, 120))))
        balance = draw(st.sampled_from((None, "0.00", "10.00", "20.50")))
        account = draw(st.sampled_from(("acc", "acc", "other")))
        rows.append(a_flow(moment, balance, account, _reported=told, _row=number, _receipt=a_receipt(number % 3)))
    return rows


@st.composite
def some_guarantees(draw: st.DrawFn) -> Rows:
    count = draw(st.integers(1, 3))
    days = st.integers(-40, 40)
    return [
        a_guarantee(
            number, AT + timedelta(days=draw(days)), _reported=AT - timedelta(days=20 + draw(st.integers(0, 5)))
        )
        for number in range(count)
    ]


@given(some_flows(), st.randoms())
@SLOW
def test_the_newest_balance_never_depends_on_the_order_of_arrival(rows: Rows, dice: Any) -> None:
    shuffled = [*rows, *dice.choices(rows, k=2)]
    dice.shuffle(shuffled)
    assert value(BALANCE, shuffled) == value(BALANCE, rows)


@given(some_flows(), some_guarantees(), st.integers(0, 290))
@SLOW
def test_nothing_that_was_reported_after_a_time_ever_changes_them_at_that_time(
    flows: Rows, guarantees: Rows, hours: int
) -> None:
    then = AT - timedelta(hours=hours)
    for feature, rows in ((BALANCE, flows), (LEFT, guarantees)):
        known = [row for row in rows if row["reported_at"] <= then]
        assert value(feature, rows, then) == value(feature, known, then)


@given(some_flows(), some_guarantees())
@SLOW
def test_before_the_day_on_which_a_subject_is_looked_at_again_time_alone_never_changes_them(
    flows: Rows, guarantees: Rows
) -> None:
    for feature, rows in ((BALANCE, flows), (LEFT, guarantees)):
        found = measured(feature, rows, AT)
        ends: date | None = min(found.ends["ends"], default=None)
        for days in range(1, 25):
            later = AT + timedelta(days=days)
            if ends is not None and later.date() >= ends:
                break
            assert value(feature, rows, later) == found.values[feature.code].item(), days


def test_of_one_day_the_later_moment_is_newer_and_of_one_moment_the_later_receipt_and_row() -> None:
    morning, evening = AT.replace(hour=1), AT.replace(hour=9)
    day = [an_account(), a_flow(evening, "1.00"), a_flow(morning, "2.00")]
    assert value(BALANCE, day, AT + timedelta(hours=6)) == Decimal("1.00")
    at_once = [an_account(), a_flow(morning, "3.00", _row=2), a_flow(morning, "4.00", _row=1)]
    assert value(BALANCE, at_once) == Decimal("3.00")
    later = [an_account(), a_flow(morning, "3.00", _row=2), a_flow(morning, "4.00", _row=1, _receipt=a_receipt(9))]
    assert value(BALANCE, later) == Decimal("4.00")


def test_the_balances_of_two_accounts_add_up_and_one_that_is_not_told_makes_all_of_it_unknown() -> None:
    rows = [an_account(), an_account("other"), a_flow(AT, "1.00"), a_flow(AT, "2.50", "other")]
    assert value(BALANCE, rows) == Decimal("3.50")
    untold = a_flow(AT + timedelta(minutes=1), None, "other", _row=2, _reported=AT)
    assert value(BALANCE, [*rows, untold], AT + timedelta(hours=1)) is None


def test_a_balance_that_nobody_told_is_never_zero() -> None:
    assert value(BALANCE, [an_account()]) is None
    elsewhere = a_flow(AT, "5.00", "of-somebody-else")
    assert value(BALANCE, [an_account(), elsewhere]) is None
    assert value(BALANCE, [an_account(), a_flow(AT - timedelta(days=10), "5.00")]) is None


def test_a_row_that_is_dated_to_come_counts_from_its_day_on() -> None:
    rows = [an_account(), a_flow(AT - timedelta(days=1), "1.00"), a_flow(AT + timedelta(days=3), "9.00", _reported=AT)]
    assert value(BALANCE, rows) == Decimal("1.00")
    assert measured(BALANCE, rows, AT).ends["ends"].to_list() == [(AT + timedelta(days=3)).date()]
    assert value(BALANCE, rows, AT + timedelta(days=3)) == Decimal("9.00")


def test_behind_a_balance_stands_the_one_row_that_told_it() -> None:
    rows = [an_account(), a_flow(AT - timedelta(days=1), "1.00"), a_flow(AT, "2.00")]
    assert measured(BALANCE, rows, AT).evidence.select(pl.col("time").n_unique(), pl.len()).row(0) == (1, 1)


def test_of_several_days_the_nearest_counts_and_one_that_has_passed_counts_below_zero() -> None:
    ahead, behind = a_guarantee(1, AT + timedelta(days=9)), a_guarantee(2, AT - timedelta(days=2))
    assert value(LEFT, [ahead]) == 9
    assert value(LEFT, [ahead, behind]) == -2
    assert measured(LEFT, [ahead], AT).ends["ends"].to_list() == [(AT + timedelta(days=1)).date()]


def test_a_guarantee_without_an_end_and_a_deposit_that_is_not_told_are_unknown() -> None:
    endless = a_guarantee(1, datetime(9999, 12, 31, tzinfo=UTC))
    assert value(LEFT, [endless]) > 2_000_000
    untold = a_version("hrss_wage_deposit", "g", form="bank_LG", _kind="project", _subject=PROJECT)
    assert value(LEFT, [untold]) is None
    assert value(LEFT, [an_account()]) is None
