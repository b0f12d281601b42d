"""Columns in and out as texts: the driver spends more on a value or a row than on what is in it."""

import io
from collections.abc import Iterable, Mapping

import polars as pl

from services.scoring.values import UTC_TIME

# What stands round a text in place of quotes: JSON has many of those, and never such a character as it is.
MARK, MARK_SQL = "\x1e", r"E'\x1e'"
_Y2000_US = 946_684_800_000_000  # from where PostgreSQL counts


def texts(values: Iterable[str | None] | pl.Series) -> str:
    """The PostgreSQL literal of a `text[]`, or of another array whose elements are written like these texts."""
    column = values.to_list() if isinstance(values, pl.Series) else list(values)
    if None not in column and column:
        # Mostly there is nothing to mask: thousands of codes are then joined as they are.
        joined = '","'.join(column)
        if "\\" not in joined and joined.count('"') == 2 * (len(column) - 1):
            return '{"' + joined + '"}'
    return "{" + ",".join(map(_element, column)) + "}"


def _element(text: str | None) -> str:
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(values: Iterable[float | None]) -> str:
    """The PostgreSQL literal of a `double precision[]`, to the bit."""
    return "{" + ",".join("NULL" if value is None else repr(value) for value in values) + "}"


def days(column: pl.Series) -> str:
    """The PostgreSQL literal of a `date[]`."""
    return "{" + ",".join(column.cast(pl.String).fill_null("NULL").to_list()) + "}"


def marked(text: str) -> str:
    """The SQL of a text as a field of a line; of one that is null, null."""
    return f"{MARK_SQL} || replace({text}, {MARK_SQL}, {MARK_SQL} || {MARK_SQL}) || {MARK_SQL}"


def read(lines: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Lines of such fields, with commas between them, in these types; moments are what `timestamptz_send` gives."""
    if not lines:
        return pl.DataFrame(schema=schema)
    moments = [name for name, kind in schema.items() if kind == UTC_TIME]
    raw = {**schema, **dict.fromkeys(moments, pl.String())}
    table = pl.read_csv(io.BytesIO(lines), has_header=False, new_columns=list(raw), schema=raw, quote_char=MARK)
    since_2000 = pl.col(moments).str.slice(2).str.decode("hex").bin.reinterpret(dtype=pl.Int64(), endianness="big")
    return table.with_columns(pl.from_epoch(since_2000 + _Y2000_US, time_unit="us").dt.replace_time_zone("UTC"))
