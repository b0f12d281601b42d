"""Dates as other countries write them: what one line cannot tell its column does."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from services.scoring.worlds import casting, read_world

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


def test_a_day_that_stands_for_no_end_says_nothing_of_how_days_are_written() -> None:
    assert days_of("03/05/2024", "04/06/2024", "31/12/9999")[:2] == [MARCH_5, date(2024, 4, 6)]
    assert days_of("25/03/2024", "03/05/2024", "12/31/9999")[:2] == [MARCH_25, date(2024, 5, 3)]


def test_the_greater_number_of_days_that_tell_decides_and_a_slip_does_not() -> None:
    assert days_of(*["25/03/2024"] * 3, "05/04/2024", "04/25/2024")[3:] == [date(2024, 4, 5), date(2024, 4, 25)]
    assert days_of(*["03-25-2024"] * 3, "03-05-2024", "25-03-2024")[3:] == [MARCH_5, MARCH_25]


def test_fewer_than_a_tenth_of_a_columns_days_tell_nothing() -> None:
    assert days_of(*["03/05/2024"] * 10, "25/03/2024")[0] == MARCH_5
    assert days_of(*["03/05/2024"] * 9, "25/03/2024")[0] == date(2024, 5, 3)


def test_in_a_long_file_every_line_tells_though_each_text_is_read_once(tmp_path: Path) -> None:
    """A slip is one line of two hundred, not one text of three."""
    days = ["25/03/2024"] * 150 + ["05/04/2024"] * 49 + ["04/25/2024"]
    rows = "".join(f"f{place},{day}\n" for place, day in enumerate(days))
    (tmp_path / "labels.csv").write_text("employer_id,started_on\n" + rows, encoding="utf-8")
    assert read_world(tmp_path).labels["started_on"].value_counts().sort("started_on").rows() == [
        (MARCH_25, 150), (date(2024, 4, 5), 49), (date(2024, 4, 25), 1)]  # fmt: skip


def test_what_a_column_cannot_tell_the_other_columns_of_its_file_do(tmp_path: Path) -> None:
    """Arrears start on the first of a month, by the file; they are discovered on any day."""
    text = "employer_id,started_on,discovered_on\nf1,01/02/2024,25/03/2024\nf2,01/12/2023,05/03/2024\n"
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    told = read_world(tmp_path).labels.select("started_on", "discovered_on").rows()
    assert told == [(date(2023, 12, 1), MARCH_5), (date(2024, 2, 1), MARCH_25)]


def test_a_column_that_tells_is_not_overruled_by_another(tmp_path: Path) -> None:
    text = "employer_id,started_on,discovered_on\nf1,25/02/2024,03/25/2024\nf2,05/02/2024,03/25/2024\n"
    (tmp_path / "labels.csv").write_text(text + "f3,25/02/2024,03/05/2024\n", encoding="utf-8")
    told = read_world(tmp_path).labels.sort("employer_id").select("started_on", "discovered_on").rows()
    assert told[1:] == [(date(2024, 2, 5), MARCH_25), (date(2024, 2, 25), MARCH_5)]


def test_a_report_on_a_day_with_points_is_known_on_that_day() -> None:
    column = pl.Series("at", ["25.03.2024 08:00:00", "05.03.2024"])
    told = column.to_frame().select(casting.reported("at", column.dtype)).to_series()
    assert told.dt.date().to_list() == [MARCH_25, MARCH_5]


def months_of(*texts: str) -> list[int | None]:
    column = pl.Series("month", texts)
    return column.to_frame().select(casting.cast("month", "month", column.dtype)).to_series().to_list()


def test_months_with_points_are_read() -> None:
    assert months_of("03.2024", "25.03.2024", "2024.03", "Mar-2024") == [2024 * 12 + 2] * 4


@pytest.mark.parametrize(
    "text",
    [
        "Mar-05-2024",
        "05/Mar/2024",
        "05-Mar-2024",
        "Mar/05/2024",
        "2024-Mar-05",
        "March 5, 2024",
        "05MAR2024",
        "mar.2024",
    ],
)
def test_where_a_month_is_named_that_is_the_month(text: str) -> None:
    assert months_of(text, "Mar 2024", "2024-13") == [2024 * 12 + 2, 2024 * 12 + 2, None]


def test_a_word_that_holds_a_months_name_is_none() -> None:
    assert months_of("Summary 2024", "Mar", "") == [None] * 3
