"""What a model may say: its level never lowers one, alone it counts for little, and what it says stands in words."""

import json
from datetime import date
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.comparing import compare
from services.scoring.model import Calibration, Model, lifecycle, registry
from services.scoring.model.boosting import lightgbm
from services.scoring.model.lifecycle import Act, ModelNotThere, State
from services.scoring.model.policy import shipped
from services.scoring.model.scorers import Boosted
from services.scoring.rulebook import shipped as book
from services.scoring.rules import LEVELS, Level, Signal, assess, at_least, meaning, raised, steps
from services.scoring.saying import CODE, explained, graded
from services.scoring.store.registry import Content
from services.scoring.usecases.models import checked, leaning
from tests.scoring_models import COLUMN, a_model

TODAY = date(2026, 11, 23)
SCALE = book().scale(TODAY)
probabilities = st.floats(0, 1)
levels = st.sampled_from(LEVELS)
signals = st.lists(
    st.builds(
        Signal,
        indicator=st.sampled_from(("E01", "E05", "E09")),
        family=st.sampled_from(("tax_si", "utilities")),
        points=st.integers(0, 30),
        as_of=st.just(TODAY),
        floor=st.sampled_from(("none", "yellow", "orange")),
    ),
    max_size=3,
)


@given(signals, levels)
def test_a_model_never_lowers_a_level_and_is_named_only_where_it_has_raised_one(
    given_: list[Signal], level: Level
) -> None:
    plain = assess(given_, SCALE, TODAY)
    both = raised(plain, level)
    assert at_least(both.level, plain.level)
    assert both.level in (plain.level, level)
    assert both.indicated == plain.level
    assert (both.by_model != "none") == (not at_least(plain.level, level))
    assert (meaning(both) == meaning(plain)) == (both.by_model == "none")
    assert [step for step in steps(both) if step.startswith(CODE)] == (
        [f"{CODE}/{LEVELS.index(level)}/none"] if both.by_model != "none" else []
    )


@given(probabilities, probabilities)
def test_a_higher_probability_never_means_less_and_alone_it_counts_for_no_more_than_the_policy_allows(
    one: float, other: float
) -> None:
    low, high = (graded("m", each) for each in sorted((one, other)))
    assert at_least(high.level, low.level)
    assert at_least(high.counts_as, low.counts_as)
    assert at_least(shipped().live.alone_at_most, high.counts_as)
    assert at_least(high.level, high.counts_as)


def test_what_a_model_says_stands_in_words_with_figures() -> None:
    table = pl.DataFrame({"subject": ["a", "b"], COLUMN: [4.0, None]})
    said = explained(a_model(), "m", table)
    assert (said["a"].level, said["a"].counts_as, dict(said["a"].families)) == ("red", "yellow", {"tax_si": 1.0})
    assert [why.zh for why in said["a"].reasons] == ["社保欠缴:连续月数 4"]
    assert said["a"].reason().text_zh == "模型估计 60 日内发生欠薪的概率为 40.0%（社保欠缴:连续月数 4）"
    assert "40.0%" in said["a"].reason().text_en
    assert (said["b"].level, said["b"].reasons) == ("none", ())


def _boosted(columns: tuple[str, ...]) -> Model:
    values = np.random.default_rng(3).random((400, len(columns))).astype(np.float32)
    data = lightgbm.Dataset(values, (values[:, 0] > 0.7).astype(int))
    made = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 4}, data, 5)
    scorer = Boosted(made.model_to_string(), columns, -1.0)
    return Model("model", scorer, Calibration((-3.0, 3.0), (-6.0, 0.0)), dict.fromkeys(columns, "tax_si"))


def test_trees_are_read_from_what_was_registered_and_answer_as_before() -> None:
    model = _boosted((COLUMN, "pw_usage.arrears.level"))
    assert isinstance(model.scorer, Boosted)
    entry = json.dumps(registry.entry_of(model, {"horizon_days": 60}))
    again = checked(Content(entry, model.scorer.text, "# card"), shipped())
    table = pl.DataFrame({"subject": ["a"], COLUMN: [0.9], "pw_usage.arrears.level": [0.1]})
    assert again.predict(table).tolist() == model.predict(table).tolist()
    assert leaning(again, shipped()) == {}


def test_what_a_model_leans_on_is_told_by_its_share_of_the_gain() -> None:
    model = _boosted(("related.owner.bills_bad_worst", COLUMN))
    ((column, share),) = leaning(model, shipped()).items()
    assert column == "related.owner.bills_bad_worst"
    assert share > 0.9


def test_no_model_becomes_champion_but_by_approval_or_rollback() -> None:
    acts: tuple[Act, ...] = ("shadow", "propose", "approve", "refuse", "retire", "rollback")
    states: tuple[State, ...] = ("candidate", "shadow", "champion", "retired")
    for state, act in product(states, acts):
        try:
            after = lifecycle.after(state, act)
        except ModelNotThere:
            continue
        assert (after == "champion") == (act in ("approve", "rollback"))
        assert act != "approve" or state == "shadow"
        assert act != "rollback" or state == "retired"


def test_two_models_are_compared_on_the_same_employers() -> None:
    both = pl.DataFrame(
        {"subject": ["a", "b", "c", "d"], "one": [0.3, 0.1, 0.01, 0.001], "other": [0.001, 0.01, 0.1, 0.3]}
    )
    found = compare(both, ("m1", "m2"), ["a"], [TODAY], shipped())
    assert found.champion
    assert found.challenger
    assert found.champion.levels == {"red": 1, "orange": 1, "blue": 1, "none": 1}
    assert (found.first, found.first_in_common, found.found) == (1, 0, 1)
    assert (found.champion.found_right, found.challenger.found_right) == (1, 0)
    assert found.champion.pr_auc is None  # one finding is too few to judge by
    assert found.rank_correlation == pytest.approx(-1)
    assert compare(both.clear(), ("m1", "m2"), [], [], shipped()).day is None
