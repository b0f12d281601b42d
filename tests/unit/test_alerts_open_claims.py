"""What is left of an order when its term ends: the list asks for that, not for what was owed at first."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.alerts.rules import sums
from services.alerts.rules.sums import Owed

OWED = st.builds(Owed, st.decimals(Decimal("0.01"), Decimal(999999), places=2), st.integers(0, 36), st.booleans())


def test_who_has_everything_is_no_longer_counted_and_who_has_a_part_counts_with_the_rest() -> None:
    owed = {1: Owed(Decimal(100), 4, True), 2: Owed(Decimal(50), 3, True), 3: Owed(Decimal(70), 2, False)}
    left = sums.still_open(owed, [{1: Decimal(100)}, {2: Decimal(20)}])
    assert left == [Owed(Decimal(30), 3, True), Owed(Decimal(70), 2, False)]


@given(st.dictionaries(st.integers(1, 20), OWED, min_size=1), st.integers(0, 100))
def test_payments_never_make_what_is_open_larger(owed: dict[int, Owed], percent: int) -> None:
    paid = {number: (one.amount * percent / 100).quantize(Decimal("0.01")) for number, one in owed.items()}
    at_first, at_the_end = sums.sums_of(list(owed.values()), 3), sums.sums_of(sums.still_open(owed, [paid]), 3)
    assert at_the_end.amount <= at_first.amount
    assert at_the_end.migrant_workers <= at_first.migrant_workers
    assert at_the_end.largest_single <= at_first.largest_single
