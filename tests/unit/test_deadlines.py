"""When a clock runs out: by value on known weeks, by property for pauses and the season."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts import deadlines
from services.alerts.deadlines import Pause, Rules
from services.alerts.lifecycle import ALERT, Clock, Limit
from shared.clock import SHANGHAI

MONDAY = datetime(2026, 6, 1, 10, tzinfo=SHANGHAI)
WINTER_MONDAY = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
MOMENTS = st.integers(0, 30_000).map(lambda hours: datetime(2024, 1, 1, tzinfo=SHANGHAI) + timedelta(hours=hours))
LIMITS = st.builds(Limit, st.integers(1, 40), st.sampled_from(["h", "d", "wd"]))


def midnight(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("clock", "level", "due"),
    [
        ("sign", "red", MONDAY + timedelta(hours=2)),
        ("sign", "yellow", midnight(6, 3)),  # one working day: Tuesday 24:00
        ("result", "orange", midnight(6, 5)),
        ("triage", "blue", midnight(6, 9)),  # over the weekend
        ("dispatch", "red", midnight(6, 2)),  # the same day
        ("dispose", "yellow", midnight(7, 1)),  # twenty working days, Dragon Boat on Friday the 19th
    ],
)
def test_a_limit_ends_at_midnight_of_its_last_working_day(clock: str, level: str, due: datetime) -> None:
    assert deadlines.deadline(ALERT.clocks[clock], level, MONDAY).due_at == due


def test_from_mid_november_to_the_spring_festival_our_limits_halve() -> None:
    assert deadlines.deadline(ALERT.clocks["sign"], "red", WINTER_MONDAY).due_at == WINTER_MONDAY + timedelta(hours=1)
    assert deadlines.deadline(ALERT.clocks["result"], "blue", WINTER_MONDAY).due_at == midnight(12, 1)
    rules = Rules()
    days = [date(2025, 11, 14), date(2025, 11, 15), date(2026, 2, 16), date(2026, 2, 17)]
    assert [deadlines.in_season(day, rules) for day in days] == [False, True, True, False]


def test_a_term_of_law_never_halves() -> None:
    law = Clock(["X"], {"all": "5 wd"}, "V")
    assert deadlines.deadline(law, "red", WINTER_MONDAY).due_at == midnight(12, 1)


def test_the_inner_date_is_at_four_fifths_and_warnings_go_out_at_50_80_and_100_percent() -> None:
    found = deadlines.deadline_of(Limit(10, "h"), MONDAY, (), Rules())
    assert found.internal_at == MONDAY + timedelta(hours=8)
    assert [(percent, at - MONDAY) for percent, at in found.warnings] == [
        (50, timedelta(hours=5)),
        (80, timedelta(hours=8)),
        (100, timedelta(hours=10)),
    ]
    assert deadlines.deadline_of(Limit(5, "wd"), MONDAY, (), Rules()).internal_at == midnight(6, 6)


def test_a_paused_day_does_not_count_and_the_day_of_resuming_does() -> None:
    pause = Pause(MONDAY + timedelta(days=1), MONDAY + timedelta(days=3))  # Tuesday until Thursday
    assert deadlines.end_of(Limit(3, "wd"), MONDAY, [pause]) == midnight(6, 9)  # Thursday, Friday, Monday
    assert deadlines.end_of(Limit(4, "h"), MONDAY, [Pause(MONDAY, MONDAY + timedelta(hours=2))]) == MONDAY + timedelta(
        hours=6
    )


def test_while_it_is_paused_nothing_is_due() -> None:
    found = deadlines.deadline_of(Limit(3, "wd"), MONDAY, [Pause(MONDAY, None)], Rules())
    assert (found.due_at, found.internal_at, found.warnings) == (None, None, ())


def test_a_year_whose_holidays_are_not_announced_is_provisional() -> None:
    far = datetime(2029, 3, 1, tzinfo=UTC)
    assert deadlines.deadline_of(Limit(3, "wd"), far, (), Rules()).provisional
    assert not deadlines.deadline_of(Limit(3, "wd"), MONDAY, (), Rules()).provisional


@given(LIMITS, MOMENTS, st.integers(0, 400), st.integers(0, 400))
def test_a_pause_never_makes_a_deadline_earlier(limit: Limit, start: datetime, after: int, length: int) -> None:
    paused_from = start + timedelta(hours=after)
    pause = Pause(paused_from, paused_from + timedelta(hours=length))
    plain, paused = deadlines.end_of(limit, start, ()), deadlines.end_of(limit, start, [pause])
    assert plain is not None
    assert paused is not None
    assert plain <= paused


@given(LIMITS, MOMENTS)
def test_the_inner_date_never_lies_after_the_statutory_one_and_both_after_the_start(
    limit: Limit, start: datetime
) -> None:
    found = deadlines.deadline_of(limit, start, (), Rules())
    assert found.due_at is not None
    assert found.internal_at is not None
    assert start < found.internal_at <= found.due_at


@given(st.sampled_from(sorted(ALERT.clocks)), MOMENTS)
def test_a_higher_colour_never_has_more_time(clock: str, start: datetime) -> None:
    levels = ("red", "orange", "yellow", "blue")
    ends = [deadlines.deadline(ALERT.clocks[clock], level, start).due_at for level in levels]
    assert None not in ends
    assert ends == sorted(end for end in ends if end)


@given(LIMITS)
def test_half_a_limit_is_never_longer_and_never_nothing(limit: Limit) -> None:
    assert 1 <= deadlines.divided(limit, 2).count <= limit.count
