"""What really happened: the months of everybody's stress, every case of arrears, and the true hazard beside them."""

from dataclasses import dataclass

import numpy as np

from city.discovery import Cases, begin_cases, inspections, joined
from city.draws import Flags, Floats, Ints, uniform
from city.ground import Ground
from city.months import Calendar
from city.population import Population
from city.risk import Risk
from city.stress import Climate, Drift, State

_NEVER = 32_000  # a month that does not come


@dataclass
class History:
    """`stress`, `hazard` and `late` (chance that wages come days late): (months, count); `closed`: month of each one's
    end, or far away; `cases`: all arrears."""

    calendar: Calendar
    stress: Floats
    hazard: Floats
    late: Floats
    closed: Ints
    cases: Cases

    def owing(self, month: int) -> Flags:
        """Who is in arrears of wages at some time of that month, shape (count,)."""
        cases = self.cases
        began = cases.started < self.calendar.first_day(month + 1)
        owing = np.zeros(self.stress.shape[1], bool)
        owing[cases.employer[began & (cases.settled >= self.calendar.first_day(month))]] = True
        return owing

    def is_alive(self, month: int, people: Population) -> Flags:
        """Who is in business in that month."""
        return (people.born <= month) & (self.closed > month)


def live(ground: Ground) -> History:
    """Let the district live from the warm-up to the last month."""
    return _Life(ground).lived()


class _Life:
    def __init__(self, ground: Ground) -> None:
        self.ground, count = ground, ground.count
        self.climate, self.drift, self.risk = Climate(ground), Drift(ground), Risk(ground)
        self.inspected = inspections(ground)
        self.owes_until = np.full(count, -_NEVER, np.int64)
        self.last_case = np.full(count, -_NEVER, np.int64)
        self.closed = np.full(count, _NEVER, np.int64)

    def lived(self) -> History:
        months, first = self.ground.calendar.months, -self.ground.numbers.world.warm_up_months
        stress, hazard, late = (np.zeros((months, self.ground.count), np.float32) for _ in range(3))
        state, cases = self.drift.begin(self.ground.draws), []
        for month in range(first, months):
            if month > first:
                cases.append(self._arrears(state, month))
            state = self._moved(state, month)
            if month >= 0:
                stress[month], hazard[month] = state.stress, self._hazard(state, month)
                late[month] = self.risk.late_by_days(state.stress, month, self._had_before(month + 1))
        return History(self.ground.calendar, stress, hazard, late, self.closed, joined(cases))

    def _arrears(self, state: State, month: int) -> Cases:
        """Who comes into arrears in this month, by the state at the end of the one before."""
        draws, count = self.ground.draws, self.ground.count
        chance = self.risk.chance(state.stress, month, self._had_before(month))
        who = np.flatnonzero((uniform(draws.of("arrears", month), count) < chance) & self._at_risk(month))
        cases = begin_cases(self.ground, month, who, self.inspected)
        self.owes_until[who] = self.ground.calendar.of_days(cases.settled)
        self.last_case[who] = month
        gone = (
            uniform(draws.of("closed after arrears", month), len(who)) < self.ground.numbers.life.closed_after_arrears
        )
        self.closed[who[gone]] = np.minimum(self.closed[who[gone]], self.owes_until[who[gone]] + 1)
        return cases

    def _moved(self, state: State, month: int) -> State:
        alive = (self.ground.people.born < month) & (self.closed > month)
        spread = self.drift.spread(state, self.owes_until >= month, alive)
        moved = self.drift.step(state, month, self.climate, spread, alive)
        self.drift.settle(moved, self.owes_until == month)
        self._close(moved, month)
        return moved

    def _close(self, state: State, month: int) -> None:
        """Businesses that end without owing wages."""
        news = uniform(self.ground.draws.of("closing", month), self.ground.count)
        ends = (news < self.drift.closing(state.stress)) & (self.owes_until < month)
        ends &= self.ground.people.born < month
        self.closed = np.where(ends, np.minimum(self.closed, month + 1), self.closed)

    def _hazard(self, state: State, month: int) -> Floats:
        """The true chance of a start within 60 days after the month's end; 0 for those who are not at risk."""
        climate, had_before = self.climate.expected_after(month), self._had_before(month + 1)
        told = self.risk.within_60_days(state, month, self.drift, climate, had_before)
        return np.where(self._at_risk(month + 1), told, 0).astype(np.float32)

    def _at_risk(self, month: int) -> Flags:
        """In business with at least one worker, and not in arrears already."""
        people = self.ground.people
        return (people.workers >= 1) & (people.born < month) & (self.closed > month) & (self.owes_until < month)

    def _had_before(self, month: int) -> Flags:
        return self.last_case > month - self.ground.numbers.hazard.past_months
