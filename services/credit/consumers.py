"""Event in. What became of orders to pay; every one may come twice, and in any order. And the calendar's own event."""

import asyncio
import logging
import secrets

from services.credit.settings import CreditSettings
from services.credit.usecases import expiry, orders
from services.credit.usecases.steps import system
from shared.bus import Consumers
from shared.clock import now
from shared.db import Database, Session
from shared.events import OrderOverdue, OrderPaid, OrderRevoked
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)

consumer = Consumers("credit")


@consumer.on(OrderOverdue)
async def on_order_overdue(event: OrderOverdue, session: Session) -> None:
    """Open a case."""
    # Overdue is overdue, even where our own clock is a moment behind.
    by = system(max(now(), event.overdue_at))
    await orders.open_case(session, event, by, new_id(), secrets.token_hex(16))


@consumer.on(OrderPaid)
async def on_order_paid(event: OrderPaid, session: Session) -> None:
    """Note the payment."""
    await orders.note_paid(session, event, system(now()))


@consumer.on(OrderRevoked)
async def on_order_revoked(event: OrderRevoked, session: Session) -> None:
    """Note the annulment; a listing does not outlive its order."""
    await orders.note_annulled(session, event, system(now()))


async def watch_calendar(runtime: Runtime) -> None:
    """Let listings leave the list on their day, for ever. A database that is away only delays."""
    assert isinstance(runtime.settings, CreditSettings)  # noqa: S101 - this service is started with its own settings
    while True:
        try:
            await expire_due(runtime.db)
        except Exception as error:
            log.warning("expiry.delayed", extra={"reason": repr(error)})
        await asyncio.sleep(runtime.settings.expiry_interval_s)


async def expire_due(db: Database) -> int:
    """End every listing whose period is over, each in its own transaction. Returns how many."""
    by = system(now())
    async with db.transaction() as session:
        due = await expiry.run_out(session, by)
    for case_id in due:
        async with db.transaction() as session:
            await expiry.expire(session, case_id, by)
    return len(due)
