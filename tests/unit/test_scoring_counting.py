"""Which counts of told months are the day's calendar by another name."""

import numpy as np
import polars as pl
import pytest

from services.scoring.evaluation.ranking import Array
from services.scoring.training.counting import calendars
from services.scoring.training.rows import Rows

COLUMNS = ("bills.told_12", "bills.age")


def rows(told: Array, age: Array) -> Rows:
    """Ten employers on each of six days; `told` and `age` of everyone on a day (6,)."""
    values = np.repeat(np.column_stack([told, age]).astype(np.float32), 10, axis=0)
    no, one, day = np.zeros(60, bool), np.ones(60, np.float32), np.repeat(np.arange(6) * 30, 10)
    return Rows(COLUMNS, values, no, no, one, ~no, np.tile(np.arange(10), 6), day, one)


def now(told: list[float], age: float) -> pl.DataFrame:
    return pl.DataFrame({"subject": [str(place) for place in range(len(told))], COLUMNS[0]: told, COLUMNS[1]: age})


@pytest.mark.parametrize(
    ("present", "is_calendar"),
    [
        (now([8.0] * 4, 1.0), True),  # months go on, the same for all
        (now([6.0] * 4, 3.0), False),  # the last month came long ago
        (now([12.0, 12.0, 3.0, 4.0], 1.0), False),  # half are new
        (now([8.0] * 4, float("nan")), True),
    ],
)
def test_a_count_is_the_days_calendar_while_months_go_on_the_same_for_all(
    present: pl.DataFrame, is_calendar: bool
) -> None:
    growing = rows(np.arange(1, 7), np.ones(6))
    assert calendars(growing, present, 0.67) == ({COLUMNS[0]} if is_calendar else set())


def test_a_count_that_differs_within_days_is_none() -> None:
    mixed = rows(np.full(6, 12), np.ones(6))
    mixed.values[::2, 0] = 3
    assert not calendars(mixed, now([8.0] * 4, 1.0), 0.67)
