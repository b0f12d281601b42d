"""The rows that a model learns from: employers at month's ends, with what became of them by the end of the window.

Everything that depends on labels sees those discovered by `until` alone; features see what was reported by their day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from services.scoring.evaluation.ranking import Array
from services.scoring.model import matrix
from services.scoring.model.policy import Training
from services.scoring.training import labels as told
from services.scoring.training.labels import Delays
from services.scoring.training.recipe import Window

TableAt = Callable[[date, pl.Series], pl.DataFrame]
PopulationAt = Callable[[date], pl.DataFrame]  # subject, is_troubled: bad news of it came lately


@dataclass(frozen=True)
class Rows:
    """`values` (n, columns) float32; the rest (n,). `rate`: which share of the negatives like this row was sampled.

    `positive`: arrears start within the horizon. `ongoing`: they have started, and nobody has found out yet.
    `weight` makes sums those of everyone: a positive stands for those not discovered yet, a sampled negative for the
    ones left out. `sampled`: the rows that make up the sample at `rate`; of unsampled month's ends there are more.
    """

    columns: tuple[str, ...]
    values: Array
    positive: Array
    ongoing: Array
    weight: Array
    sampled: Array
    employer: Array
    day: Array
    rate: Array

    def take(self, mask: Array) -> "Rows":
        """The rows of a mask (n,); who holds the whole sample already is handed it as it is."""
        if mask.all():
            return self
        parts = (self.positive, self.ongoing, self.weight, self.sampled, self.employer, self.day, self.rate)
        return Rows(self.columns, self.values[mask], *(part[mask] for part in parts))

    def without_values(self) -> "Rows":
        """What became of them alone: cheap to take parts of."""
        return replace(self, columns=(), values=np.zeros((len(self.positive), 0), np.float32))

    @property
    def sample_weight(self) -> Array:
        """Weights for training on the sample: what a positive stands for, every negative once."""
        return np.where(self.positive, self.weight, 1.0).astype(np.float32)


@dataclass(frozen=True)
class _Month:
    day: date
    subjects: pl.DataFrame  # subject, positive, ongoing, weight, sampled, rate


@dataclass(frozen=True)
class Plan:
    """Which employers are looked at on which days, before a single feature is worked out.

    `rate`: which share of all negatives that is.
    """

    months: tuple[_Month, ...]
    rate: float

    @property
    def rows(self) -> int:
        return sum(month.subjects.height for month in self.months)

    @property
    def positives(self) -> int:
        return sum(int(month.subjects["positive"].sum()) for month in self.months)

    @property
    def negatives(self) -> int:
        """Rows of whom neither question is true."""
        return sum(int((~month.subjects["positive"] & ~month.subjects["ongoing"]).sum()) for month in self.months)


def days_of(
    labels: pl.DataFrame, until: date, horizon: int, numbers: Training, *, since: date = date.min
) -> list[date]:
    """The month's ends to learn from, oldest first: each with its window over, and mostly discovered, by `until`.

    `since`: from when on there are employers to look at.
    """
    first = labels["started_on"].min()
    if not isinstance(first, date):
        return []
    # The windows that reach the first start begin before it.
    ends = month_ends(max(first - timedelta(days=horizon), since), until - timedelta(days=horizon))
    seen = told.delays(labels, until)
    kept = [end for end in ends if _seen_share(seen, end, until, horizon) >= numbers.least_known_share]
    # A second look at a season is worth more than a history for the first months.
    least = numbers.season_months + 1 if len(kept) > numbers.season_months else numbers.least_months
    spare = max(0, min(numbers.warm_up_months, len(kept) - least))
    return kept[spare:][-numbers.months :]


def month_ends(first: date, last: date) -> list[date]:
    """Every last day of a month in [first, last]."""
    found, day = [], first
    while (end := _end_of_month(day)) <= last:
        found.append(end)
        day = end + timedelta(days=1)
    return found


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _seen_share(seen: Delays, end: date, until: date, horizon: int) -> float:
    ages = np.array([(until - end).days - ahead for ahead in range(1, horizon + 1)])
    return float(seen.known_share(ages).mean())


def plan(
    labels: pl.DataFrame,
    population_at: PopulationAt,
    days: Sequence[date],
    full: frozenset[date],
    window: Window,
) -> Plan:
    """All who failed or had and were not found out yet, and of the others a sample; everyone on the days of `full`.

    Those who fail must be told from the troubled ones, so these are sampled more densely.
    """
    seen = told.delays(labels, window.until)
    populations = [population_at(day).unique("subject").sort("subject") for day in days]
    troubled = sum(int(each["is_troubled"].sum()) for each in populations)
    calm = sum(each.height for each in populations) - troubled
    of_calm, of_troubled = _rates(_wanted(labels, days, window), calm, troubled, window.numbers.troubled_share)
    rate = pl.when("is_troubled").then(of_troubled).otherwise(of_calm)
    months = [
        _month(labels, population.with_columns(rate=rate), day, window, seen).filter(
            pl.lit(day in full) | pl.col("sampled")
        )
        for day, population in zip(days, populations, strict=True)
    ]
    weighed = [_weighed(each, day in full) for each, day in zip(months, days, strict=True)]
    share = (of_calm * calm + of_troubled * troubled) / max(1, calm + troubled)
    return Plan(tuple(_Month(day, each) for day, each in zip(days, weighed, strict=True)), share)


def _rates(wanted: int, calm: int, troubled: int, share: float) -> tuple[float, float]:
    """Which share of the calm and of the troubled is sampled, so that about `share` of the wanted are troubled."""
    least = min(calm, wanted * (1 - share))
    of_troubled = min(1.0, (wanted - least) / max(1, troubled))
    return min(1.0, (wanted - of_troubled * troubled) / max(1, calm)), of_troubled


def _month(labels: pl.DataFrame, population: pl.DataFrame, day: date, window: Window, seen: Delays) -> pl.DataFrame:
    """subject, positive, ongoing, stands_for, sampled, rate: of everyone on a day, in the order of the subjects.

    `population`: subject, rate.
    """
    owing = told.owing(labels, day, window.horizon, window.until, seen)
    ongoing = pl.col("is_ongoing")
    joined = population.join(owing, on="subject", how="left", maintain_order="left")
    return joined.select(
        "subject",
        (~ongoing).fill_null(False).alias("positive"),
        ongoing.fill_null(False).alias("ongoing"),
        (pl.col("stands_for") / (1 - window.hidden)).fill_null(1.0),
        (ongoing.is_not_null() | (_draws(day, window.seed) < pl.col("rate"))).alias("sampled"),
        "rate",
    )


def _wanted(labels: pl.DataFrame, days: Sequence[date], window: Window) -> int:
    """How many negatives are worth their time: so many for each positive, within bounds."""
    positives = sum(told.starting(labels, day, window.horizon).height for day in days)
    numbers = window.numbers
    return min(max(numbers.least_rows, numbers.negatives_each * positives), numbers.most_rows)


def _draws(day: date, seed: int) -> pl.Expr:
    """A number in [0, 1) of each subject and day, the same in whatever order they stand and whoever else is there."""
    mixed = pl.format("{} {}", pl.lit(day.isoformat()), "subject").hash(seed)
    return (mixed // 2**32).cast(pl.Float64) / 2.0**32


def _weighed(month: pl.DataFrame, is_full: bool) -> pl.DataFrame:
    others = pl.lit(1.0) if is_full else 1.0 / pl.col("rate")
    return month.with_columns(
        weight=pl.when(pl.col("positive") | pl.col("ongoing")).then("stands_for").otherwise(others)
    )


def gather(planned: Plan, table_at: TableAt, on_month: Callable[[date, int], None] = lambda *_: None) -> Rows:
    """The features of everyone in the plan. `on_month` hears of each day and its rows."""
    columns: tuple[str, ...] = ()
    values = np.zeros((0, 0), np.float32)
    employers: dict[str, int] = {}
    end = planned.rows
    # The newest day first: by then every dataset has spoken that ever will have.
    for month in reversed(planned.months):
        table = table_at(month.day, month.subjects["subject"])
        table = month.subjects.select("subject").join(table, on="subject", how="left", maintain_order="left")
        if not columns:
            columns = tuple(name for name in table.columns if name != "subject")
            values = np.empty((planned.rows, len(columns)), np.float32)
        values[end - table.height : end] = matrix(table, columns)
        end -= table.height
        on_month(month.day, table.height)
    every = pl.concat([month.subjects.with_columns(day=pl.lit(month.day.toordinal())) for month in planned.months])
    for subject in every["subject"]:
        employers.setdefault(subject, len(employers))
    return Rows(
        columns=columns,
        values=values,
        positive=every["positive"].to_numpy(),
        ongoing=every["ongoing"].to_numpy(),
        weight=every["weight"].to_numpy().astype(np.float32),
        sampled=every["sampled"].to_numpy(),
        employer=every["subject"].replace_strict(employers, return_dtype=pl.Int32).to_numpy(),
        day=every["day"].to_numpy(),
        rate=every["rate"].to_numpy(),
    )
