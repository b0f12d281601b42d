"""The clockwork of dry runs: stretch by stretch, each its own transaction, so a restart goes on where it stood."""

import asyncio
import logging

import polars as pl

from services.scoring.settings import ScoringSettings
from services.scoring.usecases import dry_runs
from shared.clock import now
from shared.db import UNREACHABLE, Database
from shared.service import Runtime

log = logging.getLogger(__name__)

_LOOK_S = 2.0
# Between two stretches everyone else has his turn.
_PAUSE_S = 0.02
_BATCH = 2000


async def try_rulebooks(runtime: Runtime) -> None:
    """Go on with whatever dry run waits, for ever."""
    most = runtime.settings.dry_run_batch if isinstance(runtime.settings, ScoringSettings) else _BATCH
    while True:
        try:
            has_moved = await try_once(runtime.db, most)
        except (*UNREACHABLE, OSError) as error:
            log.warning("dry_run.delayed", extra={"reason": repr(error)})
            has_moved = False
        await asyncio.sleep(_PAUSE_S if has_moved else _LOOK_S)


async def try_once(db: Database, most: int) -> bool:
    """Count one stretch of one run. False when none waits. What it cannot count ends the run, not the service."""
    run = None
    try:
        async with db.transaction() as session:
            run = await dry_runs.take(session)
            if run is not None:
                await dry_runs.go_on(session, run, most, now())
    except (*UNREACHABLE, OSError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        log.exception("dry_run.failed", extra={"dry_run": run and run.dry_run_id})
        if run is None:
            raise
        async with db.transaction() as session:
            await dry_runs.give_up(session, run, error)
    return run is not None
