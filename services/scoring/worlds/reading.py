"""Rows of a dataset: their items in their types, whose they are, when they were known, and which record they tell."""

from datetime import datetime

import polars as pl

from services.scoring.frames import SHANGHAI, UTC_TIME, Facts, first_day
from services.scoring.measurebook import Measured
from services.scoring.worlds import casting
from services.scoring.worlds.register import Register


def typed(lazy: pl.LazyFrame, dataset: Measured, register: Register) -> pl.DataFrame:
    """The items that the file has, with `number` (null: nobody is named) and `reported`. Reads only these columns."""
    schema = lazy.collect_schema()
    items = {item: kind for item, kind in dataset.items.items() if item in schema}
    wanted = [casting.cast(item, kind, schema[item]).alias(item) for item, kind in items.items()]
    if dataset.reported in schema:
        wanted.append(casting.reported(dataset.reported, schema[dataset.reported]).alias("reported"))
    rows = lazy.select(wanted).collect() if wanted else pl.DataFrame()
    if "reported" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, UTC_TIME).alias("reported"))
    return with_report(rows.with_columns(_number(rows, dataset, register)), dataset)


def stored(facts: Facts, dataset: Measured, register: Register) -> pl.DataFrame:
    """The same of stored facts: ingest has found whose they are, has keyed them and told when they were true."""
    rows = facts.frames[dataset.dataset]
    if "reported_at" in dataset.items:
        rows = rows.with_columns(pl.col("reported").alias("reported_at"))
    rows = rows.with_columns(pl.col("source_time").alias("source"), pl.col("key").hash(3))
    number = register.enter(rows.get_column("subject")) if dataset.about == "employer" else None
    number = _number(rows, dataset, register) if number is None else number
    return rows.with_columns(number.alias("number")).select("number", "reported", "source", "key", *dataset.items)


def _number(rows: pl.DataFrame, dataset: Measured, register: Register) -> pl.Series:
    number = pl.Series("number", [None] * rows.height, dtype=pl.Int32)
    for item in dataset.code:
        if item in rows.columns and number.null_count():
            number = number.zip_with(number.is_not_null(), register.enter(rows.get_column(item)))
    return number.alias("number")


def with_report(rows: pl.DataFrame, dataset: Measured) -> pl.DataFrame:
    """The rows with `source`, when they were true; of those that do not say when they were reported, the best guess.

    As ingest has it: the latest time that a row tells of itself, never later than its report.
    """
    told = [_moment(item, rows) for item in dataset.source_time if item in rows.columns]
    said = pl.max_horizontal(told) if told else pl.lit(None, UTC_TIME)
    guesses = [said, *(_moment(item, rows) for item in dataset.time if item in rows.columns)]
    if dataset.period in rows.columns:
        # A month is not over before it ends.
        guesses.append(_midnight(first_day(pl.col(dataset.period) + 1)))
    known = rows.with_columns(pl.coalesce("reported", *guesses).alias("reported"))
    return known.with_columns(pl.min_horizontal(said.fill_null(pl.col("reported")), "reported").alias("source"))


def _moment(item: str, rows: pl.DataFrame) -> pl.Expr:
    return pl.col(item) if isinstance(rows.schema[item], pl.Datetime) else _midnight(pl.col(item))


def _midnight(day: pl.Expr) -> pl.Expr:
    clock = day.cast(pl.Datetime("us"))
    return clock.dt.replace_time_zone(SHANGHAI, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def with_keys(rows: pl.DataFrame, dataset: Measured) -> pl.DataFrame:
    """The rows with `key`, a hash of their natural key. Null where it cannot be told: such a row is its own record.

    The code in a key is the employer, however it was written. Where an item of the key is not in the file at all, a
    month of an employer is one record.
    """
    missing = set(dataset.key) - set(rows.columns) - set(dataset.code)
    if missing and not dataset.period:
        return rows.with_columns(pl.lit(None, pl.UInt64).alias("key"))
    there = [item for item in dataset.key if item in rows.columns or item in dataset.code]
    parts = dict.fromkeys("number" if item in dataset.code else item for item in there)
    parts |= {"number": None, dataset.period: None} if missing and dataset.period in rows.columns else {}
    tidy = [pl.col(each).str.strip_chars() if rows.schema[each] == pl.String else pl.col(each) for each in parts]
    hashed = rows.select(tidy).hash_rows(3)
    whole = rows.select(pl.all_horizontal(pl.col(list(parts)).is_not_null())).to_series()
    return rows.with_columns(pl.when(whole).then(hashed).alias("key"))


def whole(rows: pl.DataFrame, dataset: Measured) -> pl.DataFrame:
    """The rows with every item of the dataset: one that the file does not have is not known, as in a stored record."""
    lacking = {item: kind for item, kind in dataset.items.items() if item not in rows.columns}
    return rows.with_columns(casting.missing(item, kind) for item, kind in lacking.items())


def as_microseconds(at: datetime) -> int:
    """An aware moment as microseconds since 1970."""
    return pl.Series([at]).dt.epoch("us")[0]  # type: ignore[no-any-return]
