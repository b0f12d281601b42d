"""Wage claims of every kind: those behind which there are arrears, and the many others."""

from dataclasses import dataclass

import numpy as np

from city.draws import Days, Floats, Ints, normal, uniform, whole
from city.ground import Ground
from city.history import History
from city.months import DAY
from city.parameters import Claims
from city.population import NOBODY


@dataclass
class Told:
    """Claims, one a row. `case`: the place of the case of arrears behind it, or NOBODY; `channel`: its place."""

    employer: Ints
    day: Days
    case: Ints
    channel: Ints
    people: Ints
    amount: Floats


def told(ground: Ground, history: History) -> Told:
    """All claims of the window, by month."""
    parts = [_others(ground, history, month) for month in range(ground.calendar.months)]
    parts.append(_of_cases(ground, history))
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in Told.__dataclass_fields__]
    return Told(*joined)


def _others(ground: Ground, history: History, month: int) -> Told:
    """Claims without arrears: late by days, overtime, severance. More where the owner pays wages last."""
    stream, people = ground.draws.of("claims", month), ground.people
    alive = history.is_alive(month, people) & (people.workers >= 1)
    who = np.flatnonzero((uniform(stream, people.count) < _rate(ground, history, month)) & alive)
    day = ground.calendar.first_day(month) + whole(stream, 0, ground.calendar.length(month), len(who)) * DAY
    heads = np.minimum(1 + stream.poisson(0.4, len(who)), people.workers[who])
    amount = heads * ground.wages[who] * np.exp(0.5 * normal(stream, len(who)))
    channel = _channels(stream, len(who), ground.numbers.claims)
    return Told(who, day, np.full(len(who), NOBODY), channel, heads, amount.astype(np.float32))


def _rate(ground: Ground, history: History, month: int) -> Floats:
    """Where wages come days late already, claims go before arrears; and where they do so by habit."""
    numbers, people, stress = ground.numbers.claims, ground.people, history.stress[month]
    drive = numbers.of_size * (people.log_size - people.log_size.mean()) + numbers.of_temperament * people.temperament
    drive += numbers.of_stress * np.clip(stress, -3, 4) + numbers.of_luck * people.luck
    return np.asarray(numbers.month * np.exp(drive) + numbers.near * history.late[month], np.float32)


def _of_cases(ground: Ground, history: History) -> Told:
    """The complaint by which a case is found, and those of other workers after it."""
    stream, cases, numbers = ground.draws.of("claims of cases"), history.cases, ground.numbers.claims
    found = np.flatnonzero(~np.isnat(cases.complained))
    more = np.minimum(stream.poisson(numbers.per_case * cases.workers[found]), numbers.most_per_case)
    case = np.repeat(found, more + 1)
    is_first = np.diff(case, prepend=NOBODY - 1) != 0
    later = np.where(is_first, 0, whole(stream, 0, 40, len(case)))
    heads = np.where(
        is_first, cases.workers[case] // 2, np.minimum(1 + stream.poisson(0.6, len(case)), cases.workers[case])
    )
    heads, who = np.maximum(heads, 1), cases.employer[case]
    amount = heads * ground.wages[who] * np.exp(0.4 * normal(stream, len(case)) + 0.4)
    day = cases.complained[case] + later * DAY
    return Told(who, day, case, _channels(stream, len(case), numbers), heads, amount.astype(np.float32))


def _channels(stream: np.random.Generator, count: int, numbers: Claims) -> Ints:
    edges = np.cumsum(list(numbers.channels.values()))
    return np.minimum(np.searchsorted(edges, stream.random(count)), len(edges) - 1)
