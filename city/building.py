"""Everything of one seed in one place: who lives there, what happened, who is behind with what, and what was told."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from city import bills, claims
from city.draws import Days, Draws, Flags, Floats, Ints
from city.ground import Ground
from city.history import History, live
from city.months import Calendar
from city.parameters import Economy, Parameters, economy, parameters
from city.population import Population, settle
from city.register import register


@dataclass(frozen=True)
class City:
    """A district: its ground, its history, who was behind with which bill, what was claimed, and its register."""

    ground: Ground
    history: History
    behind: dict[str, bills.Behind]
    claims: claims.Told
    register: pl.DataFrame

    @property
    def draws(self) -> Draws:
        """The streams of its seed."""
        return self.ground.draws

    @property
    def calendar(self) -> Calendar:
        """Its window."""
        return self.ground.calendar

    @property
    def people(self) -> Population:
        """Who lives there."""
        return self.ground.people

    @property
    def numbers(self) -> Parameters:
        """What it is made of."""
        return self.ground.numbers

    @property
    def economy(self) -> Economy:
        """Its industries."""
        return self.ground.economy

    @property
    def wages(self) -> Floats:
        """The usual monthly wage of each employer's industry, CNY."""
        return self.ground.wages

    def former_name_holds(self, who: Ints, day: Days) -> Flags:
        """Whether each employer still bears his former name on that day."""
        renamed = self.register.get_column("renamed_on").to_numpy()[who]
        return np.asarray(~np.isnat(renamed) & (day < renamed))


def build(seed: int, count: int, years: int) -> City:
    """The city of that seed and size. The same arguments give the same city to the last bit."""
    draws, numbers, industries = Draws(seed), parameters(), economy()
    calendar = Calendar(numbers.world.begins_on, years * 12)
    people = settle(draws, count, calendar.months, numbers, industries)
    ground = Ground(draws, calendar, numbers, industries, people)
    history = live(ground)
    return City(ground, history, bills.behind(ground, history), claims.told(ground, history), register(ground))
