"""How well scores put those who failed first: average precision, ROC-AUC, the first of each day; with weights. Pure.

The order is worked out once, so that hundreds of resamples cost two sums each.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Ranking:
    """Rows (n,) by falling score. Equal scores are one step: neither metric depends on the order of the rows."""

    def __init__(self, scores: Array, positive: Array) -> None:
        self.order = np.argsort(-scores, kind="stable").astype(np.int64)
        ranked = scores[self.order]
        places = np.flatnonzero(positive[self.order])
        self.rows = self.order[places]
        # A positive's step of equal scores lies in [start, end) of the order.
        self.start = np.searchsorted(-ranked, -ranked[places], side="left")
        self.end = np.searchsorted(-ranked, -ranked[places], side="right")
        self.steps = np.searchsorted(places, np.stack([self.start, self.end]), side="left")

    def average_precision(self, weight: Array) -> float:
        """The area under precision over recall by steps, as scikit-learn's; NaN without a positive."""
        return self.areas(weight)[0]

    def areas(self, weight: Array) -> tuple[float, float]:
        """Average precision and ROC-AUC: the chance that a positive stands above a negative, a tie counting half.

        NaN without a positive, the second also without a negative.
        """
        every, right, mine = self._sums(weight)
        positives, total = mine.sum(), float(weight.sum(dtype=np.float64))
        if positives <= 0:
            return float("nan"), float("nan")
        precision = right[1] / np.maximum(every[1], 1e-300)
        negatives = every - right
        below = (total - positives) - 0.5 * (negatives[0] + negatives[1])
        pairs = positives * (total - positives)
        return float((mine * precision).sum() / positives), float((mine * below).sum() / pairs) if pairs else float(
            "nan"
        )

    def _sums(self, weight: Array) -> tuple[Array, Array, Array]:
        """Before and up to each positive's step (2, positives): the weight of all and of the positives; its own."""
        running = np.concatenate([[0.0], np.cumsum(weight[self.order], dtype=np.float64)])
        mine = weight[self.rows].astype(np.float64)
        positives = np.concatenate([[0.0], np.cumsum(mine)])
        return running[np.stack([self.start, self.end])], positives[self.steps], mine


class First:
    """Of each day those whom a budget of alerts reaches: the first `share` of its weight by falling score (n,).

    Equal scores are one step: a budget that ends within it reaches the same part of everyone there, which is what
    drawing lots comes to on average.
    """

    def __init__(self, scores: Array, positive: Array, day: Array, share: float) -> None:
        self.order = np.lexsort((-scores, day))
        self.positive = positive[self.order]
        days, ranked = day[self.order], scores[self.order]
        is_new_day = np.diff(days, prepend=-1) != 0
        is_new_step = is_new_day | np.append(True, ranked[1:] != ranked[:-1])
        self.steps = np.flatnonzero(is_new_step)
        self.days = np.flatnonzero(is_new_day[self.steps])  # places among the steps
        self.share = share

    def precision(self, weight: Array) -> float:
        """Which share of them is right; NaN where nobody weighs anything. A day's budget is one alert at the least."""
        mine = weight[self.order].astype(np.float64)
        every, right = (np.add.reduceat(part, self.steps) for part in (mine, mine * self.positive))
        counts = np.diff(np.append(self.days, len(every)))
        total = np.add.reduceat(every, self.days)
        before = np.cumsum(every) - every
        before -= np.repeat(before[self.days], counts)
        budget = np.repeat(np.maximum(total * self.share, np.minimum(total, 1.0)), counts)
        taken = np.clip(budget - before, 0.0, every)
        reached = taken.sum()
        part = np.divide(taken, every, out=np.zeros_like(taken), where=every > 0)
        return float((part * right).sum() / reached) if reached > 0 else float("nan")


def precision_recall(scores: Array, positive: Array, most_points: int = 400) -> tuple[Array, Array]:
    """Recall and precision (points,) at falling thresholds, thinned to so many points, for drawing."""
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(positive[order])
    if not len(found) or found[-1] == 0:
        return np.zeros(0), np.zeros(0)
    places = np.unique(np.geomspace(1, len(found), most_points).astype(np.int64)) - 1
    return found[places] / found[-1], found[places] / (places + 1)
