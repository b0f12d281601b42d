"""Which contender is best on rows that none has seen: how often its alerts are right, and how well it tells starts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from services.scoring.evaluation import First, Ranking, better_share, resampled
from services.scoring.evaluation.ranking import Array
from services.scoring.model.calibration import Calibration
from services.scoring.model.scorers import Scorer
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows
from services.scoring.training.splits import Splits

# From the simplest to the richest: who comes later has to beat all before.
ORDER = ("indicators", "scorecard", "model")


@dataclass(frozen=True)
class Asked:
    """A question: rows with their targets, and which of them are learned from and judged on."""

    rows: Rows
    splits: Splits

    @property
    def judged(self) -> Rows:
        """The rows that some part is judged on, without their values."""
        judged = self.splits.judged
        return self.rows.without_values().take(judged)


@dataclass(frozen=True)
class Found:
    """A scorer, and the margin of each judged row by one that did not learn from it."""

    scorer: Scorer
    margin: Array


@dataclass(frozen=True)
class Entrant:
    """What a contender answers: whether arrears start, and whether they start or are going on unseen."""

    starts: Found
    owing: Found


def best(entrants: Mapping[str, Entrant], starts: Rows, owing: Rows, recipe: Recipe) -> tuple[str, dict[str, float]]:
    """The simplest contender that no richer one beats in enough resamples of employers; and the shares of those."""
    values = {name: _value(entrants[name], starts, owing, recipe) for name in ORDER if name in entrants}
    ships, beats = next(iter(values)), {}
    for name in list(values)[1:]:
        share = better_share(values[name], values[ships], _draws(starts, owing, recipe))
        beats[f"{name} > {ships}"] = share
        if share >= recipe.numbers.ships_when_better_in:
            ships = name
    return ships, beats


def _value(entrant: Entrant, starts: Rows, owing: Rows, recipe: Recipe) -> Callable[[Array], float]:
    """What people have of it, by a weight of employers: alerts that are right, and starts told early, alike."""
    ranking = Ranking(entrant.starts.margin, starts.positive)
    first = First(entrant.owing.margin, owing.positive, owing.day, recipe.alerts_share)

    def value(drawn: Array) -> float:
        found = ranking.average_precision(drawn[starts.employer] * starts.weight)
        # Where a small budget meets nobody, how starts are told decides alone.
        return float(np.sqrt(found * (found + first.precision(drawn[owing.employer] * owing.weight))))

    return value


def _draws(starts: Rows, owing: Rows, recipe: Recipe) -> Iterator[Array]:
    """How often each employer is drawn, the same resamples each time."""
    count = int(max(rows.employer.max(initial=0) for rows in (starts, owing))) + 1
    return resampled(count, recipe.numbers.resamples, recipe.seed)


def log_loss(calibration: Calibration, margin: Array, rows: Rows) -> float:
    """Of what is said of judged rows."""
    said = calibration.probability(margin)
    terms = np.where(rows.positive, np.log(np.maximum(said, 1e-12)), np.log(np.maximum(1 - said, 1e-12)))
    return -float(np.average(terms, weights=rows.weight))
