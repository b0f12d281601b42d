"""The endless task that lets terms end: looks every so often at what ran out by the business clock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from uuid import UUID

from services.alerts import store
from services.alerts.settings import AlertsSettings
from services.alerts.usecases import terms
from shared.clock import local_date, now
from shared.db import Database, Session
from shared.service import Runtime

log = logging.getLogger(__name__)

Step = Callable[[Session, UUID, datetime], Awaitable[None]]


async def watch_terms(runtime: Runtime) -> None:
    """Tick for ever. A database that is away only delays."""
    settings = runtime.settings
    interval = settings.tick_interval_s if isinstance(settings, AlertsSettings) else 15
    while True:
        try:
            await tick(runtime.db, now())
        except Exception:
            log.warning("tick.delayed", exc_info=True)
        await asyncio.sleep(interval)


async def tick(db: Database, at: datetime) -> None:
    """Take every step that time takes by itself. One transaction each, so that one failure holds up no other."""
    async with db.transaction() as session:
        overdue = await store.orders_whose_term_ended(session, at)
        breached = await store.breached_alerts(session, at)
        over = await store.suspensions_over(session, local_date(at))
    await _each(db, overdue, terms.expire_order, at)
    await _each(db, breached, terms.escalate, at)
    await _each(db, over, terms.resume, at)


async def _each(db: Database, ids: Iterable[UUID], step: Step, at: datetime) -> None:
    for thing_id in ids:
        try:
            async with db.transaction() as session:
                await step(session, thing_id, at)
        except Exception:
            log.exception("term.failed", extra={"id": str(thing_id), "step": step.__name__})
