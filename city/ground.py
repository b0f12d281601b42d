"""What everything stands on: the draws, the calendar, the numbers, the industries, the people."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from city.draws import Draws, Floats
from city.months import Calendar
from city.parameters import Economy, Parameters
from city.population import Population


@dataclass(frozen=True)
class Ground:
    """The city before anything has happened in it."""

    draws: Draws
    calendar: Calendar
    numbers: Parameters
    economy: Economy
    people: Population

    @property
    def count(self) -> int:
        """Employers."""
        return self.people.count

    @cached_property
    def wages(self) -> Floats:
        """The usual monthly wage of each employer's industry, CNY."""
        return self.of_industry("wage")

    def of_industry(self, trait: str) -> Floats:
        """A number of each employer's industry, shape (count,)."""
        return np.array([getattr(one, trait) for one in self.economy.industries], np.float32)[self.people.industry]
