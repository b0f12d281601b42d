"""From a source to a trained contest: which days, which rows, which model. `anxin train`; a backtest begins so."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from services.scoring.backtest.refused import Unfit
from services.scoring.backtest.source import Source
from services.scoring.model.policy import Policy, Training
from services.scoring.training import Contest, contest
from services.scoring.training.counting import calendars
from services.scoring.training.inspections import Hidden, hidden
from services.scoring.training.labels import known, told_until
from services.scoring.training.recipe import Recipe, Window
from services.scoring.training.rows import Plan, PopulationAt, Rows, days_of, gather, month_ends, plan
from services.scoring.training.splits import validation_days

Say = Callable[[str, str], None]
# So many employers tell what columns are like by now.
_PRESENT = 2000


@dataclass(frozen=True)
class Learned:
    """The contest with what it stands on. `told_until`: up to which day labels tell of anyone."""

    contest: Contest
    until: date
    days: tuple[date, ...]
    rows: int
    positives: int
    rate: float
    labels: int
    told_until: date
    hidden: Hidden | None = None


def learn(
    source: Source, until: date, policy: Policy, seed: int, say: Say, *, visits: pl.DataFrame | None = None
) -> Learned:
    """Train every contender on what was known by the end of `until`. Raises Unfit when there is nothing to learn.

    `visits`: random inspections (employer_id, inspected_on, found), if there were any.
    """
    labels = known(source.labels, until)
    if labels.is_empty():
        raise Unfit(f"{until} 之前没有已发现的欠薪标签。", f"No label had been discovered by {until}.")
    numbers = policy.training
    since = _begins(source, labels, until, numbers.least_population)
    told = told_until(labels, until, numbers)
    days = days_of(labels, told, policy.horizon_days, numbers, since=since)
    if not days:
        raise Unfit(f"{until} 之前没有完整的观察窗口。", f"No window of {policy.horizon_days} days is over by {until}.")
    earlier, later = validation_days(days, policy.horizon_days, numbers.validation_share)
    full = _unsampled(source, later, numbers.most_full_rows)
    unseen = None if visits is None else hidden(labels, visits, source.subjects(until).len(), told)
    share = 0.0 if unseen is None else unseen.proven
    window = Window(told, policy.horizon_days, numbers, seed, share)
    planned = plan(labels, people(source, numbers), days, full, window)
    _must_teach(planned, until)
    say(f"训练样本 {planned.rows} 行，正例 {planned.positives}", f"{planned.rows} rows, {planned.positives} positive")
    rows = gather(
        planned, source.table, lambda day, count: say(f"特征 {day}：{count} 行", f"features of {day}: {count}")
    )
    say("训练模型", "training")
    found = contest(rows, earlier, later, _recipe(source, rows, until, policy, seed))
    counts = (planned.rows, planned.positives, planned.rate, labels.height)
    return Learned(found, until, tuple(days), *counts, told, unseen)


def people(source: Source, numbers: Training) -> PopulationAt:
    """Of each day everyone, and of whom bad news came lately."""

    def at(day: date) -> pl.DataFrame:
        troubled = source.troubled(day, numbers.troubled_days)
        everyone = source.subjects(day).alias("subject").to_frame()
        return everyone.with_columns(is_troubled=pl.col("subject").is_in(troubled.implode()))

    return at


def _begins(source: Source, labels: pl.DataFrame, until: date, share: float) -> date:
    """The first month's end at which a share of the present employers was known: labels may be older than records."""
    first = labels["started_on"].min()
    ends = month_ends(first - timedelta(days=100), until) if isinstance(first, date) else []
    enough = share * source.subjects(until).len()
    place = bisect_left(ends, True, key=lambda end: source.subjects(end).len() >= enough)
    return ends[place] if place < len(ends) else until


def _unsampled(source: Source, later: list[date], most_rows: int) -> frozenset[date]:
    """As many of the later days, evenly spread, as may have all their employers; of very many employers none."""
    if not later:
        return frozenset()
    each = max(1, source.subjects(later[-1]).len())
    count = min(len(later), most_rows // each)
    return frozenset(later[-1 - (place * len(later)) // count] for place in range(count))


def _must_teach(planned: Plan, until: date) -> None:
    if planned.positives == 0:
        raise Unfit(
            f"{until} 之前的样本里没有欠薪的用人单位（标签与数据集的编号是否一致？）。",
            f"No employer of the data comes into arrears before {until} (do labels and datasets name them alike?).",
        )
    if planned.negatives == 0:
        raise Unfit("样本里没有未欠薪的用人单位。", "Every employer of the sample comes into arrears.")


def _recipe(source: Source, rows: Rows, until: date, policy: Policy, seed: int) -> Recipe:
    told, budget = source.described(rows.columns), policy.backtest
    present = source.table(until, some(source.subjects(until), _PRESENT, seed))
    return Recipe(
        policy.training,
        seed,
        monotone={name: column.monotone for name, column in told.items()},
        family={name: column.family for name, column in told.items()},
        alerts_share=budget.budget_per_year / budget.budget_employers / 12,
        calendars=calendars(rows, present, policy.training.most_of_days),
    )


def some(subjects: pl.Series, count: int, seed: int) -> pl.Series:
    """About so many of them, by a hash: the same whoever else is there."""
    every = max(1, subjects.len() // count)
    return subjects.filter(subjects.hash(seed) % every == 0)


def hidden_or_starting(labels: pl.DataFrame, day: date, horizon: int) -> pl.DataFrame:
    """The labels that an alert on this day would be right about: started by the horizon's end, undiscovered yet."""
    soon = pl.col("started_on") <= pl.lit(day).dt.offset_by(f"{horizon}d")
    return labels.filter(soon & (pl.col("discovered_on").is_null() | (pl.col("discovered_on") > day)))
