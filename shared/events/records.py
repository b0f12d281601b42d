"""ingest speaks: what agencies handed in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.base import Event, SubjectKind


class RecordsAccepted(Event, frozen=True, kw_only=True):
    """ingest -> scoring. An agency's records were checked, kept, and are new or newer than what was known.

    Columns of equal length n. Names and phones are left out; numbers of persons and accounts are pseudonyms.
    """

    subject = "records.accepted"
    source = "ingest"
    receipt_id: UUID
    agency: str
    dataset: str
    subject_kind: SubjectKind
    subject_ids: list[str | None]
    keys: list[str]
    rows: list[int]
    source_times: list[datetime]
    reported_at: datetime
    columns: dict[str, list[Any]]


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
