"""Items in their types, from whatever a file holds: typed columns of Parquet, or texts in the ways people write them.

A value that does not fit its type is missing. Days are China's; a moment without a zone is China's, except the time of
the report, which is UTC.
"""

from collections.abc import Callable

import polars as pl

from services.scoring.rulebook import ItemType
from services.scoring.values import READ, SHANGHAI, UTC_TIME, local_day, month_of
from services.scoring.worlds import orders

_NUMBERS: frozenset[ItemType] = frozenset({"money", "int", "dec"})
# A comma is no sign between thousands behind a lone nought, behind 1.234, or where other than three digits follow it.
_WHOLE = r"(\d*|\d{1,3}(\.\d{3})+)"
_POWER = r"\d+[eE][+-]?\d+"
_BY_COMMA = rf"^[+-]?((0|\d{{1,3}}(\.\d{{3}})+),\d+|{_WHOLE},(\d{{1,2}}|\d{{4,}}|{_POWER}))$"
# And so a point: behind a lone nought, behind 1,234 (of which two commas tell, too), where other than three follow.
_BY_POINT = rf"^[+-]?(\d[\d,]*,\d{{3}}[.,]\d.*|0\.\d+|[\d,]*\.(\d{{1,2}}|\d{{4,}}|{_POWER}))$"
_MONTHS = {
    name: place
    for place, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH_NAME = rf"(?i)(?:^|[^a-z])({'|'.join(_MONTHS)})"
_A_YEAR = r"(?:^|\D)(\d{4})(?:\D|$)"
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
    by_comma = plain.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    by_point = plain.str.replace_all(",", "", literal=True)
    number = pl.when(plain.map_batches(_is_by_comma, return_dtype=pl.Boolean)).then(by_comma).otherwise(by_point)
    return _finite(number.cast(pl.Float64, strict=False))


def _is_by_comma(plain: pl.Series) -> pl.Series:
    """Which of a column's numbers have decimal commas.

    Those that can have nothing else; all, where there are such and none gainsays: 1.234 beside 1.234,50 is 1234.
    """
    has_comma = plain.str.contains(",", literal=True)
    if not has_comma.any():
        return has_comma
    proves = plain.str.contains(_BY_COMMA)
    are_all = bool(proves.any()) and not plain.str.contains(_BY_POINT).any()
    return proves | are_all


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


def _yes_or_no(text: pl.Expr) -> pl.Expr:
    plain = text.str.to_lowercase()
    return pl.when(plain.is_in(_YES)).then(True).when(plain.is_in(_NO)).then(False)


def _tidy_time(text: pl.Expr) -> pl.Expr:
    """2024年3月5日, 2024/3/5, 20240305 and what `_year_first` reads as 2024-3-5, whatever follows."""
    return _year_first(text).str.replace(r"^(\d{4})\D?(\d{1,2})\D?(\d{1,2})[日号]?", "$1-$2-$3")


def _year_first(text: pl.Expr) -> pl.Expr:
    """3/5/2024, 5.3.2024 and 5-3-2024 as 2024-3-5: as the column alone has it."""
    return text.map_batches(lambda texts: orders.year_first([texts])[0], return_dtype=pl.String)


def _month(text: pl.Expr) -> pl.Expr:
    """Also 03/2024, Mar-2024 and March 2024; of a whole date its month, which is the name where there is one."""
    name = text.str.extract(_MONTH_NAME).str.to_lowercase().replace_strict(_MONTHS, default=None, return_dtype=pl.Int32)
    told = _year_first(text).str.replace(r"^(\d{1,2})\D{1,9}(\d{4})$", "$2-$1")
    year = pl.when(name.is_null()).then(told.str.extract(r"^(\d{4})\D?\d{1,2}")).otherwise(text.str.extract(_A_YEAR))
    month = pl.coalesce(name, told.str.extract(r"^\d{4}\D?(\d{1,2})").cast(pl.Int32))
    return pl.when(month.is_between(1, 12)).then(year.cast(pl.Int32) * 12 + month - 1)


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
