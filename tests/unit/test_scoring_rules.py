"""The grading of domain.md 5.4, by value and by property."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.rules import (
    LEVELS,
    OutsideJurisdiction,
    Scale,
    Signal,
    assess,
    meaning,
    must_be_within,
    recency_ends,
    state,
)

TODAY = date(2026, 11, 23)
SCALE = Scale({"blue": 20, "yellow": 40, "orange": 60, "red": 80}, 35, 2, 60)
FAMILIES = ("utilities", "tax_si", "court", "market", "complaints", "project_pay")


def a_signal(
    indicator: str = "E01", family: str = "tax_si", points: int = 10, days_ago: int = 0, **more: object
) -> Signal:
    return Signal(indicator, family, points, TODAY - timedelta(days=days_ago), **more)  # type: ignore[arg-type]


any_signal = st.builds(
    a_signal,
    indicator=st.from_regex(r"E[0-9]{2}", fullmatch=True),
    family=st.sampled_from(FAMILIES),
    points=st.integers(0, 35),
    days_ago=st.integers(0, 400),
    floor=st.sampled_from(LEVELS),
    needs_other=st.booleans(),
)
some_signals = st.lists(any_signal, max_size=12, unique_by=lambda signal: signal.indicator)


@pytest.mark.parametrize(
    ("points", "level"),
    [(0, "none"), (19, "none"), (20, "blue"), (35, "blue")],
)
def test_one_family_alone_gives_blue_at_most_by_score(points: int, level: str) -> None:
    assert assess([a_signal(points=points)], SCALE, TODAY).level == level


@pytest.mark.parametrize(
    ("market", "level"),
    [(0, "blue"), (4, "blue"), (5, "yellow"), (24, "yellow"), (25, "orange"), (35, "orange")],
)
def test_two_families_reach_orange_at_sixty_points(market: int, level: str) -> None:
    signals = [a_signal(points=35), a_signal("E19", "market", market)]
    assert assess(signals, SCALE, TODAY).level == level


def test_three_families_reach_red_at_eighty_points() -> None:
    signals = [a_signal(points=35), a_signal("E19", "market", 35), a_signal("E14", "court", 10)]
    assert assess(signals, SCALE, TODAY).level == "red"
    assert assess([*signals[:2], a_signal("E14", "court", 9)], SCALE, TODAY).level == "orange"


def test_a_family_counts_no_more_than_thirty_five_points() -> None:
    found = assess([a_signal("E01", points=25), a_signal("E02", points=25)], SCALE, TODAY)
    assert (found.points, found.families) == (35, {"tax_si": 35})


def test_the_sum_stops_at_a_hundred() -> None:
    signals = [a_signal(f"E{number:02}", family, 35) for number, family in enumerate(FAMILIES)]
    assert assess(signals, SCALE, TODAY).points == 100


@pytest.mark.parametrize(("days_ago", "level"), [(60, "orange"), (61, "yellow")])
def test_orange_by_score_needs_two_families_within_sixty_days(days_ago: int, level: str) -> None:
    signals = [a_signal(points=35), a_signal("E14", "court", 35, days_ago)]
    assert assess(signals, SCALE, TODAY).level == level


def test_a_floor_wins_over_the_score_and_over_the_window() -> None:
    found = assess([a_signal(points=8, floor="red", days_ago=300)], SCALE, TODAY)
    assert (found.level, found.points, found.floor) == ("red", 8, "red")


def test_a_change_of_legal_representative_counts_only_beside_another_signal() -> None:
    change = a_signal("E21", "market", 12, needs_other=True)
    assert assess([change], SCALE, TODAY).points == 0
    assert assess([change, a_signal(points=8)], SCALE, TODAY).points == 20


@given(some_signals, any_signal)
def test_a_further_signal_never_lowers_the_level_or_the_points(signals: list[Signal], further: Signal) -> None:
    before, after = assess(signals, SCALE, TODAY), assess([*signals, further], SCALE, TODAY)
    assert LEVELS.index(after.level) >= LEVELS.index(before.level)
    assert after.points >= before.points


@given(some_signals, st.randoms())
def test_the_order_of_the_signals_never_matters(signals: list[Signal], dice: object) -> None:
    shuffled = list(signals)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = assess(signals, SCALE, TODAY), assess(shuffled, SCALE, TODAY)
    assert one == other
    assert meaning(one) == meaning(other)


@given(some_signals)
def test_no_level_below_the_floor_and_no_family_above_its_cap(signals: list[Signal]) -> None:
    found = assess(signals, SCALE, TODAY)
    assert LEVELS.index(found.level) >= LEVELS.index(found.floor)
    assert all(points <= 35 for points in found.families.values())


@given(some_signals)
def test_a_score_below_the_floors_never_gives_orange_from_one_family(signals: list[Signal]) -> None:
    without_floors = [Signal(s.indicator, "tax_si", s.points, s.as_of) for s in signals]
    assert assess(without_floors, SCALE, TODAY).level in ("none", "blue")


@given(some_signals)
def test_until_the_window_ends_the_passing_of_days_changes_nothing(signals: list[Signal]) -> None:
    end = recency_ends(signals, SCALE, TODAY)
    if end is not None:
        assert end > TODAY
        assert assess(signals, SCALE, end - timedelta(days=1)) == assess(signals, SCALE, TODAY)


def test_a_step_is_part_of_the_meaning_and_a_figure_only_of_the_state() -> None:
    first, graver = assess([a_signal(tier=0)], SCALE, TODAY), assess([a_signal(tier=1)], SCALE, TODAY)
    assert meaning(first) != meaning(graver)
    assert state(first, ["1 month"]) != state(first, ["2 months"])
    assert state(first, ["1 month"]) == state(first, ["1 month"])


@pytest.mark.parametrize(
    ("division", "jurisdiction"),
    [("330110005", "330110005"), ("330110005", "330110"), (None, "330110"), ("330110005", "3301")],
)
def test_a_division_sees_what_lies_within_it(division: str | None, jurisdiction: str) -> None:
    must_be_within(division, jurisdiction)


@pytest.mark.parametrize(
    ("division", "jurisdiction"),
    [("330110005", "330110009"), (None, "330110005"), ("330113001", "330110"), ("330110005", ""), ("330110005", None)],
)
def test_a_division_sees_nothing_outside_it(division: str | None, jurisdiction: str | None) -> None:
    with pytest.raises(OutsideJurisdiction) as refusal:
        must_be_within(division, jurisdiction)
    assert (refusal.value.status, refusal.value.check) == (403, "jurisdiction")
