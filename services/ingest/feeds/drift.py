"""Has a distribution changed: the population stability index of a feed's newest rows against its own past. Pure.

PSI = sum over bins of (now - past) x ln(now / past), shares of rows. Of two samples of one population it is not zero
either: times 1 / (1/n + 1/m) it follows chi-square with bins - 1 degrees of freedom (Yurdakul and Naranjo 2020). A
change counts when it is larger than the rule of thumb and larger than chance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingest.feeds.numbers import value
from services.ingest.feeds.sketches import Sketch

# Half a row in every bin: an empty one has no logarithm (Jeffreys' prior).
_HALF = 0.5


@dataclass(frozen=True)
class Drift:
    """How far an item has moved: `psi` against its `bound`, the rule of thumb or chance, whichever is larger."""

    item: str
    psi: float
    bound: float

    @property
    def is_beyond(self) -> bool:
        return self.psi > self.bound


def drifts(past: Sketch, now: Sketch) -> list[Drift]:
    """The drift of each item that has rows enough on both sides, the furthest first."""
    if min(past.sampled, now.sampled) < value("feed.least_measured"):
        return []
    found = [_drift(item, past.numbers[item], now.numbers[item], ordered=True) for item in _both(past, now, "numbers")]
    found += [_drift(item, past.words[item], now.words[item], ordered=False) for item in _both(past, now, "words")]
    return sorted(filter(None, found), key=lambda each: (each.bound - each.psi, each.item))


def psi(past: Sequence[int], now: Sequence[int]) -> float:
    """The population stability index of two counts over the same bins; never negative, 0 of equal shares."""
    before, after = _smoothed(past), _smoothed(now)
    return sum((new - old) * math.log(new / old) for old, new in zip(before, after, strict=True))


def by_chance(past_rows: int, now_rows: int, bins: int, sigma: float) -> float:
    """What PSI stays below by chance, of two bins or more. The chi-square quantile is Wilson and Hilferty's."""
    freedom = bins - 1
    spread = 2 / (9 * freedom)
    quantile = freedom * max(0.0, 1 - spread + sigma * math.sqrt(spread)) ** 3
    return (1 / past_rows + 1 / now_rows) * quantile


def _drift(item: str, past: Mapping[Any, int], now: Mapping[Any, int], *, ordered: bool) -> Drift | None:
    if min(sum(past.values()), sum(now.values())) < value("feed.least_measured"):
        return None
    bins = _tenths(past, now) if ordered else _names(past, now)
    if len(bins) < 2:  # what is the same everywhere has not moved
        return None
    old, new = [[sum(counts.get(key, 0) for key in keys) for keys in bins] for counts in (past, now)]
    chance = by_chance(sum(old), sum(new), len(bins), value("feed.drift_by_chance"))
    return Drift(item, psi(old, new), max(value("feed.drift"), chance))


def _tenths(past: Mapping[int, int], now: Mapping[int, int]) -> list[list[int]]:
    """Neighbouring buckets together, so that each group holds about a tenth of the past."""
    share = sum(past.values()) / value("feed.drift_bins")
    groups: list[list[int]] = [[]]
    held = 0
    for bucket in sorted({*past, *now}):
        if held >= share:
            groups.append([])
            held = 0
        groups[-1].append(bucket)
        held += past.get(bucket, 0)
    return groups


def _names(past: Mapping[str, int], now: Mapping[str, int]) -> list[list[str]]:
    """The commonest words of the past one by one, all others together."""
    common = sorted(past, key=lambda word: (-past[word], word))[: value("feed.drift_bins") - 1]
    rest = sorted({*past, *now} - set(common))
    return [[word] for word in common] + ([rest] if rest else [])


def _smoothed(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + _HALF * len(counts)
    return [(count + _HALF) / total for count in counts]


def _both(past: Sketch, now: Sketch, which: str) -> list[str]:
    one, other = getattr(past, which), getattr(now, which)
    return [item for item in one if item in other]
