"""When a feed is expected next, and from when on it is late. On working days of China: nobody sends on a holiday.

A feed that came at some moment is expected one cycle later at the same time of day; where that is no working day, on
the next one. A month that is too short for the day ends on its last. Moments are aware.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.ingest.catalogue import Dataset
from services.ingest.feeds.numbers import Number, number, value
from shared.calendar import add_working_days, next_working_day
from shared.clock import SHANGHAI


@dataclass(frozen=True)
class Rhythm:
    """The moments that follow a feed's last sign of life: expected < late < silent."""

    expected_at: datetime
    late_at: datetime
    silent_at: datetime


def rhythm(last: datetime, dataset: Dataset) -> Rhythm:
    """When the next delivery of a dataset is expected after the last, and when its absence is what."""
    tolerance, step = number("feed.tolerance", dataset), _STEPS[dataset.cycle]
    expected = _moved(last, step)
    further = expected
    for _ in range(value("feed.silent_after")):
        further = _moved(further, step)
    return Rhythm(expected, _tolerated(expected, tolerance), _tolerated(further, tolerance))


def _moved(moment: datetime, step: Callable[[date], date]) -> datetime:
    local = moment.astimezone(SHANGHAI)
    return datetime.combine(next_working_day(step(local.date())), local.time(), SHANGHAI)


def _tolerated(moment: datetime, tolerance: Number) -> datetime:
    if tolerance.unit == "h":
        return _moved(moment + timedelta(hours=tolerance.value), lambda day: day)
    return _moved(moment, lambda day: add_working_days(day, tolerance.value))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_STEPS: Mapping[str, Callable[[date], date]] = {
    "realtime": lambda day: day + timedelta(days=1),
    "day": lambda day: day + timedelta(days=1),
    "week": lambda day: day + timedelta(days=7),
    "month": lambda day: _months_later(day, 1),
    "year": lambda day: _months_later(day, 12),
}
