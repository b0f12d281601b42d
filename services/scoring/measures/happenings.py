"""Features of events: how many, how much, how many people, how long ago, and what is still open; and of records."""

import numpy as np

from services.scoring.measurebook import Measure, Windows
from services.scoring.measures.panels import Feed, Known
from services.scoring.measures.series import Columns
from services.scoring.worlds.tables import HUNDREDTHS, UNKNOWN, Array
from services.scoring.worlds.views import days, newest, pick

_WINDOWS = {"30": 30, "90": 90, "365": 365, "ever": 10**9}


def events(known: Known, measure: Measure, feed: Feed, today: int, windows: Windows) -> Columns:
    """Counts and sums by window (n,). Silence is zero while the feed lives; of a silent feed nothing is known.

    Unless whoever is not in the dataset has had none (`gaps: zero`).
    """
    met = known.part(f"{measure.code}:met")
    if met is None:
        return {}
    rows = _Happened(known, met, today)
    columns = {f"count_{name}": rows.count(span) for name, span in _WINDOWS.items()}
    if (cents := known.part(f"{measure.code}:amount")) is not None:
        columns |= {f"amount_{name}": rows.total(cents, _WINDOWS[name]) / HUNDREDTHS for name in ("90", "365", "ever")}
    if (people := known.part(f"{measure.code}:people")) is not None:
        columns |= {f"people_{name}": rows.total(people, _WINDOWS[name]) for name in ("90", "365")}
    columns |= rows.open(measure, windows.cap_days)
    if known.table.dataset.gaps == "zero":
        return columns
    return {name: _believed(name, column, feed, today, windows) for name, column in columns.items()}


class _Happened:
    """The rows that count, by how many days ago they were; what is dated to come is of today."""

    def __init__(self, known: Known, met: Array, today: int) -> None:
        self._known, self._met, self._today = known, met, today
        day = known.part("day") if "day" in known.table.columns else None
        self._ago = np.maximum(today - day, 0) if day is not None else np.zeros(len(met), dtype=np.int64)

    def count(self, span: int) -> Array:
        return self._sum(np.ones(len(self._met)), self._met & (self._ago <= span))

    def total(self, amounts: Array, span: int) -> Array:
        use = self._met & (self._ago <= span) & (amounts != UNKNOWN)
        return self._sum(amounts.astype(np.float64), use)

    def open(self, measure: Measure, cap: int) -> Columns:
        """Days since the last one (`cap` where there was none), and what has not ended."""
        last = np.full(self._known.count, cap, dtype=np.float64)
        np.minimum.at(last, self._known.places[self._met], self._ago[self._met].astype(np.float64))
        columns = {"since": last}
        if (until := self._known.part(f"{measure.code}:until")) is None:
            return columns
        is_open = self._met & (until > self._today)
        columns["open"] = self._sum(np.ones(len(is_open)), is_open)
        if (cents := self._known.part(f"{measure.code}:amount")) is not None:
            columns["open_amount"] = self._sum(cents.astype(np.float64), is_open & (cents != UNKNOWN)) / HUNDREDTHS
        return columns

    def _sum(self, weights: Array, use: Array) -> Array:
        sums = np.bincount(self._known.places[use], weights=weights[use], minlength=self._known.count)
        return sums.astype(np.float64)  # of no rows at all numpy makes whole numbers


def _believed(name: str, column: Array, feed: Feed, today: int, windows: Windows) -> Array:
    """A zero of a window in which the feed itself was silent says nothing."""
    if feed.last is None:
        return np.full(len(column), np.nan)
    window = _WINDOWS.get(name.rpartition("_")[2], _WINDOWS["ever"])
    is_silent = today - int(days(feed.last)) > max(window, windows.silent_days)
    return np.where(column == 0, np.nan, column) if is_silent else column


def record(known: Known, measure: Measure, today: int) -> Columns:
    """What the newest record of an employer says (n,): an amount, whether something is so, or days since a day."""
    values = known.part(f"{measure.code}:amount")
    if values is None:
        return {}
    told = pick(values, newest(np.arange(len(known.rows)), known.places, known.count))
    value = (today - told) if measure.since else told / HUNDREDTHS
    return {"value": np.where(told == UNKNOWN, np.nan, value)}
