"""Numbers as other countries write them: what one comma cannot tell its column does."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from local import modelling
from services.scoring.worlds import casting


def numbers_of(*texts: str) -> list[float | None]:
    column = pl.Series("is", texts)
    return column.to_frame().select(casting.cast("is", "dec", column.dtype)).to_series().to_list()


@pytest.mark.parametrize(("text", "meant"), [("0,125", 0.125), ("0,0123", 0.0123), ("-0,125", -0.125), ("0,5", 0.5)])
def test_behind_a_lone_nought_a_comma_is_decimal_whatever_the_column_says(text: str, meant: float) -> None:
    assert numbers_of(text) == [meant]
    assert numbers_of(text, "12.5", "1,234,567") == [meant, 12.5, 1_234_567]


@pytest.mark.parametrize("proof", ["0,125", "40,5", "40,50", "7,1234", "1,25e-05", "1.234,567", ",5"])
def test_a_value_that_only_decimal_commas_explain_tells_how_its_column_is_written(proof: str) -> None:
    assert numbers_of("12,345", proof, "1.234", "-2.345.678", "17")[::2] == [12.345, 1234, 17]
    assert numbers_of(proof, "-2.345.678")[1] == -2_345_678


def test_beside_thousands_with_points_a_number_with_three_digits_behind_its_point_is_whole() -> None:
    assert numbers_of("1.234", "1.234,50") == [1234, 1234.5]
    assert numbers_of("1,25e-05", "3,5E+2") == [1.25e-5, 350]


@pytest.mark.parametrize("proof", ["12.5", "1,234,567", "1,234.567", "0.125", "1.25e3"])
def test_beside_decimal_points_a_comma_parts_thousands(proof: str) -> None:
    assert numbers_of("1,234", proof)[0] == 1234
    assert numbers_of("1.234", proof)[0] == 1.234


def test_where_nothing_tells_or_values_gainsay_each_other_each_is_read_by_itself() -> None:
    assert numbers_of("12,345", "1.234") == [12_345, 1.234]
    assert numbers_of("12,345", "1.234", "40,5", "40.5") == [12_345, 1.234, 40.5, 40.5]
    assert numbers_of("12,345", "40,5", ".", "不详", "") == [12.345, 40.5, None, None, None]


def test_an_oracle_with_semicolons_and_commas_says_what_it_said(tmp_path: Path) -> None:
    hazards = ["0,125", "0,0123", "1,5e-05", "0,25", "0,0"]
    rows = "".join(f"e{place};31.10.2026;{hazard}\n" for place, hazard in enumerate(hazards))
    (tmp_path / "oracle.csv").write_text("employer_id;as_of;hazard\n" + rows, encoding="utf-8")
    told = modelling.read_oracle(tmp_path)
    assert told is not None
    assert told["hazard"].to_list() == [0.125, 0.0123, 1.5e-5, 0.25, 0]
    assert set(told["as_of"]) == {date(2026, 10, 31)}
