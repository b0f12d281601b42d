"""From a score to a probability: a line on the log odds, or steps smoothed between their middles. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.scoring.model.arrays import Floats

_LEAST = 1e-7


@dataclass(frozen=True)
class Calibration:
    """Never falling. `scores` rise strictly; between two of them the log odds are on a line, outside they stay."""

    scores: tuple[float, ...]
    log_odds: tuple[float, ...]

    def probability(self, margin: Floats) -> Floats:
        """Of each margin (rows,) its probability (rows,), float64."""
        line = np.interp(margin.astype(np.float64), self.scores, self.log_odds)
        return expit(line)

    def moved(self, shift: float) -> "Calibration":
        """The same with every log odds greater by so much."""
        return Calibration(self.scores, tuple(odds + shift for odds in self.log_odds))

    def as_json(self) -> dict[str, Any]:
        return {"scores": list(self.scores), "log_odds": list(self.log_odds)}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Calibration":
        return cls(tuple(told["scores"]), tuple(told["log_odds"]))


def expit(log_odds: Floats) -> Floats:
    """The probability of log odds; without overflow."""
    halved: Floats = 0.5 * (1.0 + np.tanh(0.5 * log_odds))
    return halved


def logit(probability: Floats) -> Floats:
    """The log odds of a probability; 0 and 1 count as very small and very large."""
    kept = np.clip(probability, _LEAST, 1 - _LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds
