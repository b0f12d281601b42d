"""Learning what a score means from rows that it was not learned from. Pure."""

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import isotonic_regression

from services.scoring.evaluation.ranking import Array
from services.scoring.model.calibration import Calibration, expit, logit

# Beyond the scores seen, the line goes on for so much.
_BEYOND = 20.0


def calibrate(margin: Array, positive: Array, weight: Array, isotonic_from: int) -> Calibration:
    """A never falling map from margins to log odds; margins (n,), finite. Steps when positives allow, else a line."""
    if np.ptp(margin) == 0:
        share = (float((weight * positive).sum()) + 0.5) / (float(weight.sum()) + 1)
        odds = float(logit(np.array([share]))[0])
        return Calibration((float(margin[0]), float(margin[0]) + 1), (odds, odds))
    if positive.sum() < isotonic_from:
        return _line(margin, positive, weight)
    return _steps(margin, positive, weight)


def _line(margin: Array, positive: Array, weight: Array) -> Calibration:
    """log odds = shift + slope * margin, the slope never negative and drawn towards one standard step."""
    middle, step = float(np.average(margin, weights=weight)), float(margin.std())
    scaled = (margin - middle) / step

    def loss(line: Array) -> tuple[float, Array]:
        odds = line[0] + line[1] * scaled
        gap = weight * (expit(odds) - positive)
        terms = weight * (np.logaddexp(0, odds) - positive * odds)
        pull = 0.5 * (line[1] - 1) ** 2
        return float(terms.sum() + pull), np.array([gap.sum(), (gap * scaled).sum() + line[1] - 1])

    base = logit(np.array([np.average(positive, weights=weight)]))[0]
    shift, slope = minimize(loss, [base, 1.0], jac=True, bounds=[(None, None), (1e-3, None)], method="L-BFGS-B").x
    ends = np.array([margin.min() - _BEYOND * step, margin.max() + _BEYOND * step])
    odds = shift + slope * (ends - middle) / step
    return Calibration((float(ends[0]), float(ends[1])), (float(odds[0]), float(odds[1])))


def _steps(margin: Array, positive: Array, weight: Array) -> Calibration:
    """Isotonic regression; between the middles of its steps the log odds are on a line, so that few scores tie."""
    order = np.argsort(margin, kind="stable")
    scores, mass = margin[order], weight[order].astype(np.float64)
    rates = isotonic_regression(positive[order].astype(np.float64), sample_weight=mass)
    step = np.unique(rates, return_inverse=True)[1]
    total = np.bincount(step, mass)
    middle = np.bincount(step, mass * scores) / total
    hits = np.bincount(step, mass * positive[order])
    # One part in a few positives is lent from the whole, so that no step says never or always.
    base = hits.sum() / total.sum()
    odds = np.maximum.accumulate(logit((hits + base) / (total + 1.0)))
    keep = np.concatenate([[True], np.diff(middle) > 0])
    return Calibration(tuple(map(float, middle[keep])), tuple(map(float, odds[keep])))
