"""Texts as values: how each type of item is read, column by column. What does not fit its type is missing. Pure."""

from collections.abc import Callable, Mapping

import polars as pl

from services.scoring.rulebook import ItemType

SHANGHAI = "Asia/Shanghai"
UTC_TIME = pl.Datetime("us", "UTC")
TYPES: Mapping[ItemType, pl.DataType] = {
    "money": pl.Decimal(20, 2),
    "int": pl.Int64(),
    "dec": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "datetime": UTC_TIME,
    "month": pl.Int32(),
    "enum": pl.String(),
    "text": pl.String(),
    "set": pl.List(pl.String()),
}


def local_day(moment: pl.Expr) -> pl.Expr:
    """The day in China of a UTC moment."""
    return moment.dt.convert_time_zone(SHANGHAI).dt.date()


def month_of(day: pl.Expr) -> pl.Expr:
    """A day's month as a count since year 0, so that months can be subtracted."""
    return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1


def _moment(text: pl.Expr) -> pl.Expr:
    aware = text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    clock = text.str.replace("T", " ", literal=True)
    naive = pl.coalesce(
        clock.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False),
        clock.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
    )
    # A time without a zone is China's; the summer times of 1986-1991 have hours that came twice or never.
    local = naive.dt.replace_time_zone(SHANGHAI, ambiguous="earliest", non_existent="null")
    return pl.coalesce(aware, local.dt.convert_time_zone("UTC"))


def _date(text: pl.Expr) -> pl.Expr:
    return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def _words(text: pl.Expr) -> pl.Expr:
    """A list of words, with or without blanks beside its commas; an empty one names nothing."""
    plain = _plain_words(text).str.replace_all(r"\s*(,\s*)+", ",").str.strip_chars(", ")
    return pl.when(plain != "").then(plain.str.split(","))


def _plain_words(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all("_", " ", literal=True)


READ: dict[ItemType, Callable[[pl.Expr], pl.Expr]] = {
    "money": lambda text: text.cast(pl.Decimal(20, 2), strict=False),
    "int": lambda text: text.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False),
    "dec": lambda text: text.cast(pl.Float64, strict=False),
    "bool": lambda text: pl.when(text == "true").then(True).when(text == "false").then(False),
    "date": _date,
    "datetime": _moment,
    "month": lambda text: month_of(_date(text.str.slice(0, 7) + "-01")),
    "enum": _plain_words,
    "set": _words,
    "text": lambda text: text,
}
