"""The unseen state: what an employer's business does to his cash, month by month.

Background b: results x (own AR(1), industry, season) fill or drain it: b' = reserve * b + (1 - reserve) * k * x.
Hole h: what he is short of once trouble has begun (an order lost, a buyer who does not pay, a loan called): it grows
by his burn every month until he is rescued (a new order, a loan, a buyer who pays after all), and closes then.
Stress is b + h, in months of costs that cash does not cover.
"""

from dataclasses import dataclass

import numpy as np

from city.draws import Draws, Flags, Floats, normal, uniform
from city.ground import Ground
from city.population import NOBODY


@dataclass
class State:
    """Everybody at the end of a month, shape (count,): own result, background, hole, and burn (0: not in trouble)."""

    result: Floats
    background: Floats
    hole: Floats
    burn: Floats

    @property
    def stress(self) -> Floats:
        """Months of costs that cash does not cover; below 0: reserves."""
        return self.background + self.hole


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
        self._ground, self._numbers, self._people = ground, ground.numbers.stress, ground.people
        self._trouble = ground.numbers.trouble
        keep, hold = self._numbers.persistence, self._numbers.reserve
        variance = (1 - hold) ** 2 * (1 + hold * keep) / ((1 - hold**2) * (1 - hold * keep))
        self._gain = np.float32(self._numbers.spread * (1 - hold) / np.sqrt(variance))
        self._shock = (np.sqrt(1 - keep**2) * self._people.volatility).astype(np.float32)
        size = ground.people.log_size - ground.people.log_size.mean()
        self._usual = np.asarray(self._trouble.begin_month * np.exp(self._trouble.by_size * size), np.float32)
        self._sensitivity = ground.of_industry("sensitivity")
        common = self._numbers.industry_weight * np.sqrt(1 - self._numbers.industry_persistence**2)
        self._wobble = np.asarray(self._gain * np.hypot(self._shock, self._sensitivity * common), np.float32)

    def begin(self, draws: Draws) -> State:
        """Before anything has happened."""
        nothing = np.zeros(self._people.count, np.float32)
        return State(normal(draws.of("result at first"), self._people.count), nothing, nothing.copy(), nothing.copy())

    def step(self, state: State, month: int, climate: Climate, spread: Floats, alive: Flags) -> State:
        """The month that follows: results, trouble that begins or ends, and what it costs."""
        draws, count, numbers = self._ground.draws, self._people.count, self._trouble
        result = self._results(state) + self._shock * normal(draws.of("result", month), count)
        background = self._drained(state, result, climate.at(month))
        chance = self._usual * np.exp(numbers.by_background * np.clip(state.background, -3, 3)) + spread
        news = uniform(draws.of("trouble", month), count)
        begins, ends = alive & (state.burn == 0) & (news < chance), (state.burn > 0) & (news < self._rescued(state))
        fresh = numbers.burn * np.exp(numbers.burn_sigma * normal(draws.of("burn", month), count))
        burn = np.where(begins, fresh, np.where(ends | ~alive, 0, state.burn)).astype(np.float32)
        lumpy = numbers.noise * normal(draws.of("cash", month), count)
        deeper = np.maximum(state.hole + burn + lumpy, 0)
        hole = np.where(burn > 0, deeper, state.hole * (1 - numbers.refill)).astype(np.float32)
        return State(result, background, hole, burn)

    def prospects(self, state: State, climate: Floats) -> list[tuple[Floats, Floats, Floats]]:
        """What stress is to be expected next month, by whether trouble goes on or ends: (chance, mean, sd), each
        (count,). Trouble that begins next month is left out: in its first month it brings nobody into arrears."""
        calm = self._drained(state, self._results(state), climate)
        numbers, pressed = self._trouble, state.burn > 0
        closing = state.hole * np.float32(1 - numbers.refill)
        ends = np.where(pressed, self._rescued(state), np.float32(1))
        lumpy = np.hypot(self._wobble, np.float32(numbers.noise))
        return [(ends, calm + closing, self._wobble), (1 - ends, calm + np.maximum(state.hole + state.burn, 0), lumpy)]

    def spread(self, state: State, owes: Flags, alive: Flags) -> Floats:
        """The chance of trouble next month that comes from a buyer in trouble and from firms of the same owner."""
        people, owned, numbers = self._people, self._people.owner >= 0, self._trouble
        ill = alive & (owes | (state.hole > numbers.spreads_from))
        bought = (people.buyer != NOBODY) & ill[np.maximum(people.buyer, 0)]
        many = int(people.owner.max(initial=0)) + 1
        groups = np.bincount(people.owner[owned], weights=ill[owned], minlength=many)
        others = owned & (groups[np.maximum(people.owner, 0)] - ill > 0)
        return np.asarray(bought * numbers.chain + others * numbers.owner, np.float32)

    def settle(self, state: State, who: Flags) -> None:
        """Wages are paid: trouble is over for these, most of the hole is filled."""
        state.hole[who] *= np.float32(self._trouble.kept_after_settlement)
        state.burn[who] = 0

    def closing(self, stress: Floats) -> Floats:
        """The chance to close in a month without owing wages, by the stress at its end, shape (count,)."""
        life = self._ground.numbers.life
        chance = life.closing_month * np.exp(life.closing_by_stress * stress)
        return np.asarray(np.minimum(chance, life.closing_most), np.float32)

    def _rescued(self, state: State) -> Floats:
        """The chance that trouble ends next month, smaller the deeper the hole is."""
        numbers = self._trouble
        return np.asarray(numbers.rescued_month * np.exp(-numbers.less_when_deep * state.hole), np.float32)

    def _results(self, state: State) -> Floats:
        return np.asarray(self._numbers.persistence * state.result, np.float32)

    def _drained(self, state: State, result: Floats, climate: Floats) -> Floats:
        pressure = result + self._sensitivity * climate[self._people.industry]
        return np.asarray(self._numbers.reserve * state.background + self._gain * pressure, np.float32)
