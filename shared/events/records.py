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
