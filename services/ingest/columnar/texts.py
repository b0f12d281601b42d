"""Typed columns as the texts that JSON would have for them: the same record is the same in every format."""

from collections.abc import Iterator

import polars as pl

from services.ingest.columnar.flat import Unreadable

BATCH_BYTES = 4 * 2**20
FAULTS = {"row": pl.UInt32, "item": pl.String, "code": pl.String}
# Years that a text can have; moments beyond them become a text that is no moment, so that only their row is refused.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
# Nanoseconds of 64 bits never leave the calendar.
_MOMENTS = {
    "ms": (_FIRST * 10**3, _LAST * 10**3),
    "us": (_FIRST * 10**6, _LAST * 10**6),
    "ns": (-(2**63), 2**63 - 1),
}
_DAYS = (_FIRST // 86_400, _LAST // 86_400)
_PLAIN = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Decimal, pl.Null, pl.Time)
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def unreadable(schema: pl.Schema, sets: frozenset[str]) -> dict[str, str]:
    """The columns whose type no item can have, and why: `nested`, `binary`, or `type`."""
    reasons = {name: _reason(kind, name in sets) for name, kind in schema.items()}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(kind: pl.DataType, is_set: bool) -> str | None:
    if isinstance(kind, pl.List | pl.Array) and is_set and isinstance(kind.inner, (*_TEXTS, pl.Null)):
        return None
    if kind.is_nested():
        return "nested"
    if isinstance(kind, pl.Binary):
        return "binary"
    known = kind.is_numeric() or isinstance(kind, (*_PLAIN, pl.Date, pl.Datetime))
    return None if known else "type"


def texts_of(table: pl.DataFrame, sets: frozenset[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A text column for each column, and the faults (row from 1, item, code) of what is no value in its set."""
    texts = table.select(_text(pl.col(name), kind).alias(name) for name, kind in table.schema.items())
    lists = [name for name, kind in table.schema.items() if isinstance(kind, pl.List | pl.Array) and name in sets]
    nested = [_holes(table, name) for name in lists]
    return texts, pl.concat(nested) if nested else pl.DataFrame(schema=FAULTS)


def cut(texts: pl.DataFrame, faults: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Pieces of some 4 MiB: a column can hold one long text a million times and be small. Raises Unreadable."""
    sizes = texts.select(size=pl.sum_horizontal(pl.all().str.len_bytes().fill_null(0).cast(pl.Int64)))
    if sizes.select((pl.col("size") > BATCH_BYTES).any()).item():
        mib = BATCH_BYTES // 2**20
        raise Unreadable(f"A record is larger than {mib} MiB.", f"有一条记录超过 {mib} MiB。")
    pieces = sizes.select(piece=pl.col("size").cum_sum() // BATCH_BYTES).to_series()
    start = 0
    for length in pieces.rle().struct.field("len"):
        within = pl.col("row").is_between(start + 1, start + length)
        yield texts.slice(start, length), faults.filter(within).with_columns(pl.col("row") - start)
        start += length


def _holes(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Lists that hold a null: in JSON, too, a set is a list of texts alone."""
    listed = _as_list(pl.col(name), table.schema[name])
    rows = table.select(listed.list.eval(pl.element().is_null()).list.any().fill_null(False).arg_true() + 1).to_series()
    faults = pl.DataFrame({"row": rows}).select("row", item=pl.lit(name), code=pl.lit("nested"))
    return faults.cast(FAULTS)  # type: ignore[arg-type]


def _as_list(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    return (column.arr.to_list() if isinstance(kind, pl.Array) else column).cast(pl.List(pl.String))


def _text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.List | pl.Array):
        return _as_list(column, kind).list.join(";")
    if isinstance(kind, pl.Date):
        return _within(column, column.to_physical().is_between(*_DAYS), "%Y-%m-%d")
    if isinstance(kind, pl.Datetime):
        moment = column.dt.convert_time_zone("UTC") if kind.time_zone else column
        form = "%Y-%m-%dT%H:%M:%S%.f" + ("Z" if kind.time_zone else "")
        return _within(moment, column.to_physical().is_between(*_MOMENTS[kind.time_unit]), form)
    return column.cast(pl.String)


def _within(moment: pl.Expr, has_a_year: pl.Expr, form: str) -> pl.Expr:
    text = pl.when(has_a_year).then(moment).dt.strftime(form)
    return pl.when(~has_a_year).then(pl.lit("beyond the calendar")).otherwise(text)
