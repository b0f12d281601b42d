"""When a feed is expected next: holidays, month ends, and never late too early."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.catalogue import Dataset, shipped
from services.ingest.catalogue.definitions import Cycle
from services.ingest.feeds.rhythm import rhythm
from shared.calendar import is_working_day
from shared.clock import SHANGHAI, local_date
from tests.ingest_rows import a_dataset

CYCLES: tuple[Cycle, ...] = get_args(Cycle)


def of_cycle(cycle: str) -> Dataset:
    return a_dataset(cycle=cycle)


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("cycle", "last", "expected", "late"),
    [
        ("day", "2026-11-24T02:00", "2026-11-25T02:00", "2026-11-26T02:00"),
        # Friday's file is expected on Monday.
        ("day", "2026-11-20T02:00", "2026-11-23T02:00", "2026-11-24T02:00"),
        # The National Day holiday of 2026 (1 to 7 October), with a make-up workday on Saturday the 10th.
        ("day", "2026-09-30T02:00", "2026-10-08T02:00", "2026-10-09T02:00"),
        ("day", "2026-10-09T02:00", "2026-10-10T02:00", "2026-10-12T02:00"),
        ("realtime", "2026-11-24T18:00", "2026-11-25T18:00", "2026-11-25T22:00"),
        ("realtime", "2026-11-26T22:00", "2026-11-27T22:00", "2026-11-30T02:00"),
        ("week", "2026-11-24T02:00", "2026-12-01T02:00", "2026-12-03T02:00"),
        ("week", "2026-09-25T02:00", "2026-10-08T02:00", "2026-10-10T02:00"),
        ("month", "2026-11-05T09:00", "2026-12-07T09:00", "2026-12-14T09:00"),
        # The 31st of a short month is its last day, 28 February 2027 a Sunday.
        ("month", "2027-01-31T09:00", "2027-03-01T09:00", "2027-03-08T09:00"),
        ("year", "2024-02-29T09:00", "2025-02-28T09:00", "2025-03-28T09:00"),
    ],
)
def test_a_feed_is_expected_one_cycle_later_on_a_working_day(cycle: str, last: str, expected: str, late: str) -> None:
    moments = rhythm(china(last), of_cycle(cycle))
    assert (moments.expected_at, moments.late_at) == (china(expected), china(late))


def test_silence_is_two_further_cycles() -> None:
    assert rhythm(china("2026-11-23T02:00"), of_cycle("day")).silent_at == china("2026-11-27T02:00")
    # Expected on Monday 7 September, then after the holiday on 8 October, then on Monday 9 November, and 5 workdays.
    assert rhythm(china("2026-08-05T09:00"), of_cycle("month")).silent_at == china("2026-11-16T09:00")


@given(
    st.sampled_from(CYCLES),
    st.datetimes(min_value=datetime(2018, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_no_feed_is_late_before_it_was_expected_nor_silent_before_it_was_late(cycle: str, last: datetime) -> None:
    moments = rhythm(last, of_cycle(cycle))
    assert last + timedelta(hours=20) < moments.expected_at < moments.late_at < moments.silent_at


@given(
    st.sampled_from(CYCLES),
    st.datetimes(min_value=datetime(2018, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_nothing_is_expected_and_nobody_is_late_on_a_day_when_no_one_works(cycle: str, last: datetime) -> None:
    moments = rhythm(last, of_cycle(cycle))
    for moment in (moments.expected_at, moments.late_at, moments.silent_at):
        assert is_working_day(local_date(moment))


def test_every_dataset_of_the_catalogue_has_a_rhythm() -> None:
    for dataset in shipped().datasets.values():
        assert rhythm(china("2026-11-24T02:00"), dataset).late_at
