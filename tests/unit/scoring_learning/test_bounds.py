"""Bounds: somebody is told once when one is passed and once when it is over, and never of chance or of few rows."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.learning.bounds import Bound, Verdict, Watched, judge
from services.scoring.learning.policy import shipped

BOUND = shipped().bounds[0]


def a_figure(value: float, half: float = 0.05, rows: int = 100, group: str = "all") -> Watched:
    return Watched(BOUND.figure, BOUND.grouping, group, rows, value, value - half, value + half)


def told(figures: list[Watched]) -> list[tuple[str, bool]]:
    """The states of a bound over days with these figures, and whether somebody was told."""
    states: dict[tuple[str, str], str] = {}
    days: list[tuple[str, bool]] = []
    for figure in figures:
        verdicts: list[Verdict] = judge([BOUND], [figure], states)  # type: ignore[arg-type]
        for verdict in verdicts:
            states[BOUND.code, figure.group] = verdict.state
            days.append((verdict.state, verdict.changed))
    return days


def test_a_bound_is_told_once_when_passed_and_once_when_over() -> None:
    days = [a_figure(each) for each in (0.9, 0.6, 0.55, 0.79, 0.83, 0.9)]
    assert told(days) == [
        ("kept", False),
        ("passed", True),
        ("passed", False),
        ("passed", False),
        ("kept", True),
        ("kept", False),
    ]


def test_a_figure_that_may_be_within_by_chance_calls_nobody() -> None:
    assert told([a_figure(0.79)]) == [("kept", False)]


def test_of_few_rows_nothing_is_said() -> None:
    assert told([a_figure(0.1, rows=BOUND.least_rows - 1)]) == []


def test_every_bound_names_its_source_and_no_two_share_a_code() -> None:
    bounds: tuple[Bound, ...] = shipped().bounds
    assert all(bound.source and bound.title_zh and bound.title_en for bound in bounds)
    assert len({bound.code for bound in bounds}) == len(bounds)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3)), max_size=30))
def test_nobody_is_told_of_the_same_state_twice(days: list[tuple[float, float]]) -> None:
    changes = [state for state, changed in told([a_figure(*day) for day in days]) if changed]
    assert changes == ["passed" if n % 2 == 0 else "kept" for n in range(len(changes))]


@given(st.lists(st.floats(0.82, 1), max_size=10), st.floats(0, 0.3))
def test_a_figure_within_its_bound_never_calls_anybody(values: list[float], half: float) -> None:
    assert not any(changed for _, changed in told([a_figure(value, half) for value in values]))
