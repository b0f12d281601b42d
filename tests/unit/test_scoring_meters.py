"""E10 with several meters: bills come one by one, and what one of them has yet to tell is no fall of use."""

from collections.abc import Sequence

import pytest

from tests.scoring_facts import Rows, a_version, assessed, features, signal
from tests.unit.test_scoring_indicators import month

NOT_TOLD = None


def bills(*meters: Sequence[float | None]) -> Rows:
    """Power use, month by month, of each meter; the first for last month. A month that is not told has no row."""
    return [
        a_version("pw_usage", f"{meter}|{back}", account_no=f"{meter}", period=month(back + 1), kwh=kwh)
        for meter, months in enumerate(meters)
        for back, kwh in enumerate(months)
        if kwh is not NOT_TOLD
    ]


@pytest.mark.parametrize(
    ("meters", "fall", "points"),
    [
        # The large meter has yet to tell of last month: the month before stays the newest.
        ([[NOT_TOLD, *[900] * 15], [100] * 16], 0.0, None),
        ([[900] * 16, [NOT_TOLD, *[100] * 15]], 0.0, None),
        # It has told: now it is a fall.
        ([[100, *[900] * 15], [100] * 16], 0.8, 18),
        ([[101, *[900] * 15], [100] * 16], 0.799, None),
        # What both told of the month before does not go away because one of them tells more.
        ([[NOT_TOLD, 100, *[900] * 15], [100] * 17], 0.8, 18),
        # Who has told no more for two months is not waited for, and no part of what was usual.
        ([[NOT_TOLD, NOT_TOLD, *[900] * 14], [100] * 16], 0.0, None),
        ([[NOT_TOLD, NOT_TOLD, *[900] * 14], [20, *[100] * 15]], 0.8, 18),
        # A new meter counts now, though it was no part of what was usual: the fall is never told too large.
        ([[200, *[1000] * 15], [100]], 0.7, None),
        # Last year's month, of which one meter did not tell, is nothing to compare with.
        ([[100, *[900] * 11, NOT_TOLD, 900, 900], [100] * 15], None, None),
    ],
)
def test_use_is_compared_meter_by_meter_and_only_of_months_that_all_have_told(
    meters: list[list[int | None]], fall: float | None, points: int | None
) -> None:
    rows = bills(*meters)
    assert features(*rows).values["power_drop_1m"].to_list() == [fall if fall is None else pytest.approx(fall)]
    found = signal(assessed(*rows), "E10")
    assert (found and found.points) == points


def test_two_months_running_are_two_that_all_meters_have_told() -> None:
    halved = bills([NOT_TOLD, 400, 400, *[900] * 15], [100] * 18)
    assert features(*halved).values["power_drop_2m"].to_list() == [pytest.approx(0.5)]
    one_gap = bills([400, NOT_TOLD, 400, *[900] * 15], [100] * 18)
    assert features(*one_gap).values["power_drop_2m"].to_list() == [None]
