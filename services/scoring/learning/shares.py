"""Shares with their intervals, and how far two of them are apart. Pure.

Wilson's interval holds for few and for extreme shares. Weighted shares use it with Kish's effective number; differences
are Newcombe's (1998, method 10). All are two-sided, at the given confidence.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """A share between `low` and `high`, of `n` (an effective number, where rows have weights); None where n is 0."""

    value: float | None
    low: float | None
    high: float | None
    n: float

    def as_json(self) -> dict[str, float | None]:
        """The four numbers, rounded."""
        parts = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return {name: None if part is None else round(part, 6) for name, part in parts.items()}


NOTHING = Share(None, None, None, 0)


def wilson(hits: float, n: float, confidence: float) -> Share:
    """The share of `hits` among `n`, neither of which has to be whole."""
    if n <= 0:
        return NOTHING
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = min(max(hits / n, 0.0), 1.0)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return Share(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)), n)


def weighted(hits: Array, weights: Array, confidence: float) -> Share:
    """The share of the weight that lies on hits (n,), each 0 or 1. With equal weights it is Wilson's own."""
    total, squares = float(weights.sum()), float((weights**2).sum())
    if total <= 0:
        return NOTHING
    effective = total**2 / squares
    return wilson(float((hits * weights).sum()) / total * effective, effective, confidence)


def difference(one: Share, other: Share) -> Share:
    """`one` less `other` with the interval that their own intervals give; the n is the smaller one's."""
    ends = (one.value, one.low, one.high, other.value, other.low, other.high)
    if any(end is None for end in ends):
        return NOTHING
    p, low, high, q, least, most = (float(end) for end in ends if end is not None)
    gap = p - q
    below = gap - float(np.hypot(p - low, most - q))
    above = gap + float(np.hypot(high - p, q - least))
    return Share(gap, below, above, min(one.n, other.n))
