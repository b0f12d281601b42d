"""Event in. Each may come twice, and in any order."""

from functools import partial

from services.scoring import feeds, revisions, usecases
from services.scoring.pace import Pace
from services.scoring.store import disputes
from shared.bus import Consumers
from shared.clock import now
from shared.db import Session
from shared.events import (
    AlertFound,
    AlertRaised,
    EmployerListed,
    EmployerRemoved,
    FeedStateChanged,
    OrderIssued,
    OrderOverdue,
    OrderPaid,
    OrderRevoked,
    RecordDisputeAnswered,
    RecordDisputed,
    RecordsAccepted,
    RecordsClosed,
    RecordsUnlinked,
    RecordsWithdrawn,
)
from shared.ids import new_id

consumer = Consumers("scoring")
pace = Pace()


# While the database writes down one batch, another is made ready for it.
@consumer.on(RecordsAccepted, at_once=2)
async def on_records_accepted(event: RecordsAccepted, session: Session) -> None:
    """Keep the facts and score whom they touch, at once if there is time."""
    at_once = partial(pace.allows, behind=consumer.behind[RecordsAccepted])
    await usecases.take_in(session, event, await usecases.moment(session, now(), new_id), at_once)


@consumer.on(RecordsWithdrawn)
async def on_records_withdrawn(event: RecordsWithdrawn, session: Session) -> None:
    """Let what was taken back count no more."""
    await revisions.take_back(session, event, await usecases.moment(session, now(), new_id))


@consumer.on(RecordsClosed)
async def on_records_closed(event: RecordsClosed, session: Session) -> None:
    """Let what a full list does not name any more end."""
    await revisions.end(session, event, await usecases.moment(session, now(), new_id))


@consumer.on(RecordsUnlinked)
async def on_records_unlinked(event: RecordsUnlinked, session: Session) -> None:
    """Take the records away from whom they are not about."""
    await revisions.take_away(session, event, await usecases.moment(session, now(), new_id))


@consumer.on(RecordDisputed)
async def on_record_disputed(event: RecordDisputed, session: Session) -> None:
    """A record was called wrong: whoever looks at a level that stands on it is told."""
    await disputes.keep(session, event)


@consumer.on(RecordDisputeAnswered)
async def on_record_dispute_answered(event: RecordDisputeAnswered, session: Session) -> None:
    """Its source answered: nothing is in doubt any more."""
    await disputes.keep_answer(session, event)


@consumer.on(FeedStateChanged)
async def on_feed_state_changed(event: FeedStateChanged, session: Session) -> None:
    """A feed stopped or is back."""
    await feeds.note_change(session, event, now())


@consumer.on(AlertRaised)
async def on_alert_raised(event: AlertRaised, session: Session) -> None:
    """An outcome is waited for."""
    await usecases.keep_raised(session, event)


@consumer.on(AlertFound)
async def on_alert_found(event: AlertFound, session: Session) -> None:
    """Keep the outcome."""
    await usecases.keep_finding(session, event)


@consumer.on(OrderIssued)
async def on_order_issued(event: OrderIssued, session: Session) -> None:
    """Somebody was ordered to pay."""
    await usecases.keep_order(session, event, now())


@consumer.on(OrderOverdue)
async def on_order_overdue(event: OrderOverdue, session: Session) -> None:
    """He did not."""
    await usecases.keep_order(session, event, now())


@consumer.on(OrderPaid)
async def on_order_paid(event: OrderPaid, session: Session) -> None:
    """He paid."""
    await usecases.keep_order(session, event, now())


@consumer.on(OrderRevoked)
async def on_order_revoked(event: OrderRevoked, session: Session) -> None:
    """The order was annulled."""
    await usecases.keep_order(session, event, now())


@consumer.on(EmployerListed)
async def on_employer_listed(event: EmployerListed, session: Session) -> None:
    """The employer is on the list now."""
    await usecases.keep_listing(session, event, now())
    await usecases.take_in_listing(session, event, await usecases.moment(session, now(), new_id))


@consumer.on(EmployerRemoved)
async def on_employer_removed(event: EmployerRemoved, session: Session) -> None:
    """The employer is no longer on the list."""
    await usecases.keep_listing(session, event, now())
    await usecases.take_in_listing(session, event, await usecases.moment(session, now(), new_id))
