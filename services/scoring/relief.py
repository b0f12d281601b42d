"""What would bring a level down: the smallest sets of signals whose end lowers it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from math import comb

from services.scoring.rules import LEVELS, Level, Scale, Signal, assess, at_least

# Beyond so many sets the search stops and one way is found step by step: the answer stays quick.
_MOST_TRIED = 5_000


@dataclass(frozen=True)
class Way:
    """Signals that end together, and the level that is worked out without them."""

    ends: tuple[Signal, ...]
    level: Level


def ways_down(signals: Iterable[Signal], scale: Scale, today: date, most: int = 5) -> list[Way]:
    """The smallest sets without which the level is lower, at most `most`, those that lower it most first.

    None when there is no level. Ending more never raises a level, so without all of them it is none.
    """
    known = tuple(sorted(signals, key=lambda signal: (-signal.points, signal.indicator)))
    level = assess(known, scale, today).level
    if level == "none":
        return []
    for size in range(1, len(known) + 1):
        if comb(len(known), size) > _MOST_TRIED:
            return [_one_way(known, level, scale, today)]
        tried = (_without(known, ends, scale, today) for ends in combinations(known, size))
        if found := [way for way in tried if not at_least(way.level, level)]:
            return sorted(found, key=lambda way: LEVELS.index(way.level))[:most]
    return []


def _without(known: Sequence[Signal], ends: tuple[Signal, ...], scale: Scale, today: date) -> Way:
    return Way(ends, assess([signal for signal in known if signal not in ends], scale, today).level)


def _one_way(known: Sequence[Signal], level: Level, scale: Scale, today: date) -> Way:
    """All of them, and then without each that is not needed."""
    ends = tuple(known)
    for signal in reversed(known):
        fewer = tuple(each for each in ends if each != signal)
        if not at_least(_without(known, fewer, scale, today).level, level):
            ends = fewer
    return _without(known, ends, scale, today)
