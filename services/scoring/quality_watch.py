"""The endless task that looks once a day at how right the levels are, in every worker; one of them makes the report."""

import asyncio
import logging

from services.scoring import metrics, usecases
from services.scoring.learning.policy import shipped as policy
from services.scoring.store import quality as store
from services.scoring.usecases import quality
from shared.clock import now
from shared.db import Database
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)

_LOOK_S = 900


async def watch_quality(runtime: Runtime) -> None:
    """See to it that today has a report, for ever. A database that is away only delays."""
    while True:
        try:
            await watch_once(runtime.db)
        except Exception:
            log.warning("quality.delayed", exc_info=True)
        await asyncio.sleep(_LOOK_S)


async def watch_once(db: Database) -> None:
    """One turn: make today's report if there is none yet, then tell Prometheus what is kept."""
    async with db.transaction() as session:
        kept = await quality.look(session, await usecases.moment(session, now(), new_id), policy())
    async with db.transaction() as session:
        metrics.tell(kept, await store.states(session))
