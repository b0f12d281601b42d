"""Shares and their intervals: against published values, and what must hold for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning.shares import difference, weighted, wilson

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: 81 of 263 and 0 of 20.
    some, none = wilson(81, 263, 0.95), wilson(0, 20, 0.95)
    assert (some.low, some.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_newcombes_interval_of_a_difference_is_the_published_one() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10: 56/70 less 48/80.
    gap = difference(wilson(56, 70, 0.95), wilson(48, 80, 0.95))
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_a_share_of_nothing_has_no_value() -> None:
    assert wilson(0, 0, 0.9).value is None
    assert difference(wilson(0, 0, 0.9), wilson(1, 2, 0.9)).value is None


@given(counts, st.floats(0.5, 0.99))
def test_a_share_lies_in_its_interval_and_never_outside_0_to_1(count: tuple[int, int], confidence: float) -> None:
    share = wilson(*count, confidence)
    assert share.low is not None
    assert share.high is not None
    assert 0 <= share.low <= count[0] / count[1] <= share.high <= 1


@given(counts, st.floats(0.1, 1000))
def test_equal_weights_change_nothing(count: tuple[int, int], weight: float) -> None:
    hits = np.array([1.0] * count[0] + [0.0] * (count[1] - count[0]))
    mine, plain = weighted(hits, np.full(count[1], weight), 0.9), wilson(*count, 0.9)
    assert (mine.value, mine.low, mine.high) == pytest.approx((plain.value, plain.low, plain.high))


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 100)), min_size=1, max_size=60))
def test_weights_never_make_a_share_surer_than_as_many_equal_rows(rows: list[tuple[bool, float]]) -> None:
    hits, weights = np.array([float(hit) for hit, _ in rows]), np.array([weight for _, weight in rows])
    assert weighted(hits, weights, 0.9).n <= len(rows) + 1e-9


@given(counts, counts)
def test_a_difference_turned_round_is_its_own_negative(one: tuple[int, int], other: tuple[int, int]) -> None:
    there, back = difference(wilson(*one, 0.9), wilson(*other, 0.9)), difference(wilson(*other, 0.9), wilson(*one, 0.9))
    assert there.value is not None
    assert back.value is not None
    assert there.value == pytest.approx(-back.value)
    assert there.low == pytest.approx(-(back.high or 0))
