"""A steady stream of records, and how long each takes to its new score: a thousand a second, each of another employer.

They come fifty an event, as ingest puts small submissions together. What the allowance does not score at once is
scored with those who come meanwhile, by the service's own loop.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import quantiles
from typing import Any

from services.scoring.consumers import consumer
from services.scoring.review import catch_up
from shared.clock import now
from shared.db import Database, sql
from shared.events import RecordsAccepted
from shared.service import Runtime

A_SECOND, AN_EVENT = 1000, 50
_LOOK_S = 0.05
_SCORED = """
select subject_id from unnest(cast(:ids as text[])) as each (id)
join scoring.subject on subject_kind = 'employer' and subject_id = each.id
where reviewed_at between :since and cast(:since as timestamptz) + interval '1 hour'
"""


@dataclass
class _Watch:
    """Who waits since when, and how long others waited."""

    since: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    is_all: bool = False  # nobody else will come


async def measured(
    runtime: Runtime, codes: Sequence[str], event_of: Callable[[Sequence[str]], RecordsAccepted], seconds: int = 10
) -> dict[str, Any]:
    """Milliseconds from the start of an event's delivery to the commit of each score; a look adds 50 at most."""
    watch, began = _Watch(), now()
    loop = asyncio.create_task(catch_up(runtime))
    looking = asyncio.create_task(_look(runtime.db, watch, began))
    start = time.perf_counter()
    many = min(len(codes), A_SECOND * seconds)
    for place in range(0, many, AN_EVENT):
        await asyncio.sleep(max(0.0, start + place / A_SECOND - time.perf_counter()))
        part = codes[place : place + AN_EVENT]
        watch.since |= dict.fromkeys(part, time.perf_counter())
        # As the bus tells it: what should have come by now waits behind.
        consumer.behind[RecordsAccepted] = int((time.perf_counter() - start) * A_SECOND - place) // AN_EVENT
        await consumer.deliver(event_of(part), runtime.db)
    spent = time.perf_counter() - start
    watch.is_all = True
    await looking
    loop.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loop
    cuts = quantiles(watch.took, n=100)
    rates = {"stream_per_s": round(many / spent), "stream_records": many}
    return rates | {f"stream_p{each}_ms": round(cuts[each - 1] * 1000) for each in (50, 95, 99)}


async def _look(db: Database, watch: _Watch, began: datetime) -> None:
    while watch.since or not watch.is_all:
        await asyncio.sleep(_LOOK_S)
        async with db.transaction() as session:
            scored = (await sql(session, _SCORED, ids=list(watch.since), since=began)).scalars().all()
        seen = time.perf_counter()
        watch.took += [seen - watch.since.pop(code) for code in scored]
