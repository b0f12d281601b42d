"""Months counted from the window's first one (negative ones are before it), and the days they stand for."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from city.draws import Days, Ints

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Calendar:
    """The window: `begins_on` is the first day of month 0; `months` of them are observed."""

    begins_on: date
    months: int

    @property
    def ends_on(self) -> np.datetime64:
        """The first day after the window."""
        return self.first_day(self.months)

    def first_day(self, month: int) -> np.datetime64:
        """The first day of a month."""
        return np.datetime64(f"{self.text(month)}-01")

    def length(self, month: int) -> int:
        """Days in the month."""
        return int((self.first_day(month + 1) - self.first_day(month)).astype(int))

    def of_year(self, month: int) -> int:
        """The calendar month, 0 for January."""
        return (self.begins_on.month - 1 + month) % 12

    def text(self, month: int) -> str:
        """The month as the catalogue writes it: 2024-03."""
        years, number = divmod(self.begins_on.month - 1 + month, 12)
        return f"{self.begins_on.year + years:04d}-{number + 1:02d}"

    def of_days(self, days: Days) -> Ints:
        """The month of each day."""
        return np.asarray((days.astype("datetime64[M]") - np.datetime64(self.begins_on, "M")).astype(np.int64))
