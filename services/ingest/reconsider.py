"""Records that wait for their subject: looked at again as soon as something was learned, answered or undone.

What is due is in the tables, so a restart loses nothing; two workers take different questions (skip locked).
"""

import asyncio
import logging

from services.ingest.catalogue import shipped
from services.ingest.settings import IngestSettings
from services.ingest.usecases.reconsidering import Desk, reconsider, take_back
from shared.clock import now
from shared.db import Database
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)


async def reconsider_waiting(runtime: Runtime) -> None:
    """Look again at what waits, for ever."""
    settings = runtime.settings
    wait_s = settings.reconsider_interval_s if isinstance(settings, IngestSettings) else 2.0
    while True:
        try:
            busy = await reconsider_once(runtime.db)
        except Exception:
            log.exception("reconsider.delayed")
            busy = False
        if not busy:
            await asyncio.sleep(wait_s)


async def reconsider_once(db: Database) -> bool:
    """One piece of what is due: first what was undone, then what may have found its subject. Whether there was any."""
    desk = Desk(shipped().datasets, now(), new_id)
    async with db.transaction() as session:
        taken = await take_back(session, desk)
    async with db.transaction() as session:
        return bool(await reconsider(session, desk)) or taken
