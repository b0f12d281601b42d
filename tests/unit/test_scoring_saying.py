"""What a model may say: its level never lowers one, alone it counts for little, and what it says stands in words."""

import json
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.comparing import compare
from services.scoring.live import Outlook
from services.scoring.model import Calibration, Foretold, Head, Model, lifecycle, registry
from services.scoring.model.boosting import lightgbm
from services.scoring.model.lifecycle import Act, ModelNotThere, State
from services.scoring.model.policy import shipped
from services.scoring.model.scorers import Blended, Boosted
from services.scoring.rulebook import shipped as book
from services.scoring.rules import LEVELS, Level, Signal, assess, at_least, meaning, raised, steps
from services.scoring.saying import CODE, explained, graded
from services.scoring.store.registry import Content
from services.scoring.usecases.models import NotAModel, checked, leaning
from tests.scoring_models import COLUMN, a_model, a_policy_without

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
    low, high = (graded("m", Foretold(each)) for each in sorted((one, other)))
    assert at_least(high.level, low.level)
    assert at_least(high.counts_as, low.counts_as)
    assert at_least(shipped().live.alone_at_most, high.counts_as)
    assert at_least(high.level, high.counts_as)


@given(st.dictionaries(st.text(min_size=1), probabilities))
def test_of_many_those_have_a_level_whom_the_model_gives_one(told: dict[str, float]) -> None:
    words = {subject: Foretold(probability) for subject, probability in told.items()}
    said = {subject: graded("m", word).counts_as for subject, word in words.items()}
    assert Outlook("m", words).levels() == {subject: level for subject, level in said.items() if level != "none"}


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
    return Model("model", Head(scorer, Calibration((-3.0, 3.0), (-6.0, 0.0))), dict.fromkeys(columns, "tax_si"))


def test_trees_are_read_from_what_was_registered_and_answer_as_before() -> None:
    model = _boosted((COLUMN, "pw_usage.arrears.level"))
    assert isinstance(model.starts.scorer, Boosted)
    entry = json.dumps(registry.entry_of(model, {"horizon_days": 60}))
    again = checked(Content(entry, model.starts.scorer.text, "# card"), shipped())
    table = pl.DataFrame({"subject": ["a"], COLUMN: [0.9], "pw_usage.arrears.level": [0.1]})
    assert again.predict(table).tolist() == model.predict(table).tolist()
    assert leaning(again, shipped()) == {}


def test_a_model_of_two_heads_is_read_as_it_was_written_ranks_by_the_second_and_explains_it(tmp_path: Path) -> None:
    columns = (COLUMN, "pw_usage.arrears.level")
    one, other = _boosted(columns), _boosted(columns[:1])
    blended = Blended(((0.5, other.starts.scorer), (0.5, a_model("single.signal").starts.scorer)))
    unseen = Head(blended, Calibration((-3.0, 3.0), (-3.0, 2.0)))
    model = Model("model", one.starts, {**one.family_of, "single.signal": "bills"}, unseen)
    registry.write(tmp_path, model, {"horizon_days": 60}, "# card")
    content = Content(*((tmp_path / name).read_text("utf-8") for name in ("entry.json", "trees.txt", "card.md")))
    again = checked(content, shipped())
    table = pl.DataFrame(
        {"subject": ["a", "b"], COLUMN: [0.9, 0.1], columns[1]: [0.1, None], "single.signal": [3.0, 0.0]}
    )
    assert again.foretell(table) == model.foretell(table)
    assert again.margin(table).tolist() == again.ranks.margin(table).tolist() == model.margin(table).tolist()
    assert again.owing(table).tolist() == [each.owing for each in again.foretell(table)]
    assert set(again.families(table).columns) == {"tax_si", "bills"}
    offset = again.margin(table) - again.families(table).sum_horizontal().to_numpy()
    assert offset == pytest.approx(np.full(2, offset[0]), abs=1e-6)
    assert sum(registry.weights(again).values()) == pytest.approx(1)
    assert content.trees
    with pytest.raises(NotAModel, match="trees"):
        checked(content._replace(trees=content.trees[: content.trees.rindex("tree\nversion=")]), shipped())


def test_a_head_may_read_the_same_score_and_give_it_another_meaning() -> None:
    plain = a_model()
    model = Model(
        "scorecard", plain.starts, plain.family_of, Head(plain.starts.scorer, Calibration((0.0, 1.0), (-1, 1)))
    )
    entry = json.dumps(registry.entry_of(model, {"horizon_days": 60}))
    again = registry.whole(entry, None)
    assert again == model
    said = explained(again, "m", pl.DataFrame({"subject": ["a"], COLUMN: [4.0]}))["a"]
    assert said.told.probability == pytest.approx(0.4)
    assert said.told.owing == pytest.approx(0.731, abs=1e-3)
    assert "连同可能已在拖欠而未被发现的为 73.1%" in said.reason().text_zh
    assert graded("m", Foretold(0.001, 0.3)).level == "red"


def test_an_entry_from_before_there_were_two_heads_ranks_by_its_only_one() -> None:
    entry = registry.entry_of(a_model(), {"horizon_days": 60})
    assert "unseen" not in entry
    old = registry.whole(json.dumps(entry), None)
    table = pl.DataFrame({"subject": ["a", "b"], COLUMN: [4.0, None]})
    assert [each.owing for each in old.foretell(table)] == [None, None]
    assert old.owing(table).tolist() == old.predict(table).tolist()


def test_what_a_model_leans_on_is_told_by_its_share_of_the_gain() -> None:
    model = _boosted(("hc_attendance.punches.level", COLUMN))
    ((column, share),) = leaning(model, a_policy_without("hc_attendance.")).items()
    assert column == "hc_attendance.punches.level"
    assert share > 0.9
    assert leaning(model, shipped()) == {}


def test_the_live_service_reads_every_dataset_that_training_reads() -> None:
    assert (shipped().live.left_out, shipped().live.missing) == ((), ())


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
    ).with_columns(one_ranked="one", other_ranked="other")
    found = compare(both, ("m1", "m2"), ["a"], [TODAY], shipped())
    assert found.champion
    assert found.challenger
    assert found.champion.levels == {"red": 1, "orange": 1, "blue": 1, "none": 1}
    assert (found.first, found.first_in_common, found.found) == (1, 0, 1)
    assert (found.champion.found_right, found.challenger.found_right) == (1, 0)
    assert found.champion.pr_auc is None  # one finding is too few to judge by
    assert found.rank_correlation == pytest.approx(-1)
    assert compare(both.clear(), ("m1", "m2"), [], [], shipped()).day is None


@pytest.mark.parametrize("gone", ["gone_dataset.arrears.months", "breadth.gone.bad", "nothing"])
def test_a_model_that_outlives_a_dataset_is_explained_by_the_bare_name_of_its_column(gone: str) -> None:
    table = pl.DataFrame({"subject": ["a"], gone: [4.0]})
    (why,) = explained(a_model(gone), "m", table)["a"].reasons
    assert (why.zh, why.en) == (f"{gone} 4", f"{gone} 4")
