"""Who ships: the simplest contender, unless a richer one is better and tells anything at all; lots among equals."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.backtest import Unfit, learn, past
from services.scoring.backtest.replay import Desk
from services.scoring.evaluation import First
from services.scoring.evaluation.ranking import Array
from services.scoring.model.policy import shipped
from services.scoring.model.scorers import Plain
from services.scoring.training import scorecard
from services.scoring.training.judging import Verdict, best, firsts
from services.scoring.training.questions import Asked, Entrant, Found, both
from services.scoring.training.recipe import Recipe
from services.scoring.training.rows import Rows, month_ends
from services.scoring.training.splits import split
from services.scoring.worlds import read_world
from tests import foreign_worlds
from tests.foreign_worlds import Kind
from tests.small_city import quick, quiet, small_city

EMPLOYERS, MONTHS = 200, 12
RECIPE = Recipe(shipped().training, 1, {}, {}, 0.01)


def asked_of(positive: Array) -> tuple[Asked, Asked]:
    """Both questions about rows (months, employers) of whom these fail."""
    count = positive.size
    rows = Rows(
        columns=(),
        values=np.zeros((count, 0), np.float32),
        positive=positive.ravel(),
        ongoing=np.zeros(count, bool),
        weight=np.ones(count, np.float32),
        sampled=np.ones(count, bool),
        employer=np.tile(np.arange(EMPLOYERS), MONTHS),
        day=np.repeat(np.arange(MONTHS) + 738_000, EMPLOYERS),
        rate=np.ones(count),
    )
    return both(rows, split(rows, [], [], RECIPE.numbers))


def entrant(margin: Array) -> Entrant:
    found = Found(Plain("any"), margin.ravel())
    return Entrant(found, found)


def verdict(random: np.random.Generator, failing: float, **margins: Array) -> Verdict:
    positive = random.random((MONTHS, EMPLOYERS)) < failing
    return best({name: entrant(margin) for name, margin in margins.items()}, *asked_of(positive), RECIPE)


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40), st.integers())
def test_whom_a_budget_reaches_among_equals_never_depends_on_the_order_of_the_rows(
    rows: list[tuple[int, bool, int]], seed: int
) -> None:
    scores, positive, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    day, order = np.arange(len(rows)) % 2, np.random.default_rng(abs(seed)).permutation(len(rows))
    one = First(scores, positive.astype(bool), day, 0.2).precision(weight)
    other = First(scores[order], positive[order].astype(bool), day[order], 0.2).precision(weight[order])
    assert one == pytest.approx(other, nan_ok=True)


def test_a_contender_that_says_the_same_of_everyone_is_as_right_as_lots_are() -> None:
    positive = np.zeros((MONTHS, EMPLOYERS), bool)
    positive[:, -20:] = True  # those whose rows come last
    _, owing = asked_of(positive)
    first = firsts(entrant(np.zeros(positive.shape)).owing, owing, RECIPE)
    assert first.precision(np.ones(positive.size)) == pytest.approx(0.1)


def test_of_contenders_that_tell_nothing_nearly_always_the_simplest_ships() -> None:
    random, shape = np.random.default_rng(1), (MONTHS, EMPLOYERS)
    ships = []
    for _ in range(40):
        few = (random.random(shape) < 0.1).astype(float)
        noise = {name: random.normal(size=shape) for name in ("scorecard", "model")}
        ships.append(verdict(random, 0.02, indicators=few, **noise).ships)
    assert ships.count("indicators") >= 36


def test_a_sign_that_few_have_and_that_is_nearly_always_right_ships() -> None:
    """Most who fail show nothing, so the order as a whole is hardly better than chance."""
    random = np.random.default_rng(3)
    positive = random.random((MONTHS, EMPLOYERS)) < 0.05
    sign = positive & (random.random(positive.shape) < 0.15)
    rich = entrant(sign + 1e-6 * random.normal(size=sign.shape))
    found = best({"indicators": entrant(0.0 * sign), "scorecard": rich}, *asked_of(positive), RECIPE)
    assert (found.ships, found.tells["scorecard"]) == ("scorecard", 1.0)


def test_a_few_points_that_were_lucky_among_the_first_do_not_outdo_what_tells_everyone_better() -> None:
    """Of signs as weak as these few of the first forty are right: by them alone half the worlds ship the points."""
    random, ships = np.random.default_rng(7), []
    for _ in range(40):
        stress = random.normal(size=(MONTHS, EMPLOYERS))
        positive = random.random(stress.shape) < 1 / (1 + np.exp(4 - stress))
        points = np.maximum(stress + random.normal(0, 1.5, stress.shape) - 3.5, 0).round()
        richer = stress + random.normal(0, 2, stress.shape)
        told = {"indicators": entrant(points), "scorecard": entrant(richer)}
        ships.append(best(told, *asked_of(positive), RECIPE).ships)
    assert ships.count("scorecard") >= 30


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_of_noise_ships_the_simplest_contender(seed: int, tmp_path: Path) -> None:
    kind = Kind(employers=300, months=30, slope=0.0, base=-5.0, calm_months=0, seed=seed)
    data = foreign_worlds.write(tmp_path / "noise", kind)
    contest = learn(past.Past(read_world(data)), date(2023, 6, 1), shipped(), 1, quiet).contest
    assert contest.ships == "indicators"
    assert set(contest.tells) == {"indicators", "scorecard", "model"}


def test_among_equals_the_desk_draws_lots_that_the_seed_decides() -> None:
    names, day = [f"E{number:03}" for number in range(100)], date(2024, 1, 31)
    margin = np.r_[np.ones(90), np.zeros(10)]
    picked = [Desk(180, seed).pick(day, names, margin, 10) for seed in (1, 1, 2)]
    assert picked[0] == picked[1] != picked[2]
    assert picked[0] != sorted(picked[0])
    months = [Desk(180).pick(day + timedelta(days=30 * month), names, margin, 10) for month in range(40)]
    assert np.bincount(np.ravel(months), minlength=100)[:90].max() <= 14  # four or five each, had by chance
    turned = Desk(180, 1).pick(day, names[::-1], margin, 10)
    assert all(names[::-1][place] in names[10:] for place in turned)
    turned = Desk(180, 1).pick(day, names[::-1], margin[::-1], 10)
    assert [names[::-1][place] for place in turned] == [names[place] for place in picked[0]]


def test_a_contender_that_is_better_at_both_questions_ships() -> None:
    random = np.random.default_rng(5)
    positive = random.random((MONTHS, EMPLOYERS)) < 0.05
    rich = entrant(0.6 * positive + random.normal(size=positive.shape))
    found = best({"indicators": entrant(np.zeros(positive.shape)), "scorecard": rich}, *asked_of(positive), RECIPE)
    assert found.ships == "scorecard"


def test_where_nobody_is_calm_a_scorecard_is_a_constant_and_a_directory_is_refused() -> None:
    rows = asked_of(np.zeros((MONTHS, EMPLOYERS), bool))[0].rows
    for positive in (rows.positive, ~rows.positive):
        learned = scorecard.learn(replace(rows, positive=positive), {}, RECIPE.numbers.scorecard)
        margin = learned.margin(np.zeros((3, 0), np.float32))
        assert np.isfinite(margin).all()
        assert (margin > 0).all() == positive.all()
    city = small_city(60, -4.5)
    days = month_ends(date(2022, 1, 1), date(2023, 12, 31))
    everyone = [
        {"employer_id": who, "started_on": day, "discovered_on": day} for who in city.subjects(days[-1]) for day in days
    ]
    with pytest.raises(Unfit):
        learn(replace(city, labels=pl.DataFrame(everyone)), date(2023, 12, 31), quick(), 1, quiet)
