"""Dates as other countries write them: what one line cannot tell its column does."""

from datetime import date

import polars as pl
import pytest

from services.scoring.worlds import casting

MARCH_5, MARCH_25 = date(2024, 3, 5), date(2024, 3, 25)


def days_of(*texts: str) -> list[date | None]:
    column = pl.Series("on", texts)
    return column.to_frame().select(casting.cast("on", "date", column.dtype)).to_series().to_list()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5.3.2024", "25.03.2024"),
        ("05-03-2024", "25-03-2024"),
        ("5/3/2024", "25/3/2024"),
        ("3/5/2024", "3/25/2024"),
        ("03-05-2024", "03-25-2024"),
        ("2024-03-05", "2024年3月25日"),
        ("05.03.2024 08:00", "25.03.2024 23:59:59"),
    ],
)
def test_a_columns_dates_are_all_written_in_one_order(one: str, other: str) -> None:
    assert days_of(one, other) == [MARCH_5, MARCH_25]
    assert days_of(other, one) == [MARCH_25, MARCH_5]


def test_where_no_line_tells_strokes_are_american_and_points_and_hyphens_are_not() -> None:
    assert days_of("3/5/2024", "1/2/2024")[0] == days_of("5.3.2024", "2.1.2024")[0] == MARCH_5
    assert days_of("5-3-2024") == [MARCH_5]


def test_a_column_of_both_orders_is_read_line_by_line() -> None:
    assert days_of("3/25/2024", "25/3/2024", "3/5/2024") == [MARCH_25, MARCH_25, MARCH_5]


def test_a_report_on_a_day_with_points_is_known_on_that_day() -> None:
    column = pl.Series("at", ["25.03.2024 08:00:00", "05.03.2024"])
    told = column.to_frame().select(casting.reported("at", column.dtype)).to_series()
    assert told.dt.date().to_list() == [MARCH_25, MARCH_5]


def test_months_with_points_are_read() -> None:
    column = pl.Series("month", ["03.2024", "25.03.2024", "2024.03", "Mar-2024"])
    told = column.to_frame().select(casting.cast("month", "month", column.dtype)).to_series()
    assert told.to_list() == [2024 * 12 + 2] * 4
