"""The rows that a model learns from: employers at month's ends, with what became of them by the end of the window.

Everything that depends on labels sees those discovered by `until` alone; features see what was reported by their day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
PopulationAt = Callable[[date], pl.Series]


@dataclass(frozen=True)
class Rows:
    """`values` (n, columns) float32; the rest (n,). `rate`: which share of the negatives was sampled.

    `weight` makes sums those of everyone: a positive stands for those not discovered yet, a sampled negative for the
    ones left out. `sampled`: the rows that make up the sample at `rate`; of unsampled month's ends there are more.
    """

    columns: tuple[str, ...]
    values: Array
    positive: Array
    weight: Array
    sampled: Array
    employer: Array
    day: Array
    rate: float

    def take(self, mask: Array) -> "Rows":
        """The rows of a mask (n,); who holds the whole sample already is handed it as it is."""
        if mask.all():
            return self
        parts = (self.positive, self.weight, self.sampled, self.employer, self.day)
        positive, weight, sampled, employer, day = (part[mask] for part in parts)
        return Rows(self.columns, self.values[mask], positive, weight, sampled, employer, day, self.rate)

    @property
    def sample_weight(self) -> Array:
        """Weights for training on the sample: what a positive stands for, every negative once."""
        return np.where(self.positive, self.weight, 1.0).astype(np.float32)


@dataclass(frozen=True)
class _Month:
    day: date
    subjects: pl.DataFrame  # subject, positive, weight, sampled


@dataclass(frozen=True)
class Plan:
    """Which employers are looked at on which days, before a single feature is worked out."""

    months: tuple[_Month, ...]
    rate: float

    @property
    def rows(self) -> int:
        return sum(month.subjects.height for month in self.months)

    @property
    def positives(self) -> int:
        return sum(int(month.subjects["positive"].sum()) for month in self.months)


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
    spare = max(0, min(numbers.warm_up_months, len(kept) - numbers.least_months))
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
    """Who is at risk on each day, all who failed, and of the others a sample; everyone on the days of `full`."""
    seen = told.delays(labels, window.until)
    populations = [population_at(day) for day in days]
    others = max(1, sum(each.len() for each in populations))
    rate = min(1.0, _wanted(labels, days, window) / others)
    months = [
        _month(labels, population, day, window, seen).filter(
            pl.lit(day in full) | pl.col("positive") | (pl.col("draw") < rate)
        )
        for day, population in zip(days, populations, strict=True)
    ]
    marked = [each.with_columns(sampled=pl.col("positive") | (pl.col("draw") < rate)) for each in months]
    weighed = [_weighed(each, day in full, rate) for each, day in zip(marked, days, strict=True)]
    return Plan(tuple(_Month(day, each) for day, each in zip(days, weighed, strict=True)), rate)


def _month(labels: pl.DataFrame, population: pl.Series, day: date, window: Window, seen: Delays) -> pl.DataFrame:
    """subject, positive, stands_for, draw: of everyone at risk on a day, in the order of the subjects."""
    starts = told.starting(labels, day, window.horizon)
    ages = (pl.lit(window.until) - starts["started_on"]).dt.total_days() if starts.height else pl.lit(0)
    age = starts.select(ages.alias("age"))["age"].to_numpy() if starts.height else np.zeros(0)
    share = np.maximum(seen.known_share(age), 0.25) * (1 - window.hidden) if starts.height else np.zeros(0)
    hits = pl.DataFrame({"subject": starts["employer_id"], "stands_for": 1 / share}).group_by("subject").max()
    at_risk = population.alias("subject").to_frame().unique("subject").sort("subject")
    at_risk = at_risk.filter(~pl.col("subject").is_in(told.ongoing(labels, day).implode()))
    return at_risk.join(hits, on="subject", how="left", maintain_order="left").select(
        "subject",
        pl.col("stands_for").is_not_null().alias("positive"),
        pl.col("stands_for").fill_null(1.0),
        _draws(day, window.seed).alias("draw"),
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


def _weighed(month: pl.DataFrame, is_full: bool, rate: float) -> pl.DataFrame:
    others = 1.0 if is_full else 1.0 / rate
    return month.with_columns(weight=pl.when("positive").then("stands_for").otherwise(others))


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
        weight=every["weight"].to_numpy().astype(np.float32),
        sampled=every["sampled"].to_numpy(),
        employer=every["subject"].replace_strict(employers, return_dtype=pl.Int32).to_numpy(),
        day=every["day"].to_numpy(),
        rate=planned.rate,
    )
