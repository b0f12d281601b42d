"""A directory's world as a source: its features, and the columns that the other contenders stand on."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from services.scoring.inputs import Column, columns_of, input_table
from services.scoring.worlds import World
from shared.calendar import end_of_day


class Past:
    """A `Source`: what a world tells of each day by its end in China."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.labels = world.labels.drop_nulls(["employer_id", "started_on"])

    def subjects(self, day: date) -> pl.Series:
        return self.world.subjects(_end(day))

    def table(self, day: date, subjects: pl.Series) -> pl.DataFrame:
        return input_table(self.world, _end(day), subjects)

    def troubled(self, day: date, days: int) -> pl.Series:
        return self.world.troubled(_end(day), timedelta(days=days))

    def profile(self, day: date) -> pl.DataFrame:
        return self.world.profile(_end(day))

    def described(self, columns: Sequence[str]) -> Mapping[str, Column]:
        return columns_of(columns)


def _end(day: date) -> datetime:
    return end_of_day(day) - timedelta(microseconds=1)
