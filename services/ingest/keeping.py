"""The clockwork beside the API: gives up raw files whose retention has ended."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import cast

from services.ingest.catalogue import shipped
from services.ingest.retention import shipped as parameters
from services.ingest.settings import IngestSettings
from services.ingest.usecases.retention import MOST_AT_ONCE, purge_raw_files
from shared.clock import local_date
from shared.db import UNREACHABLE
from shared.service import Runtime

log = logging.getLogger(__name__)


async def keep_no_longer(runtime: Runtime) -> None:
    """Purge every so often, for ever. By the real clock: what is gone does not come back when a clock is corrected."""
    settings = cast(IngestSettings, runtime.settings)
    while True:
        gone = MOST_AT_ONCE
        try:
            while gone >= MOST_AT_ONCE:
                async with runtime.db.transaction() as session:
                    gone = await purge_raw_files(session, shipped(), parameters(), local_date(datetime.now(UTC)))
        except UNREACHABLE as error:
            log.warning("raw-files.not_purged", extra={"reason": repr(error)})
        await asyncio.sleep(settings.purge_every_s)
