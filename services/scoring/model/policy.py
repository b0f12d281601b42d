"""The numbers of the model, its training and its backtest, read from `data/model.yaml` and checked whole."""

from functools import cache
from importlib import resources
from typing import Annotated

import msgspec

from services.scoring.rules import Level


class Replaying(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a backtest spends its alerts and how sure its figures are."""

    budget_per_year: int
    budget_employers: int
    cool_down_days: int
    resamples: int
    interval: float
    calibration_bins: int
    least_in_bin: int
    least_rows_in_bin: int
    least_in_group: int


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One setting of the boosted trees, tried from so many positives on."""

    least_positives: int
    num_leaves: int
    min_data_in_leaf: int
    lambda_l2: float
    feature_fraction: float


class Binning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the scorecard learns its bins and its columns."""

    bins: int
    most_columns: int
    least_information: float
    most_correlation: float
    ridge: float


class Blend(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What each score weighs in the ranking of those who owe or will.

    `scorecard_of_starts`: what the scorecard weighs beside those trees in telling starts.
    """

    owing: float
    starts: float
    scorecard: float
    scorecard_of_starts: float


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which rows are trained on, and how complex a model may be."""

    months: int
    least_population: float
    warm_up_months: int
    least_months: int
    season_months: int
    most_of_days: float
    negatives_each: int
    least_rows: int
    most_rows: int
    troubled_days: int
    troubled_share: float
    most_full_rows: int
    validation_share: float
    least_validation_positives: int
    folds: int
    least_known_share: float
    silence_after_days: int
    silence_times: float
    least_silence_days: int
    isotonic_from: int
    level_of_all: float
    ships_when_better_in: float
    ships_when_telling_in: float
    telling_lift: float
    least_alerts: int
    resamples: int
    candidates: tuple[Candidate, ...]
    members: Annotated[int, msgspec.Meta(ge=1)]
    members_below: int
    least_columns: int
    least_positives_for_trees: int
    learning_rate: float
    most_rounds: int
    patience: int
    threads: int
    cells_for_threads: int
    scorecard: Binning
    blend: Blend


class Living(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model at work in the live service."""

    alone_at_most: Level
    reasons: int
    employers_at_once: int
    record_counts_as: int
    population_hours: float
    most_failures: int
    keep_days: int
    one_arrears_days: int
    least_compared: int
    left_out: tuple[str, ...]
    missing: tuple[str, ...]
    most_missing_share: float


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of it. `levels`: the least probability of each, from the lowest level up."""

    horizon_days: int
    levels: dict[str, float]
    live: Living
    backtest: Replaying
    training: Training

    @property
    def least_of_a_level(self) -> float:
        """The least probability that comes to any level."""
        return min(self.levels.values(), default=2.0)


@cache
def shipped() -> Policy:
    """The numbers that come with the platform."""
    text = resources.files("services.scoring").joinpath("data/model.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Policy)
