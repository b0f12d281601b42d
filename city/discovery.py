"""Cases of arrears: how many workers, how much, and when anybody finds out."""

from dataclasses import dataclass, fields

import numpy as np

from city.draws import Days, Floats, Ints, normal, uniform, whole
from city.ground import Ground
from city.months import DAY

COMPLAINT, ALERT, QUIET, INSPECTION = range(4)
ROUTES = ["complaint", "alert", "quiet", "inspection"]
_NAT = np.datetime64("NaT", "D")
_LATER_MONTHS = 6


@dataclass
class Cases:
    """Arrears, one a row. `complained`, `discovered` NaT where nobody did; `settled`: when the wages were paid."""

    employer: Ints
    started: Days
    workers: Ints
    amount: Floats
    route: Ints
    complained: Days
    discovered: Days
    settled: Days

    def at(self, rows: Ints) -> "Cases":
        """Some of them."""
        return Cases(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Inspections:
    """Random inspections by month: whom, on which day."""

    employer: dict[int, Ints]
    day: dict[int, Days]


def joined(parts: list[Cases]) -> Cases:
    """All cases of several months."""
    return Cases(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Cases)))


def inspections(ground: Ground) -> Inspections:
    """Every month a small random share of the employers is inspected on a random day."""
    employer, day = {}, {}
    for month in range(-ground.numbers.world.warm_up_months, ground.calendar.months + _LATER_MONTHS):
        stream = ground.draws.of("inspection", month)
        who = np.flatnonzero(uniform(stream, ground.count) < ground.numbers.discovery.inspected_year / 12)
        employer[month] = who[ground.people.born[who] <= month]
        days = whole(stream, 0, ground.calendar.length(month), len(employer[month]))
        day[month] = ground.calendar.first_day(month) + days * DAY
    return Inspections(employer, day)


def begin_cases(ground: Ground, month: int, who: Ints, inspected: Inspections) -> Cases:
    """The arrears of these employers that start in that month, with their whole course."""
    stream, numbers = ground.draws.of("case", month), ground.numbers.discovery
    started = ground.calendar.first_day(month) + whole(stream, 0, ground.calendar.length(month), len(who)) * DAY
    workers, amount = _owed(ground, stream, who)
    cases = Cases(who, started, workers, amount, *_found(ground, stream, started), started)
    quiet = started + whole(stream, *numbers.quiet_days, len(who)) * DAY
    after = _lognormal(stream, len(who), numbers.settled_days, numbers.settled_sigma) * DAY
    _inspect(cases, month, inspected, quiet)
    cases.settled = np.where(np.isnat(cases.discovered), quiet, cases.discovered + after)
    return cases


def _owed(ground: Ground, stream: np.random.Generator, who: Ints) -> tuple[Ints, Floats]:
    """Workers who are owed, and how much. Of large employers not everybody: a smaller share."""
    numbers, staff = ground.numbers.arrears, ground.people.workers[who]
    share = numbers.affected_share * np.exp(numbers.affected_sigma * normal(stream, len(who)))
    share = np.minimum(share * staff**-numbers.less_of_large, 1.0)
    workers = np.maximum(np.round(staff * share), 1).astype(np.int64)
    months = numbers.months_owed * np.exp(numbers.months_owed_sigma * normal(stream, len(who)))
    return workers, np.round(workers * ground.wages[who] * months, 2).astype(np.float32)


def _found(ground: Ground, stream: np.random.Generator, started: Days) -> tuple[Ints, Days, Days]:
    """Route, day of the first complaint and day of discovery."""
    numbers, count = ground.numbers.discovery, len(started)
    chance = uniform(stream, count)
    complained = started + _lognormal(stream, count, numbers.complaint_days, numbers.complaint_sigma) * DAY
    alerted = started + _lognormal(stream, count, numbers.alert_days, numbers.alert_sigma) * DAY
    checked = complained + whole(stream, *numbers.verification_days, count) * DAY
    by_alert = chance < numbers.by_complaint + numbers.by_alert
    route = np.where(chance < numbers.by_complaint, COMPLAINT, np.where(by_alert, ALERT, QUIET)).astype(np.int64)
    discovered = np.where(route == COMPLAINT, checked, np.where(route == ALERT, alerted, _NAT))
    return route, np.where(route == COMPLAINT, complained, _NAT), discovered


def _inspect(cases: Cases, month: int, inspected: Inspections, quiet: Days) -> None:
    """Whoever is inspected while he owes is found then, if nobody found him before."""
    for later in range(month, month + _LATER_MONTHS):
        if later in inspected.employer:
            _, mine, theirs = np.intersect1d(cases.employer, inspected.employer[later], return_indices=True)
            day = inspected.day[later][theirs]
            until = np.where(np.isnat(cases.discovered[mine]), quiet[mine], cases.discovered[mine])
            first = (day >= cases.started[mine]) & (day < until)
            cases.discovered[mine[first]], cases.route[mine[first]] = day[first], INSPECTION


def _lognormal(stream: np.random.Generator, count: int, median: float, sigma: float) -> Ints:
    """Days, at least five."""
    return np.asarray(np.maximum(np.round(median * np.exp(sigma * normal(stream, count))), 5), np.int64)
