"""Learning a model: contenders from one column to trees, judged on rows they have not seen; the simplest that is best.

`rows.days_of` -> `rows.plan` -> `rows.gather` -> `contest`. Pure but for LightGBM's own threads; the seed decides all
that is random, and nothing that was discovered after `until` is looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from services.scoring.evaluation import First, Ranking
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Head, Model, Scorer
from services.scoring.model.calibration import logit
from services.scoring.model.policy import Candidate
from services.scoring.model.scorers import Plain
from services.scoring.training import scorecard, trees
from services.scoring.training.calibrating import calibrate
from services.scoring.training.judging import Asked, Entrant, Found, best, log_loss
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows
from services.scoring.training.splits import Splits, split

PLAIN = {"single_signal": "single.signal", "indicators": "indicators.points"}


@dataclass(frozen=True)
class Judged:
    """A contender with how it did on rows it had not seen: how often the alerts of a budget would have been right, and
    how well it told starts.
    """

    model: Model
    precision: float
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


def contest(rows: Rows, earlier: Sequence[date], later: Sequence[date], recipe: Recipe) -> Contest:
    """Train and judge every contender on both questions.

    The columns named in `PLAIN` are contenders, and features of the others too: with few failures, what the rules
    already know is the best that can be learned from.
    """
    features = _features(rows, recipe)
    starts, owing = (
        Asked(each, split(each, earlier, later, recipe.numbers)) for each in (features.at_risk, features.owing)
    )
    entrants = {
        name: Entrant(_plain(rows.at_risk, column, starts), _plain(rows.owing, column, owing))
        for name, column in PLAIN.items()
        if column in rows.columns
    }
    settings: dict[str, float] = {}
    entrants["scorecard"] = Entrant(_scorecard(starts, recipe), _scorecard(owing, recipe))
    if starts.rows.positive.sum() >= recipe.numbers.least_positives_for_trees:
        entrants["model"], settings = _trees(starts, owing, recipe)
    judged = {name: _judge(name, each, starts, owing, recipe) for name, each in entrants.items()}
    ships, beats = best(entrants, starts.judged, owing.judged, recipe)
    return Contest(judged, ships, beats, starts.splits, settings)


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
    return replace(rows, columns=columns, values=values)


def _varies(values: Array) -> bool:
    missing = np.isnan(values)
    if missing.all():
        return False
    known = values[~missing]
    return bool(missing.any() or known.min() != known.max())


def _plain(rows: Rows, column: str, asked: Asked) -> Found:
    scorer = Plain(column)
    place = rows.columns.index(column)
    return Found(scorer, scorer.margin(rows.values[:, place : place + 1])[asked.splits.judged])


def _scorecard(asked: Asked, recipe: Recipe) -> Found:
    rows, margin = asked.rows, np.full(len(asked.rows.positive), np.nan)
    for part, judged in asked.splits.parts:
        found = scorecard.learn(rows.take(part & rows.sampled), recipe.monotone, recipe.numbers.scorecard)
        margin[judged] = _margin(found, rows, judged)
    return Found(scorecard.learn(rows, recipe.monotone, recipe.numbers.scorecard), margin[asked.splits.judged])


def _margin(scorer: Scorer, rows: Rows, mask: Array) -> Array:
    places = np.array([rows.columns.index(name) for name in scorer.columns], dtype=np.int64)
    return scorer.margin(rows.values[np.ix_(np.flatnonzero(mask), places)])


def _trees(starts: Asked, owing: Asked, recipe: Recipe) -> tuple[Entrant, dict[str, float]]:
    candidates = trees.candidates(starts.rows, recipe)
    found, chosen = _grown(starts, candidates, recipe)
    # What suits the one question suits the other: half the time.
    other, again = _grown(owing, [chosen.candidate], recipe)
    settings = {name: getattr(chosen.candidate, name) for name in chosen.candidate.__struct_fields__}
    return Entrant(found, other), {"rounds": chosen.rounds, "rounds_owing": again.rounds, **settings}


def _grown(asked: Asked, candidates: Sequence[Candidate], recipe: Recipe) -> tuple[Found, trees.Chosen]:
    chosen = trees.choose(asked.rows, asked.splits, candidates, recipe)
    return Found(trees.learn(asked.rows, chosen, recipe), chosen.margin[asked.splits.judged]), chosen


def _judge(name: str, entrant: Entrant, starts: Asked, owing: Asked, recipe: Recipe) -> Judged:
    heads = [_head(found, asked, recipe) for found, asked in ((entrant.starts, starts), (entrant.owing, owing))]
    model = Model(name, heads[0], recipe.family, heads[1])
    rows, seen = starts.judged, owing.judged
    areas = Ranking(entrant.starts.margin, rows.positive).areas(rows.weight)
    right = First(entrant.owing.margin, seen.positive, seen.day, recipe.alerts_share).precision(seen.weight)
    loss = log_loss(heads[0].calibration, entrant.starts.margin, rows)
    return Judged(model, right, *areas, loss)


def _head(found: Found, asked: Asked, recipe: Recipe) -> Head:
    rows = asked.judged
    calibration = calibrate(found.margin, rows.positive, rows.weight, recipe.numbers.isotonic_from)
    return Head(found.scorer, calibration.moved(_level(asked, recipe)))


def _level(asked: Asked, recipe: Recipe) -> float:
    """How far, in log odds, to move from the rate of the days judged by to that of all days.

    The last months' rate is the newest, and the least sure: the next ones' may as well come back to what was usual.
    Of less than a year it is the rate of a season.
    """
    rows, judged = asked.rows, asked.splits.judged
    is_a_year = np.ptp(rows.day[judged]) >= 330
    rates = [np.average(rows.positive[mask], weights=rows.weight[mask]) for mask in (judged | True, judged)]
    usual, late = logit(np.array(rates))
    return float(usual - late) * (recipe.numbers.level_of_all if is_a_year else 1.0)
