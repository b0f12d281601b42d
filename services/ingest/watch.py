"""The endless task that watches the feeds by the business clock, in every worker; one of them at a time decides."""

import asyncio
import logging
from datetime import datetime

from services.ingest import metrics
from services.ingest.catalogue import Catalogue, shipped
from services.ingest.settings import IngestSettings
from services.ingest.store.disputes import DisputeCounts, dispute_counts
from services.ingest.usecases.watching import standing_rows, watch
from shared.clock import local_date, now
from shared.db import Database
from shared.service import Runtime

log = logging.getLogger(__name__)


async def watch_feeds(runtime: Runtime) -> None:
    """Look at the feeds, for ever. A database that is away only delays."""
    settings = runtime.settings
    interval = settings.watch_interval_s if isinstance(settings, IngestSettings) else 15.0
    while True:
        try:
            await watch_once(runtime.db, shipped(), now())
        except Exception:
            log.warning("watch.delayed", exc_info=True)
        await asyncio.sleep(interval)


async def watch_once(db: Database, catalogue: Catalogue, at: datetime) -> None:
    """One turn: count, judge and announce in one transaction, then tell Prometheus what was committed."""
    async with db.transaction() as session:
        counted = await watch(session, catalogue, at)
    metrics.tell_counts(counted)
    async with db.transaction() as session:
        disputed = await dispute_counts(session, local_date(at))
        for row, state in await standing_rows(session, catalogue, at):
            metrics.tell_state(row, state, at)
            metrics.tell_disputes(row, disputed.get(row.feed, DisputeCounts()))
