"""ingest speaks: what agencies handed in."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import msgspec
import polars as pl

from shared.events.base import Event, SubjectKind
from shared.ids import new_id

RECEIPT = "#receipt"
# What every table of records has, before the items of its dataset.
ORIGIN: dict[str, Any] = {
    "#subject": pl.String,
    "#left": pl.String,
    "#key": pl.String,
    "#row": pl.Int64,
    "#source_time": pl.Datetime("us", "UTC"),
}


class RecordsAccepted(Event, frozen=True, kw_only=True):
    """ingest -> scoring. An agency's records were checked, kept, and are new or newer than what was known.

    `table`: an Arrow IPC stream, a row a record: `#subject` (null: not known), `#left` (whose record it was before,
    null: nobody else's), `#key`, `#row` (1-based in the receipt), `#source_time` (UTC), and the dataset's items as
    plain values. Names and phones are left out; numbers of persons and accounts are pseudonyms. Where many small
    submissions came together, `#receipt` tells each row's own receipt. `batch_id` is the batch's own: one that comes
    again says nothing new.
    """

    subject = "records.accepted"
    source = "ingest"
    batch_id: UUID = msgspec.field(default_factory=new_id)
    receipt_id: UUID
    agency: str
    dataset: str
    subject_kind: SubjectKind
    reported_at: datetime
    table: bytes

    @classmethod
    def of(
        cls,
        *,
        subject_ids: Sequence[str | None],
        keys: Sequence[str],
        rows: Sequence[int],
        source_times: Sequence[datetime],
        columns: Mapping[str, Sequence[Any]],
        left: Sequence[str | None] | None = None,
        **about: Any,
    ) -> Self:
        """The event of a few records, given as columns of equal length n; ValueError when they differ."""
        lengths = {len(subject_ids), len(keys), len(rows), len(source_times), *map(len, columns.values())}
        if len(lengths) > 1:
            raise ValueError(f"the columns of {about.get('dataset')} differ in length")
        origin = [subject_ids, left or [None] * len(keys), keys, rows, source_times]
        named = dict(zip(ORIGIN, origin, strict=True))
        table = pl.DataFrame(named, schema=ORIGIN).with_columns(
            pl.Series(name, list(values), strict=False) for name, values in columns.items()
        )
        return cls(table=packed(table), **about)

    def frame(self) -> pl.DataFrame:
        """The table: ORIGIN and the items. ValueError when it is none."""
        return unpacked(self.table)


class RecordsWithdrawn(Event, frozen=True, kw_only=True):
    """ingest -> scoring. An agency took back rows of a receipt: from `withdrawn_at` on those versions count no more.

    Columns of equal length: the first and the last row of each range, both included. Row 0 stands for the ends that a
    full list (`receipt_id` is its number then) told of. It may come before the records themselves.
    """

    subject = "records.withdrawn"
    source = "ingest"
    withdrawal_id: UUID
    receipt_id: UUID
    agency: str
    dataset: str
    first_rows: list[int]
    last_rows: list[int]
    withdrawn_at: datetime


class RecordsClosed(Event, frozen=True, kw_only=True):
    """ingest -> scoring. Records that a full list does not name any more ended at `closed_at`, the moment it speaks of.

    Columns of equal length: the receipt and the row that told the newest state of each. It may come before them.
    """

    subject = "records.closed"
    source = "ingest"
    snapshot_id: UUID
    agency: str
    dataset: str
    closed_at: datetime
    reported_at: datetime
    receipt_ids: list[UUID]
    rows: list[int]


class RecordsUnlinked(Event, frozen=True, kw_only=True):
    """ingest -> scoring. These records were held to be about somebody they are not about: they leave these subjects.

    Columns of equal length; `rows` number the records of this undoing from 1. `undo_id` is newer than every receipt
    before it, so what stands under it outranks what it takes away; RecordsWithdrawn of `undo_id` and such a row means
    that it was right after all. Whose the records are is told by RecordsAccepted, if it is ever known.
    """

    subject = "records.unlinked"
    source = "ingest"
    undo_id: UUID
    agency: str
    dataset: str
    subject_kind: SubjectKind
    subject_ids: list[str]
    keys: list[str]
    rows: list[int]
    source_times: list[datetime]
    unlinked_at: datetime


def packed(table: pl.DataFrame) -> bytes:
    """A table as an Arrow IPC stream; a large one compressed."""
    out = io.BytesIO()
    table.write_ipc_stream(out, compression="zstd" if len(table) > 64 else "uncompressed")
    return out.getvalue()


def unpacked(stream: bytes) -> pl.DataFrame:
    """The table of an Arrow IPC stream. ValueError when it is none, or lacks a column of ORIGIN."""
    try:
        table = pl.read_ipc_stream(io.BytesIO(stream))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError("no Arrow IPC stream") from error
    if missing := ORIGIN.keys() - set(table.columns):
        raise ValueError(f"the table lacks {sorted(missing)}")
    return table
