"""Time passes: windows end, months turn, cycles are missed. Whoever is due is scored again, in small transactions.

What is due is in the table, so a restart loses nothing; two workers take different subjects (skip locked).
"""

import asyncio
import logging

from services.scoring import usecases
from services.scoring.rulebook import shipped
from services.scoring.settings import ScoringSettings
from services.scoring.usecases import Moment
from shared.clock import now
from shared.db import Database
from shared.ids import new_id
from shared.service import Runtime

log = logging.getLogger(__name__)


async def review_due(runtime: Runtime) -> None:
    """Score again whoever is due, for ever."""
    settings = runtime.settings
    wait_s = settings.review_interval_s if isinstance(settings, ScoringSettings) else 60.0
    most = settings.review_batch if isinstance(settings, ScoringSettings) else 500
    while True:
        try:
            reviewed = await review_once(runtime.db, most)
        except Exception:
            log.exception("review.delayed")
            reviewed = 0
        if not reviewed:
            await asyncio.sleep(wait_s)


async def review_once(db: Database, most: int) -> int:
    """Score one batch of due subjects. Returns how many there were."""
    async with db.transaction() as session:
        return await usecases.review(session, Moment(now(), shipped(), new_id), most)
