"""Columns as PostgreSQL array literals, and how two states of a record are compared."""

import polars as pl

from services.ingest.batches import KEY_HASH, ROW_HASH, SOURCE_TIME
from services.ingest.validation import ROW
from shared.pgbinary import uuids

# The newest source time wins, whatever order it arrives in; at the same source time the newest receipt, and within
# a file the later row. `order by key` gives every transaction the same order of locks.
COMPARED = """
with given as (
    select * from unnest(
        cast(:rows as int[]), cast(:keys as uuid[]), cast(:hashes as uuid[]), cast(:times as timestamptz[])
    ) as given(row_no, key, row_hash, source_time)
), newest as (
    select distinct on (key) row_no, key, row_hash, source_time from given
    order by key, source_time desc, row_no desc
), compared as materialized (
    select newest.*, held.row_hash as held_hash,
        (held.source_time, held.receipt_id) > (newest.source_time, cast(:receipt_id as uuid)) as is_older
    from newest left join lateral (select * from ingest.{table} known where known.key = newest.key limit 1) held on true
)
"""


def arrays(rows: pl.DataFrame) -> dict[str, object]:
    """Row numbers, keys, hashes and source times, as the merges take them."""
    return {
        "rows": literal(rows.get_column(ROW)),
        "keys": uuids(rows.get_column(KEY_HASH)),
        "hashes": uuids(rows.get_column(ROW_HASH)),
        "times": literal(rows.get_column(SOURCE_TIME).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")),
    }


def literal(column: pl.Series) -> str:
    """A PostgreSQL array literal of values that need no quotes: numbers, hex, names of our own. Raises ValueError."""
    values: str | None = column.cast(pl.String).str.join(",", ignore_nulls=False).item()
    if values is None:
        raise ValueError(f"a value of {column.name} is missing")
    return "{" + values + "}"


def quoted(column: pl.Series) -> str:
    """The same, with quotes: an empty text stays a text."""
    return literal('"' + column + '"')
