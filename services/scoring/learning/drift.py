"""Whether a feature is still what it was: population stability index (PSI), missing values being a bin of their own.

Bins are the quantiles of the earlier values; half a row is added to each, so that an empty bin is no infinity. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring.learning.shares import Array


@dataclass(frozen=True)
class Drift:
    """A feature: its PSI, what chance alone would give on average, and the share of missing values before and now."""

    feature: str
    psi: float
    by_chance: float
    missing_before: float
    missing_now: float


def psi(before: Array, now: Array, bins: int) -> float:
    """The index over values (n,) and (m,), NaN being missing: 0 for equal distributions, whatever the row numbers."""
    return _index(*_counts(before, now, bins))


def drifts(before: pl.DataFrame, now: pl.DataFrame, features: Iterable[str], bins: int) -> list[Drift]:
    """Every feature's drift, the greatest first. Tables have a column a feature; nulls are missing."""
    found = [_drift(name, _values(before, name), _values(now, name), bins) for name in features]
    return sorted(found, key=lambda each: (-each.psi, each.feature))


def _drift(name: str, before: Array, now: Array, bins: int) -> Drift:
    counts = _counts(before, now, bins)
    chance = (len(counts[0]) - 1) * (1 / max(len(before), 1) + 1 / max(len(now), 1))
    missing = [float(np.isnan(part).mean()) if len(part) else 0.0 for part in (before, now)]
    return Drift(name, _index(*counts), chance, *missing)


def _counts(before: Array, now: Array, bins: int) -> tuple[Array, Array]:
    """Rows per bin before and now; the first bin is what is missing."""
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.zeros(0)
    return _counted(before, edges), _counted(now, edges)


def _counted(values: Array, edges: Array) -> Array:
    # Left: a value that many share is an edge, and stands in a bin with what is below, apart from all above.
    place = np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="left") + 1)
    return np.bincount(place.astype(np.int64), minlength=len(edges) + 2).astype(np.float64)


def _index(before: Array, now: Array) -> float:
    p = (before + 0.5) / (before.sum() + 0.5 * len(before))
    q = (now + 0.5) / (now.sum() + 0.5 * len(now))
    return float(((q - p) * np.log(q / p)).sum())


def _values(table: pl.DataFrame, name: str) -> Array:
    column = table.get_column(name).cast(pl.Float64, strict=False)
    return column.fill_null(float("nan")).to_numpy().astype(np.float64)
