"""Drift of features: nothing for what stayed, much for what moved, and missing values are seen."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.scoring.learning.drift import drifts, psi

values = arrays.arrays(np.float64, st.integers(1, 200), elements=st.floats(-100, 100) | st.just(float("nan")))


def test_the_same_distribution_has_not_drifted_and_a_moved_one_has() -> None:
    chance = np.random.default_rng(7)
    before, same, moved = chance.normal(size=2000), chance.normal(size=2000), chance.normal(1, 1, size=2000)
    assert psi(before, same, 10) < 0.02
    assert psi(before, moved, 10) > 0.25


def test_a_feed_that_stopped_is_drift_even_if_the_rest_stayed() -> None:
    before = np.random.default_rng(7).normal(size=1000)
    now = before.copy()
    now[:400] = np.nan
    assert psi(before, now, 10) > 0.25


def test_a_feature_that_is_nearly_always_zero_is_watched_too() -> None:
    before = np.array([0.0] * 950 + [1.0] * 50)
    assert psi(before, np.array([0.0] * 950 + [1.0] * 50), 10) == 0
    assert psi(before, np.array([0.0] * 700 + [1.0] * 300), 10) > 0.25


def test_the_greatest_drift_comes_first() -> None:
    before = pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1, 2, 3, None]})
    now = pl.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [None, None, None, 3]})
    found = drifts(before, now, ["a", "b"], 4)
    assert [each.feature for each in found] == ["b", "a"]
    assert (found[0].missing_before, found[0].missing_now) == (0.25, 0.75)


@given(values)
def test_nothing_that_stayed_has_drifted_whatever_its_order(before: np.ndarray) -> None:
    assert psi(before, before[::-1].copy(), 10) == 0


@given(values, values)
def test_drift_is_never_negative_nor_infinite(before: np.ndarray, now: np.ndarray) -> None:
    assert 0 <= psi(before, now, 10) < 100
