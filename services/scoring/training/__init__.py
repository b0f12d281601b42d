"""Learning a model: contenders from one column to trees, judged on rows they have not seen; the simplest that is best.

`rows.days_of` -> `rows.plan` -> `rows.gather` -> `contest`. Pure but for LightGBM's own threads; the seed decides all
that is random, and nothing that was discovered after `until` is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.scoring.evaluation import Ranking, better_share, resampled
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Calibration, Model, Scorer
from services.scoring.model.calibration import logit
from services.scoring.model.scorers import Plain
from services.scoring.training import scorecard, trees
from services.scoring.training.calibrating import calibrate
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows
from services.scoring.training.splits import Splits, split

# From the simplest to the richest: who comes later has to beat all before.
ORDER = ("indicators", "scorecard", "model")
PLAIN = {"single_signal": "single.signal", "indicators": "indicators.points"}


@dataclass(frozen=True)
class Judged:
    """A contender with how it did on rows it had not seen."""

    model: Model
    pr_auc: float
    roc_auc: float
    log_loss: float


@dataclass(frozen=True)
class Contest:
    """All contenders by name, which ships, and in what share of resamples it beat the simpler ones."""

    judged: Mapping[str, Judged]
    ships: str
    beats: Mapping[str, float]
    splits: Splits
    settings: Mapping[str, float]

    @property
    def champion(self) -> Model:
        return self.judged[self.ships].model


@dataclass(frozen=True)
class _Learned:
    scorer: Scorer
    margin: Array  # of the judged rows, by a scorer that did not learn from them


def contest(rows: Rows, earlier: Sequence[date], later: Sequence[date], recipe: Recipe) -> Contest:
    """Train and judge every contender. The columns named in `PLAIN` are contenders, and features of the others too:

    with few failures, what the rules already know is the best that can be learned from.
    """
    splits = split(rows, earlier, later, recipe.numbers)
    features = _features(rows, recipe)
    learned: dict[str, _Learned] = {
        name: _plain(rows, column, splits) for name, column in PLAIN.items() if column in rows.columns
    }
    settings: dict[str, float] = {}
    learned["scorecard"] = _scorecard(features, splits, recipe)
    if rows.positive.sum() >= recipe.numbers.least_positives_for_trees:
        learned["model"], settings = _trees(features, splits, recipe)
    judged = {name: _judge(name, each, rows, splits, recipe) for name, each in learned.items()}
    ships, beats = _best(learned, rows, splits, recipe)
    return Contest(judged, ships, beats, splits, settings)


def _features(rows: Rows, recipe: Recipe) -> Rows:
    """Without the columns that never vary, and without the calendar where each season was seen but once.

    What happened in a month of one year would be taken for what happens in that month every year.
    """
    is_short = np.ptp(rows.day) < recipe.numbers.season_months * 30
    out = {name for name in rows.columns if is_short and recipe.family.get(name) == "calendar"}
    places = [place for place, name in enumerate(rows.columns) if name not in out]
    kept = [place for place in places if _varies(rows.values[:, place])]
    columns = tuple(rows.columns[place] for place in kept)
    values = rows.values if len(kept) == len(rows.columns) else rows.values[:, kept]
    parts = (rows.positive, rows.weight, rows.sampled, rows.employer, rows.day)
    return Rows(columns, values, *parts, rows.rate)


def _varies(values: Array) -> bool:
    missing = np.isnan(values)
    if missing.all():
        return False
    known = values[~missing]
    return bool(missing.any() or known.min() != known.max())


def _plain(rows: Rows, column: str, splits: Splits) -> _Learned:
    scorer = Plain(column)
    place = rows.columns.index(column)
    return _Learned(scorer, scorer.margin(rows.values[:, place : place + 1])[splits.judged])


def _scorecard(rows: Rows, splits: Splits, recipe: Recipe) -> _Learned:
    margin = np.full(len(rows.positive), np.nan)
    for part, judged in splits.parts:
        found = scorecard.learn(rows.take(part & rows.sampled), recipe.monotone, recipe.numbers.scorecard)
        margin[judged] = _margin(found, rows, judged)
    return _Learned(scorecard.learn(rows, recipe.monotone, recipe.numbers.scorecard), margin[splits.judged])


def _margin(scorer: Scorer, rows: Rows, mask: Array) -> Array:
    places = np.array([rows.columns.index(name) for name in scorer.columns], dtype=np.int64)
    return scorer.margin(rows.values[np.ix_(np.flatnonzero(mask), places)])


def _trees(rows: Rows, splits: Splits, recipe: Recipe) -> tuple[_Learned, dict[str, float]]:
    chosen = trees.choose(rows, splits, recipe)
    final = trees.learn(rows, chosen, recipe)
    candidate = chosen.candidate
    settings = {"rounds": chosen.rounds, **{name: getattr(candidate, name) for name in candidate.__struct_fields__}}
    return _Learned(final, chosen.margin[splits.judged]), settings


def _judge(name: str, learned: _Learned, rows: Rows, splits: Splits, recipe: Recipe) -> Judged:
    positive, weight = rows.positive[splits.judged], rows.weight[splits.judged]
    found = calibrate(learned.margin, positive, weight, recipe.numbers.isotonic_from)
    calibration = found.moved(_level(rows, splits, recipe))
    model = Model(name, learned.scorer, calibration, recipe.family)
    areas = Ranking(learned.margin, positive).areas(weight)
    return Judged(model, *areas, _log_loss(calibration, learned.margin, positive, weight))


def _level(rows: Rows, splits: Splits, recipe: Recipe) -> float:
    """How far, in log odds, to move from the rate of the days judged by to that of all days.

    The last months' rate is the newest, and the least sure: the next ones' may as well come back to what was usual.
    Of less than a year it is the rate of a season.
    """
    is_a_year = np.ptp(rows.day[splits.judged]) >= 330
    judged = splits.judged
    rates = [np.average(rows.positive[mask], weights=rows.weight[mask]) for mask in (judged | True, judged)]
    usual, late = logit(np.array(rates))
    return float(usual - late) * (recipe.numbers.level_of_all if is_a_year else 1.0)


def _log_loss(calibration: Calibration, margin: Array, positive: Array, weight: Array) -> float:
    said = calibration.probability(margin)
    terms = np.where(positive, np.log(np.maximum(said, 1e-12)), np.log(np.maximum(1 - said, 1e-12)))
    return -float(np.average(terms, weights=weight))


def _best(learned: Mapping[str, _Learned], rows: Rows, splits: Splits, recipe: Recipe) -> tuple[str, dict[str, float]]:
    """The simplest contender that no richer one beats in enough resamples of employers."""
    judged = splits.judged
    positive = rows.positive[judged]
    rankings = {name: Ranking(learned[name].margin, positive) for name in ORDER if name in learned}
    ships, beats = next(iter(rankings)), {}
    for name in list(rankings)[1:]:
        ours, theirs = rankings[name].average_precision, rankings[ships].average_precision
        share = better_share(ours, theirs, _draws(rows, judged, recipe))
        beats[f"{name} > {ships}"] = share
        if share >= recipe.numbers.ships_when_better_in:
            ships = name
    return ships, beats


def _draws(rows: Rows, judged: Array, recipe: Recipe) -> Iterator[Array]:
    """Weights of the judged rows in resamples of employers, the same ones each time."""
    weight, employer = rows.weight[judged], rows.employer[judged]
    count = int(employer.max(initial=0)) + 1
    return (draw[employer] * weight for draw in resampled(count, recipe.numbers.resamples, recipe.seed))
