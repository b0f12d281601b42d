"""The level that is told: rises at once, falls after the cool-down, a person's word with a term."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.levels import (
    BelowLegalFloor,
    Override,
    TermNotAllowed,
    Told,
    Trail,
    must_be_allowed,
    tell,
    walked,
)
from services.scoring.models import Score
from services.scoring.rules import LEVELS, Level, at_least, highest
from services.scoring.store.scores import LINE

DAY = date(2026, 11, 23)
COOL_DOWN: dict[Level, int] = {"blue": 7, "yellow": 7, "orange": 14, "red": 14}
some_levels = st.lists(st.sampled_from(LEVELS), min_size=1, max_size=80)


def on(day: int) -> date:
    return DAY + timedelta(days=day)


def an_override(level: Level, days: int = 30, computed: Level = "none") -> Override:
    return Override(UUID(int=1), level, on(days), computed, "现场核查")


def day_by_day(computed: list[Level], days: int | None = None) -> list[Told]:
    """What is told on each day; after the last given day nothing changes any more."""
    trail, told = Trail(), []
    for day in range(days or len(computed)):
        trail = walked(trail, computed[min(day, len(computed) - 1)], on(day))
        told.append(tell(trail, None, "none", COOL_DOWN, on(day)))
    return told


def test_a_rise_is_told_at_once_and_a_fall_after_the_cool_down() -> None:
    told = day_by_day(["orange", "none"], 20)
    assert [each.level for each in told] == ["orange"] * 15 + ["none"] * 5
    assert [each.source for each in told] == ["indicators"] + ["cool_down"] * 14 + ["indicators"] * 5
    assert told[1].until == on(14)


def test_a_fall_goes_down_by_each_levels_own_term() -> None:
    trail = Trail("red", {})
    levels = [
        tell(walked(trail, "blue", DAY), None, "none", {**COOL_DOWN, "red": 2}, on(day)).level for day in (0, 1, 2)
    ]
    assert levels == ["red", "red", "orange"]


def test_what_is_corrected_falls_at_once_with_all_that_was_held() -> None:
    held = walked(Trail("red", {}), "none", DAY)
    assert tell(held, None, "none", COOL_DOWN, DAY).level == "red"
    assert tell(walked(held, "none", DAY, falls_at_once=True), None, "none", COOL_DOWN, DAY).level == "none"


@given(some_levels)
def test_the_told_level_is_never_below_the_one_worked_out(computed: list[Level]) -> None:
    for told, now in zip(day_by_day(computed), computed, strict=True):
        assert at_least(told.level, now)
        assert told.source == "cool_down" if told.level != now else "indicators"


@settings(max_examples=60)
@given(st.lists(st.booleans(), min_size=2, max_size=120), st.sampled_from(LEVELS[1:]))
def test_swinging_round_a_threshold_never_tells_more_than_one_rise_and_one_fall_within_the_cool_down(
    is_above: list[bool], level: Level
) -> None:
    below = LEVELS[LEVELS.index(level) - 1]
    told = [each.level for each in day_by_day([level if above else below for above in is_above])]
    turns = [day for day, (before, after) in enumerate(pairwise(told)) if before != after]
    for start in range(len(told)):
        within = [day for day in turns if start <= day < start + COOL_DOWN[level]]
        rises = sum(told[day + 1] == level for day in within)
        assert rises <= 1
        assert len(within) - rises <= 1


@given(some_levels, st.data())
def test_looking_more_often_never_changes_what_is_told(computed: list[Level], data: st.DataObject) -> None:
    """Only the days on which the worked out level changes are kept; other looks may come or not."""
    seen, trail = day_by_day(computed), Trail()
    for day, level in enumerate(computed):
        is_change = level != trail.computed
        if is_change or data.draw(st.booleans()):
            trail = walked(trail, level, on(day))
        assert tell(trail, None, "none", COOL_DOWN, on(day)) == seen[day]


@given(some_levels)
def test_a_level_that_stays_is_told_after_the_longest_cool_down_and_says_until_when(computed: list[Level]) -> None:
    told = day_by_day(computed, len(computed) + 14)
    assert told[-1].level == computed[-1]
    for before, after in pairwise(told):
        if before.until and not at_least(after.level, before.level):
            assert on(told.index(after)) > before.until


def test_a_persons_level_holds_through_its_last_day_and_then_ends_by_itself() -> None:
    trail = walked(Trail(), "orange", DAY)
    override = an_override("blue", 3, "orange")
    told = [tell(trail, override, "none", COOL_DOWN, on(day)) for day in (0, 3, 4)]
    assert [(each.level, each.source) for each in told] == [
        ("blue", "override"),
        ("blue", "override"),
        ("orange", "indicators"),
    ]
    assert (told[0].until, told[0].override_id, told[2].override_id) == (on(3), UUID(int=1), None)


def test_a_persons_higher_level_ends_without_a_cool_down() -> None:
    trail = walked(Trail(), "none", DAY)
    assert tell(trail, an_override("red", 3), "none", COOL_DOWN, on(3)).level == "red"
    assert tell(trail, an_override("red", 3), "none", COOL_DOWN, on(4)).level == "none"


@pytest.mark.parametrize("is_set_first", [True, False])
def test_a_level_that_was_left_under_a_persons_lower_one_does_not_come_up_when_that_ends(is_set_first: bool) -> None:
    override = an_override("blue", 3, "orange")
    trail = walked(Trail(), "orange", DAY)
    if is_set_first:
        trail = tell(trail, override, "none", COOL_DOWN, DAY).trail
    trail = tell(walked(trail, "none", DAY), override, "none", COOL_DOWN, DAY).trail
    ended = tell(walked(trail, "none", on(4)), None, "none", COOL_DOWN, on(4))
    assert (ended.level, ended.source) == ("blue", "cool_down")
    assert tell(walked(trail, "none", on(7)), None, "none", COOL_DOWN, on(7)).level == "none"


@given(st.sampled_from(LEVELS), st.sampled_from(LEVELS), st.sampled_from(LEVELS), st.sampled_from(LEVELS))
def test_a_persons_level_never_hides_what_became_worse_nor_what_the_law_sets(
    points: Level, known: Level, set_level: Level, law: Level
) -> None:
    computed = highest((points, law))  # any floor counts in what is worked out
    told = tell(walked(Trail(), computed, DAY), an_override(set_level, 3, known), law, COOL_DOWN, DAY)
    assert at_least(told.level, law)
    assert at_least(told.level, computed) or (at_least(known, computed) and at_least(told.level, set_level))


@pytest.mark.parametrize("day", [-1, 90])
def test_a_term_lies_neither_in_the_past_nor_beyond_the_longest(day: int) -> None:
    with pytest.raises(TermNotAllowed):
        must_be_allowed("red", on(day), law_floor="none", article=None, most_days=90, today=DAY)
    must_be_allowed("red", on(min(max(day, 0), 89)), law_floor="none", article=None, most_days=90, today=DAY)


def test_below_the_laws_floor_the_refusal_names_the_article() -> None:
    terms = {"law_floor": "orange", "article": "《保障农民工工资支付条例》第二十七条", "most_days": 90, "today": DAY}
    with pytest.raises(BelowLegalFloor, match="第二十七条"):
        must_be_allowed("yellow", on(1), **terms)  # type: ignore[arg-type]
    must_be_allowed("orange", on(1), **terms)  # type: ignore[arg-type]


def test_a_line_of_the_history_is_copied_in_with_every_column_that_it_has() -> None:
    assert set(LINE) == set(Score.model_fields)
