"""Moments as partners' systems write them: with a zone, or in China's time; a date alone is its midnight."""

from functools import cache

import polars as pl

from services.ingest.validation.identifiers import Identified

_SHANGHAI = "Asia/Shanghai"
# Never \d: in these expressions it means every digit of every script.
_ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
# No place on earth is further from UTC than 14 hours.
_OFFSETS = r"[+-](0[0-9]|1[0-4]):?[0-5][0-9]"
_SHAPE = rf"^{_DAY}([T ]{_CLOCK}\s?(Z|{_OFFSETS})?)?$"
_ZONED = rf"([0-9])\s?{_ZONE}"
# `2026-10-01`, `2026-10-01 08:00`, `2026-10-01 08:00:00`: what is as long as these names no zone.
_DATE, _MINUTES, _SECONDS = 10, 16, 19
# Every step stands on the one before: there is nothing to be planned, which takes as long as thirty rows do.
_AS_WRITTEN = pl.QueryOptFlags.none()
# What many rows say so often as this, on average, is worked out once and looked up.
_MANY, _OFTEN = 1000, 4


def moments(texts: pl.Series) -> Identified:
    """The moments (UTC, microseconds) of texts, and why one is none: datetime_format, no_such_date, leap_second."""
    if len(texts) < _MANY or len(once := texts.unique()) * _OFTEN > len(texts):
        return _read(texts)
    found = _read(once)
    told = pl.DataFrame({"text": once, "value": found.values, "fault": found.faults})
    rows = texts.to_frame("text").join(told, on="text", how="left", nulls_equal=True, maintain_order="left")
    return Identified(rows.get_column("value").alias(texts.name), rows.get_column("fault"))


def _read(texts: pl.Series) -> Identified:
    """Step by step, each on the whole column: what one step found is not worked out again."""
    rows = texts.cast(pl.String).to_frame("text").with_columns(length=pl.col("text").str.len_chars())
    names_zone = not rows.get_column("length").is_in([_DATE, _MINUTES, _SECONDS]).all()
    found = (
        rows.lazy()
        .with_columns(shaped=pl.col("text").str.contains(_SHAPE))
        .with_columns(bare=pl.when("shaped").then("text"))
        .with_columns(*(_zoned() if names_zone else [pl.lit(None, pl.String).alias("zone")]))
        .with_columns(_whole().str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False))
        .with_columns(moment=_in_utc(names_zone))
        .with_columns(sane=pl.col("moment").dt.year().is_between(1900, 9999))
        # RFC 3339 knows second 60 at the end of a June or December in UTC, and there has been none since 2016: whoever
        # says so is a clock that goes wrong, and it would be read as the next second without a word.
        .with_columns(leap=pl.col("text").str.contains(":60", literal=True))
        .select(pl.when(pl.col("sane") & ~pl.col("leap")).then("moment").alias("moment"), _fault())
        .collect(optimizations=_AS_WRITTEN)
    )
    return Identified(found.get_column("moment").alias(texts.name), found.get_column("fault"))


@cache
def _zoned() -> list[pl.Expr]:
    return [_zone().alias("zone"), pl.col("bare").str.replace(_ZONED, "$1")]


def _zone() -> pl.Expr:
    return pl.when(pl.col("shaped") & (pl.col("length") > _DATE)).then(pl.col("text").str.extract(_ZONE, 1))


@cache
def _whole() -> pl.Expr:
    """The texts without their zone in one shape: `2026-10-01 08:00:00`, with a fraction if they have one."""
    spaced = pl.col("bare").str.replace("T", " ", literal=True)
    length = spaced.str.len_chars()
    missing = pl.when(length == _DATE).then(pl.lit(" 00:00:00")).when(length == _MINUTES).then(pl.lit(":00"))
    return (spaced + missing.otherwise(pl.lit(""))).alias("local")


@cache
def _in_utc(names_zone: bool) -> pl.Expr:
    """`local` and `zone` as moments. China's summer times of 1986-1991 have hours that came twice or never."""
    here = pl.col("local").dt.replace_time_zone(_SHANGHAI, ambiguous="earliest", non_existent="null")
    there = here.dt.convert_time_zone("UTC")
    if not names_zone:
        return there
    zoned = pl.col("local").dt.replace_time_zone("UTC") - _offset(pl.col("zone"))
    return pl.when(pl.col("zone").is_null()).then(there).otherwise(zoned)


def _offset(zone: pl.Expr) -> pl.Expr:
    """The offset of `Z`, `+0800` or `-03:30` as a duration."""
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = zone.str.slice(-2).cast(pl.Int64, strict=False).fill_null(0)
    return pl.duration(minutes=sign * (hours * 60 + minutes))


@cache
def _fault() -> pl.Expr:
    given = pl.col("text").is_not_null()
    no_such = given & ~pl.col("sane").fill_null(False)
    return (
        pl.when(given & ~pl.col("shaped"))
        .then(pl.lit("datetime_format"))
        .when(no_such)
        .then(pl.lit("no_such_date"))
        .when("leap")
        .then(pl.lit("leap_second"))
        .alias("fault")
    )
