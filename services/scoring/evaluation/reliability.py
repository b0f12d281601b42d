"""Whether a probability means what it says: bins of equal mass, and the mean gap over them (ECE). Pure."""

from dataclasses import dataclass

import numpy as np

from services.scoring.evaluation.ranking import Array


@dataclass(frozen=True)
class Bins:
    """Rows in bins of equal mass by probability; `edges` cut `order` (n,) into bins."""

    order: Array
    edges: Array
    probability: Array
    positive: Array
    gap: Array  # said less seen, in order

    def table(self) -> list[dict[str, float]]:
        """Per bin: rows, mean probability said, share seen."""
        ones = np.ones(len(self.order))
        starts = self.edges[:-1]
        parts = (ones, self.probability[self.order], self.positive[self.order].astype(np.float64))
        rows, said, seen = (np.add.reduceat(part, starts) for part in parts)
        kept = rows > 0
        return [
            {"rows": int(n), "probability": float(s / n), "observed": float(o / n)}
            for n, s, o in zip(rows[kept], said[kept], seen[kept], strict=True)
        ]

    def error(self, weight: Array) -> float:
        """The expected calibration error with these weights (n,); NaN when they are all nothing."""
        mine = weight[self.order].astype(np.float64)
        gaps = np.add.reduceat(mine * self.gap, self.edges[:-1])
        total = mine.sum()
        return float(np.abs(gaps).sum() / total) if total > 0 else float("nan")


def bins(probability: Array, positive: Array, count: int) -> Bins:
    """Cut rows (n,) into at most `count` bins of equal mass; fewer when there are fewer rows."""
    order = np.argsort(probability, kind="stable")
    edges = np.unique(np.linspace(0, len(order), min(count, max(len(order), 1)) + 1).astype(np.int64))
    gap = (probability - positive)[order]
    return Bins(order, edges, probability, positive, gap)
