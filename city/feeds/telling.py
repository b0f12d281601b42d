"""What several datasets need: who is met by an event in which month, what he is called, and where he is."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from city.building import City
from city.draws import Days, Draws, Floats, Ints, Money, normal, uniform, whole
from city.months import DAY
from city.parameters import signals

_OLD_NAME_DAYS = 120 * DAY  # other offices go on with the name they know


@dataclass
class Met:
    """Who was met by an event, and on which day."""

    employer: Ints
    day: Days

    def __len__(self) -> int:
        return len(self.employer)


def met(city: City, group: str) -> Met:
    """Whom an event of that group of `signals.yaml` meets in the window: more under stress, by temperament and size."""
    numbers, people, history = signals()[group], city.people, city.history
    size = numbers["size"] * (people.log_size - people.log_size.mean())
    base = np.log(numbers["month"]) + numbers["temperament"] * people.temperament + size
    who, day = [], []
    for month in range(city.calendar.months):
        stream = city.draws.of(f"met {group}", month)
        rate = np.exp(base + numbers["stress"] * np.clip(history.stress[month], -3, 5)) + distress(city, group, month)
        hit = np.flatnonzero((uniform(stream, people.count) < rate) & history.is_alive(month, people))
        who.append(hit)
        day.append(days_within(city, stream, month, len(hit)))
    return Met(np.concatenate(who), np.concatenate(day))


def distress(city: City, group: str, month: int) -> Floats:
    """What wages that come days late add to a group's monthly rate, and what arrears that are going on do."""
    numbers, history = signals()[group], city.history
    return np.asarray(numbers["near"] * history.late[month] + numbers["owing"] * history.owing(month), np.float32)


def days_within(city: City, stream: np.random.Generator, month: int, count: int) -> Days:
    """Random days of a month."""
    first, length = city.calendar.first_day(month), city.calendar.length(month)
    return np.asarray(first + whole(stream, 0, length, count) * DAY)


def seen(city: City, rows: Met) -> Met:
    """Those within the window."""
    within = (rows.day >= city.calendar.first_day(0)) & (rows.day < city.calendar.ends_on)
    return Met(rows.employer[within], rows.day[within])


def identity(city: City, who: Ints, *columns: str) -> dict[str, pl.Series]:
    """Columns of the register for these employers."""
    return {name: city.register.get_column(name).gather(who) for name in columns}


def names(city: City, who: Ints, day: Days) -> pl.Series:
    """What each is called by other offices on that day: the former name for some time after a renaming, too."""
    is_former = pl.Series(city.former_name_holds(who, day - _OLD_NAME_DAYS))
    told = city.register.select(pl.col("ent_name", "former").gather(who))
    return told.select(pl.when(is_former).then("former").otherwise("ent_name").alias("name")).to_series()


def numbered(prefix: str, count: int, width: int = 8) -> pl.Series:
    """Running numbers with a prefix."""
    return pl.select(
        pl.lit(prefix) + pl.int_range(1, count + 1, eager=True).cast(pl.String).str.zfill(width)
    ).to_series()


def picked(values: list[str], places: Ints) -> pl.Series:
    """Values by place."""
    return pl.Series(values, dtype=pl.String).gather(places)


def lognormal(stream: np.random.Generator, mu: float, sigma: float, count: int) -> Money:
    """Amounts of money, two decimals."""
    return np.asarray(np.round(np.exp(mu + sigma * normal(stream, count).astype(np.float64)), 2))


def later(stream: np.random.Generator, day: Days, median: float, sigma: float = 0.5) -> Days:
    """Days that follow each day, at least one later."""
    wait = np.maximum(median * np.exp(sigma * normal(stream, len(day))), 1).astype(np.int64)
    return np.asarray(day + wait * DAY)


def unless(condition: np.ndarray, day: Days) -> Days:
    """The day where the condition does not hold; NaT elsewhere."""
    return np.where(condition, np.datetime64("NaT", "D"), day)


def moments(day: Days, stream: np.random.Generator) -> np.ndarray:
    """A moment within each day, in working hours (UTC)."""
    return np.asarray(
        day.astype("datetime64[us]") + whole(stream, 3_600_000_000, 36_000_000_000, len(day)).astype("timedelta64[us]")
    )


def drawn(draws: Draws, name: str) -> np.random.Generator:
    """The stream of a dataset's details."""
    return draws.of(f"details {name}")


def constant(value: str | None, count: int) -> pl.Series:
    """The same text `count` times."""
    return pl.Series([value] * count, dtype=pl.String)
