"""Which contender is best on rows that none has seen: how often its alerts are right, and how well it tells starts."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from services.scoring.evaluation import First, Ranking, better_share, resampled
from services.scoring.evaluation.ranking import Array
from services.scoring.model.calibration import Calibration
from services.scoring.training.questions import Asked, Entrant, Found
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows

# From the simplest to the richest: who comes later has to beat all before.
ORDER = ("indicators", "scorecard", "model")


def best(entrants: Mapping[str, Entrant], starts: Asked, owing: Asked, recipe: Recipe) -> tuple[str, dict[str, float]]:
    """The simplest contender that no richer one beats in enough resamples of employers; and the shares of those."""
    values = {name: _value(entrants[name], starts, owing, recipe) for name in ORDER if name in entrants}
    ships, beats = next(iter(values)), {}
    for name in list(values)[1:]:
        share = better_share(values[name], values[ships], _draws(starts.rows, recipe))
        beats[f"{name} > {ships}"] = share
        if share >= recipe.numbers.ships_when_better_in:
            ships = name
    return ships, beats


def _value(entrant: Entrant, starts: Asked, owing: Asked, recipe: Recipe) -> Callable[[Array], float]:
    """What people have of it, by a weight of employers: alerts that are right, and starts told early, alike."""
    rows, seen = starts.judged, owing.judged
    ranking = Ranking(entrant.starts.margin[starts.is_judged], rows.positive)
    first = firsts(entrant.owing, owing, recipe)

    def value(drawn: Array) -> float:
        found = ranking.average_precision(drawn[rows.employer] * rows.weight)
        # Where a small budget meets nobody, how starts are told decides alone.
        return float(np.sqrt(found * (found + first.precision(drawn[seen.employer] * seen.weight))))

    return value


def firsts(found: Found, asked: Asked, recipe: Recipe) -> First:
    """Whom the budget of alerts reaches in the judged months; of a small population some more: one alert is chance."""
    rows = asked.judged
    share = max(recipe.alerts_share, recipe.numbers.least_alerts / float(rows.weight.sum()))
    return First(found.margin[asked.is_judged], rows.positive, rows.day, min(share, 1.0))


def _draws(rows: Rows, recipe: Recipe) -> Iterator[Array]:
    """How often each employer is drawn, the same resamples each time."""
    return resampled(int(rows.employer.max(initial=0)) + 1, recipe.numbers.resamples, recipe.seed)


def log_loss(calibration: Calibration, margin: Array, rows: Rows) -> float:
    """Of what is said of judged rows."""
    said = calibration.probability(margin)
    terms = np.where(rows.positive, np.log(np.maximum(said, 1e-12)), np.log(np.maximum(1 - said, 1e-12)))
    return -float(np.average(terms, weights=rows.weight))
