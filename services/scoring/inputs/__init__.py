"""The table that a model reads, one definition for training and for the live service: features and what stands beside.

Beside the features of `measures/` stand the longest run of unpaid bills, the points that the indicators would have
given, the calendar and the profile. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import cos, pi, sin

import polars as pl

from services.scoring import rulebook
from services.scoring.inputs import points
from services.scoring.measures import Context, described, feature_table
from services.scoring.worlds import World
from services.scoring.worlds.codes import canonical
from services.scoring.worlds.reading import as_microseconds
from shared.calendar import spring_festival
from shared.clock import local_date

__all__ = ["Column", "columns_of", "input_table", "named"]

SINGLE, POINTS = "single.signal", "indicators.points"
MONTH, FESTIVAL = "calendar.month", "calendar.days_to_spring_festival"
WINTER, SPRING = "calendar.winter", "calendar.spring"
SIZE, INDUSTRY = "profile.size", "profile.industry."
SECTIONS = "ABCDEFGHIJKLMNOPQRST"  # GB/T 4754-2017


@dataclass(frozen=True)
class Column:
    """What is known of a column: family, direction of risk (+1, -1, 0), and how people call it."""

    family: str
    monotone: int
    zh: str
    en: str


OWN = {
    SIZE: Column("profile", 0, "规模（人数下限）", "size, least people of its band"),
    SINGLE: Column("bills", 1, "任一税费水电欠缴的最长月数", "longest months behind with any tax or utility"),
    POINTS: Column("indicators", 1, "指标分", "points of the indicators"),
    MONTH: Column("calendar", 0, "月份", "month of the year"),
    FESTIVAL: Column("calendar", 0, "距春节天数", "days to the Spring Festival"),
    WINTER: Column("calendar", 0, "距冬至远近", "how near to midwinter"),
    SPRING: Column("calendar", 0, "距春分远近", "how near to the middle of spring"),
}
_BEHIND = "breadth.bills.months"
# The same for everyone of a day: a model would learn which day it was.
_OF_THE_DAY = ".feed.silent"
# The numbers of the grading hold from 2020 on; an older past is judged by the first ones.
_OLDEST = date(2020, 5, 1)


def input_table(world: World, at: datetime, subjects: pl.Series, context: Context | None = None) -> pl.DataFrame:
    """`subject` and Float32 columns, a row an employer in the order given, as known at an aware time; null: not known.

    `context` as in `feature_table`. Today, for calendar and grading, is the day in China.
    """
    features = feature_table(world, at, subjects, context)
    features = features.drop(name for name in features.columns if name.endswith(_OF_THE_DAY))
    day = local_date(at)
    scale = rulebook.shipped().scale(max(day, _OLDEST))
    table = features.with_columns(
        _longest_behind(features.columns).alias(SINGLE),
        points.points(points.shipped(), features.columns, scale).alias(POINTS),
        pl.lit(day.month, pl.Float32).alias(MONTH),
        pl.lit(_days_to_festival(day), pl.Float32).alias(FESTIVAL),
        # Of two that rise or fall a scorecard makes a season with its peak in any month; of months in a row it cannot.
        pl.lit(cos(_turn(day)), pl.Float32).alias(WINTER),
        pl.lit(sin(_turn(day)), pl.Float32).alias(SPRING),
    )
    numbers = world.register.look_up(canonical(subjects)).to_numpy()
    return pl.concat([table, _kinds(world.profiles(numbers, as_microseconds(at)))], how="horizontal")


def columns_of(names: Sequence[str]) -> Mapping[str, Column]:
    """What the columns of an input table are. KeyError for a column that is none."""
    told = described([name for name in names if name not in OWN and not name.startswith(INDUSTRY)])
    ours = {name: OWN.get(name) or _kind(name) for name in names if name in OWN or name.startswith(INDUSTRY)}
    return {name: Column(each.family, each.monotone, each.zh, each.en) for name, each in told.items()} | ours


def named(column: str) -> Column:
    """What a column is; one that this release does not know goes by its own name: a model may outlive a dataset."""
    try:
        return columns_of([column])[column]
    except (KeyError, ValueError, StopIteration):
        return Column("other", 0, column, column)


def _kinds(profile: pl.DataFrame) -> pl.DataFrame:
    """Size (least number of people of the band), and one column a section of industry; null where unknown."""
    industry = pl.col("industry")
    sections = [(industry == each).cast(pl.Float32).alias(f"{INDUSTRY}{each}") for each in SECTIONS]
    least = pl.col("size").str.extract(r"(\d+)").cast(pl.Float32, strict=False)
    return profile.select(least.alias(SIZE), *sections)


def _kind(name: str) -> Column:
    section = name.removeprefix(INDUSTRY)
    return Column("profile", 0, f"行业门类 {section}", f"industry section {section}")


def _longest_behind(columns: Sequence[str]) -> pl.Expr:
    """Months behind with the worst bill; 0 for none."""
    return pl.col(_BEHIND).fill_null(0).cast(pl.Float32) if _BEHIND in columns else pl.lit(0, pl.Float32)


def _turn(day: date) -> float:
    """How much of the year's circle is over, as an angle: 0 at the new year."""
    return 2 * pi * day.timetuple().tm_yday / 365.25


def _days_to_festival(day: date) -> int:
    this_year = spring_festival(day.year)
    coming = this_year if day <= this_year else spring_festival(day.year + 1)
    return (coming - day).days
