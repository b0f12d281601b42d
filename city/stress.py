"""The unseen state: what an employer's business does to his reserves, month by month, and the hazard that follows.

Result x: own AR(1) + industry + season + trouble that spreads from a buyer or from the owner's other firms.
Stress L: what results leave of the reserves, L' = reserve * L + (1 - reserve) * k * x; k makes its spread about 1.
Hazard of the month after: logistic in L, temperament, size, industry, season and past arrears.
"""

from dataclasses import dataclass

import numpy as np

from city.draws import Draws, Flags, Floats, logistic, normal
from city.ground import Ground
from city.population import NOBODY


@dataclass
class State:
    """Everybody at the end of a month: own result and stress, both of shape (count,)."""

    result: Floats
    stress: Floats


@dataclass(frozen=True)
class Outlook:
    """What is known of the next month at the end of one: by industry, by what spreads, and who owed before."""

    climate: Floats
    spread: Floats
    had_before: Flags


class Climate:
    """What everybody of an industry feels: its own AR(1), slumps of its group, and the season."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._numbers = ground, ground.numbers.stress
        self._first = -ground.numbers.world.warm_up_months
        rows = ground.calendar.months + 2 - self._first
        self._cycle, self._slump = self._walk(rows), self._pressed(rows)
        self._season = np.array([one.season for one in ground.economy.industries])

    def at(self, month: int) -> Floats:
        """What presses on each industry in that month, shape (industries,)."""
        cycle = self._numbers.industry_weight * self._cycle[month - self._first]
        return np.asarray(cycle + self._known(month), np.float32)

    def expected_after(self, month: int) -> Floats:
        """What is to be expected of the next month at the end of this one, shape (industries,)."""
        kept = self._numbers.industry_persistence * self._cycle[month - self._first]
        return np.asarray(self._numbers.industry_weight * kept + self._known(month + 1), np.float32)

    def _known(self, month: int) -> Floats:
        winter = self._numbers.winter[self._ground.calendar.of_year(month)]
        return np.asarray(self._slump[month - self._first] + self._season * winter, np.float32)

    def _walk(self, rows: int) -> Floats:
        keep, many = self._numbers.industry_persistence, len(self._ground.economy.industries)
        walk = np.zeros((rows, many), np.float32)
        for row in range(rows):
            shock = normal(self._ground.draws.of("industry", row), many)
            walk[row] = shock if row == 0 else keep * walk[row - 1] + np.sqrt(1 - keep**2) * shock
        return walk

    def _pressed(self, rows: int) -> Floats:
        industries = self._ground.economy.industries
        pressed = np.zeros((rows, len(industries)), np.float32)
        for number, slump in enumerate(self._ground.economy.slumps):
            begin = int(self._ground.draws.of("slump", number).integers(*slump.between)) - self._first
            pressed[begin : begin + slump.months] += [slump.push * (one.group == slump.group) for one in industries]
        return pressed


class Drift:
    """How the state moves from one month to the next."""

    def __init__(self, ground: Ground) -> None:
        self._numbers, self._people = ground.numbers.stress, ground.people
        keep, hold = self._numbers.persistence, self._numbers.reserve
        spread = (1 - hold) ** 2 * (1 + hold * keep) / ((1 - hold**2) * (1 - hold * keep))
        self._gain = np.float32((1 - hold) / np.sqrt(spread))
        self._shock = (np.sqrt(1 - keep**2) * self._people.volatility).astype(np.float32)
        self._sensitivity = ground.of_industry("sensitivity")
        common = self._numbers.industry_weight * np.sqrt(1 - self._numbers.industry_persistence**2)
        self.wobble = np.asarray(self._gain * np.hypot(self._shock, self._sensitivity * common), np.float32)

    def begin(self, draws: Draws) -> State:
        """Before anything has happened."""
        return State(normal(draws.of("result at first"), self._people.count), np.zeros(self._people.count, np.float32))

    def step(self, state: State, noise: Floats, climate: Floats, spread: Floats) -> State:
        """The next month: own noise, the climate by industry and what spread from others."""
        result = self._numbers.persistence * state.result + self._shock * noise
        pressure = result + self._sensitivity * climate[self._people.industry] + spread
        return State(result, (self._numbers.reserve * state.stress + self._gain * pressure).astype(np.float32))

    def contagion(self, owes: Flags) -> Floats:
        """What spreads to each employer from a buyer who owes wages and from other firms of the same owner."""
        people, owned = self._people, self._people.owner >= 0
        bought = (people.buyer != NOBODY) & owes[np.maximum(people.buyer, 0)]
        many = int(people.owner.max(initial=0)) + 1
        groups = np.bincount(people.owner[owned], weights=owes[owned], minlength=many)
        others = owned & (groups[np.maximum(people.owner, 0)] - owes > 0)
        spread = bought * self._numbers.contagion_chain + others * self._numbers.contagion_owner
        return np.asarray(spread, np.float32)


class Risk:
    """The hazard that arrears of wages start, from the state."""

    def __init__(self, ground: Ground) -> None:
        self._numbers, self._calendar = ground.numbers.hazard, ground.calendar
        size = ground.people.log_size - ground.people.log_size.mean()
        person = self._numbers.of_size * size + self._numbers.of_temperament * ground.people.temperament
        self._base = np.asarray(self._numbers.intercept + ground.of_industry("risk") + person, np.float32)

    def odds(self, stress: Floats, month: int, had_before: Flags) -> Floats:
        """Log odds that arrears start in `month`, the stress being that of the month before it."""
        season = np.float32(self._numbers.winter[self._calendar.of_year(month)])
        return np.asarray(
            self._base + season + self._numbers.of_stress * stress + self._numbers.of_past * had_before, np.float32
        )

    def within_60_days(self, state: State, month: int, drift: Drift, outlook: Outlook) -> Floats:
        """Probability at the end of `month` that arrears start in the 60 days after it, for those at risk.

        The first month's hazard is known; the second's is expected over next month's innovations (Gauss-Hermite).
        """
        first = logistic(self.odds(state.stress, month + 1, outlook.had_before))
        mean = drift.step(state, np.zeros_like(state.stress), outlook.climate, outlook.spread).stress
        points, weights = np.polynomial.hermite_e.hermegauss(self._numbers.nodes)
        second = np.zeros_like(first)
        for point, weight in zip(points, weights / weights.sum(), strict=True):
            stress = mean + np.float32(point) * drift.wobble
            second += np.float32(weight) * logistic(self.odds(stress, month + 2, outlook.had_before))
        days = self._calendar.length(month + 1), self._calendar.length(month + 2)
        return np.asarray(first + (1 - first) * second * np.float32((60 - days[0]) / days[1]), np.float32)
