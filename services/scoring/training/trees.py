"""Boosted trees, monotone where the domain is: their few settings chosen by measurement, the same bytes every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.scoring.evaluation.ranking import Array
from services.scoring.model.boosting import lightgbm
from services.scoring.model.calibration import logit
from services.scoring.model.policy import Candidate
from services.scoring.model.scorers import Boosted
from services.scoring.training.questions import Asked
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows


@dataclass(frozen=True)
class Chosen:
    """The settings that did best on rows not learned from, with their margins (n,; NaN where not judged)."""

    candidate: Candidate
    rounds: int
    margin: Array
    loss: float


def fitting(rows: Rows, recipe: Recipe) -> list[Candidate]:
    """Those that the positives allow, two at most."""
    count = rows.positive[rows.sampled].sum()
    return [each for each in recipe.numbers.candidates if count >= each.least_positives][-2:]


def choose(asked: Asked, candidates: Sequence[Candidate], recipe: Recipe) -> Chosen:
    """Try the candidates. The least log loss on the judged rows wins."""
    tried = [_try(candidate, asked, recipe) for candidate in candidates]
    return min(tried, key=lambda chosen: chosen.loss)


def _try(candidate: Candidate, asked: Asked, recipe: Recipe) -> Chosen:
    rows, margin = asked.rows, np.full(len(asked.rows.positive), np.nan)
    rounds = []
    for learned, judged in asked.splits.parts:
        part, check = asked.learned(learned), asked.learned(judged)
        booster = _booster(candidate, part, check, recipe, recipe.numbers.most_rounds)
        rounds.append(max(1, booster.best_iteration))
        values = rows.values if judged.all() else rows.values[judged]
        margin[judged] = Boosted(booster.model_to_string(), rows.columns, base_of(part)).margin(values)
    judged = asked.is_judged
    loss = log_loss(margin[judged], rows.positive[judged], rows.weight[judged])
    return Chosen(candidate, int(np.median(rounds)), margin, loss)


def log_loss(margin: Array, positive: Array, weight: Array) -> float:
    """The mean log loss of margins (n,) with weights (n,)."""
    return float(np.average(np.logaddexp(0, margin) - positive * margin, weights=weight))


def learn(sample: Rows, chosen: Chosen, recipe: Recipe) -> Boosted:
    """The trees of the chosen settings, from all rows of a sample."""
    booster = _booster(chosen.candidate, sample, None, recipe, chosen.rounds)
    return Boosted(booster.model_to_string(), sample.columns, base_of(sample))


def base_of(sample: Rows) -> float:
    """The log odds of arrears among everyone, from which the trees start."""
    hits = float(sample.sample_weight[sample.positive].sum())
    calm = float((~sample.positive / sample.rate).sum())
    return float(logit(np.array([(hits + 0.5) / (hits + calm + 1)]))[0])


def _booster(
    candidate: Candidate,
    part: Rows,
    check: Rows | None,
    recipe: Recipe,
    rounds: int,
) -> lightgbm.Booster:
    settings = _settings(candidate, part, recipe)
    base = base_of(part)
    # The sample holds more positives than the population: what it is off by is given to the rows, not to the trees.
    data = _dataset(part, part.sample_weight, base - np.log(part.rate))
    if check is None:
        return lightgbm.train(settings, data, rounds)
    judged = _dataset(check, check.weight, base, data)
    stop = lightgbm.early_stopping(recipe.numbers.patience, verbose=False)
    return lightgbm.train(settings, data, rounds, valid_sets=[judged], callbacks=[stop])


def _dataset(
    rows: Rows, weight: Array, base: Array | float, reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    start = np.full(len(rows.positive), base)
    return lightgbm.Dataset(
        rows.values, rows.positive.astype(np.float32), weight=weight, init_score=start, reference=reference
    )


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
        "monotone_constraints": [recipe.monotone.get(name, 0) for name in rows.columns],
        "monotone_constraints_method": "basic",  # a fifth of the time of the finer ones
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": recipe.numbers.threads if rows.values.size >= recipe.numbers.cells_for_threads else 1,
        "seed": recipe.seed,
        "verbosity": -1,
    }
