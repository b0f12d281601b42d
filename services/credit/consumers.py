"""Event in. What became of orders to pay; every one may come twice, and in any order."""

import secrets

from services.credit.usecases import orders
from services.credit.usecases.steps import system
from shared.bus import Consumers
from shared.clock import now
from shared.db import Session
from shared.events import OrderOverdue, OrderPaid, OrderRevoked
from shared.ids import new_id

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
