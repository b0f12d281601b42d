"""Items in their types, from whatever a file holds: typed columns of Parquet, or texts in the ways people write them.

A value that does not fit its type is missing. Days are China's; a moment without a zone is China's, except the time of
the report, which is UTC.
"""

from collections.abc import Callable

import polars as pl

from services.scoring.rulebook import ItemType
from services.scoring.values import READ, SHANGHAI, UTC_TIME, local_day, month_of

_NUMBERS: frozenset[ItemType] = frozenset({"money", "int", "dec"})
_BY_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}$"
_MONTHS = {
    name: f"{place:02}"
    for place, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_YES, _NO = ("true", "1", "t", "y", "yes", "是", "1.0"), ("false", "0", "f", "n", "no", "否", "0.0")


def cast(item: str, kind: ItemType, dtype: pl.DataType) -> pl.Expr:
    """A column of any type as an item: numbers as Float64, months as counts since year 0, moments in UTC."""
    column = pl.col(item)
    if kind in _NUMBERS:
        return _number(column, dtype)
    if dtype.is_temporal() and kind in ("date", "datetime", "month"):
        return _TIMES[kind](_utc(column, dtype, SHANGHAI), column, dtype)
    if isinstance(dtype, pl.Boolean) and kind == "bool":
        return column
    if isinstance(dtype, pl.List):
        return READ[kind](column.cast(pl.List(pl.String)).list.join(","))
    return _READ_TEXT[kind](_text(column, dtype))


def missing(item: str, kind: ItemType) -> pl.Expr:
    """An item that a file does not have: not known of any row."""
    return pl.lit(None, _MISSING.get(kind, pl.String())).alias(item)


def reported(item: str, dtype: pl.DataType) -> pl.Expr:
    """When a row was reported, as a moment in UTC; a time without a zone is UTC here."""
    column = pl.col(item)
    if dtype.is_temporal():
        return _utc(column, dtype, "UTC")
    text = _tidy_time(_text(column, dtype))
    zoned = text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    naive = READ["datetime"](text).dt.convert_time_zone(SHANGHAI).dt.replace_time_zone(None)
    return pl.coalesce(zoned, naive.dt.replace_time_zone("UTC"))


def _utc(column: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return column.dt.cast_time_unit("us").dt.convert_time_zone("UTC")
    clock = column.cast(pl.Datetime("us"))
    return clock.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    whole = column.cast(pl.Int64, strict=False) if dtype.is_float() else column
    text = whole.cast(pl.String).str.strip_chars()
    return pl.when(~text.is_in(["", "NULL", "null", "NaN", "\\N"])).then(text)


def _number(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if not isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)):
        return _finite(column.cast(pl.Float64, strict=False))
    plain = column.cast(pl.String).str.replace_all(r"[\s¥￥元$€£]", "").str.replace_all("，", ",", literal=True)
    # What one comma parts two digits or one from is the whole: no thousands are written so. 1.234,50 is 1234.5.
    by_comma = plain.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    by_point = plain.str.replace_all(",", "", literal=True)
    number = pl.when(plain.str.contains(_BY_COMMA)).then(by_comma).otherwise(by_point)
    return _finite(number.cast(pl.Float64, strict=False))


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


def _yes_or_no(text: pl.Expr) -> pl.Expr:
    plain = text.str.to_lowercase()
    return pl.when(plain.is_in(_YES)).then(True).when(plain.is_in(_NO)).then(False)


def _tidy_time(text: pl.Expr) -> pl.Expr:
    """2024年3月5日, 2024/3/5, 20240305 and what `_year_first` reads as 2024-3-5, whatever follows."""
    return _year_first(text).str.replace(r"^(\d{4})\D?(\d{1,2})\D?(\d{1,2})[日号]?", "$1-$2-$3")


def _year_first(text: pl.Expr) -> pl.Expr:
    """3/5/2024, 5.3.2024 and 5-3-2024 as 2024-3-5.

    With strokes the month comes first, with points and hyphens the day. But what can be no month is the day, there and
    in the whole column: nobody writes 25/3/2024 in one line and 3/25/2024 in the next.
    """
    return text.map_batches(_turned, return_dtype=pl.String)


def _turned(texts: pl.Series) -> pl.Series:
    for signs, is_day_first in (("/", False), ("[.-]", True)):
        written = rf"^(\d{{1,2}}){signs}(\d{{1,2}}){signs}(\d{{4}})"
        is_year_last = texts.str.contains(written)
        if is_year_last.any():
            read = _in_one_order(texts.filter(is_year_last), written, is_day_first)
            texts = texts.scatter(is_year_last.arg_true(), read)
    return texts


def _in_one_order(texts: pl.Series, written: str, is_day_first: bool) -> pl.Series:
    parts = texts.str.extract_groups(written).struct.unnest().cast(pl.Int32)
    first, second = parts.to_series(0), parts.to_series(1)
    if (first > 12).any() != (second > 12).any():
        is_day_first = bool((first > 12).any())
    is_day = (first > 12) | (is_day_first & (second <= 12))
    return texts.str.replace(written, "$3-$2-$1").zip_with(is_day, texts.str.replace(written, "$3-$1-$2"))


def _month(text: pl.Expr) -> pl.Expr:
    """Also 03/2024, Mar-2024 and March 2024; of a whole date its month."""
    named = text.str.replace_many(_MONTHS, ascii_case_insensitive=True)
    told = _year_first(named).str.replace(r"^(\d{1,2})\D{1,9}(\d{4})$", "$2-$1")
    year = told.str.extract(r"^(\d{4})\D?\d{1,2}").cast(pl.Int32)
    month = told.str.extract(r"^\d{4}\D?(\d{1,2})").cast(pl.Int32)
    return pl.when(month.is_between(1, 12)).then(year * 12 + month - 1)


def _day(text: pl.Expr) -> pl.Expr:
    plain = _tidy_time(text).str.extract(r"^(\d+-\d+-\d+)")
    return plain.str.to_date("%Y-%m-%d", strict=False)


Timed = Callable[[pl.Expr, pl.Expr, pl.DataType], pl.Expr]
_TIMES: dict[ItemType, Timed] = {
    "date": lambda moment, column, dtype: column if isinstance(dtype, pl.Date) else local_day(moment),
    "datetime": lambda moment, _column, _dtype: moment.cast(UTC_TIME),
    "month": lambda moment, column, dtype: month_of(column if isinstance(dtype, pl.Date) else local_day(moment)),
}
_READ_TEXT: dict[ItemType, Callable[[pl.Expr], pl.Expr]] = READ | {
    "bool": _yes_or_no,
    "month": _month,
    "date": _day,
    "datetime": lambda text: READ["datetime"](_tidy_time(text)),
    "set": lambda text: READ["set"](text.str.replace_all(r"[，;；|、]", ",")),
}
_MISSING: dict[ItemType, pl.DataType] = {
    **dict.fromkeys(_NUMBERS, pl.Float64()),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "datetime": UTC_TIME,
    "month": pl.Int32(),
    "set": pl.List(pl.String()),
}
