"""The scorecard: monotone bins, weights of evidence, and a logistic regression that keeps their direction. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import isotonic_regression

from services.scoring.evaluation.ranking import Array
from services.scoring.model.calibration import expit, logit
from services.scoring.model.policy import Binning
from services.scoring.model.scorers import Binned, Scorecard
from services.scoring.training.rows import Rows

_One = TypeVar("_One")
_Other = TypeVar("_Other")
_CORRELATED_ROWS = 20_000
# Sorting and searching let go of the interpreter, so columns are worked on side by side.
_SIDE_BY_SIDE = 2


def learn(rows: Rows, directions: Mapping[str, int], numbers: Binning) -> Scorecard:
    """A scorecard of the sampled rows; its margin is that of everyone. Columns that tell nothing are left out."""
    sample = rows.take(rows.sampled)
    positive, calm = sample.positive.astype(np.float64), 1 / sample.rate
    # Every negative counts for as many as it stands for; all of them together for as many as there are in the sample.
    rate = float((~sample.positive).sum() / max(calm[~sample.positive].sum(), 1.0)) or 1.0
    weight = np.where(sample.positive, sample.weight, rate * calm)
    if sample.positive.all() or not sample.positive.any():
        # A fold that has but one kind of rows: nothing tells them apart.
        base = _share(np.array([weight @ positive]), np.array([weight.sum()]))
        return Scorecard((), float(logit(base)[0] + np.log(rate)))
    # What is searched lies together: a column picked out of rows costs several times as much.
    columns = dict(zip(sample.columns, np.asfortranarray(sample.values).T, strict=True))

    def binned(name: str) -> Binned:
        way = directions.get(name, 0)
        return bin_column(name, columns[name], positive, weight, direction=way, bins=numbers.bins)

    bins = _each(binned, columns)
    evidence = _each(lambda each: each.evidence(columns[each.column]).astype(np.float32), bins)
    kept = _told_apart(list(zip(bins, evidence, strict=True)), positive, weight, numbers)
    table = np.column_stack([np.ones(len(positive)), *(found for _, found in kept)])
    factors = _logistic(table, positive, weight, numbers.ridge)
    chosen = [replace(binned, factor=float(f)) for (binned, _), f in zip(kept, factors[1:], strict=True) if f > 0]
    return Scorecard(tuple(chosen), float(factors[0] + np.log(rate)))


def _each(work: Callable[[_One], _Other], things: Iterable[_One]) -> list[_Other]:
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(work, things))


def bin_column(name: str, values: Array, positive: Array, weight: Array, *, direction: int, bins: int) -> Binned:
    """Bins of one column whose weights of evidence rise (+1), fall (-1), or do what tells more (0)."""
    missing = np.isnan(values)
    # Cut by those who failed as well: the rare high values are where alerts are raised.
    edges = np.union1d(_edges(values[~missing], bins), _edges(values[~missing & (positive > 0)], bins))
    place = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    count = np.bincount(place, weight, minlength=len(edges) + 2)
    hits = np.bincount(place, weight * positive, minlength=len(edges) + 2)
    calm = logit(_share(np.array([hits.sum()]), np.array([count.sum()])))[0]
    directions = (direction,) if direction else (1, -1)
    tried = [_monotone(hits[:-1], count[:-1], way > 0, calm) for way in directions]
    woe = max(tried, key=lambda found: _information(found, hits[:-1], count[:-1]))
    lacking = float(_evidence(hits[-1:], count[-1:], calm)[0]) if count[-1] else 0.0
    return Binned(name, tuple(map(float, edges)), tuple(map(float, woe)), lacking, 1.0)


def _edges(values: Array, bins: int) -> Array:
    """Cuts between bins: quantiles of the values, and of those that are not the commonest one (often 0)."""
    if not len(values):
        return np.zeros(0, np.float32)
    shares = np.arange(1, bins) / bins
    common = np.median(values)
    rest = values[values != common]
    cuts = [np.quantile(part, shares, method="lower") for part in (values, rest) if len(part)]
    edges = np.unique(np.concatenate([*cuts, [common]]).astype(np.float32))
    return _between(edges[edges < values.max()], values)


def _between(edges: Array, values: Array) -> Array:
    """Each edge in the middle between its value and the next greater one: a bill that is told a day later than all
    that were seen is one like them, and none like those of the month after.
    """
    steps = np.unique(values.astype(np.float32))
    following = steps[np.minimum(np.searchsorted(steps, edges, side="right"), len(steps) - 1)]
    middle = (edges / 2 + following / 2).astype(np.float32)
    found: Array = np.where(middle < following, middle, edges)
    return found


def _share(hits: Array, count: Array) -> Array:
    found: Array = (hits + 0.5) / (count + 1.0)
    return found


def _evidence(hits: Array, count: Array, calm: float) -> Array:
    """Log odds of bins against the whole's; one positive's worth of the whole is added to each, so few prove little."""
    base = float(expit(np.array([calm]))[0])
    odds: Array = logit((hits + 1.0) / (count + 1.0 / base)) - calm
    return odds


def _monotone(hits: Array, count: Array, rising: bool, calm: float) -> Array:
    rates = isotonic_regression(
        hits / np.maximum(count, 1e-9), sample_weight=np.maximum(count, 1e-9), increasing=rising
    )
    _, merged = np.unique(rates, return_inverse=True)
    pooled = [np.bincount(merged, part)[merged] for part in (hits, count)]
    found = _evidence(pooled[0], pooled[1], calm)
    # Smoothing pulls small bins to the middle and may turn two about.
    ordered: Array = np.maximum.accumulate(found) if rising else np.minimum.accumulate(found)
    return ordered


def _information(woe: Array, hits: Array, count: Array) -> float:
    negatives = count - hits
    gap = hits / max(hits.sum(), 1e-9) - negatives / max(negatives.sum(), 1e-9)
    return float((gap * woe).sum())


def _told_apart(
    columns: Sequence[tuple[Binned, Array]], positive: Array, weight: Array, numbers: Binning
) -> list[tuple[Binned, Array]]:
    """The most telling columns with their evidence (n,), without those that repeat a more telling one."""
    hits, calm = weight * positive, weight * (1 - positive)
    gap = (hits / hits.sum() - calm / calm.sum()).astype(np.float32)
    told = {binned.column: float(found @ gap) for binned, found in columns}
    # Enough rows to see that two columns say the same.
    thin = slice(None, None, max(1, len(positive) // _CORRELATED_ROWS))
    kept: list[tuple[Binned, Array]] = []
    for binned, mine in sorted(columns, key=lambda each: (-told[each[0].column], each[0].column)):
        if len(kept) == numbers.most_columns or told[binned.column] < numbers.least_information:
            break
        if all(_correlation(mine[thin], other[thin]) < numbers.most_correlation for _, other in kept):
            kept.append((binned, mine))
    return kept


def _correlation(one: Array, other: Array) -> float:
    """Of two columns of evidence, without sign; 0 when one of them does not vary among these rows."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return abs(float(np.corrcoef(one, other)[0, 1]))


def _logistic(evidence: Array, positive: Array, weight: Array, ridge: float) -> Array:
    """Factors (columns,), the first one free, the others at least 0: more evidence never lowers the risk."""
    penalty = np.array([0.0] + [ridge] * (evidence.shape[1] - 1))

    def loss(factors: Array) -> tuple[float, Array]:
        margin = evidence @ factors
        terms = np.logaddexp(0, margin) - positive * margin
        slope = evidence.T @ (weight * (expit(margin) - positive))
        return float((weight * terms).sum() + 0.5 * (penalty * factors**2).sum()), slope + penalty * factors

    start = np.zeros(evidence.shape[1])
    start[0] = logit(np.array([np.average(positive, weights=weight)]))[0]
    bounds = [(None, None)] + [(0.0, None)] * (evidence.shape[1] - 1)
    found: Array = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found
