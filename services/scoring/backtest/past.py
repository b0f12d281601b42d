"""A directory's world as a source: its features, and the columns that the other contenders stand on."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from services.scoring import rulebook
from services.scoring.backtest import points
from services.scoring.backtest.source import Column
from services.scoring.measures import described, feature_table
from services.scoring.worlds import World
from shared.calendar import end_of_day, spring_festival

SINGLE, POINTS = "single.signal", "indicators.points"
MONTH, FESTIVAL = "calendar.month", "calendar.days_to_spring_festival"
SIZE, INDUSTRY = "profile.size", "profile.industry."
SECTIONS = "ABCDEFGHIJKLMNOPQRST"  # GB/T 4754-2017
OWN = {
    SIZE: Column("profile", 0, "规模（人数下限）", "size, least people of its band"),
    SINGLE: Column("bills", 1, "任一税费水电欠缴的最长月数", "longest months behind with any tax or utility"),
    POINTS: Column("indicators", 1, "指标分", "points of the indicators"),
    MONTH: Column("calendar", 0, "月份", "month of the year"),
    FESTIVAL: Column("calendar", 0, "距春节天数", "days to the Spring Festival"),
}
_BEHIND = "breadth.bills.months"
# The same for everyone of a day: a model would learn which day it was.
_OF_THE_DAY = ".feed.silent"


class Past:
    """A `Source`: what a world tells of each day by its end in China."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.labels = world.labels.drop_nulls(["employer_id", "started_on"])

    def subjects(self, day: date) -> pl.Series:
        return self.world.subjects(_end(day))

    def table(self, day: date, subjects: pl.Series) -> pl.DataFrame:
        features = feature_table(self.world, _end(day), subjects)
        features = features.drop(name for name in features.columns if name.endswith(_OF_THE_DAY))
        scale = rulebook.shipped().scale(max(day, _OLDEST))
        return features.with_columns(
            _longest_behind(features.columns).alias(SINGLE),
            points.points(points.shipped(), features.columns, scale).alias(POINTS),
            pl.lit(day.month, pl.Float32).alias(MONTH),
            pl.lit(_days_to_festival(day), pl.Float32).alias(FESTIVAL),
        ).join(_kinds(self.profile(day)), on="subject", how="left", maintain_order="left")

    def profile(self, day: date) -> pl.DataFrame:
        return self.world.profile(_end(day))

    def described(self, columns: Sequence[str]) -> Mapping[str, Column]:
        told = described([name for name in columns if name not in OWN and not name.startswith(INDUSTRY)])
        ours = {name: OWN.get(name) or _kind(name) for name in columns if name in OWN or name.startswith(INDUSTRY)}
        return {name: Column(each.family, each.monotone, each.zh, each.en) for name, each in told.items()} | ours


# The numbers of the grading hold from 2020 on; an older past is judged by the first ones.
_OLDEST = date(2020, 5, 1)


def _end(day: date) -> datetime:
    return end_of_day(day) - timedelta(microseconds=1)


def _kinds(profile: pl.DataFrame) -> pl.DataFrame:
    """subject, size (least number of people of the band), and one column a section of industry; null where unknown."""
    industry = pl.col("industry")
    sections = [(industry == each).cast(pl.Float32).alias(f"{INDUSTRY}{each}") for each in SECTIONS]
    least = pl.col("size").str.extract(r"(\d+)").cast(pl.Float32, strict=False)
    return profile.select("subject", least.alias(SIZE), *sections)


def _kind(name: str) -> Column:
    section = name.removeprefix(INDUSTRY)
    return Column("profile", 0, f"行业门类 {section}", f"industry section {section}")


def _longest_behind(columns: Sequence[str]) -> pl.Expr:
    """Months behind with the worst bill; 0 for none."""
    return pl.col(_BEHIND).fill_null(0).cast(pl.Float32) if _BEHIND in columns else pl.lit(0, pl.Float32)


def _days_to_festival(day: date) -> int:
    this_year = spring_festival(day.year)
    coming = this_year if day <= this_year else spring_festival(day.year + 1)
    return (coming - day).days
