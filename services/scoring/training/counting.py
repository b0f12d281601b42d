"""Which columns count months that all employers have in common: the day's calendar by another name. Pure."""

import numpy as np
import polars as pl

from services.scoring.evaluation.ranking import Array
from services.scoring.training.rows import Rows

_COUNTS_MONTHS, _AGE = ".told_12", ".age"


def calendars(rows: Rows, present: pl.DataFrame, most_of_days: float) -> frozenset[str]:
    """The counts of told months that say which day it was, and will not tell employers apart from now on.

    Where everyone is told of since the same day, a count is that day's calendar, and what happened in the first year
    would be taken for what befalls who is new. But it tells debtors apart where `present` (the features of some
    employers as they are now) differs; and where months have ceased to come, it is how far a history went: a debtor of
    six bills stays one of six bills.
    """
    counts = [name for name in rows.columns if name.endswith(_COUNTS_MONTHS)]
    return frozenset(name for name in counts if _is_calendar(name, rows, present, most_of_days))


def _is_calendar(name: str, rows: Rows, present: pl.DataFrame, most_of_days: float) -> bool:
    column = _column(name, rows)
    if _of_days(column, rows.day) <= most_of_days:
        return False
    differs = _variance(_now(name, present)) > (1 - most_of_days) * _variance(column)
    return not differs and not _has_ceased(name.removesuffix(_COUNTS_MONTHS) + _AGE, rows, present)


def _has_ceased(name: str, rows: Rows, present: pl.DataFrame) -> bool:
    """Whether the newest months are by now older than they were of any row that is learned from."""
    past, now = (_told(column) for column in (_column(name, rows), _now(name, present)))
    return bool(len(past) and len(now) and np.median(now) > past.max())


def _column(name: str, rows: Rows) -> Array:
    if name not in rows.columns:
        return np.zeros(0)
    column: Array = rows.values[:, rows.columns.index(name)]
    return column


def _now(name: str, present: pl.DataFrame) -> Array:
    return present[name].to_numpy() if name in present.columns else np.zeros(0)


def _told(column: Array) -> Array:
    kept: Array = column[~np.isnan(column)].astype(np.float64)
    return kept


def _variance(column: Array) -> float:
    told = _told(column)
    return float(told.var()) if len(told) else 0.0


def _of_days(column: Array, day: Array) -> float:
    """What share of a column's variance is between days; of what is told."""
    told = ~np.isnan(column)
    values, place = column[told].astype(np.float64), np.unique(day[told], return_inverse=True)[1]
    if not len(values) or np.ptp(values) == 0:
        return 0.0
    means = np.bincount(place, values) / np.bincount(place)
    return float(means[place].var() / values.var())
