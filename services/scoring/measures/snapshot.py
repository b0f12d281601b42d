"""Everything that a time has in common for all employers, and the features of some of them at that time."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import numpy as np

from services.scoring.measurebook import Measure, Measurebook, Measured
from services.scoring.measures import happenings
from services.scoring.measures import series as shapes
from services.scoring.measures.panels import Feed, Known, feed_of, series
from services.scoring.measures.series import Columns
from services.scoring.worlds import World
from services.scoring.worlds.tables import Array
from services.scoring.worlds.views import Moment, days, rows_at


class Snapshot:
    """A world at a time: its feeds as they were then, and the features of employers by number.

    `feeds`: how the feeds had spoken of everyone, where the world itself holds only some.
    """

    def __init__(self, world: World, at: datetime, feeds: Mapping[str, Feed] | None = None) -> None:
        self.world, self.book, self.moment = world, world.book, Moment.of(at)
        self._feeds = feeds

    @cached_property
    def feeds(self) -> Mapping[str, Feed]:
        """How each dataset had spoken until then, of everyone."""
        if self._feeds is not None:
            return self._feeds
        moment, windows = self.moment, self.book.windows
        tables = self.world.tables().items()
        return {code: feed_of(table, moment.at, moment.month, windows) for code, table in tables}

    def columns(self, numbers: Array, only: frozenset[str] | None = None) -> Columns:
        """`<dataset>.<measure>.<feature>` of employers (n,); of `only` these `<dataset>.<measure>`, if given."""
        found: Columns = {}
        for code, table in self.world.tables().items():
            wanted = [each for each in table.dataset.measures if only is None or f"{code}.{each.code}" in only]
            if wanted or only is None:
                known = Known(table, *rows_at(table, numbers, self.moment.at), len(numbers))
                found |= self._measured(known, wanted)
                found |= {} if only else self._heard(known)
        return found

    def _measured(self, known: Known, wanted: list[Measure]) -> Columns:
        code = known.table.dataset.dataset
        return {
            f"{code}.{measure.code}.{feature}": column
            for measure in wanted
            for feature, column in self._features(known, measure).items()
        }

    def _features(self, known: Known, measure: Measure) -> Columns:
        moment, windows = self.moment, self.book.windows
        feed = self.feeds[known.table.dataset.dataset]
        shape = self.book.shape(measure)
        if shape == "event":
            return happenings.events(known, measure, feed, moment.today, windows)
        if shape == "record":
            return happenings.record(known, measure, moment.today)
        told = series(known, measure, feed, moment, windows.months)
        if told is None:
            return {}
        return shapes.debt(told) if shape == "debt" else shapes.flow(told)

    def _heard(self, known: Known) -> Columns:
        """How long ago the feed spoke of each employer, and of anyone; NaN where never."""
        code, count = known.table.dataset.dataset, known.count
        last = np.full(count, -1, dtype=np.int64)
        np.maximum.at(last, known.places, known.table.reported[known.rows])
        heard = np.where(last < 0, np.nan, self.moment.today - days(last))
        spoke = self.feeds[code].last
        silent = np.nan if spoke is None else float(self.moment.today - days(spoke))
        return {f"{code}.feed.heard": heard, f"{code}.feed.silent": np.full(count, silent)}


def measure_of(column: str, book: Measurebook) -> tuple[Measured, Measure] | None:
    """The dataset and measure that a column is of; None when it is of no measure."""
    code, _, rest = column.partition(".")
    dataset = book.by_code.get(code)
    measures = dataset.measures if dataset else ()
    found = next((each for each in measures if each.code == rest.partition(".")[0]), None)
    return (dataset, found) if dataset and found else None
