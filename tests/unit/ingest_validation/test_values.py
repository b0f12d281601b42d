"""Every other type by value: what is taken exactly, and what is refused with its reason."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.validation.moments import moments
from tests.ingest_rows import a_dataset, an_item, check, fault_of, value_of

TAKEN: list[tuple[str, str, Any]] = [
    ("money", "1234.5", Decimal("1234.50")),
    ("money", "9999999999999999.99", Decimal("9999999999999999.99")),
    ("money", "-0.10", Decimal("-0.10")),
    ("money", "+7", Decimal("7.00")),
    ("money", "0007.1000", Decimal("7.10")),
    ("money", "１２.30", Decimal("12.30")),
    ("dec5.4", "0.0625", Decimal("0.0625")),
    ("dec18.15", "120.123456789012345", Decimal("120.123456789012345")),
    ("int", "12", 12),
    ("int", "-3", -3),
    ("int", "12.0", 12),
    ("int", "999999999999999999", 999999999999999999),
    ("month", "2026-10", "2026-10"),
    ("month", "202610", "2026-10"),
    ("date", "2024-02-29", date(2024, 2, 29)),
    ("date", "20240229", date(2024, 2, 29)),
    ("date", "9999-12-31", date(9999, 12, 31)),
    ("date", "2024-02-29 00:00:00", date(2024, 2, 29)),
    ("datetime", "2026-11-01T08:00:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01 08:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01", datetime(2026, 10, 31, 16, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00Z", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00+08:00", datetime(2026, 11, 1, tzinfo=UTC)),
    ("datetime", "2026-11-01T08:00:00.25-0330", datetime(2026, 11, 1, 11, 30, 0, 250000, tzinfo=UTC)),
    ("bool", "true", True),
    ("bool", "否", False),
    ("bool", "1", True),
    ("bool", "No", False),
    ("div9", "330110005", "330110005"),
    ("year", "2026", 2026),
    ("str5", " 五 常 ", "五 常"),
    ("str9", "two\r\nlines", "two lines"),
    ("str9", "=1+1", "=1+1"),
    ("str9", "“甲”…乙—丙", "“甲”…乙—丙"),
    ("str9", "م‌ی", "م‌ی"),
    ("char4", "3260", "3260"),
    ("text", "line\nline", "line\nline"),
    ("phone", "0571-88888888 / 13800000000", "0571-88888888 / 13800000000"),
    ("phone", "138****0000", "138****0000"),
    ("url", "https://files.example/1.jpg", "https://files.example/1.jpg"),
]


@pytest.mark.parametrize(("kind", "text", "value"), TAKEN)
def test_a_right_value_is_taken_exactly(kind: str, text: str, value: Any) -> None:
    found = value_of(kind, text)
    assert (found, type(found)) == (value, type(value))


REFUSED = [
    ("money", "1e400", "exponent"),
    ("money", "1e5", "exponent"),
    ("money", "NaN", "number_format"),
    ("money", "Infinity", "number_format"),
    ("money", "1,234.50", "number_format"),
    ("money", "12.345", "too_many_decimals"),
    ("money", "0.30000000000000004", "too_many_decimals"),
    ("money", "12345678901234567.00", "out_of_range"),
    ("money", "=1+1", "number_format"),
    ("money", "true", "number_format"),
    ("dec5.4", "12", "out_of_range"),
    ("int", "1.5", "integer_format"),
    ("int", "1234567890123456789", "out_of_range"),
    ("int", "1e3", "exponent"),
    ("month", "2026-13", "month_format"),
    ("month", "2026-1", "month_format"),
    ("date", "2021-02-30", "no_such_date"),
    ("date", "2021/02/03", "date_format"),
    ("date", "0021-02-03", "date_format"),
    ("datetime", "2021-02-30T00:00:00", "no_such_date"),
    ("datetime", "2021-02-03T25:00:00", "no_such_date"),
    ("datetime", "2021-02-03T08:00:61Z", "no_such_date"),
    ("datetime", "2021-02-03T08:60:00Z", "no_such_date"),
    ("datetime", "2021-02-29T23:59:60Z", "no_such_date"),
    ("datetime", "2021-02-03T23:59:60Z", "leap_second"),
    ("datetime", "2016-12-31T23:59:60Z", "leap_second"),
    ("datetime", "2017-01-01T07:59:60+08:00", "leap_second"),
    ("datetime", "2016-12-31 23:59:60.25", "leap_second"),
    ("datetime", "2021-02-03 08:00:60", "leap_second"),
    ("datetime", "yesterday", "datetime_format"),
    ("datetime", "2026-11-01T08:00:00+25:00", "datetime_format"),
    ("datetime", "2026-11-01T08:00:00-0860", "datetime_format"),
    ("bool", "maybe", "bool_format"),
    ("div9", "33011000", "division_format"),
    ("div9", "990110005", "division_format"),
    ("year", "26", "year_format"),
    ("str5", "六个字太长了", "too_long"),
    ("str5", "a\x00b", "control_character"),
    *(("str9", f"甲{mark}乙", "control_character") for mark in "\u200b\u200f\u202e\u2060\u2066\ufeff\U000e0041"),
    ("str5", "a\x1bb", "control_character"),
    ("char4", "326", "wrong_length"),
    ("phone", "12345", "phone_format"),
    ("url", "javascript:alert(1)", "url_format"),
    ("url", "file.jpg", "url_format"),
]


@pytest.mark.parametrize(("kind", "text", "fault"), REFUSED)
def test_a_wrong_value_is_refused_with_its_reason(kind: str, text: str, fault: str) -> None:
    assert fault_of(kind, text) == fault


_ODD = "\x00\x08\t\n\r\x1f\x7f\x80\x9f\xa0·¥\uffc0\ufffd\uffff（"


def _values(texts: list[str]) -> list[dict[str, str | None]]:
    return [{"value": text} for text in texts]


@pytest.mark.parametrize("odd", _ODD, ids=ascii)
@pytest.mark.parametrize("around", ["甲{}乙", "{}", "{}这是一个比二十个字还要长的名称，不能接受它"])
def test_a_text_is_read_among_plain_ones_as_it_is_beside_one_that_is_not(odd: str, around: str) -> None:
    dataset, texts = a_dataset(an_item("str20")), ["甲乙丙", around.format(odd), "abcde"]
    alone, beside = (check(dataset, *_values(rows)) for rows in (texts, [*texts, "a\x01b"]))
    assert alone.values.rows() == beside.values.rows()
    assert alone.faults.rows() == beside.faults.rows()[:-1]


DATETIMES = [text for kind, text, *_ in [*TAKEN, *REFUSED] if kind == "datetime"]


@given(st.lists(st.sampled_from([*DATETIMES, None]), min_size=1, max_size=8), st.integers(1_000, 1_005))
def test_a_moment_that_a_file_says_often_is_read_as_one_that_it_says_once(said: list[str | None], often: int) -> None:
    once, again = (moments(pl.Series("at", part, dtype=pl.String)) for part in (said, said * often))
    assert again.values.to_list() == once.values.to_list() * often
    assert again.faults.to_list() == once.faults.to_list() * often


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_money_is_never_rounded(amount: Decimal) -> None:
    assert value_of("money", format(amount, "f")) == amount


@pytest.mark.parametrize("kind", ["money", "int", "month", "date", "datetime", "bool", "uscc", "str9", "year", "div9"])
def test_what_is_left_out_is_null_and_no_fault(kind: str) -> None:
    for empty in (None, "", "  ", "\u3000"):
        assert value_of(kind, empty) is None


@pytest.mark.parametrize("kind", ["money", "idno", "uscc", "str9", "date"])
def test_what_is_required_must_be_there(kind: str) -> None:
    assert fault_of(kind, None, required=True) == "required"


@pytest.mark.parametrize(
    ("bound", "text", "fault"),
    [
        ({"min": 0}, "-1", "below_min"),
        ({"min": 0}, "0", None),
        ({"above": 0}, "0", "not_above"),
        ({"above": 0}, "0.01", None),
        ({"max": "0.06"}, "0.07", "above_max"),
        ({"max": "0.06"}, "0.06", None),
    ],
)
def test_bounds_hold_exactly(bound: dict[str, Any], text: str, fault: str | None) -> None:
    assert fault_of("money", text, **bound) == fault


def test_short_codes_are_padded_where_the_catalogue_says_so() -> None:
    assert value_of("char2", "7", zero_pad=True) == "07"


SIGNS = [{"value": "layoff", "zh": "裁员"}, {"value": "boss lost", "zh": "老板失联", "also": ["跑路"]}]


def test_an_enumeration_takes_its_values_their_labels_and_their_other_names() -> None:
    for word, value in (("layoff", "layoff"), ("裁员", "layoff"), ("跑路", "boss lost")):
        assert value_of("enum", word, values=SIGNS) == value
    assert fault_of("enum", "rain", values=SIGNS) == "not_in_list"


def test_an_open_enumeration_takes_every_short_word() -> None:
    assert value_of("enum", "rain", values=SIGNS, open=True) == "rain"
    assert value_of("enum", "裁员", values=SIGNS, open=True) == "layoff"
    assert fault_of("enum", "x" * 51, open=True) == "too_long"


@pytest.mark.parametrize("text", ["裁员;boss lost", "boss lost，layoff", "layoff/跑路/layoff", ";layoff; boss lost;"])
def test_a_set_is_told_apart_sorted_and_without_repeats(text: str) -> None:
    assert value_of("set", text, values=SIGNS).to_list() == ["boss lost", "layoff"]


def test_a_set_with_one_unknown_sign_is_refused() -> None:
    assert fault_of("set", "layoff;rain", values=SIGNS) == "not_in_list"
