"""Records that were called wrong: raised once, answered once, counted by feed."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, or_, select

from services.ingest.models import Dispute
from shared.db import Session, sql

_IN_ONE_LINE = "select pg_advisory_xact_lock(hashtextextended('ingest:dispute:' || :line, 0))"
_COUNTS = """
select dataset, agency, count(*) as open, count(*) filter (where due_on < cast(:today as date)) as overdue
from ingest.dispute where state = 'open' group by dataset, agency
"""


class DisputeCounts(NamedTuple):
    """How many disputes of a feed are open, and how many of these are past their day."""

    open: int = 0
    overdue: int = 0


class DisputesWanted(NamedTuple):
    """Which disputes: `agency` as source or as the one who raised them, `person` as the latter; None: anybody's."""

    agency: str | None = None
    person: str | None = None
    dataset: str | None = None
    state: str | None = None
    after: UUID | None = None


async def open_dispute(session: Session, receipt_id: UUID, row_no: int, by: tuple[str, str]) -> Dispute | None:
    """The open dispute of that row by the same (kind, id); two that raise it at once come one after the other."""
    await sql(session, _IN_ONE_LINE, line=f"{receipt_id}:{row_no}:{by[0]}:{by[1]}")
    wanted = select(Dispute).where(
        col(Dispute.receipt_id) == receipt_id,
        col(Dispute.row_no) == row_no,
        col(Dispute.raised_by_kind) == by[0],
        col(Dispute.raised_by) == by[1],
        col(Dispute.state) == "open",
    )
    return (await session.exec(wanted)).first()


async def dispute(session: Session, dispute_id: UUID, *, for_update: bool = False) -> Dispute | None:
    """A dispute, held until the end of the transaction if it is to be changed."""
    wanted = select(Dispute).where(col(Dispute.dispute_id) == dispute_id)
    return (await session.exec(wanted.with_for_update() if for_update else wanted)).first()


async def disputes(session: Session, wanted: DisputesWanted, limit: int) -> Sequence[Dispute]:
    """The wanted disputes, the oldest first, at most so many."""
    found = select(Dispute).order_by(col(Dispute.dispute_id)).limit(limit)
    if wanted.agency is not None:
        raised = (col(Dispute.raised_by_kind) == "agency") & (col(Dispute.raised_by) == wanted.agency)
        found = found.where(or_(col(Dispute.agency) == wanted.agency, raised))
    if wanted.person is not None:
        found = found.where(col(Dispute.raised_by_kind) == "person", col(Dispute.raised_by) == wanted.person)
    if wanted.dataset is not None:
        found = found.where(col(Dispute.dataset) == wanted.dataset)
    if wanted.state is not None:
        found = found.where(col(Dispute.state) == wanted.state)
    if wanted.after is not None:
        found = found.where(col(Dispute.dispute_id) > wanted.after)
    return (await session.exec(found)).all()


async def dispute_counts(session: Session, today: date) -> dict[tuple[str, str], DisputeCounts]:
    """Open and overdue disputes by dataset and source; feeds without any are left out."""
    found = await sql(session, _COUNTS, today=today)
    return {(row.dataset, row.agency): DisputeCounts(row.open, row.overdue) for row in found}
