"""The figures by which models are judged: against scikit-learn, against sums by hand, and what may never be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from services.scoring.evaluation import Drawn, Figure, First, Ranking, bins, drawn, quantile, share
from services.scoring.evaluation.ranking import precision_recall

scores_and_truth = st.lists(
    st.tuples(st.integers(0, 8), st.booleans(), st.integers(0, 4)), min_size=2, max_size=60
).filter(lambda rows: {True, False} <= {positive for _, positive, weight in rows if weight})


@given(scores_and_truth)
def test_areas_are_scikit_learns_with_weights_and_ties(rows: list[tuple[int, bool, int]]) -> None:
    scores, positive, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    pr_auc, roc_auc = Ranking(scores, positive.astype(bool)).areas(weight)
    assert pr_auc == pytest.approx(average_precision_score(positive, scores, sample_weight=weight))
    assert roc_auc == pytest.approx(roc_auc_score(positive, scores, sample_weight=weight))


@given(scores_and_truth, st.randoms(use_true_random=False))
def test_areas_never_depend_on_the_order_of_the_rows(rows: list[tuple[int, bool, int]], random: object) -> None:
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    scores, positive, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    before = Ranking(scores, positive.astype(bool)).areas(weight)
    after = Ranking(scores[order], positive[order].astype(bool)).areas(weight[order])
    assert before == pytest.approx(after)


def test_without_a_positive_there_is_no_area() -> None:
    areas = Ranking(np.array([1.0, 2.0]), np.array([False, False])).areas(np.ones(2))
    assert np.isnan(areas).all()


def test_the_first_of_each_day_are_those_whom_the_budget_reaches() -> None:
    scores, positive = np.array([0.1, 0.9, 0.5, 0.2, 0.8, 0.3]), np.array([0, 1, 0, 0, 0, 1])
    day = np.array([1, 1, 1, 2, 2, 2])
    first = First(scores, positive, day, 0.5)
    # A budget of one and a half a day: 0.9 is right, half of 0.5 wrong; 0.8 is wrong, half of 0.3 right.
    assert first.precision(np.ones(6)) == pytest.approx((1 + 0.5) / 3)
    assert first.precision(np.array([0, 0, 0, 1, 0, 1])) == pytest.approx(1.0)
    assert np.isnan(first.precision(np.zeros(6)))


@given(scores_and_truth, st.floats(0, 1))
def test_a_precision_is_never_beyond_nothing_and_all(rows: list[tuple[int, bool, int]], part: float) -> None:
    scores, positive, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = First(scores, positive, np.arange(len(rows)) % 3, part).precision(weight)
    assert -1e-9 <= found <= 1 + 1e-9


def test_the_calibration_error_is_the_mean_gap_of_bins_of_equal_mass() -> None:
    probability = np.array([0.1, 0.1, 0.4, 0.8])
    positive = np.array([False, True, False, True])
    found = bins(probability, positive, 2)
    assert [row["rows"] for row in found.table()] == [2, 2]
    assert found.table()[0] == {"rows": 2, "probability": pytest.approx(0.1), "observed": 0.5}
    # |0.1 - 0.5| and |0.6 - 0.5|, each of half the mass.
    assert found.error(np.ones(4)) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)
    assert found.error(np.array([1.0, 0, 0, 0])) == pytest.approx(0.1)


def test_an_interval_comes_from_employers_not_from_rows() -> None:
    # One employer with a hundred rows is drawn whole or not at all: its share swings, as a hundred employers' does not.
    right = np.concatenate([np.ones(100), np.zeros(100)])
    two = np.repeat([0, 1], 100)
    many = np.arange(200)
    wide = drawn(lambda weight: {"right": share(right * weight[two], weight[two])}, 2, 200, 1)["right"]
    narrow = drawn(lambda weight: {"right": share(right * weight[many], weight[many])}, 200, 200, 1)["right"]
    assert wide.figure(0.9) == Figure(0.5, 0.0, 1.0)
    assert narrow.value == 0.5
    assert (narrow.figure(0.9).low or 0) > 0.4


def test_a_ratio_is_taken_resample_by_resample() -> None:
    ours, theirs = Drawn(0.5, np.array([0.4, 0.6])), Drawn(1.0, np.array([0.8, 1.2]))
    found = ours.over(theirs).figure(0.9)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))
    assert found.value == 0.5


def test_a_weighted_quantile_by_hand() -> None:
    assert quantile(np.array([30.0, 10, 20]), np.array([1.0, 1, 1]), 0.5) == 20
    assert quantile(np.array([30.0, 10, 20]), np.array([3.0, 1, 1]), 0.5) == 30
    assert np.isnan(quantile(np.zeros(0), np.zeros(0), 0.5))


def test_a_curve_ends_with_everyone_found() -> None:
    recall, precision = precision_recall(np.array([3.0, 2, 1]), np.array([True, False, True]))
    assert recall[-1] == 1.0
    assert precision.tolist() == pytest.approx([1.0, 0.5, 2 / 3])
