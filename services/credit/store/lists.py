"""The list itself, its feed, and the log of who asked about whom."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from services.credit.models import FeedRow, Listing, Query
from shared.db import Session, sql
from shared.events import Event
from shared.outbox import OutboxRow

_NEXT = "update credit.feed_head set sequence = sequence + 1 returning sequence"


async def next_sequence(session: Session) -> int:
    """The feed's next number. The row stays locked until commit, so numbers have no gap and appear in their order."""
    number: int = (await sql(session, _NEXT)).scalar_one()
    return number


async def add_to_feed(session: Session, sequence: int, event: type[Event], event_id: UUID) -> None:
    """Keep the very bytes that the outbox will publish: one CloudEvent, three ways out."""
    await session.flush()
    body = (await session.exec(select(OutboxRow.body).where(OutboxRow.event_id == event_id))).one()
    session.add(FeedRow(sequence=sequence, event_id=event_id, type=event.type(), body=body))
    await session.flush()


async def feed_after(session: Session, after: int, limit: int) -> Sequence[FeedRow]:
    """Events with a greater sequence, in order."""
    query = select(FeedRow).where(col(FeedRow.sequence) > after).order_by(col(FeedRow.sequence)).limit(limit)
    return (await session.exec(query)).all()


async def add_listing(session: Session, listing: Listing) -> None:
    """Keep a listing, so that its case may refer to it."""
    session.add(listing)
    await session.flush()


async def listing_for_update(session: Session, listing_id: UUID) -> Listing:
    """The listing, locked until the transaction ends."""
    query = select(Listing).where(Listing.id == listing_id).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).one()


async def current_listing(session: Session, uscc: str, today: date) -> Listing | None:
    """The listing of the employer that lasts longest, if it is on the list today."""
    query = select(Listing).where(Listing.uscc == uscc, *_current(today)).order_by(col(Listing.expected_exit).desc())
    return (await session.exec(query.limit(1))).first()


async def current_list(session: Session, today: date, after: int, limit: int) -> Sequence[Listing]:
    """Who is on the list today, in the order of listing, from above the sequence `after`."""
    query = select(Listing).where(col(Listing.sequence) > after, *_current(today))
    return (await session.exec(query.order_by(col(Listing.sequence)).limit(limit))).all()


async def run_out(session: Session, today: date, limit: int) -> Sequence[Listing]:
    """Listings whose period is over and that nobody has taken off the list yet."""
    over = (col(Listing.removed_on).is_(None), col(Listing.expected_exit) <= today)
    return (await session.exec(select(Listing).where(*over).order_by(col(Listing.expected_exit)).limit(limit))).all()


async def listing_of_event(session: Session, sequence: int) -> Listing | None:
    """The listing that the event of this sequence announced; None for other events."""
    return (await session.exec(select(Listing).where(Listing.sequence == sequence))).first()


async def log_query(session: Session, query: Query) -> None:
    """Keep who asked about whom."""
    session.add(query)


def _current(today: date) -> tuple[ColumnElement[bool], ...]:
    # The period counts from the decision; on the day of `expected_exit` the employer is out (Order 45, art. 11).
    return (col(Listing.removed_on).is_(None), col(Listing.listed_on) <= today, col(Listing.expected_exit) > today)
