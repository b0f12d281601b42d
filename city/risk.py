"""The hazard that arrears of wages start: when cash is gone, those who pay wages last stop paying them first.

Log odds of the month after: steep in stress, with a threshold that lies far lower for an owner who pays wages last
(temperament) than for one who pays them first and comes into arrears only when he is unable to pay.
"""

import numpy as np

from city.draws import Flags, Floats, logistic
from city.ground import Ground
from city.stress import Drift, State


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

    def chance(self, stress: Floats, month: int, had_before: Flags) -> Floats:
        """The chance that arrears start in `month`, for those at risk."""
        return np.asarray(self._numbers.most * logistic(self.odds(stress, month, had_before)), np.float32)

    def late_by_days(self, stress: Floats, month: int, had_before: Flags) -> Floats:
        """Chance that wages of `month` come days late, which is not arrears yet: sooner than arrears do."""
        return logistic(self.odds(stress, month + 1, had_before) + np.float32(self._numbers.late_by_days))

    def within_60_days(self, state: State, month: int, drift: Drift, climate: Floats, had_before: Flags) -> Floats:
        """Probability at the end of `month` that arrears start in the 60 days after it, for those at risk.

        The first month's hazard is known; the second's is expected over next month's news (whether trouble ends,
        whether he closes) and innovations (Gauss-Hermite): nothing that is drawn later enters. `climate`: what is
        expected of it, (industries,).
        """
        first = self.chance(state.stress, month + 1, had_before)
        points, weights = np.polynomial.hermite_e.hermegauss(self._numbers.nodes)
        second = np.zeros_like(first)
        for chance, mean, sd in drift.prospects(state, climate):
            for point, weight in zip(points, weights / weights.sum(), strict=True):
                stress = mean + np.float32(point) * sd
                stays = 1 - drift.closing(stress)
                second += chance * np.float32(weight) * stays * self.chance(stress, month + 2, had_before)
        days = self._calendar.length(month + 1), self._calendar.length(month + 2)
        return np.asarray(first + (1 - first) * second * np.float32((60 - days[0]) / days[1]), np.float32)
