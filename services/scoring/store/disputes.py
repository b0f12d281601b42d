"""Records that were called wrong, until their sources answer."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from shared.db import Session, sql
from shared.events import RecordDisputeAnswered, RecordDisputed

_KEEP = """
insert into scoring.dispute (dispute_id, dataset, agency, key, receipt_id, row_no, item, raised_at, due_on)
values (:dispute_id, :dataset, :agency, :key, :receipt_id, :row, :item, :raised_at, :due_on)
on conflict do nothing
"""

_KEEP_ANSWER = """
insert into scoring.dispute_answer (dispute_id, outcome, answered_at) values (:dispute_id, :outcome, :answered_at)
on conflict do nothing
"""

# By the record, not by the row: a reason may stand on a later version, or on the first of several files that say the
# same. Few disputes are open, so they are found first; an employer's facts have no index by record, a project's have.
_OPEN = """
with open as materialized (
    select * from scoring.dispute
    where dataset = any(cast(:datasets as text[])) and not exists (
        select from scoring.dispute_answer answer where answer.dispute_id = dispute.dispute_id
    )
)
select open.*, fact.receipt_id as told_by, fact.row_no as told_in from open
join scoring.fact on fact.dataset = open.dataset and fact.key = open.key
where fact.subject_kind = 'employer' and fact.subject_id = :subject_id
union
select open.*, fact.receipt_id, fact.row_no from open
join scoring.fact on fact.dataset = open.dataset and fact.key = open.key and fact.subject_kind <> 'employer'
order by raised_at, dispute_id
"""


class OpenDispute(NamedTuple):
    """A record that is called wrong, and all rows (receipt, number) that ever told of it."""

    dispute_id: UUID
    dataset: str
    agency: str
    receipt_id: UUID
    row: int
    item: str | None
    raised_at: datetime
    due_on: date
    told_in: frozenset[tuple[UUID, int]]


async def keep(session: Session, event: RecordDisputed) -> None:
    """Keep that a record was called wrong, once."""
    names = ("dispute_id", "dataset", "agency", "key", "receipt_id", "row", "item", "raised_at", "due_on")
    await sql(session, _KEEP, **{name: getattr(event, name) for name in names})


async def keep_answer(session: Session, event: RecordDisputeAnswered) -> None:
    """Keep that its source answered, once; the dispute itself may still be on its way."""
    answer = {"outcome": event.outcome, "answered_at": event.answered_at}
    await sql(session, _KEEP_ANSWER, dispute_id=event.dispute_id, **answer)


async def open_disputes(session: Session, subject_id: str, datasets: Collection[str]) -> list[OpenDispute]:
    """The open disputes of records of these datasets that may be behind a subject's reasons, the oldest first."""
    if not datasets:
        return []
    rows = (await sql(session, _OPEN, subject_id=subject_id, datasets=sorted(datasets))).all()
    told: dict[UUID, set[tuple[UUID, int]]] = {}
    for row in rows:
        told.setdefault(row.dispute_id, {(row.receipt_id, row.row_no)}).add((row.told_by, row.told_in))
    first = {row.dispute_id: row for row in reversed(rows)}
    return [_open(first[each], frozenset(told[each])) for each in told]


def _open(row: Row[Any], told_in: frozenset[tuple[UUID, int]]) -> OpenDispute:
    names = ("dispute_id", "dataset", "agency", "receipt_id", "item", "raised_at", "due_on")
    return OpenDispute(**{name: getattr(row, name) for name in names}, row=row.row_no, told_in=told_in)
