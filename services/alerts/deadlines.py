"""Due dates: from a start and a limit to the moment it ends, with pauses, the season, and the inner date. Pure.

A limit of days starts the day after the event and ends at 24:00 in China (domain rules 9.6). A day that is paused does
not count; the day on which work resumes does. Hours run on the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.alerts.lifecycle import Clock, Limit
from shared import calendar
from shared.clock import local_date

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """The clock stands still from `start` until `end` (aware; None: still paused), by an approved document."""

    start: datetime
    end: datetime | None
    document: str | None = None


@dataclass(frozen=True)
class Rules:
    """The parameters of the deadline engine: percentages, the season's start (month, day) and its divisor."""

    internal_percent: int = 80
    warn_percents: tuple[int, ...] = (50, 80, 100)
    season_start: tuple[int, int] = (11, 15)
    season_divisor: int = 2


@dataclass(frozen=True)
class Deadline:
    """When a clock runs out. None while it is paused. `internal_at` is our own, earlier date.

    `warnings`: percent -> the moment at which that share of the time is used. `provisional`: rests on a year whose
    holidays have not been announced.
    """

    starts_at: datetime
    limit: Limit
    due_at: datetime | None
    internal_at: datetime | None
    warnings: tuple[tuple[int, datetime], ...]
    provisional: bool


def deadline(
    clock: Clock, level: str, starts_at: datetime, pauses: Sequence[Pause] = (), rules: Rules | None = None
) -> Deadline:
    """The deadline of a clock that started at an aware moment, for an alert of that level."""
    rules = rules or Rules()
    limit = clock.limit(level)
    # Only our own limits halve in the season; a term of law is what the law says.
    if clock.tag == "D" and in_season(local_date(starts_at), rules):
        limit = divided(limit, rules.season_divisor)
    return deadline_of(limit, starts_at, pauses, rules)


def deadline_of(limit: Limit, starts_at: datetime, pauses: Sequence[Pause], rules: Rules) -> Deadline:
    """The deadline of a limit, whatever clock it belongs to."""
    due = end_of(limit, starts_at, pauses)
    if due is None:
        return Deadline(starts_at, limit, None, None, (), False)
    internal = end_of(share(limit, rules.internal_percent), starts_at, pauses)
    warnings = tuple((percent, starts_at + (due - starts_at) * percent / 100) for percent in rules.warn_percents)
    provisional = calendar.is_provisional(local_date(due - _DAY).year)
    return Deadline(starts_at, limit, due, min(internal or due, due), warnings, provisional)


def end_of(limit: Limit, starts_at: datetime, pauses: Sequence[Pause]) -> datetime | None:
    """The first moment after the limit; None while a pause is open (what is due cannot be said yet)."""
    relevant = [pause for pause in pauses if pause.end is None or pause.end > starts_at]
    if any(pause.end is None for pause in relevant):
        return None
    if limit.unit == "h":
        return _after_hours(timedelta(hours=limit.count), starts_at, relevant)
    return calendar.end_of_day(_after_days(limit, local_date(starts_at), relevant))


def in_season(day: date, rules: Rules) -> bool:
    """Whether the day lies in the winter campaign: from 15 November until the Spring Festival."""
    return (day.month, day.day) >= rules.season_start or day < calendar.spring_festival(day.year)


def divided(limit: Limit, divisor: int) -> Limit:
    """A shorter limit, rounded down, but never less than one unit (0 stays 0)."""
    return Limit(max(limit.count // divisor, min(limit.count, 1)), limit.unit)


def share(limit: Limit, percent: int) -> Limit:
    """So many percent of a limit, rounded down, but never less than one unit (0 stays 0)."""
    return Limit(max(limit.count * percent // 100, min(limit.count, 1)), limit.unit)


def with_end(pauses: Sequence[Pause], end: datetime) -> list[Pause]:
    """The pauses with the open one ended."""
    return [pause if pause.end else replace(pause, end=end) for pause in pauses]


def _after_hours(length: timedelta, starts_at: datetime, pauses: Sequence[Pause]) -> datetime:
    due = starts_at + length
    for pause in sorted(pauses, key=lambda one: one.start):
        start, end = max(pause.start, starts_at), pause.end
        if end and start < due:
            due += max(end - start, timedelta())
    return due


def _after_days(limit: Limit, day: date, pauses: Sequence[Pause]) -> date:
    remaining = limit.count
    while remaining:
        day += _DAY
        counts = limit.unit == "d" or calendar.is_working_day(day)
        remaining -= counts and not _is_paused(day, pauses)
    return day


def _is_paused(day: date, pauses: Sequence[Pause]) -> bool:
    return any(pause.end and local_date(pause.start) <= day < local_date(pause.end) for pause in pauses)
