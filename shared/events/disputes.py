"""ingest speaks: a record was called wrong (数据校核), and what its source answered."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.events.base import Event


class RecordDisputed(Event, frozen=True, kw_only=True):
    """ingest -> scoring. Somebody who uses a record told its source (`agency`) that it is wrong.

    `key` is the record's, as in RecordsAccepted; `row` (1-based) of `receipt_id` told what is disputed, `item` is null
    when it is all of it. The source answers by `due_on`, the last working day. Why, and by whom, stays at ingest: a
    reason is free text. It may come before the record itself.
    """

    subject = "records.disputed"
    source = "ingest"
    dispute_id: UUID
    receipt_id: UUID
    row: int
    agency: str
    dataset: str
    key: str
    item: str | None
    raised_by_kind: Literal["agency", "person"]
    raised_at: datetime
    due_on: date


class RecordDisputeAnswered(Event, frozen=True, kw_only=True):
    """ingest -> scoring. The source answered, which is final. It may come before the dispute itself.

    `corrected`: the record stands no more as it was called wrong, by the receipt `corrected_by`, or taken back (null);
    `upheld`: it is right as it stands.
    """

    subject = "records.dispute.answered"
    source = "ingest"
    dispute_id: UUID
    agency: str
    dataset: str
    outcome: Literal["corrected", "upheld"]
    corrected_by: UUID | None
    answered_at: datetime
