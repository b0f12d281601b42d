"""Features of monthly series: what is owed, and what is used, paid, or counted.

A series is an array (months, employers), the newest known month of each employer first, NaN where a month is not told.
Its amounts are whole hundredths, so every sum is exact, in any order and in any company.
"""

from dataclasses import dataclass

import numpy as np

from services.scoring.worlds.tables import HUNDREDTHS, Array

Columns = dict[str, Array]
# One month says much by chance; of a slow state three or four together say more than the newest, or than a year.
_KEPT = 0.75


@dataclass(frozen=True)
class Series:
    """Amounts of some employers by month (months, n); `age` (n,) is how many months ago the newest of them was."""

    values: Array
    age: Array
    base: Array | None = None
    days: Array | None = None

    @property
    def is_told(self) -> Array:
        """Of whom any month is known."""
        return np.asarray(~np.isnan(self.values[0]))


def debt(series: Series) -> Columns:
    """Features of amounts that should be zero."""
    values, told = series.values, series.is_told
    behind = values > 0
    level = values[0] / HUNDREDTHS
    columns = {
        "level": level,
        "months": _run(behind, np.isnan(values)),
        **{f"count_{months}": behind[:months].sum(axis=0) for months in (3, 6, 12)},
        "since": np.where(behind.any(axis=0), behind.argmax(axis=0), len(values)) + series.age,
        "max_12": np.fmax.reduce(values[:12], axis=0) / HUNDREDTHS,
        "trend": (mean(values[:3]) - mean(values[3:9])) / HUNDREDTHS,
        "fading": fading(values) / HUNDREDTHS,
        **_against_own(series),
        **_days(series),
    }
    return {name: np.where(told, column, np.nan) for name, column in columns.items()} | _known(series)


def flow(series: Series) -> Columns:
    """Features of amounts that should go on as they were."""
    values = series.values
    usual = median(values[1:13])
    columns = {
        "level": values[0] / HUNDREDTHS,
        "change_1": ratio(values[0], values[1]) - 1,
        "change_3": ratio(values[0], values[3]) - 1,
        "trend": ratio(mean(values[:3]), mean(values[3:9])) - 1,
        "own": ratio(values[0], usual),
        "year": ratio(values[0], values[12]) - 1,
        "fading": ratio(fading(values), median(values)),
        "low_3": ratio(np.fmin.reduce(values[:3], axis=0), median(values[3:15])),
        "zeros": np.where(series.is_told, _run(values == 0, np.isnan(values)), np.nan),
    }
    return columns | _known(series)


def _known(series: Series) -> Columns:
    # Of whom few months are told is new here: a debtor's first year is no other one.
    return {
        "age": series.age,
        "known": series.is_told.astype(np.float64),
        "told_12": np.where(series.is_told, (~np.isnan(series.values[:12])).sum(axis=0), np.nan),
    }


def _against_own(series: Series) -> Columns:
    """A debt in usual months of the own bill; and against what was owed before, where anything was."""
    values = series.values
    past = np.where(values[1:13] > 0, values[1:13], np.nan)
    columns = {"own": ratio(values[0], median(past))}
    if series.base is None:
        return columns
    bill = median(series.base[:12])
    return {"share": ratio(values[0], bill), "fading_share": ratio(fading(values), bill)} | columns


def _days(series: Series) -> Columns:
    if series.days is None:
        return {}
    return {"days": series.days[0], "days_6": mean(series.days[:6])}


def _run(hits: Array, unknown: Array) -> Array:
    """How many of the newest months are hits without a break; a month that is not told neither breaks nor counts."""
    unbroken = np.logical_and.accumulate(hits | unknown, axis=0)
    return np.asarray((unbroken & hits).sum(axis=0, dtype=np.float64))


def mean(values: Array) -> Array:
    """The mean of the known months (n,); NaN where none is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0))


def fading(values: Array) -> Array:
    """The mean of the known months (n,), each counting for `_KEPT` of what the next one does; NaN where none is known.

    Month by month, not as a sum over months: numpy adds those of one employer in another order than those of many.
    """
    total, weight = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for month in values[::-1]:
        known = ~np.isnan(month)
        total = _KEPT * total + np.where(known, month, 0)
        weight = _KEPT * weight + known
    return ratio(total, weight)


def median(values: Array) -> Array:
    """The median of the known months (n,); NaN where none is."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=0)
    last = np.maximum(count - 1, 0)
    low, high = (np.take_along_axis(ordered, place[None], axis=0)[0] for place in (last // 2, (last + 1) // 2))
    return np.asarray((low + high) / 2)


def ratio(part: Array, whole: Array) -> Array:
    """part / whole; NaN where the whole is not above zero."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))
