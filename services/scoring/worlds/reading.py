"""Rows of a dataset: their items in their types, whose they are, when they were known, and which record they tell."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from services.scoring.frames import Facts, first_day
from services.scoring.measurebook import Measured
from services.scoring.rulebook import ItemType
from services.scoring.values import SHANGHAI, UTC_TIME
from services.scoring.worlds import casting, orders
from services.scoring.worlds.register import Register

# The column of the report's time while it is not read yet: no file has such a name.
_TOLD = " told"
# A text stands so often on average before it is worth looking for those that are the same.
_REPEATED = 10
_OF_TIME: frozenset[ItemType] = frozenset({"date", "datetime", "month"})


def typed(lazy: pl.LazyFrame, dataset: Measured, register: Register) -> pl.DataFrame:
    """The items that the file has, with `number` (null: nobody is named) and `reported`. Reads only these columns."""
    schema = lazy.collect_schema()
    items = {item: kind for item, kind in dataset.items.items() if item in schema}
    # Some items are the report's own time too.
    wanted = [pl.col(item) for item in items]
    wanted += [pl.col(dataset.reported).alias(_TOLD)] if dataset.reported in schema else []
    rows = _cast(lazy.select(wanted).collect(), items) if wanted else pl.DataFrame()
    if "reported" not in rows.columns:
        rows = rows.with_columns(pl.lit(None, UTC_TIME).alias("reported"))
    return with_report(rows.with_columns(_number(rows, dataset, register)), dataset)


def _cast(raw: pl.DataFrame, items: Mapping[str, ItemType]) -> pl.DataFrame:
    """The columns in their types; each one's text is let go as soon as it is read."""
    found = []
    dated = [name for name in raw.columns if raw.schema[name] == pl.String and items.get(name, "date") in _OF_TIME]
    raw = raw.with_columns(orders.year_first(raw.select(dated).get_columns()))
    for name in raw.columns:
        column = raw.drop_in_place(name)
        found.append(_series(column, items[name]) if name in items else _told(column))
    return pl.DataFrame(found)


def _told(column: pl.Series) -> pl.Series:
    read = casting.reported(_TOLD, column.dtype).alias("reported")
    return _of_each(column, read) if column.dtype == pl.String else column.to_frame().select(read).to_series()


def _series(column: pl.Series, kind: ItemType) -> pl.Series:
    read = casting.cast(column.name, kind, column.dtype).alias(column.name)
    if column.dtype == pl.String and kind != "text":
        return _of_each(column, read)
    return column.to_frame().select(read).to_series()


def _of_each(texts: pl.Series, read: pl.Expr) -> pl.Series:
    """What texts mean: where a few stand again and again (months, states), each is read once."""
    frame = texts.to_frame()
    each = frame.unique()
    if each.height * _REPEATED > frame.height:
        return frame.select(read).to_series()
    meant = each.select(pl.col(texts.name).alias("text"), read.alias("meant"))
    joined = frame.join(meant, left_on=texts.name, right_on="text", how="left", nulls_equal=True, maintain_order="left")
    return joined.get_column("meant").alias(read.meta.output_name())


def stored(facts: Facts, dataset: Measured, register: Register) -> pl.DataFrame:
    """The same of stored facts: ingest has found whose they are, has keyed them and told when they were true."""
    rows = facts.frames[dataset.dataset]
    if "reported_at" in dataset.items:
        rows = rows.with_columns(pl.col("reported").alias("reported_at"))
    rows = rows.with_columns(pl.col("source_time").alias("source"), pl.col("key").hash(3))
    number = register.enter(rows.get_column("subject")) if dataset.about == "employer" else None
    number = _number(rows, dataset, register) if number is None else number
    records = [pl.col(dataset.counted).fill_null(1).alias("records")] if dataset.counted else []
    rows = rows.with_columns(number.alias("number"), *records)
    return rows.select("number", "reported", "source", "key", *dataset.items, *(["records"] if records else []))


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
