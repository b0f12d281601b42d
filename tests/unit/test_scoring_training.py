"""Training: bins that keep their direction, probabilities that mean what they say, the same bytes every time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.backtest.learning import Learned, learn
from services.scoring.evaluation.ranking import Array
from services.scoring.model import Model
from services.scoring.model.policy import Candidate, shipped
from services.scoring.model.scorers import Blended, digest, of_json, trees_of
from services.scoring.training import in_whole_years, of_the_same_months, trees
from services.scoring.training.calibrating import calibrate
from services.scoring.training.questions import both
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows, month_ends
from services.scoring.training.scorecard import bin_column
from services.scoring.training.splits import split, validation_days
from tests.small_city import COLUMNS, quick, quiet, small_city

UNTIL = date(2023, 12, 31)


@cache
def learned(base: float = -4.0, employers: int = 150) -> Learned:
    return learn(small_city(employers, base), UNTIL, quick(), 1, quiet)


@cache
def forest() -> Model:
    return learned().contest.judged["model"].model


def a_sample(count: int = 3000, columns: int = 3, seed: int = 1) -> Rows:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, (count, columns)).astype(np.float32)
    positive = random.random(count) < 1 / (1 + np.exp(3 - 1.5 * values[:, 0]))
    names = tuple(f"c{place}" for place in range(columns))
    ones, day = np.ones(count, np.float32), np.repeat([1, 100], [count // 2, count - count // 2])
    nobody, everyone = np.zeros(count, bool), np.ones(count, bool)
    return Rows(names, values, positive, nobody, ones, everyone, np.arange(count), day, ones)


def a_recipe(monotone: Mapping[str, int]) -> Recipe:
    return Recipe(shipped().training, 1, monotone, {}, 0.01)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5) | st.none(), st.booleans()), min_size=3, max_size=200),
    st.sampled_from([1, -1]),
)
def test_evidence_of_a_bin_never_goes_against_the_columns_direction(
    rows: list[tuple[int | None, bool]], direction: int
) -> None:
    values = np.array([np.nan if value is None else value for value, _ in rows], dtype=np.float32)
    positive = np.array([float(hit) for _, hit in rows])
    binned = bin_column("c", values, positive, np.ones(len(rows)), direction=direction, bins=8)
    steps = np.diff(binned.evidence(np.arange(-7, 8, dtype=np.float32)))
    assert (steps * direction >= 0).all()
    assert np.isfinite(binned.evidence(values)).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=2, max_size=40),
    st.sampled_from([0, 10_000]),
)
def test_a_higher_score_never_means_a_lower_probability(rows: list[tuple[float, bool]], isotonic_from: int) -> None:
    margin, positive = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = calibrate(margin, positive, np.ones(len(rows)), isotonic_from)
    said = found.probability(np.sort(np.concatenate([margin, [-100.0, 100.0]])))
    assert (np.diff(said) >= 0).all()
    assert ((said >= 0) & (said <= 1)).all()


@pytest.mark.parametrize("isotonic_from", [0, 10**9])
def test_calibration_finds_a_scores_true_probability(isotonic_from: int) -> None:
    random = np.random.default_rng(5)
    odds = random.normal(-3, 1.5, 60_000)
    positive = random.random(60_000) < 1 / (1 + np.exp(-odds))
    found = calibrate(2 * odds + 5, positive, np.ones(60_000), isotonic_from)
    asked = np.array([-5.0, -3.0, -1.0])
    assert found.probability(2 * asked + 5) == pytest.approx(1 / (1 + np.exp(-asked)), rel=0.25)


def test_sampling_negatives_changes_no_probability() -> None:
    whole = a_sample(40_000)
    random = np.random.default_rng(2)
    kept = whole.positive | (random.random(40_000) < 0.2)
    weight = np.where(whole.positive, 1, 5).astype(np.float32)[kept]
    part = whole.take(kept)
    part = replace(part, weight=weight, rate=np.full(len(weight), 0.2))
    recipe = a_recipe({"c0": 1})
    said = [trees.learn(rows, _chosen(rows), recipe).margin(whole.values) for rows in (whole, part)]
    probability = [1 / (1 + np.exp(-margin)) for margin in said]
    assert probability[1].mean() == pytest.approx(whole.positive.mean(), rel=0.1)
    assert probability[1].mean() == pytest.approx(probability[0].mean(), rel=0.1)


def test_settings_that_are_tried_side_by_side_do_as_well_as_each_alone() -> None:
    rows, recipe = a_sample(), a_recipe({"c0": 1})
    asked, _ = both(rows, split(rows, [], [], recipe.numbers))
    few, many = (
        Candidate(least_positives=0, num_leaves=leaves, min_data_in_leaf=least, lambda_l2=1.0, feature_fraction=1.0)
        for leaves, least in ((2, 900), (16, 5))
    )
    alone = [trees.choose(asked, [each], recipe) for each in (few, many)]
    assert alone[0].loss != alone[1].loss
    best = min(alone, key=lambda each: each.loss)
    for candidates in ([few, many], [many, few]):
        together = trees.choose(asked, candidates, recipe)
        assert (together.candidate, together.rounds, together.loss) == (best.candidate, best.rounds, best.loss)


def test_what_ships_is_the_mean_of_trees_that_drew_their_columns_otherwise_and_is_read_again_as_written() -> None:
    rows, recipe = a_sample(), a_recipe({"c0": 1})
    recipe = replace(recipe, numbers=msgspec.structs.replace(recipe.numbers, least_columns=1))
    few = msgspec.structs.replace(recipe.numbers.candidates[0], feature_fraction=0.5)
    grove = trees.learn(rows, replace(_chosen(rows), candidate=few, members=3), recipe)
    assert isinstance(grove, Blended)
    told = [member.margin(rows.values) for _, member in grove.parts]
    assert len(told) == 3
    assert not np.allclose(told[0], told[1])
    assert grove.margin(rows.values) == pytest.approx(np.mean(told, axis=0))
    written = of_json(grove.as_json(), {digest(text): text for text in trees_of(grove)})
    assert (written.margin(rows.values) == grove.margin(rows.values)).all()


def test_the_margins_that_are_calibrated_are_those_of_as_many_trees_as_ship() -> None:
    rows = a_sample()
    recipe, alone = (
        replace(
            a_recipe({"c0": 1}), numbers=msgspec.structs.replace(shipped().training, least_columns=1, members=count)
        )
        for count in (3, 1)
    )
    asked, _ = both(rows, split(rows, [], [], recipe.numbers))
    few = msgspec.structs.replace(recipe.numbers.candidates[0], feature_fraction=0.5)
    three, one = (trees.choose(asked, [few], each) for each in (recipe, alone))
    assert (one.rounds, one.loss) == (three.rounds, three.loss)
    judged = asked.is_judged
    assert not np.allclose(one.margin[judged], three.margin[judged])
    assert trees.log_loss(three.margin[judged], rows.positive[judged], rows.weight[judged]) <= one.loss * 1.05
    assert (one.members, three.members) == (1, 3)
    many = replace(recipe, numbers=msgspec.structs.replace(recipe.numbers, members_below=int(rows.positive.sum())))
    assert trees.choose(asked, [few], many).members == 1


def _chosen(rows: Rows) -> trees.Chosen:
    return trees.Chosen(shipped().training.candidates[0], 60, np.zeros(len(rows.positive)), 0.0)


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(-3, 30, width=32) | st.none(), min_size=len(COLUMNS), max_size=len(COLUMNS)),
    column=st.sampled_from([name for name, each in COLUMNS.items() if each.monotone == 1]),
    more=st.floats(0, 30, width=32),
)
def test_more_of_what_is_worse_never_lowers_a_probability(values: list[float | None], column: str, more: float) -> None:
    row = dict(zip(COLUMNS, values, strict=True))
    worse = row | {column: (row[column] or 0.0) + more}
    table = pl.DataFrame([row | {column: row[column] or 0.0}, worse], schema=dict.fromkeys(COLUMNS, pl.Float32))
    for name in ("model", "scorecard", "indicators"):
        said = learned().contest.judged[name].model.predict(table)
        assert said[1] >= said[0], name


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (learn(small_city(120, -4.5), UNTIL, quick(), 7, quiet) for _ in range(2))
    texts = [each.contest.judged["model"].model.starts.scorer for each in (first, second)]
    assert isinstance(texts[0], Blended)
    assert len(trees_of(texts[0])) == shipped().training.members
    assert texts[0].as_json() == texts[1].as_json()
    assert first.contest.champion.starts.calibration == second.contest.champion.starts.calibration


def test_contributions_of_columns_add_up_to_the_margin() -> None:
    city = small_city(150, -4.0)
    table = city.table(UNTIL, city.subjects(UNTIL))
    families = forest().families(table).sum_horizontal().to_numpy()
    offset = forest().margin(table) - families
    assert offset == pytest.approx(np.full(table.height, offset[0]), abs=1e-6)
    reasons = forest().reasons(table, 3)
    assert all(len(each) <= 3 and all(reason.contribution > 0 for reason in each) for each in reasons)


def test_with_twenty_failures_there_are_no_trees_and_nothing_breaks() -> None:
    found = learned(base=-8.5, employers=400)
    assert 0 < found.positives < 30
    assert "model" not in found.contest.judged
    assert found.contest.splits.kind == "folds of employers"


def test_a_column_that_says_nothing_gives_everyone_the_base_rate() -> None:
    margin, positive = np.zeros(1000), np.arange(1000) < 50
    found = calibrate(margin, positive, np.ones(1000), 100)
    assert found.probability(margin) == pytest.approx(np.full(1000, 0.05), rel=0.05)


def test_later_months_are_judged_only_after_a_gap() -> None:
    days = [date(2022, month, 28) for month in range(1, 13)]
    earlier, later = validation_days(days, 60, 0.34)
    assert later == days[-4:]
    assert (later[0] - earlier[-1]).days >= 60
    assert days[7] not in earlier + later


def test_an_employer_is_never_both_learned_from_and_judged_in_folds() -> None:
    rows = a_sample()
    splits = split(rows, [], [], shipped().training)
    for learn_from, judge in splits.parts:
        assert not set(rows.employer[learn_from]) & set(rows.employer[judge])
    assert _all(splits.judged)


def _all(mask: Array) -> bool:
    return bool(mask.all())


def test_what_is_usual_is_told_by_whole_years_so_that_no_season_counts_twice() -> None:
    ends = np.array([day.toordinal() for day in month_ends(date(2021, 8, 31), date(2022, 12, 31))])
    assert ends[in_whole_years(ends)].tolist() == ends[-12:].tolist()
    assert in_whole_years(ends[:11]).all()
    years = np.array([day.toordinal() for day in month_ends(date(2020, 1, 1), date(2022, 12, 31))])
    assert in_whole_years(years).all()


def test_whoever_reads_the_calendar_is_levelled_by_the_same_months_of_other_years() -> None:
    ends = np.array([day.toordinal() for day in month_ends(date(2021, 1, 1), date(2022, 6, 30))])
    same = [date.fromordinal(day) for day in ends[of_the_same_months(ends, ends[-3:])].tolist()]
    assert same == [date(year, month, last) for year in (2021, 2022) for month, last in ((4, 30), (5, 31), (6, 30))]


def test_a_value_just_beyond_those_seen_stands_with_them_and_not_with_the_next_ones() -> None:
    """Bills 180 days old had been followed by arrears, those of 211 days never: 183 days are as 180."""
    values = np.repeat(np.array([180.0, 211.0], np.float32), 100)
    positive = ((values == 180) & (np.arange(200) % 2 == 0)).astype(np.float64)
    binned = bin_column("age", values, positive, np.ones(200), direction=0, bins=8)
    told = binned.evidence(np.array([180.0, 183.0, 211.0], np.float32))
    assert told[0] == told[1] > told[2]
