"""Which contender is best on rows that none has seen: how often its alerts are right, and how well it tells starts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from services.scoring.evaluation import First, Ranking, better_share, resampled, share
from services.scoring.evaluation.ranking import Array
from services.scoring.model.calibration import Calibration
from services.scoring.training.questions import Asked, Entrant, Found
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows

# From the simplest to the richest: who comes later has to beat all before.
ORDER = ("indicators", "scorecard", "model")


@dataclass(frozen=True)
class Verdict:
    """Which ships; in what share of resamples each contender beat the simpler one, and told better than chance."""

    ships: str
    beats: Mapping[str, float]
    tells: Mapping[str, float]


def best(entrants: Mapping[str, Entrant], starts: Asked, owing: Asked, recipe: Recipe) -> Verdict:
    """The simplest contender that no richer one beats in enough resamples of employers.

    Of two that tell nothing one is always a little better: a richer one has to tell better than chance, too.
    """
    numbers, names = recipe.numbers, [name for name in ORDER if name in entrants]
    values = {name: _value(entrants[name], starts, owing, recipe) for name in names}
    tells = {name: _tells(entrants[name], starts, owing, recipe) for name in names}
    ships, beats = names[0], dict[str, float]()
    for name in names[1:]:
        won = better_share(values[name], values[ships], _draws(starts.rows, recipe))
        beats[f"{name} > {ships}"] = won
        if won >= numbers.ships_when_better_in and tells[name] >= numbers.ships_when_telling_in:
            ships = name
    return Verdict(ships, beats, tells)


def _tells(entrant: Entrant, starts: Asked, owing: Asked, recipe: Recipe) -> float:
    """In which share of resamples both questions are told better than by lot, or starts much better among the first.

    The second: a sign that few have leaves most of the order to chance, and may be right about nearly all of the few.
    """
    rows, seen = starts.judged, owing.judged
    told = Ranking(entrant.starts.margin[starts.is_judged], rows.positive)
    owed = Ranking(entrant.owing.margin[owing.is_judged], seen.positive)

    def is_told(drawn: Array) -> bool:
        weight = drawn[rows.employer] * rows.weight
        first, area = told.areas(weight)
        is_above = area > 0.5 and owed.areas(drawn[seen.employer] * seen.weight)[1] > 0.5
        return bool(is_above or first > recipe.numbers.telling_lift * share(weight * rows.positive, weight))

    return float(np.mean([is_told(drawn) for drawn in _draws(starts.rows, recipe)]))


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
