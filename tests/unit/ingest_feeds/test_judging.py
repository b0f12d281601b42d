"""What is wrong with a feed: states, rates, missing columns, refused files, and alarms once."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import shipped
from services.ingest.feeds import judging
from services.ingest.feeds.judging import GRADES, STATES, Day, Problem, State, judge, state
from services.ingest.feeds.rhythm import rhythm
from services.ingest.feeds.sketches import Sketch
from services.ingest.feeds.wording import told

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
TAX = shipped().datasets["tax_arrears"]
TICKETS = shipped().datasets["gov_ticket"]
HOUR = timedelta(hours=1)


def a_day(back: int = 0, *, received: int = 1000, rejected: int = 0, unmatched: int = 0, **filled: float) -> Day:
    good = received - rejected
    shares = {"uscc": 1.0, "balance": 1.0} | filled
    looks = Sketch(rows=good, sampled=good, filled={item: int(share * good) for item, share in shares.items()})
    return Day(AT.date() - timedelta(days=back), received, rejected, unmatched, looks)


def codes(*days: Day, refusals: int = 0) -> set[tuple[str, str]]:
    return {problem.what for problem in judge(days, TAX, refusals, AT).problems}


def test_a_calm_feed_has_no_problem() -> None:
    assert codes(a_day(), a_day(30), a_day(60)) == set()
    assert codes() == set()


def test_one_row_in_five_refused_is_too_many() -> None:
    assert codes(a_day(rejected=200)) == set()
    assert codes(a_day(rejected=201)) == {("errors", "")}


def test_a_bad_day_is_not_thinned_by_the_good_days_before_it() -> None:
    assert codes(a_day(received=30, rejected=30), a_day(1, received=90_000)) == {("errors", "")}


def test_a_good_day_ends_what_was_wrong_the_day_before() -> None:
    assert codes(a_day(), a_day(1, rejected=1000)) == set()


def test_of_a_handful_of_rows_no_rate_is_said() -> None:
    assert codes(a_day(received=19, rejected=19)) == set()


def test_rows_without_a_subject_count_against_what_the_feed_is_used_to() -> None:
    assert codes(a_day(unmatched=900), a_day(30, unmatched=850)) == set()
    assert codes(a_day(unmatched=400), a_day(30, unmatched=50)) == {("unmatched", "")}
    assert codes(a_day(unmatched=1000)) == set()


def test_a_column_that_was_always_there_and_is_missing_breaks_the_feed() -> None:
    assert codes(a_day(balance=0.0), a_day(30)) == {("item_gone", "balance")}


def test_a_column_that_was_always_empty_is_not_missed() -> None:
    assert codes(a_day(balance=0.0), a_day(30, balance=0.0)) == set()


def test_an_item_that_is_much_emptier_than_it_was_is_told() -> None:
    assert codes(a_day(balance=0.55), a_day(30, balance=0.9)) == {("item_emptier", "balance")}
    assert codes(a_day(balance=0.65), a_day(30, balance=0.9)) == set()


def test_a_past_beyond_the_cycles_own_is_forgotten() -> None:
    assert codes(a_day(balance=0.0), a_day(450)) == set()


def test_the_second_file_refused_in_a_row_breaks_the_feed() -> None:
    assert codes(a_day(), refusals=1) == set()
    assert codes(a_day(), refusals=2) == {("refused", "")}


def test_a_problem_keeps_the_moment_since_which_it_is_there() -> None:
    yesterday = AT - timedelta(days=1)
    before = [Problem(code="errors", since=yesterday, measured=0.3)]
    kept = judging.since_kept([Problem(code="errors", since=AT, measured=0.5), Problem(code="drift", since=AT)], before)
    assert [(each.code, each.since, each.measured) for each in kept] == [
        ("errors", yesterday, 0.5),
        ("drift", AT, None),
    ]


BROKEN = (Problem(code="errors", since=AT, measured=0.5, bound=0.2),)


@pytest.mark.parametrize("problems", [(), BROKEN])
def test_absence_comes_before_quality(problems: tuple[Problem, ...]) -> None:
    moments = rhythm(AT, TICKETS)
    present = "broken" if problems else None
    assert state(moments, problems, AT) == (present or "on_time")
    assert state(moments, problems, moments.expected_at) == (present or "due")
    assert state(moments, problems, moments.late_at) == "late"
    assert state(moments, problems, moments.silent_at) == "silent"


def test_who_never_sent_anything_is_neither_late_nor_well() -> None:
    assert state(None, (), AT) == "never"
    assert state(None, BROKEN, AT) == "broken"


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_feed_is_never_late_before_its_patience_has_ended(after: int, later: int) -> None:
    moments, at = rhythm(AT, TICKETS), AT + after * HOUR
    found = state(moments, (), at)
    assert (found in ("late", "silent")) == (at >= moments.late_at)
    assert bool(judging.overdue(moments, at)) == (found in ("late", "silent"))
    order = STATES.index
    assert order(state(moments, (), at + later * HOUR)) >= order(found)


@given(st.lists(st.sampled_from(STATES)))
def test_an_alarm_is_never_repeated(states: list[State]) -> None:
    alarms = [now for before, now in pairwise(["never", *states]) if judging.is_alarm(before, now)]
    grades = ["well", *(GRADES[each] for each in alarms)]
    assert all(one != other for one, other in pairwise(grades))


@pytest.mark.parametrize(
    "code", ["late", "silent", "refused", "errors", "unmatched", "item_gone", "item_emptier", "drift"]
)
def test_every_problem_has_words_in_both_languages_and_names_whom_to_call(code: judging.Code) -> None:
    problem = Problem(code=code, since=AT, item="balance", measured=0.3, usual=0.1, bound=0.2)
    zh, en = told(problem, TAX, shipped().owners["tax_arrears"])
    assert zh.endswith("请联系税务局。")
    assert en.endswith("Call Taxation.")
    assert "企业(个体)欠税信息" in zh
    assert not en[0].islower()


def test_a_day_is_chinas() -> None:
    assert a_day().day == date(2026, 11, 24)
