"""Working days of China and the ends of terms: the one calendar that every legal clock runs on.

The State Council announces the holidays and the make-up workdays of a year in the autumn before it; the library
`chinesecalendar` follows. For a year it does not know yet we take weekends and the statutory holidays that `holidays`
computes, and say so: such a date is provisional and has to be computed again when the announcement is in.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import chinese_calendar
from holidays import country_holidays

from shared.clock import SHANGHAI, today

_DAY = timedelta(days=1)


def prepare() -> None:
    """Have in memory what the first question about a year not yet announced reads: it takes a sixth of a second."""
    _statutory(today().year + 1)


@lru_cache(maxsize=8192)
def is_working_day(day: date) -> bool:
    """Whether offices work on that day in China, make-up workdays included."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and day not in _statutory(day.year)


@lru_cache(maxsize=512)
def is_provisional(year: int) -> bool:
    """Whether the holidays of that year are computed, not announced."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return True
    return False


def add_working_days(day: date, n: int) -> date:
    """The n-th working day after `day`; the day of the event itself does not count. n >= 0; 0 gives `day` back."""
    if n < 0:
        raise ValueError("a term has no negative length")
    for _ in range(n):
        day = next_working_day(day + _DAY)
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days lie after `start` up to and including `end`; 0 when end <= start."""
    return sum(is_working_day(day) for day in _days_after(start, end))


def next_working_day(day: date) -> date:
    """`day` itself if it is a working day, else the first one after it.

    A period of calendar days that a party may use and that ends on a holiday ends there (Administrative Litigation Law
    art. 81 and its like).
    """
    while not is_working_day(day):
        day += _DAY
    return day


def previous_working_day(day: date) -> date:
    """`day` itself if it is a working day, else the last one before it (pay days on a holiday: Decree 724, art. 14)."""
    while not is_working_day(day):
        day -= _DAY
    return day


def end_of_day(day: date) -> datetime:
    """24:00 of that day in China: the first moment at which a term ending that day has run out."""
    return datetime.combine(day + _DAY, time(), SHANGHAI)


@lru_cache(maxsize=128)
def spring_festival(year: int) -> date:
    """The first day of the lunar year that begins in `year`."""
    return min(day for day, name in _statutory(year).items() if name.startswith("Chinese New Year (Spring Festival)"))


@lru_cache(maxsize=128)
def _statutory(year: int) -> dict[date, str]:
    # One year a time: asked for a date of another year, the library's table would grow by itself.
    return dict(country_holidays("CN", years=year, expand=False, language="en_US").items())


def _days_after(start: date, end: date) -> Iterator[date]:
    day = start + _DAY
    while day <= end:
        yield day
        day += _DAY
