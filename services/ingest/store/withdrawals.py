"""What agencies took back, and the states that stand again for it."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.ingest.rules import RowRange
from shared.db import Session, sql

# Of two withdrawals of one receipt the second waits, so that no row is taken back twice.
_IN_ONE_LINE = "select pg_advisory_xact_lock(hashtextextended('ingest:receipt:' || cast(:receipt_id as text), 0))"

_STILL_THERE = """
select coalesce(cast(:rows as int4multirange) - (
    select range_agg(rows) from ingest.withdrawal where receipt_id = :receipt_id
), cast(:rows as int4multirange)) as fresh
"""

# Blank lines of a CSV keep their numbers and are not counted.
_LAST_ROW = """
select greatest(cast(:received as int),
    (select max(row_no) from ingest.head where receipt_id = :receipt_id),
    (select max(row_no) from ingest.past_state where receipt_id = :receipt_id),
    (select max(row_no) from ingest.unmatched where receipt_id = :receipt_id),
    (select max(row_no) from ingest.past_unmatched where receipt_id = :receipt_id),
    (select max(row_no) from ingest.fault where receipt_id = :receipt_id))
"""

_KEEP = """
insert into ingest.withdrawal (withdrawal_id, receipt_id, rows, reason, withdrawn_by, withdrawn_at)
values (:withdrawal_id, :receipt_id, cast(:rows as int4multirange), :reason, :withdrawn_by, :withdrawn_at)
"""

# The newest of what is left becomes the head; a record of which nothing is left is not known any more.
_STAND_AGAIN = """
with lost as materialized (
    select key from ingest.head
    where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
    order by key for update
), before as materialized (
    select distinct on (past.key) past.key, past.subject, past.row_hash, past.source_time, past.receipt_id, past.row_no
    from ingest.past_state past join lost using (key)
    where not (past.receipt_id = :receipt_id and cast(:rows as int4multirange) @> past.row_no)
    order by past.key, past.source_time desc, past.receipt_id desc, past.row_no desc
), forgotten as (
    delete from ingest.head where key in (select key from lost except select key from before)
), taken as (
    delete from ingest.past_state past using before
    where (past.key, past.source_time, past.receipt_id, past.row_no)
        = (before.key, before.source_time, before.receipt_id, before.row_no)
)
update ingest.head set subject = before.subject, row_hash = before.row_hash, source_time = before.source_time,
    receipt_id = before.receipt_id, row_no = before.row_no
from before where head.key = before.key
"""

_FORGET_PAST = """
delete from ingest.past_state where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
"""
_FORGET_WAITING = """
with past as (
    delete from ingest.past_unmatched where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
)
delete from ingest.unmatched where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
"""

_WITHDRAWALS = """
select withdrawal_id, receipt_id, rows, reason, withdrawn_by, withdrawn_at from ingest.withdrawal
where receipt_id = :receipt_id order by withdrawal_id
"""
_COUNT = """
select coalesce(sum(upper(part) - lower(part)), 0) from (
    select unnest(range_agg(rows)) as part from ingest.withdrawal where receipt_id = :receipt_id
) as parts
"""


class Withdrawal(NamedTuple):
    """Rows of a receipt (first and last, both included) that its agency took back."""

    withdrawal_id: UUID
    receipt_id: UUID
    rows: list[RowRange]
    reason: str
    withdrawn_by: str
    withdrawn_at: datetime


async def last_row(session: Session, receipt_id: UUID, received: int) -> int:
    """The highest number that a row of a receipt of so many rows has."""
    return int((await sql(session, _LAST_ROW, receipt_id=receipt_id, received=received)).scalar_one())


async def still_there(session: Session, receipt_id: UUID, rows: list[RowRange]) -> list[RowRange]:
    """Those of these rows that were not taken back before; the receipt is held until the end of the transaction."""
    await sql(session, _IN_ONE_LINE, receipt_id=receipt_id)
    found = (await sql(session, _STILL_THERE, receipt_id=receipt_id, rows=multirange(rows))).scalar_one()
    return _ranges(found)


async def keep_withdrawal(session: Session, withdrawal: Withdrawal) -> None:
    """Write down who took which rows back, when and why."""
    await sql(session, _KEEP, **withdrawal._asdict() | {"rows": multirange(withdrawal.rows)})


async def let_stand_again(session: Session, receipt_id: UUID, rows: list[RowRange]) -> None:
    """Take these rows of a receipt out of what is known: what stood before them stands again."""
    gone = {"receipt_id": receipt_id, "rows": multirange(rows)}
    await sql(session, _STAND_AGAIN, **gone)
    # After it: the trigger has just put what was taken back among the past.
    await sql(session, _FORGET_PAST, **gone)
    await sql(session, _FORGET_WAITING, **gone)


async def withdrawals(session: Session, receipt_id: UUID) -> list[Withdrawal]:
    """What was taken back of a receipt, in order."""
    found = (await sql(session, _WITHDRAWALS, receipt_id=receipt_id)).mappings()
    return [Withdrawal(**{**row, "rows": _ranges(row["rows"])}) for row in found]


async def withdrawn_rows(session: Session, receipt_id: UUID) -> int:
    """How many rows of a receipt were taken back."""
    return int((await sql(session, _COUNT, receipt_id=receipt_id)).scalar_one())


def multirange(rows: list[RowRange]) -> str:
    """The ranges as PostgreSQL writes them."""
    return "{" + ",".join(f"[{first},{last}]" for first, last in rows) + "}"


def _ranges(found: Any) -> list[RowRange]:
    """A multirange of the database is half open."""
    return [(part.lower, part.upper - 1) for part in found]
