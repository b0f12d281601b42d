"""Event in. Each may come twice, and in any order."""

from services.scoring import feeds, revisions, usecases
from services.scoring.pace import Pace
from services.scoring.rulebook import shipped
from services.scoring.usecases import Moment
from shared.bus import Consumers
from shared.clock import now
from shared.db import Session
from shared.events import (
    AlertFound,
    EmployerListed,
    EmployerRemoved,
    FeedStateChanged,
    RecordsAccepted,
    RecordsClosed,
    RecordsUnlinked,
    RecordsWithdrawn,
)
from shared.ids import new_id

consumer = Consumers("scoring")
pace = Pace()


@consumer.on(RecordsAccepted)
async def on_records_accepted(event: RecordsAccepted, session: Session) -> None:
    """Keep the facts and score whom they touch, at once if there is time."""
    await usecases.take_in(session, event, Moment(now(), shipped(), new_id), pace.allows)


@consumer.on(RecordsWithdrawn)
async def on_records_withdrawn(event: RecordsWithdrawn, session: Session) -> None:
    """Let what was taken back count no more."""
    await revisions.take_back(session, event, Moment(now(), shipped(), new_id))


@consumer.on(RecordsClosed)
async def on_records_closed(event: RecordsClosed, session: Session) -> None:
    """Let what a full list does not name any more end."""
    await revisions.end(session, event, Moment(now(), shipped(), new_id))


@consumer.on(RecordsUnlinked)
async def on_records_unlinked(event: RecordsUnlinked, session: Session) -> None:
    """Take the records away from whom they are not about."""
    await revisions.take_away(session, event, Moment(now(), shipped(), new_id))


@consumer.on(FeedStateChanged)
async def on_feed_state_changed(event: FeedStateChanged, session: Session) -> None:
    """A feed stopped or is back."""
    await feeds.note_change(session, event, now())


@consumer.on(AlertFound)
async def on_alert_found(event: AlertFound, session: Session) -> None:
    """Keep the label."""
    await usecases.keep_finding(session, event)


@consumer.on(EmployerListed)
async def on_employer_listed(event: EmployerListed, session: Session) -> None:
    """The employer is on the list now."""
    await usecases.take_in_listing(session, event, Moment(now(), shipped(), new_id))


@consumer.on(EmployerRemoved)
async def on_employer_removed(event: EmployerRemoved, session: Session) -> None:
    """The employer is no longer on the list."""
    await usecases.take_in_listing(session, event, Moment(now(), shipped(), new_id))
