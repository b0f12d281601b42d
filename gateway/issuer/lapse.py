"""The clockwork that ends grants when their time is over: every service hears of it, without a restart."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import cast

from sqlalchemy.exc import SQLAlchemyError

from gateway.issuer.settings import IssuerSettings
from gateway.issuer.store.grants import agencies_run_out
from gateway.issuer.usecases.grants import end_run_out
from shared.db import Database
from shared.service import Runtime

log = logging.getLogger(__name__)


async def end_grants(runtime: Runtime) -> None:
    """Look for grants that have run out, for ever."""
    settings = cast(IssuerSettings, runtime.settings)
    while True:
        try:
            await end_those_run_out(runtime.db, datetime.now(UTC))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("lapse.delayed", extra={"reason": repr(error)})
        await asyncio.sleep(settings.grant_check_s)


async def end_those_run_out(db: Database, now: datetime) -> int:
    """End every grant whose time was over by then, an agency a transaction. Returns how many."""
    async with db.transaction() as session:
        agencies = await agencies_run_out(session, now)
    ended = 0
    for agency in agencies:
        async with db.transaction() as session:
            ended += await end_run_out(session, agency, now)
    return ended
