"""Where a row stands in time when more than its own word decides. Columns in, columns out; times only ever rise.

`lists`: per month (empty where the key holds none) the newest full list that was applied: month, as_of, snapshot_id.
"""

from datetime import datetime

import polars as pl

from services.ingest.batches import KEY_HASH, SOURCE_TIME

_LISTED = "#listed"


def after_said(rows: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """A correction stands no earlier than what it corrects (KEY_HASH, said)."""
    known = rows.join(said, on=KEY_HASH, how="left", maintain_order="left")
    return known.with_columns(pl.max_horizontal(SOURCE_TIME, "said").alias(SOURCE_TIME)).drop("said")


def after_lists(rows: pl.DataFrame, month: str | None, lists: pl.DataFrame) -> pl.DataFrame:
    """A correction of a full list, or of what came after it, stands no earlier than the list."""
    known = _with_list(rows, month, lists)
    return known.with_columns(pl.max_horizontal(SOURCE_TIME, _LISTED).alias(SOURCE_TIME)).drop(_LISTED)


def as_of(rows: pl.DataFrame, register: str, moment: datetime) -> pl.DataFrame:
    """The rows of a full list of a register say how it was at that moment, if they do not speak of a later one."""
    listed = pl.when(pl.col(KEY_HASH).str.starts_with(register)).then(pl.lit(moment).cast(pl.Datetime("us", "UTC")))
    return rows.with_columns(pl.max_horizontal(SOURCE_TIME, listed).alias(SOURCE_TIME))


def settled(rows: pl.DataFrame, month: str | None, lists: pl.DataFrame) -> pl.DataFrame:
    """The rows that are older than the newest full list: what was true then, the list has said."""
    known = _with_list(rows, month, lists)
    return known.filter(pl.col(SOURCE_TIME) < pl.col(_LISTED)).drop(_LISTED)


def _with_list(rows: pl.DataFrame, month: str | None, lists: pl.DataFrame) -> pl.DataFrame:
    told = lists.select("month", pl.col("as_of").alias(_LISTED))
    about = pl.col(month) if month else pl.lit("")
    marked = rows.with_columns(about.alias("#month"))
    return marked.join(told, left_on="#month", right_on="month", how="left", maintain_order="left").drop("#month")
