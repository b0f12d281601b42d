"""Columns in PostgreSQL's binary formats: to read them costs it a half to a tenth of what reading texts does.

Rows for `copy ... from stdin (format binary)` (https://www.postgresql.org/docs/18/sql-copy.html) and arrays of uuids.
What has the same size in every row is laid out as one array; only texts of different sizes are put between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_BEGIN, _END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
_Y2000_US = 946_684_800_000_000
_JSONB_VERSION = "\x01"
_NULL = -1
_UUID, _UUID_ARRAY = 2950, 2951
_SIZE, _UUID_BYTES = ">i4", "V16"

Array = npt.NDArray[Any]
Fields = list[tuple[str, Array | int]]


class Kind(Enum):
    """How a column travels. Texts alone may be null; a uuid is a text of 32 hex digits."""

    TEXT = "text"
    JSONB = "jsonb"
    UUID = "uuid"
    INT4 = "int4"
    TIMESTAMPTZ = "timestamptz"


_NUMBERS = {Kind.INT4: ">i4", Kind.TIMESTAMPTZ: ">i8"}


def copied(rows: pl.DataFrame, kinds: Mapping[str, Kind]) -> bytes:
    """The rows as a binary copy reads them, columns in the order of `kinds`. Raises ValueError where one is missing."""
    parts: list[list[bytes]] = []
    beside: Fields = [(">i2", len(kinds))]
    for name, kind in kinds.items():
        column = rows.get_column(name)
        if (fixed := _fixed(column, kind)) is not None:
            beside += [(_SIZE, fixed.itemsize), (fixed.dtype.str, fixed)]
            continue
        text = _text(column, kind)
        beside.append((_SIZE, text.str.len_bytes().cast(pl.Int32).fill_null(_NULL).to_numpy()))
        parts += [_laid_out(beside, len(rows)), text.cast(pl.Binary).fill_null(b"").to_list()]
        beside = []
    parts += [_laid_out(beside, len(rows))] if beside else []
    return b"".join([_BEGIN, *chain.from_iterable(zip(*parts, strict=True)), _END])


def _text(column: pl.Series, kind: Kind) -> pl.Series:
    return column if kind is Kind.TEXT else (_JSONB_VERSION + column)


def _fixed(column: pl.Series, kind: Kind) -> Array | None:
    """The values of a column that all have one size; None for texts of several."""
    if kind in (Kind.TEXT, Kind.JSONB):
        text = _text(column, kind)
        sizes = text.str.len_bytes()
        if sizes.null_count() or not sizes.min() or sizes.min() != sizes.max():
            return None
        return np.frombuffer(text.str.join("").item().encode(), dtype=f"V{sizes[0]}")
    if column.null_count():
        raise ValueError(f"a value of {column.name} is missing")
    if kind is Kind.UUID:
        return _uuids(column)
    numbers = column.dt.epoch("us") - _Y2000_US if kind is Kind.TIMESTAMPTZ else column
    return numbers.to_numpy().astype(_NUMBERS[kind])


def _uuids(column: pl.Series) -> Array:
    return np.frombuffer(bytes.fromhex(column.str.join("").item() or ""), dtype=_UUID_BYTES)


def _laid_out(beside: Fields, rows: int) -> list[bytes]:
    """Fields of fixed size next to each other, row by row."""
    packed = np.empty(rows, dtype=[(str(place), form) for place, (form, _) in enumerate(beside)])
    for place, (_, values) in enumerate(beside):
        packed[str(place)] = values
    found: list[bytes] = packed.view(f"V{packed.itemsize}").tolist()
    return found


@dataclass(frozen=True)
class Uuids:
    """A `uuid[]`, packed."""

    packed: bytes


def uuids(column: pl.Series) -> Uuids:
    """Texts of 32 hex digits as a `uuid[]`. Raises ValueError where one is missing."""
    if column.null_count():
        raise ValueError(f"a value of {column.name} is missing")
    values = _uuids(column)
    elements = np.empty(len(values), dtype=[("size", _SIZE), ("value", _UUID_BYTES)])
    elements["size"], elements["value"] = values.itemsize, values
    # One dimension, no nulls, the element's type; its length, and where it begins to count.
    head = np.array([1, 0, _UUID, len(values), 1] if len(values) else [0, 0, _UUID], dtype=">i4")
    return Uuids(head.tobytes() + elements.tobytes())


class _UuidsDumper(Dumper):
    format = Format.BINARY
    oid = _UUID_ARRAY

    def dump(self, obj: Uuids) -> bytes:
        return obj.packed


psycopg.adapters.register_dumper(Uuids, _UuidsDumper)
