"""Time passes: windows end, months turn, cycles are missed. Whoever is due is scored again, in small transactions.

What is due is in the table, so a restart loses nothing; two workers take different subjects (skip locked).
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from time import monotonic

from services.scoring import usecases
from services.scoring.consumers import pace
from services.scoring.settings import ScoringSettings
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import UNREACHABLE, Database
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)
_LOOK_S = 0.25
# When somebody waits: a batch of those who have come meanwhile costs little more than one of them. Between two batches
# taking records in has so many times what the last one took for itself, but nobody is left to wait for long.
_SOON_S, _LATEST_S, _SHARE = 0.05, 1.0, 0.5
_AT_ONCE = 4000


async def review_due(runtime: Runtime) -> None:
    """Score again whoever is due, for ever: one batch at a time looks, several work once somebody was found."""
    settings = runtime.settings if isinstance(runtime.settings, ScoringSettings) else None
    wait_s, most, at_once = (
        (settings.review_interval_s, settings.review_batch, settings.reviewers) if settings else (60.0, 500, 1)
    )
    while True:
        if await _reviewed(runtime.db, most):
            await asyncio.gather(*(_review_all(runtime.db, most) for _ in range(at_once)))
        else:
            await asyncio.sleep(wait_s)


async def _review_all(db: Database, most: int) -> None:
    while await _reviewed(db, most):
        pass


async def _reviewed(db: Database, most: int) -> int:
    return await _or_none("review.delayed", review_once(db, most))


async def _or_none(delayed: str, work: Awaitable[int]) -> int:
    """How many it did; none when it failed, for it is tried again."""
    try:
        return await work
    except Exception:
        log.exception(delayed)
        return 0


async def catch_up(runtime: Runtime) -> None:
    """Score those whose facts came faster than they could be scored alone, for ever: soon, or when a flood ebbs."""
    settings = runtime.settings
    most = settings.review_batch if isinstance(settings, ScoringSettings) else _AT_ONCE
    while True:
        began = monotonic()
        done = await _or_none("catch_up.delayed", catch_up_once(runtime.db, most)) if pace.is_time() else 0
        await asyncio.sleep(_pause(monotonic() - began, is_done=not done))


def _pause(took: float, *, is_done: bool) -> float:
    """How long those that wait are left to gather: while records come, a part of the time is theirs alone."""
    if pace.is_quiet():
        return _LOOK_S if is_done else 0.0
    return min(_LATEST_S, max(_SOON_S, _SHARE * took)) if pace.has_let_wait else _LOOK_S


async def run_over_all(runtime: Runtime) -> None:
    """Do the population runs that were asked for, for ever, and ask for one when the last is too old."""
    settings = runtime.settings if isinstance(runtime.settings, ScoringSettings) else None
    wait_s, at_once = (settings.review_interval_s, settings.reviewers) if settings else (60.0, 1)
    while True:
        if not await run_part(runtime.db, at_once):
            await asyncio.sleep(wait_s)


async def run_part(db: Database, at_once: int) -> bool:
    """Do a part of a run, so many batches at once; whether there was one. One that fails is tried again, some times."""

    async def apart(employers: Sequence[str], moment: Moment) -> None:
        async with db.transaction() as session:
            await usecases.score_employers(session, employers, moment)

    try:
        async with db.transaction() as session:
            await usecases.request_due_run(session, now(), new_id)
        async with db.transaction() as session:
            return await usecases.carry_on(session, await usecases.moment(session, now(), new_id), [apart] * at_once)
    except Exception as error:
        log.exception("population_run.delayed")
        with suppress(*UNREACHABLE, OSError):
            async with db.transaction() as session:
                await usecases.stumbled(session, repr(error)[:500], now())
        return False


async def catch_up_once(db: Database, most: int = _AT_ONCE) -> int:
    """Score about so many of those that wait. Returns how many there were."""
    async with db.transaction() as session:
        done = await usecases.catch_up(session, await usecases.moment(session, now(), new_id), most)
    if not done:
        pace.all_had_their_turn()
    return done


async def review_once(db: Database, most: int) -> int:
    """Score one batch of due subjects. Returns how many there were."""
    async with db.transaction() as session:
        return await usecases.review(session, await usecases.moment(session, now(), new_id), most)
