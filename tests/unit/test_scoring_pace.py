"""A flood of records goes first; its scores follow when it ebbs."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.pace import A_FLOOD, A_SECOND, BURST, LONGEST_WAIT_S, QUIET_S, Pace


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_few_subjects_are_scored_as_they_come_and_what_is_more_waits() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.allows(BURST)
    assert not pace.allows(1)
    assert pace.has_let_wait
    clock.now += 1.0
    assert pace.allows(A_SECOND)
    assert not pace.allows(1)


def test_whom_others_wait_behind_waits_with_them() -> None:
    pace = Pace(Clock())
    assert not pace.allows(1, behind=1)
    assert pace.has_let_wait
    assert pace.allows(BURST)


def test_a_stream_that_is_no_flood_lets_nobody_wait_for_its_end() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(200):
        clock.now += 0.1
        pace.allows(A_FLOOD // 10 - 10)
        assert pace.is_time()


def test_in_a_flood_those_that_wait_have_their_turn_when_it_ebbs_or_when_they_have_waited_long_enough() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.is_time()
    pace.allows(20_000)
    assert not pace.is_time()
    clock.now += QUIET_S
    assert pace.is_time()
    for _ in range(int(LONGEST_WAIT_S / QUIET_S) * 2 - 1):
        clock.now += QUIET_S / 2
        pace.allows(20_000)
        assert not pace.is_time()
    clock.now += QUIET_S / 2
    pace.allows(20_000)
    assert pace.is_time()


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5000)), max_size=50))
def test_never_are_more_subjects_scored_at_once_than_the_allowance(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    pace = Pace(clock)
    began, scored = clock.now, 0
    for wait, subjects in steps:
        clock.now += wait
        scored += subjects if pace.allows(subjects) else 0
        assert scored <= BURST + (clock.now - began) * A_SECOND + 1e-6
