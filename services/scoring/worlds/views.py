"""What of a table was known at a time: which rows of which employers, and which of them is the newest."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from services.scoring.measurebook import Measurebook
from services.scoring.worlds.reading import as_microseconds
from services.scoring.worlds.tables import UNKNOWN, Array, Table


def rows_at(table: Table, numbers: Array, at: int) -> tuple[Array, Array]:
    """The rows of these employers that were known at a time and not yet replaced.

    Returns the rows in the table's order and, for each, the place of its employer in `numbers` (n,).
    """
    first = np.searchsorted(table.subject, numbers, side="left")
    counts = np.searchsorted(table.subject, numbers, side="right") - first
    places = np.repeat(np.arange(len(numbers), dtype=np.int64), counts)
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) if len(numbers) else places
    rows = starts + np.arange(len(places))
    is_known = table.reported[rows] <= at
    if len(table.gone):
        replaced = np.zeros(len(table.subject), dtype=bool)
        replaced[table.gone[table.gone_at <= at]] = True
        is_known &= ~replaced[rows]
    return rows[is_known], places[is_known]


def newest(rows: Array, places: Array, count: int) -> Array:
    """Of each of `count` employers its last row in the table's order; UNKNOWN where it has none."""
    last = np.full(count, UNKNOWN, dtype=np.int64)
    last[places] = rows  # of several, the last one stands
    return last


def pick(column: Array, rows: Array) -> Array:
    """The column at these rows; UNKNOWN where there is no row."""
    there = rows != UNKNOWN
    found = np.full(len(rows), UNKNOWN, dtype=np.int64)
    found[there] = column[rows[there]]
    return found


def days(microseconds: Array | int) -> Array:
    """The day in China (since 1970) of moments. China has had no summer time since 1991."""
    return np.asarray((np.asarray(microseconds) + 8 * 3_600_000_000) // 86_400_000_000)


def months(day: int) -> int:
    """The month of a day since 1970, as a count since year 0."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) + 1970 * 12


@dataclass(frozen=True)
class Moment:
    """A time: microseconds since 1970; `today` the day in China; `month` and the last full month since year 0."""

    at: int
    today: int
    month: int
    last_full: int

    @classmethod
    def of(cls, at: datetime) -> "Moment":
        """The moment of an aware time."""
        microseconds = as_microseconds(at)
        today = int(days(microseconds))
        return cls(microseconds, today, months(today), months(today + 1) - 1)


def bad_rows(table: Table, book: Measurebook) -> Array:
    """The rows of a table that tell of an event that makes things worse, or of a debt."""
    found = np.zeros(len(table.subject), dtype=bool)
    for measure in table.dataset.measures:
        shape = book.shape(measure)
        if measure.risk > 0 and shape in ("event", "debt"):
            told = table.columns[f"{measure.code}:{'met' if shape == 'event' else 'amount'}"]
            found |= told > 0
    return np.flatnonzero(found)
