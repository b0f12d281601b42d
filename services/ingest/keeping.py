"""The clockwork beside the API: gives up raw files, outdone states and numbers of persons whose retention has ended."""

import asyncio
import logging
from datetime import UTC, date, datetime
from typing import cast

from services.ingest.catalogue import shipped
from services.ingest.metrics import PURGED
from services.ingest.retention import shipped as parameters
from services.ingest.settings import IngestSettings
from services.ingest.usecases.retention import purge_numbers, purge_outdone_states, purge_raw_files
from shared.clock import local_date
from shared.db import UNREACHABLE, Database
from shared.service import Runtime

log = logging.getLogger(__name__)


async def keep_no_longer(runtime: Runtime) -> None:
    """Purge every so often, for ever. By the real clock: what is gone does not come back when a clock is corrected."""
    settings = cast(IngestSettings, runtime.settings)
    while True:
        for what, purge in (("raw files", _raw_files), ("outdone states", _states), ("identities", _numbers)):
            try:
                while await purge(runtime.db):
                    pass
            except UNREACHABLE as error:
                log.warning("not_purged", extra={"what": what, "reason": repr(error)})
        await asyncio.sleep(settings.purge_every_s)


async def _raw_files(db: Database) -> int:
    async with db.transaction() as session:
        gone = await purge_raw_files(session, shipped(), parameters(), _today())
    PURGED.labels("raw_file").inc(gone)
    return gone


async def _states(db: Database) -> int:
    async with db.transaction() as session:
        gone = await purge_outdone_states(session, shipped(), parameters(), _today())
    PURGED.labels("outdone_state").inc(gone)
    return gone


async def _numbers(db: Database) -> int:
    async with db.transaction() as session:
        gone = await purge_numbers(session, shipped(), parameters(), _today())
    for purpose, number in gone.items():
        PURGED.labels(purpose).inc(number)
    return gone.total()


def _today() -> date:
    return local_date(datetime.now(UTC))
