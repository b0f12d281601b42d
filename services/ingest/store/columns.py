"""Columns as PostgreSQL array literals."""

import polars as pl

from services.ingest.batches import KEY_HASH, ROW_HASH, SOURCE_TIME
from services.ingest.validation import ROW
from shared.pgbinary import uuids


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
