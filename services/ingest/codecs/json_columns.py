"""The quick way from JSON to columns, for text in which nothing takes a closer look; None means that something does."""

from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

_SLOW_MARKS = (b" :", b"\t:", b"\r:", b"\n:")


def columns(chunk: bytes, names: tuple[str, ...], is_array: bool) -> pl.DataFrame | None:
    """A text column for each name, from objects in one array or one a line; absent ones null.

    Nothing nested, or blank before a colon is here: so a `":` ends the name of each pair, and when there are as many of
    them as values, no name stood twice in its record. A float is told by its own text.
    """
    if b"[" in chunk[is_array:] or any(mark in chunk for mark in _SLOW_MARKS):
        return None
    bare = _without_escaped_quotes(chunk)
    lines, array = _decoders(names)
    try:
        rows = array.decode(chunk) if is_array else lines.decode_lines(chunk)
        values = [list(map(attrgetter(f"f{place}"), rows)) for place in range(len(names))]
        absent = [column.count(msgspec.UNSET) for column in values]
        if not rows or bare.count(b"{") != len(rows) or bare.count(b'":') != len(rows) * len(names) - sum(absent):
            return None
        found = zip(names, values, absent, strict=True)
        return pl.DataFrame([_column(name, column, missing) for name, column, missing in found])
    except (msgspec.DecodeError, RecursionError, pl.exceptions.PolarsError, OverflowError):
        return None


def _without_escaped_quotes(chunk: bytes) -> bytes:
    """The text in which every quote begins or ends a text, as most texts are from the outset."""
    return chunk.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in chunk else chunk


def _column(name: str, values: list[Any], missing: int) -> pl.Series:
    if missing == len(values):
        return pl.Series(name, [None] * missing, dtype=pl.String)
    given = [None if value is msgspec.UNSET else value for value in values] if missing else values
    column = pl.Series(name, given, dtype=pl.String, strict=False)
    if column.null_count() and column.null_count() != given.count(None):
        raise OverflowError(f"a number of {name} is too long to be told as a text")
    return column


@lru_cache(maxsize=256)
def _decoders(names: tuple[str, ...]) -> tuple["msgspec.json.Decoder[Any]", "msgspec.json.Decoder[Any]"]:
    """Readers of records with these names and no others: of one, and of an array."""
    renamed = {f"f{place}": name for place, name in enumerate(names)}
    fields = [(field, Any, msgspec.UNSET) for field in renamed]
    record = msgspec.defstruct("Record", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return (
        msgspec.json.Decoder(record, float_hook=str),
        msgspec.json.Decoder(list[record], float_hook=str),  # type: ignore[valid-type]
    )
