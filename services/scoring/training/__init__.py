"""Learning a model: contenders from one column to trees, judged on rows they have not seen; the simplest that is best.

`rows.days_of` -> `rows.plan` -> `rows.gather` -> `contest`. Pure but for LightGBM's own threads; the seed decides all
that is random, and nothing that was discovered after `until` is looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from services.scoring.evaluation import Ranking
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Head, Model, Scorer
from services.scoring.model.calibration import logit
from services.scoring.model.policy import Candidate
from services.scoring.model.scorers import Blended, Plain
from services.scoring.training import scorecard, trees
from services.scoring.training.calibrating import calibrate
from services.scoring.training.judging import best, firsts, log_loss
from services.scoring.training.questions import Asked, Entrant, Found, both
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows
from services.scoring.training.splits import Splits, split

_ROWS_AT_ONCE = 10_000
_EPOCH = date(1970, 1, 1).toordinal()
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
    """All contenders by name, which ships, and in what share of resamples each beat the simpler one, and chance."""

    judged: Mapping[str, Judged]
    ships: str
    beats: Mapping[str, float]
    tells: Mapping[str, float]
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
    splits = split(rows, earlier, later, recipe.numbers)
    starts, owing = both(_features(rows, recipe), splits)
    entrants = {name: _plain(rows, column) for name, column in PLAIN.items() if column in rows.columns}
    settings: dict[str, float] = {}
    cards = Entrant(_scorecard(starts, recipe), _scorecard(owing, recipe))
    entrants["scorecard"] = cards
    if rows.positive.sum() >= recipe.numbers.least_positives_for_trees:
        entrants["model"], settings = _trees(starts, owing, cards, recipe)
    judged = {name: _judge(name, each, starts, owing, recipe) for name, each in entrants.items()}
    verdict = best(entrants, starts, owing, recipe)
    return Contest(judged, verdict.ships, verdict.beats, verdict.tells, splits, settings)


def _features(rows: Rows, recipe: Recipe) -> Rows:
    """Without the columns that never vary, and without the calendar where each season was seen but once.

    What happened in a month of one year would be taken for what happens in that month every year. And so of what the
    recipe knows to be a calendar by another name.
    """
    is_short = np.ptp(rows.day) < recipe.numbers.season_months * 30
    out = {name for name in rows.columns if is_short and recipe.family.get(name) == "calendar"} | recipe.calendars
    varies = _varying(rows.values)
    kept = [place for place, name in enumerate(rows.columns) if name not in out and varies[place]]
    columns = tuple(rows.columns[place] for place in kept)
    values = rows.values if len(kept) == len(rows.columns) else rows.values[:, kept]
    return replace(rows, columns=columns, values=values)


def _varying(values: Array) -> Array:
    """Which columns (columns,) vary: in what they say, or in whether they say anything."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    silent = sum(np.isnan(part).sum(axis=0) for part in np.array_split(values, max(1, len(values) // _ROWS_AT_ONCE)))
    found: Array = (low < high) | ((silent > 0) & (silent < len(values)))
    return found


def _plain(rows: Rows, column: str) -> Entrant:
    scorer = Plain(column)
    place = rows.columns.index(column)
    found = Found(scorer, scorer.margin(rows.values[:, place : place + 1]))
    return Entrant(found, found)


def _scorecard(asked: Asked, recipe: Recipe) -> Found:
    rows, margin = asked.rows, np.full(len(asked.rows.positive), np.nan)
    for part, judged in asked.splits.parts:
        found = scorecard.learn(asked.learned(part), recipe.monotone, recipe.numbers.scorecard)
        margin[judged] = _margin(found, rows, judged)
    everyone = asked.learned(rows.sampled)
    return Found(scorecard.learn(everyone, recipe.monotone, recipe.numbers.scorecard), margin)


def _margin(scorer: Scorer, rows: Rows, mask: Array) -> Array:
    places = np.array([rows.columns.index(name) for name in scorer.columns], dtype=np.int64)
    return scorer.margin(rows.values[np.ix_(np.flatnonzero(mask), places)])


def _trees(starts: Asked, owing: Asked, cards: Entrant, recipe: Recipe) -> tuple[Entrant, dict[str, float]]:
    """Starts are told by trees and scorecard; whoever owes is ranked by the trees of both questions and the scorecard.

    Trees find who stands out, the scorecard sums up many weak signs.
    """
    found, chosen = _grown(starts, trees.fitting(starts.rows, recipe), recipe)
    # What suits the one question suits the other: it is not tried again.
    other, again = _grown(owing, [chosen.candidate], recipe)
    settings = {name: getattr(chosen.candidate, name) for name in chosen.candidate.__struct_fields__}
    settings |= {"rounds": chosen.rounds, "rounds_owing": again.rounds}
    blend = recipe.numbers.blend
    told = _sum((1 - blend.scorecard_of_starts, found), (blend.scorecard_of_starts, cards.starts))
    return Entrant(told, _sum((blend.owing, other), (blend.starts, found), (blend.scorecard, cards.owing))), settings


def _grown(asked: Asked, candidates: Sequence[Candidate], recipe: Recipe) -> tuple[Found, trees.Chosen]:
    chosen = trees.choose(asked, candidates, recipe)
    return Found(trees.learn(asked.learned(asked.rows.sampled), chosen, recipe), chosen.margin), chosen


def _sum(*parts: tuple[float, Found]) -> Found:
    blended = Blended(tuple((weight, part.scorer) for weight, part in parts))
    return Found(blended, np.sum([weight * part.margin for weight, part in parts], axis=0))


def _judge(name: str, entrant: Entrant, starts: Asked, owing: Asked, recipe: Recipe) -> Judged:
    heads = [_head(found, asked, recipe) for found, asked in ((entrant.starts, starts), (entrant.owing, owing))]
    model = Model(name, heads[0], recipe.family, heads[1])
    rows = starts.judged
    margin = entrant.starts.margin[starts.is_judged]
    right = firsts(entrant.owing, owing, recipe).precision(owing.judged.weight)
    areas = Ranking(margin, rows.positive).areas(rows.weight)
    return Judged(model, right, *areas, log_loss(heads[0].calibration, margin, rows))


def _head(found: Found, asked: Asked, recipe: Recipe) -> Head:
    rows = asked.judged
    calibration = calibrate(found.margin[asked.is_judged], rows.positive, rows.weight, recipe.numbers.isotonic_from)
    return Head(found.scorer, calibration.moved(_level(found.scorer, asked, recipe)))


def in_whole_years(day: Array) -> Array:
    """Which rows (n,) are of the newest whole years of month's ends: of less than one year all."""
    years = (np.ptp(day) + 31) // 365
    found: Array = day > day.max() - (365 * years or np.inf)
    return found


def of_the_same_months(day: Array, judged: Array) -> Array:
    """Which rows (n,) are of a month of some year of which the judged days (m,) are."""
    found: Array = np.isin(_month(day), _month(np.unique(judged)))
    return found


def _month(day: Array) -> Array:
    """Of days (n,), as `date.toordinal` counts them."""
    months: Array = (day - _EPOCH).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    return months


def _level(scorer: Scorer, asked: Asked, recipe: Recipe) -> float:
    """How far, in log odds, to move from the rate of the days judged by to that of all days.

    The last months' rate is the newest, and the least sure: the next ones' may as well come back to what was usual.
    Of less than a year it is the rate of a season; and of all days those of whole years count, each season alike. Who
    reads the calendar has told the season already: for him the same months of other years are what is usual.
    """
    rows, judged = asked.rows, asked.is_judged
    is_a_year = np.ptp(rows.day[judged]) >= 330
    tells_season = not is_a_year and any(recipe.family.get(name) == "calendar" for name in scorer.columns)
    usually = of_the_same_months(rows.day, rows.day[judged]) if tells_season else in_whole_years(rows.day)
    rates = [np.average(rows.positive[mask], weights=rows.weight[mask]) for mask in (asked.about & usually, judged)]
    usual, late = logit(np.array(rates))
    return float(usual - late) * (recipe.numbers.level_of_all if is_a_year or tells_season else 1.0)
