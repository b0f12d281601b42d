"""A small past for tests of training and backtests: employers with a trouble of their own, seen through two columns.

Nothing of it is tuned to the model: trouble is a slow walk, arrears come with it, and are discovered weeks later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import numpy as np
import polars as pl

from services.scoring.backtest.source import Column
from services.scoring.model.policy import Policy, shipped
from services.scoring.training.rows import month_ends

START, END = date(2021, 1, 31), date(2024, 12, 31)


def quick() -> Policy:
    """The policy with fewer months, rounds and resamples: for tests that do not ask how sure it is."""
    policy = shipped()
    training = msgspec.structs.replace(policy.training, months=15, most_rounds=30, resamples=5)
    replaying = msgspec.structs.replace(policy.backtest, resamples=10)
    return msgspec.structs.replace(policy, backtest=replaying, training=training)


def quiet(zh: str, en: str) -> None:
    """Nobody watches a test's progress."""


COLUMNS = {
    "power.debt.months": Column("utilities", 1, "电费连续拖欠月数", "months behind with power"),
    "tax.debt.level": Column("tax_si", 1, "欠税", "tax owed"),
    "staff.level": Column("tax_si", 0, "参保人数", "insured staff"),
    "noise.level": Column("market", 0, "噪声", "noise"),
    "single.signal": Column("single", 1, "任一欠费", "any arrears"),
    "indicators.points": Column("indicators", 1, "指标分", "points of the indicators"),
}


@dataclass(frozen=True)
class SmallCity:
    """A `Source`. `rows`: subject, day (a month's end), reported_on, and the columns."""

    labels: pl.DataFrame
    rows: pl.DataFrame

    def subjects(self, day: date) -> pl.Series:
        return self.rows.filter(pl.col("reported_on") <= day)["subject"].unique().sort()

    def table(self, day: date, subjects: pl.Series) -> pl.DataFrame:
        known = self.rows.filter(pl.col("reported_on") <= day).sort("day", "reported_on")
        newest = known.group_by("subject").agg(pl.col(COLUMNS).last())
        asked = subjects.alias("subject").to_frame()
        return asked.join(newest, on="subject", how="left", maintain_order="left")

    def troubled(self, day: date, days: int) -> pl.Series:
        told = self.rows.filter((pl.col("reported_on") <= day) & (pl.col("reported_on") > day - timedelta(days=days)))
        return told.filter(pl.col("single.signal") > 0)["subject"].unique()

    def profile(self, day: date) -> pl.DataFrame:
        town = (
            pl.col("subject").str.slice(-1).replace_strict({str(digit): f"33011000{digit % 3}" for digit in range(10)})
        )
        return (
            self.subjects(day)
            .to_frame()
            .select("subject", town=town, industry=pl.lit("E"), size=pl.lit(None, pl.String))
        )

    def described(self, columns: Sequence[str]) -> Mapping[str, Column]:
        return {name: COLUMNS[name] for name in columns}


def small_city(employers: int = 600, base: float = -5.5, seed: int = 1, delay_days: int = 40) -> SmallCity:
    """A city of so many employers; `base`: the log odds of a calm employer's arrears in a month."""
    random = np.random.default_rng(seed)
    days = month_ends(START, END)
    trouble = np.cumsum(random.normal(0, 0.35, (employers, len(days))), axis=1) * 0.8
    trouble += random.normal(0, 0.7, (employers, 1))
    names = [f"E{number:05d}" for number in range(employers)]
    return SmallCity(_labels(random, names, days, trouble + base, delay_days), _rows(random, names, days, trouble))


def _rows(random: np.random.Generator, names: list[str], days: list[date], trouble: np.ndarray) -> pl.DataFrame:
    shape = trouble.shape
    power = np.maximum(0, np.round(trouble + random.normal(0, 0.8, shape)))
    tax = np.exp(trouble + random.normal(0, 1, shape)) * (random.random(shape) < 0.5)
    late = random.integers(0, 20, shape)
    days_column = np.tile(np.array(days, dtype="datetime64[D]"), len(names))
    return pl.DataFrame(
        {
            "subject": np.repeat(names, len(days)),
            "day": days_column,
            "reported_on": days_column + late.ravel().astype("timedelta64[D]"),
            "power.debt.months": np.where(random.random(shape) < 0.1, np.nan, power).ravel(),
            "tax.debt.level": tax.ravel(),
            "staff.level": random.integers(1, 50, shape).ravel().astype(float),
            "noise.level": random.normal(0, 1, shape).ravel(),
            "single.signal": (power > 1).ravel().astype(float),
            "indicators.points": np.minimum(100, 15 * power + 5 * (tax > 1)).ravel(),
        }
    ).with_columns(pl.col("power.debt.months").fill_nan(None))


def _labels(
    random: np.random.Generator, names: list[str], days: list[date], log_odds: np.ndarray, delay_days: int
) -> pl.DataFrame:
    starts = random.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds))
    told = []
    for employer, month in zip(*np.nonzero(starts), strict=True):
        started = days[month] + timedelta(days=int(random.integers(1, 30)))
        delay = timedelta(days=int(random.exponential(delay_days)) + 5)
        told.append((names[employer], started, started + delay))
    return pl.DataFrame(
        told, schema={"employer_id": pl.String, "started_on": pl.Date, "discovered_on": pl.Date}, orient="row"
    )
