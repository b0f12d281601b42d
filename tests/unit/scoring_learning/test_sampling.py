"""Random samples: anybody can draw them again, everybody has a known chance, and no order of the list matters."""

import random
from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning.policy import Design, shipped
from services.scoring.learning.sampling import allocate, digest, draw

designs = st.sampled_from(shipped().designs)
populations = st.dictionaries(st.sampled_from("ABCDEFG"), st.integers(1, 400), min_size=1)


def a_frame(employers: int) -> pl.DataFrame:
    chance = random.Random(7)  # noqa: S311 - a test's
    rows = [
        {
            "employer_id": f"E{number:05}",
            "name": f"公司{number}",
            "town": chance.choice(["330110005", "330110009", None]),
            "industry": chance.choice("CEF"),
            "size": chance.choice(["1-9", "10-49"]),
            "level": chance.choice(["none"] * 30 + ["red"]),
        }
        for number in range(employers)
    ]
    return pl.DataFrame(rows, schema_overrides={"town": pl.String()})


@given(populations, st.integers(1, 1500), designs)
def test_as_many_are_drawn_as_were_asked_for_and_never_more_than_there_are(
    there: dict[str, int], n: int, design: Design
) -> None:
    drawn = allocate(there, n, design)
    assert sum(drawn.values()) == min(n, sum(there.values()))
    assert all(0 <= drawn[name] <= there[name] for name in there)
    if n >= design.least * len(there):
        assert all(drawn[name] >= min(design.least, there[name]) for name in there)


@given(populations, st.integers(1, 1500))
def test_in_equal_shares_none_has_two_more_than_one_that_could_have_more(there: dict[str, int], n: int) -> None:
    drawn = allocate(there, n, shipped().design("by_size"))
    open_ones = [drawn[name] for name in there if drawn[name] < there[name]]
    assert not open_ones or max(drawn.values()) - min(open_ones) <= 1


@given(st.integers(0, 2**63 - 1), st.integers(1, 120), designs, st.randoms())
def test_the_same_seed_draws_the_same_sample_whatever_the_order(seed: int, n: int, design: Design, order: Any) -> None:
    frame = a_frame(200)
    sample = draw(frame, n, design, seed)
    shuffled = frame[order.sample(range(200), 200)]
    assert draw(shuffled, n, design, seed).equals(sample)
    assert digest(shuffled) == digest(frame)


@given(st.integers(0, 2**63 - 1), st.integers(1, 120), designs)
def test_the_weights_of_a_sample_add_up_to_those_who_could_have_been_drawn(seed: int, n: int, design: Design) -> None:
    sample = draw(a_frame(200), n, design, seed)
    strata = sample.unique("stratum")
    assert abs(sum(1 / chance for chance in sample["probability"]) - sum(strata["stratum_population"])) < 1e-6


def test_everybody_is_drawn_as_often_as_his_probability_says() -> None:
    frame, design = a_frame(60), shipped().design("by_level")
    counted: Counter[str] = Counter()
    for seed in range(400):
        counted.update(draw(frame, 12, design, seed)["employer_id"].to_list())
    one = draw(frame, 12, design, 1)
    chances = dict(one.select("stratum", "probability").unique().iter_rows())
    for employer, level in frame.select("employer_id", "level").iter_rows():
        expected = chances[f"level={level}"]
        # Four standard deviations of 400 throws.
        assert abs(counted[employer] / 400 - expected) < 4 * (expected * (1 - expected) / 400) ** 0.5 + 1e-9


def test_another_seed_draws_others() -> None:
    frame, design = a_frame(200), shipped().design("simple")
    assert not draw(frame, 20, design, 1).equals(draw(frame, 20, design, 2))
