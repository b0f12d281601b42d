"""Where a backtest's features and labels come from, and the columns that are contenders of their own."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import polars as pl

from services.scoring.inputs import Column

__all__ = ["Column", "Source"]


class Source(Protocol):
    """The past as it was known day by day. A day counts until its end in China."""

    @property
    def labels(self) -> pl.DataFrame:
        """employer_id, started_on, discovered_on."""

    def subjects(self, day: date) -> pl.Series:
        """Everyone known on a day."""

    def table(self, day: date, subjects: pl.Series) -> pl.DataFrame:
        """subject and its features, as known on a day."""

    def troubled(self, day: date, days: int) -> pl.Series:
        """Of whom bad news came within so many days, as known on a day."""

    def profile(self, day: date) -> pl.DataFrame:
        """subject, town, industry, size; null where unknown."""

    def described(self, columns: Sequence[str]) -> Mapping[str, Column]: ...
