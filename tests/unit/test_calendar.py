"""The calendar that every legal clock runs on: known days by value, laws by property."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import calendar

KNOWN = st.dates(date(2015, 1, 1), date(2029, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 2, 4), True),  # a Sunday worked for the Spring Festival of 2024
        (date(2024, 2, 12), False),
        (date(2024, 9, 16), False),  # Mid-Autumn's Monday
        (date(2025, 1, 26), True),  # Sunday, make-up
        (date(2025, 1, 28), False),
        (date(2025, 10, 8), False),  # National Day and Mid-Autumn together: eight days
        (date(2025, 10, 11), True),  # Saturday, make-up
        (date(2026, 2, 14), True),  # Saturday, make-up
        (date(2026, 2, 23), False),  # the ninth day of the long Spring Festival
        (date(2026, 10, 10), True),  # Saturday, make-up
        (date(2026, 11, 23), True),
        (date(2026, 11, 22), False),
    ],
)
def test_announced_days_are_known(day: date, works: bool) -> None:
    assert calendar.is_working_day(day) is works


def test_a_year_not_announced_yet_falls_back_to_the_statutory_days_and_says_so() -> None:
    assert calendar.is_provisional(2029)
    assert not calendar.is_provisional(2026)
    assert not calendar.is_working_day(date(2029, 10, 1))
    assert not calendar.is_working_day(date(2029, 2, 13))  # Spring Festival of 2029
    assert calendar.is_working_day(date(2029, 10, 8))


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),  # an event on a Saturday
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # the make-up Saturday counts
        (date(2026, 2, 14), 1, date(2026, 2, 24)),  # and then nine days do not
        (date(2024, 9, 30), 1, date(2024, 10, 8)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_a_term_of_working_days_starts_the_day_after_the_event(day: date, n: int, expected: date) -> None:
    assert calendar.add_working_days(day, n) == expected


def test_a_term_of_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        calendar.add_working_days(date(2026, 11, 23), -1)


def test_a_day_ends_at_midnight_in_china() -> None:
    assert calendar.end_of_day(date(2026, 11, 30)) == datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 2, 10)), (2025, date(2025, 1, 29)), (2026, date(2026, 2, 17))]
)
def test_the_spring_festival_is_found(year: int, day: date) -> None:
    assert calendar.spring_festival(year) == day


def test_a_right_that_ends_on_a_holiday_moves_on_and_a_pay_day_moves_back() -> None:
    assert calendar.next_working_day(date(2026, 10, 1)) == date(2026, 10, 8)
    assert calendar.previous_working_day(date(2026, 10, 1)) == date(2026, 9, 30)


@given(KNOWN, st.integers(1, 90))
def test_a_term_ends_on_a_working_day_after_exactly_its_number_of_them(day: date, n: int) -> None:
    end = calendar.add_working_days(day, n)
    assert calendar.is_working_day(end)
    assert calendar.working_days_between(day, end) == n
    assert calendar.working_days_between(day, end - timedelta(days=1)) == n - 1


@given(KNOWN, st.integers(0, 40), st.integers(0, 40))
def test_two_terms_one_after_the_other_are_one_long_term(day: date, first: int, second: int) -> None:
    twice = calendar.add_working_days(calendar.add_working_days(day, first), second)
    assert twice == calendar.add_working_days(day, first + second)


@given(KNOWN)
def test_no_stretch_without_work_is_longer_than_ten_days(day: date) -> None:
    assert calendar.next_working_day(day) - day <= timedelta(days=10)
