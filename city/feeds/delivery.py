"""How rows reach the platform: late, twice, corrected, with spoiled codes, after a standstill; never too early.

A frame that is posted has the items of its dataset and perhaps "#at" (the moment from which it can be told); posted
rows have `reported_at` (UTC) instead.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from city.building import City
from city.draws import Flags, uniform, whole
from city.parameters import Spell, feeds

Moments = npt.NDArray[np.datetime64]
AT = "#at"
_DAY_US = 86_400_000_000


class Post:
    """The sending of one dataset. `code` is the item that holds the credit code; `may_miss` if it may be empty."""

    def __init__(self, city: City, dataset: str, code: str | None = "uscc", *, may_miss: bool = True) -> None:
        self._city, self._dataset, self._code, self._may_miss = city, dataset, code, may_miss
        self._feed, self._faults = feeds().datasets[dataset], feeds()
        self._ends = city.calendar.ends_on.astype("datetime64[us]")
        self._told = self._deliveries()

    def month(self, frame: pl.DataFrame, month: int) -> pl.DataFrame:
        """The rows of a month, all in the delivery of that month but for stragglers."""
        stream = self._stream("rows", month)
        moments = np.full(frame.height, self._told[month])
        late = uniform(stream, frame.height) < self._faults.straggler.share
        moments = moments + late * _days(stream, self._faults.straggler.days, frame.height)
        return self._posted(frame, moments, stream)

    def events(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows that are told one by one, some days after "#at"."""
        stream = self._stream("rows", 0)
        waits = self._feed.days * np.exp(0.6 * stream.standard_normal(frame.height)) * _DAY_US
        late = uniform(stream, frame.height) < self._faults.straggler.share
        moments = frame.get_column(AT).to_numpy().astype("datetime64[us]") + waits.astype("timedelta64[us]")
        return self._posted(
            frame.drop(AT), moments + late * _days(stream, self._faults.straggler.days, frame.height), stream
        )

    def _posted(self, frame: pl.DataFrame, moments: Moments, stream: np.random.Generator) -> pl.DataFrame:
        frame = self._spoiled(frame, stream).with_columns(reported_at=pl.Series(moments, dtype=pl.Datetime("us")))
        frame = pl.concat([self._corrected(frame, stream), self._repeated(frame, stream)])
        seen = frame.filter(pl.col("reported_at").is_not_null() & (pl.col("reported_at") < pl.lit(self._ends)))
        return seen.with_columns(pl.col("reported_at").dt.replace_time_zone("UTC"))

    def _repeated(self, frame: pl.DataFrame, stream: np.random.Generator) -> pl.DataFrame:
        chosen = frame.filter(_some(stream, self._faults.repeated, frame.height))
        return _later(chosen, stream, self._faults.repeated)

    def _corrected(self, frame: pl.DataFrame, stream: np.random.Generator) -> pl.DataFrame:
        """The first report of some rows is wrong; the right one follows."""
        if not self._feed.corrected:
            return frame
        chosen = pl.Series(_some(stream, self._faults.corrected, frame.height))
        factor = stream.uniform(*self._faults.corrected.factor, frame.height)
        wrong = [
            pl.when(chosen)
            .then((pl.col(item) * pl.Series(factor)).round(2).cast(frame.schema[item]))
            .otherwise(pl.col(item))
            .alias(item)
            for item in self._feed.corrected
        ]
        return pl.concat([frame.with_columns(wrong), _later(frame.filter(chosen), stream, self._faults.corrected)])

    def _spoiled(self, frame: pl.DataFrame, stream: np.random.Generator) -> pl.DataFrame:
        """Some codes in lower case, some with O for 0, some missing."""
        if self._code is None:
            return frame
        dirty, code, chance = self._faults.dirty, pl.col(self._code), pl.Series(uniform(stream, frame.height))
        missing = dirty.missing if self._may_miss else 0.0
        edges = np.cumsum([dirty.lower, dirty.letter, missing])
        return frame.with_columns(
            pl.when(chance < edges[0]).then(code.str.to_lowercase())
            .when(chance < edges[1]).then(code.str.replace_all("0", "O"))
            .when(chance < edges[2]).then(None).otherwise(code)
        )  # fmt: skip

    def _deliveries(self) -> list[np.datetime64]:
        """When the rows of each month come: NaT if never."""
        stream, calendar = self._stream("deliveries", 0), self._city.calendar
        late = self._faults.late_month
        told = []
        for month in range(calendar.months):
            wait = self._feed.days * stream.uniform(0.7, 1.4) + (stream.random() < late.share) * stream.uniform(
                *late.days
            )
            told.append(
                calendar.first_day(month + 1).astype("datetime64[us]") + np.timedelta64(int(wait * _DAY_US), "us")
            )
        return self._stopped(told, stream)

    def _stopped(self, told: list[np.datetime64], stream: np.random.Generator) -> list[np.datetime64]:
        """A feed that stood still: its months come together when it goes on, or not at all."""
        outage, months = self._faults.outage, len(told)
        begins, lasts = int(stream.integers(0, months)), int(stream.integers(outage.months[0], outage.months[1] + 1))
        if stream.random() >= outage.share or begins + lasts >= months:
            return told
        again = np.datetime64("NaT", "us") if stream.random() < outage.lost else told[begins + lasts]
        return [again if begins <= month < begins + lasts else moment for month, moment in enumerate(told)]

    def _stream(self, name: str, number: int) -> np.random.Generator:
        return self._city.draws.of(f"post {self._dataset} {name}", number)


def _some(stream: np.random.Generator, spell: Spell, count: int) -> Flags:
    return uniform(stream, count) < spell.share


def _later(frame: pl.DataFrame, stream: np.random.Generator, spell: Spell) -> pl.DataFrame:
    wait = pl.Series(_days(stream, spell.days, frame.height)).cast(pl.Duration("us"))
    return frame.with_columns(pl.col("reported_at") + wait)


def _days(stream: np.random.Generator, days: tuple[int, int], count: int) -> npt.NDArray[np.timedelta64]:
    return (whole(stream, days[0], days[1] + 1, count) * _DAY_US + whole(stream, 0, _DAY_US // 2, count)).astype(
        "timedelta64[us]"
    )
