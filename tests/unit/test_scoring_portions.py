"""However many wait, what is known of those judged at once takes about what was meant for it."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.portions import Portions


def _cut(portions: Portions, subjects: list[str], size_of_each: int) -> list[int]:
    taken = []
    for portion in portions.of(subjects):
        portions.weighed(len(portion), len(portion) * size_of_each)
        taken.append(len(portion))
    return taken


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 200_000)), max_size=8))
def test_nobody_is_left_out_and_nobody_comes_twice_whatever_they_weigh(batches: list[tuple[int, int]]) -> None:
    portions = Portions(1_000_000, at_first=50)
    for count, size in batches:
        subjects, seen = [str(number) for number in range(count)], []
        for portion in portions.of(subjects):
            portions.weighed(len(portion), len(portion) * size)
            seen += portion
        assert seen == subjects


def test_those_of_whom_little_is_known_are_soon_judged_all_at_once() -> None:
    portions = Portions(1_000_000, at_first=50)
    assert _cut(portions, [str(number) for number in range(2000)], 10)[0] == 50
    assert _cut(portions, [str(number) for number in range(2000)], 10) == [2000]


def test_of_those_of_whom_much_is_known_fewer_are_judged_at_once() -> None:
    portions = Portions(1_000_000, at_first=50)
    _cut(portions, [str(number) for number in range(1000)], 10_000)
    assert max(_cut(portions, [str(number) for number in range(1000)], 10_000)) <= 101


def test_one_of_whom_very_much_is_known_is_judged_all_the_same() -> None:
    portions = Portions(1000, at_first=50)
    assert _cut(portions, ["one"], 10**9) == [1]
    assert _cut(portions, ["two"], 10**9) == [1]


def test_one_of_whom_much_is_known_does_not_stop_the_many_after_it() -> None:
    portions = Portions(1_000_000, at_first=50)
    _cut(portions, [str(number) for number in range(2000)], 10)
    _cut(portions, ["heavy"], 20_000)
    assert len(_cut(portions, [str(number) for number in range(1000)], 10)) <= 3
