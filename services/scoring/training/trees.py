"""Boosted trees, monotone where the domain is: their few settings chosen by measurement, the same bytes every time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from services.scoring.evaluation.ranking import Array
from services.scoring.model.boosting import lightgbm
from services.scoring.model.calibration import logit
from services.scoring.model.policy import Candidate
from services.scoring.model.scorers import Blended, Boosted, Scorer
from services.scoring.training.questions import Asked
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows


@dataclass(frozen=True)
class Chosen:
    """The settings that did best on rows not learned from, with their margins (n,; NaN where not judged).

    `members`: how many growths the grove has, of which the margins are the mean; `loss`: of the first alone.
    """

    candidate: Candidate
    rounds: int
    margin: Array
    loss: float
    members: int = 1


def fitting(rows: Rows, recipe: Recipe) -> list[Candidate]:
    """Those that the positives allow, two at most."""
    count = rows.positive[rows.sampled].sum()
    return [each for each in recipe.numbers.candidates if count >= each.least_positives][-2:]


def choose(asked: Asked, candidates: Sequence[Candidate], recipe: Recipe) -> Chosen:
    """Try the candidates, one growth of each: the least log loss on judged rows wins. The margins are the grove's."""
    judged = asked.is_judged
    margin = [np.full(len(judged), np.nan) for _ in candidates]
    rounds_of: list[list[int]] = [[] for _ in candidates]
    for learned, seen in asked.splits.parts:
        grown = _stopped(candidates, asked.learned(learned), asked.learned(seen), recipe)
        values = _values(asked, seen)
        for place, (count, trees) in enumerate(grown):
            rounds_of[place].append(count)
            margin[place][seen] = trees.margin(values)
    rows = asked.rows
    losses = [log_loss(each[judged], rows.positive[judged], rows.weight[judged]) for each in margin]
    best = int(np.argmin(losses))
    members = _how_many(rows, recipe)
    chosen = Chosen(candidates[best], int(np.median(rounds_of[best])), margin[best], losses[best], members)
    return replace(chosen, margin=_with_others(asked, chosen, rounds_of[best], recipe))


def _how_many(rows: Rows, recipe: Recipe) -> int:
    """With few failures which columns were drawn is chance, and a mean takes it out; with many it costs the time."""
    return recipe.numbers.members if rows.positive[rows.sampled].sum() < recipe.numbers.members_below else 1


def _with_others(asked: Asked, chosen: Chosen, rounds: Sequence[int], recipe: Recipe) -> Array:
    """The margins (n,) as the grove will tell them: a calibration of one growth's would be too bold for the mean's."""
    if chosen.members == 1:
        return chosen.margin
    margin = chosen.margin.copy()
    for (learned, seen), count in zip(asked.splits.parts, rounds, strict=True):
        others = _members(asked.learned(learned), replace(chosen, rounds=count), recipe, first=1)
        values = _values(asked, seen)
        margin[seen] = np.mean([margin[seen], *(each.margin(values) for each in others)], axis=0)
    return margin


def _values(asked: Asked, seen: Array) -> Array:
    values: Array = asked.rows.values if seen.all() else asked.rows.values[seen]
    return values


def _stopped(candidates: Sequence[Candidate], part: Rows, check: Rows, recipe: Recipe) -> list[tuple[int, Boosted]]:
    """Each candidate's rounds and trees of a part, stopped where the checked rows were told best: binned once."""
    data = _dataset(part)
    judged = lightgbm.Dataset(
        check.values,
        check.positive.astype(np.float32),
        weight=check.weight,
        init_score=np.full(len(check.positive), base_of(part)),
        reference=data,
    )
    stop = lightgbm.early_stopping(recipe.numbers.patience, verbose=False)
    found = []
    for candidate in candidates:
        settings = _settings(candidate, part, recipe)
        booster = lightgbm.train(settings, data, recipe.numbers.most_rounds, valid_sets=[judged], callbacks=[stop])
        trees = Boosted(booster.model_to_string(), part.columns, base_of(part))
        found.append((max(1, booster.best_iteration), trees))
    return found


def log_loss(margin: Array, positive: Array, weight: Array) -> float:
    """The mean log loss of margins (n,) with weights (n,)."""
    return float(np.average(np.logaddexp(0, margin) - positive * margin, weights=weight))


def learn(sample: Rows, chosen: Chosen, recipe: Recipe) -> Scorer:
    """A grove of the chosen settings, from all rows of a sample: the mean of trees that saw other columns each."""
    grown = _members(sample, chosen, recipe)
    return grown[0] if len(grown) == 1 else Blended(tuple((1 / len(grown), each) for each in grown))


def _members(sample: Rows, chosen: Chosen, recipe: Recipe, first: int = 0) -> list[Boosted]:
    """The grove's growths from the `first` on, which differ by their seeds; the rows are binned once."""
    data, settings = _dataset(sample), _settings(chosen.candidate, sample, recipe)
    grown = (
        lightgbm.train({**settings, "seed": recipe.seed + member}, data, chosen.rounds)
        for member in range(first, chosen.members)
    )
    return [Boosted(each.model_to_string(), sample.columns, base_of(sample)) for each in grown]


def base_of(sample: Rows) -> float:
    """The log odds of arrears among everyone, from which the trees start."""
    hits = float(sample.sample_weight[sample.positive].sum())
    calm = float((~sample.positive / sample.rate).sum())
    return float(logit(np.array([(hits + 0.5) / (hits + calm + 1)]))[0])


def _dataset(part: Rows) -> lightgbm.Dataset:
    """The sample holds more positives than the population: what it is off by is given to the rows, not to the trees."""
    start = base_of(part) - np.log(part.rate)
    hits = part.positive.astype(np.float32)
    return lightgbm.Dataset(part.values, hits, weight=part.sample_weight, init_score=start)


def _settings(candidate: Candidate, rows: Rows, recipe: Recipe) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "boost_from_average": False,
        "learning_rate": recipe.numbers.learning_rate,
        "num_leaves": candidate.num_leaves,
        "min_data_in_leaf": candidate.min_data_in_leaf,
        "lambda_l2": candidate.lambda_l2,
        "feature_fraction": min(1.0, max(candidate.feature_fraction, recipe.numbers.least_columns / len(rows.columns))),
        "min_sum_hessian_in_leaf": 1e-3,
        "max_bin": 255,
        "feature_pre_filter": False,  # which columns may split depends on a candidate, the bins on none
        "monotone_constraints": [recipe.monotone.get(name, 0) for name in rows.columns],
        "monotone_constraints_method": "basic",  # a fifth of the time of the finer ones
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": recipe.numbers.threads if rows.values.size >= recipe.numbers.cells_for_threads else 1,
        "seed": recipe.seed,
        "verbosity": -1,
    }
