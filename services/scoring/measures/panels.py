"""Rows into monthly series, with what a month without a row means."""

from dataclasses import dataclass

import numpy as np

from services.scoring.measurebook import Measure, Windows
from services.scoring.measures.series import Series
from services.scoring.worlds.tables import UNKNOWN, Array, Table
from services.scoring.worlds.views import Moment


@dataclass(frozen=True)
class Feed:
    """How a dataset spoke until a time: its last report (microseconds; None: never), and which of the last months it
    has told of, (months,) of bool, the present month first."""

    last: int | None
    told: Array


@dataclass(frozen=True)
class Known:
    """The rows of a table that were known of `count` employers at a time, and the place of each row's employer."""

    table: Table
    rows: Array
    places: Array
    count: int

    def part(self, name: str) -> Array | None:
        """A column of these rows; None when the table has no such."""
        column = self.table.columns.get(name)
        return None if column is None else column[self.rows]


def feed_of(table: Table, at: int, month: int, windows: Windows) -> Feed:
    """How the feed spoke of everyone until a time, the present month being `month`."""
    known = table.reported <= at
    told = np.zeros(windows.months, dtype=bool)
    if not known.any():
        return Feed(None, told)
    if "month" in table.columns and table.dataset.gaps != "missing":
        # A correction is no second record: only what stood then is counted.
        standing = known.copy()
        standing[table.gone[table.gone_at <= at]] = False
        ages = month - table.month
        standing &= (ages >= 0) & (ages < windows.months)
        told = told_months(table.tally(standing, ages[standing], windows.months), windows)
    return Feed(int(table.reported[known].max()), told)


def told_months(counts: Array, windows: Windows) -> Array:
    """Which months a feed has told of (months,), by the number of records of each, the present month first."""
    usual = np.median(counts[counts > 0]) if counts.any() else 0
    return np.asarray(counts > windows.told_share * usual)


def series(known: Known, measure: Measure, feed: Feed, moment: Moment, months: int) -> Series | None:
    """A measure's series as it was known, so many months back; None when the file has not the items."""
    amounts = known.part(f"{measure.code}:amount")
    if amounts is None:
        return None
    ages = moment.month - known.table.month[known.rows]
    base, days = known.part(f"{measure.code}:base"), known.part(f"{measure.code}:days")
    summed = _filled(_summed(known, ages, amounts, months), known, ages, feed, moment.month - moment.last_full)
    place, age = _anchor(summed)
    return Series(
        values=_moved(summed, place),
        age=age,
        base=None if base is None else _moved(_summed(known, ages, base, months), place),
        days=None if days is None else _moved(_greatest(known, ages, days, months), place),
    )


def _summed(known: Known, ages: Array, amounts: Array, months: int) -> Array:
    """(months, n): an employer's units together, by age of the month; NaN without a row."""
    use = (ages >= 0) & (ages < months) & (amounts != UNKNOWN)
    cells = ages[use].astype(np.int64) * known.count + known.places[use]
    size = months * known.count
    sums = np.bincount(cells, weights=amounts[use].astype(np.float64), minlength=size).astype(np.float64)
    sums[np.bincount(cells, minlength=size) == 0] = np.nan
    return np.asarray(sums.reshape(months, known.count))


def _greatest(known: Known, ages: Array, days: Array, months: int) -> Array:
    use = (ages >= 0) & (ages < months) & (days != UNKNOWN)
    most = np.full(months * known.count, -np.inf)
    np.maximum.at(most, ages[use].astype(np.int64) * known.count + known.places[use], days[use].astype(np.float64))
    most[np.isneginf(most)] = np.nan
    return np.asarray(most.reshape(months, known.count))


def _filled(values: Array, known: Known, ages: Array, feed: Feed, fullest: int) -> Array:
    """The series with zeros where a month without a row says that there was nothing."""
    gaps, months = known.table.dataset.gaps, np.arange(len(values))[:, None]
    if gaps == "missing":
        return values
    is_told = feed.told[:, None] if gaps == "zero" else _since_first(known, ages, feed, months, fullest)
    if gaps == "since_first":
        values = np.where(months >= fullest, values, np.nan)  # a month that is not over is no month yet
    return np.where(is_told & np.isnan(values), 0.0, values)


def _since_first(known: Known, ages: Array, feed: Feed, months: Array, fullest: int) -> Array:
    """From an employer's first row to the last month that the feed has spoken of."""
    oldest = np.full(known.count, -1, dtype=np.int64)
    np.maximum.at(oldest, known.places, ages.astype(np.int64))
    newest = max(fullest, int(feed.told.argmax())) if feed.told.any() else len(months)
    return np.asarray((months <= oldest) & (months >= newest))


def _anchor(values: Array) -> tuple[Array, Array]:
    """(months, n): where each employer's months are, its newest known one first; and how long ago that was, or NaN."""
    is_known = ~np.isnan(values)
    first = is_known.argmax(axis=0)
    age = np.where(is_known.any(axis=0), first.astype(np.float64), np.nan)
    return np.arange(len(values))[:, None] + first, age


def _moved(values: Array, place: Array) -> Array:
    there = np.minimum(place, len(values) - 1)
    return np.where(place < len(values), np.take_along_axis(values, there, axis=0), np.nan)
