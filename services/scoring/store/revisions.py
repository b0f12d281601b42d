"""What an agency took back, or told the end of. Which versions count is decided where facts are read."""

from typing import NamedTuple
from uuid import UUID

from services.scoring.store.facts import Batch
from services.scoring.store.moves import move
from services.scoring.store.subjects import Key
from shared.db import Session, sql
from shared.events import RecordsClosed, RecordsWithdrawn

_KEEP_WITHDRAWN = """
insert into scoring.withdrawn (receipt_id, withdrawal_id, rows, withdrawn_at)
select :receipt_id, :withdrawal_id, range_agg(int4range(first, last, '[]')), :withdrawn_at
from unnest(cast(:firsts as int[]), cast(:lasts as int[])) as each (first, last)
on conflict do nothing
"""

# What is told of a receipt and the receipt itself may come at the same moment: the second of the two sees the first.
_HOLD = """
select pg_advisory_xact_lock(hashtextextended('scoring:receipt:' || receipt_id, 0))
from (select distinct receipt_id from unnest(cast(:receipts as text[])) as each (receipt_id) order by 1) as these
"""

_OF_ROWS = """
select distinct fact.subject_kind, fact.subject_id, fact.dataset, fact.key from scoring.fact
join unnest(cast(:firsts as int[]), cast(:lasts as int[])) as each (first, last)
    on fact.row_no between each.first and each.last
where fact.receipt_id = :receipt_id
"""

_KEEP_CLOSINGS = """
insert into scoring.closing (receipt_id, row_no, snapshot_id, agency, closed_at, reported_at)
select each.receipt_id, each.row_no, :snapshot_id, :agency, :closed_at, :reported_at
from unnest(cast(:receipts as uuid[]), cast(:rows as int[])) as each (receipt_id, row_no)
on conflict do nothing
"""

_HAS_CLOSINGS = "select exists (select from scoring.closing where receipt_id = any(cast(:receipts as uuid[])))"

# The end of a record is one more version of it, with the number 0 and all that the record said: what had to be paid is
# not unknown now, it is no more.
_CLOSE = """
with ended as (
    insert into scoring.fact
        (subject_kind, subject_id, dataset, key, source_time, receipt_id, row_no, agency, reported_at, body)
    select fact.subject_kind, fact.subject_id, fact.dataset, fact.key, closing.closed_at, closing.snapshot_id, 0,
        closing.agency, closing.reported_at, fact.body
    from scoring.closing
    join scoring.fact on fact.receipt_id = closing.receipt_id and fact.row_no = closing.row_no
    where closing.receipt_id = any(cast(:receipts as uuid[])) and fact.receipt_id = any(cast(:receipts as uuid[]))
        and fact.body is not null
        and not exists (
            select from scoring.fact known where known.subject_id = fact.subject_id and known.dataset = fact.dataset
                and known.key = fact.key and known.receipt_id = closing.snapshot_id and known.row_no = 0
        )
    returning subject_kind, subject_id, dataset, key
)
select subject_kind, subject_id, dataset, key from ended
"""


class Revised(NamedTuple):
    """Whom and which records something changed for."""

    subjects: set[Key]
    keys: list[str]


async def keep_withdrawn(session: Session, event: RecordsWithdrawn) -> Revised:
    """Note that these rows of a receipt count no more. Returns what they were about, as far as it is here."""
    rows = {"receipt_id": event.receipt_id, "firsts": event.first_rows, "lasts": event.last_rows}
    await sql(session, _KEEP_WITHDRAWN, withdrawal_id=event.withdrawal_id, withdrawn_at=event.withdrawn_at, **rows)
    await _hold(session, [event.receipt_id])
    found = (await sql(session, _OF_ROWS, **rows)).all()
    return Revised({(row.subject_kind, row.subject_id) for row in found}, list({row.key for row in found}))


async def keep_closings(session: Session, event: RecordsClosed) -> Revised:
    """Note which records have ended, and end those that are here. Returns what has ended now."""
    origin = {"snapshot_id": event.snapshot_id, "agency": event.agency}
    times = {"closed_at": event.closed_at, "reported_at": event.reported_at}
    await sql(session, _KEEP_CLOSINGS, receipts=event.receipt_ids, rows=event.rows, **origin, **times)
    return await _close(session, list(set(event.receipt_ids)))


async def close_what_ended(session: Session, batch: Batch) -> set[Key]:
    """End the records of a batch whose end was told before they came."""
    receipts = batch.rows.get_column("receipt_id").unique().to_list()
    return (await _close(session, [UUID(receipt_id) for receipt_id in receipts])).subjects


async def _close(session: Session, receipts: list[UUID]) -> Revised:
    await _hold(session, receipts)
    # Mostly nothing was told; to find that out among the facts themselves is to go through all of them.
    if not (await sql(session, _HAS_CLOSINGS, receipts=receipts)).scalar():
        return Revised(set(), [])
    ended = (await sql(session, _CLOSE, receipts=receipts)).all()
    touched = {(row.subject_kind, row.subject_id) for row in ended}
    for dataset in {row.dataset for row in ended}:
        touched |= await move(session, dataset, [row.key for row in ended if row.dataset == dataset])
    return Revised(touched, [row.key for row in ended])


async def _hold(session: Session, receipts: list[UUID]) -> None:
    await sql(session, _HOLD, receipts=[str(receipt_id) for receipt_id in receipts])
