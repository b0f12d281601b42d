"""The figures by which a model is judged, each with an interval: resamples of employers, not of rows. Pure.

An employer's rows of one month and the next are nearly the same row: whoever resamples rows believes too much.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.scoring.evaluation.ranking import Array, First, Ranking
from services.scoring.evaluation.reliability import bins

__all__ = ["Drawn", "Figure", "First", "Ranking", "better_share", "bins", "drawn", "quantile", "resampled", "share"]


@dataclass(frozen=True)
class Figure:
    """A figure and between which values it lies in the given share of resamples; None where it has no value."""

    value: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, float | None]:
        return {"value": _rounded(self.value), "low": _rounded(self.low), "high": _rounded(self.high)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def resampled(employers: int, resamples: int, seed: int) -> Iterator[Array]:
    """Weights (employers,) of each resample: how often an employer was drawn (Poisson, mean one)."""
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        yield random.poisson(1.0, employers).astype(np.float32)


@dataclass(frozen=True)
class Drawn:
    """A figure as it is (NaN: it has none), and as each resample has it (resamples,)."""

    value: float
    draws: Array

    def over(self, other: "Drawn") -> "Drawn":
        """The ratio of two figures, resample by resample: what both owe to the same employers cancels."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return Drawn(float(np.divide(self.value, other.value)), self.draws / other.draws)

    def centred(self) -> "Drawn":
        """For an error, which resampling makes greater by itself: the draws less what that adds, at least 0."""
        kept = self.draws[np.isfinite(self.draws)]
        beyond = max(0.0, float(np.mean(kept)) - self.value) if len(kept) else 0.0
        return Drawn(self.value, np.maximum(self.draws - beyond, 0.0))

    def figure(self, interval: float) -> Figure:
        """With its interval; resamples without a value (no positive was drawn) are left out."""
        kept = self.draws[np.isfinite(self.draws)]
        if not np.isfinite(self.value):
            return Figure(None, None, None)
        if not len(kept):
            return Figure(self.value, None, None)
        low, high = np.quantile(kept, [(1 - interval) / 2, (1 + interval) / 2])
        return Figure(float(self.value), float(low), float(high))


Figures = Callable[[Array], dict[str, float]]


def drawn(figures: Figures, employers: int, resamples: int, seed: int) -> dict[str, Drawn]:
    """Figures of the whole and of every resample. `figures` maps weights of employers (employers,) to named values."""
    whole = figures(np.ones(employers, np.float32))
    draws = [figures(weight) for weight in resampled(employers, resamples, seed)]
    return {name: Drawn(value, np.array([draw[name] for draw in draws])) for name, value in whole.items()}


def share(above: Array, below: Array) -> float:
    """The sum of `above` over that of `below`; NaN when there is nothing below."""
    total = float(below.sum(dtype=np.float64))
    return float(above.sum(dtype=np.float64)) / total if total > 0 else float("nan")


def quantile(values: Array, weight: Array, part: float) -> float:
    """The least value (n,) up to which at least `part` of the weight (n,) lies; NaN without weight."""
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weight[order], dtype=np.float64)
    if not len(running) or running[-1] <= 0:
        return float("nan")
    return float(values[order][np.searchsorted(running, part * running[-1], side="left")])


def better_share(ours: Callable[[Array], float], theirs: Callable[[Array], float], draws: Iterator[Array]) -> float:
    """In which share of resamples our figure is greater than theirs, both of the same draw; 0 without any draw."""
    wins = [ours(weight) > theirs(weight) for weight in draws]
    return float(np.mean(wins)) if wins else 0.0
