"""Score the whole population again as a job: first what needs everyone, then part by part; a restart goes on."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from services.scoring.live.gathering import gather_population
from services.scoring.model.policy import shipped
from services.scoring.population.packing import packed
from services.scoring.store import populations as population_store
from services.scoring.store import predictions as prediction_store
from services.scoring.store import registry as registry_store
from services.scoring.store import runs as store
from services.scoring.store.populations import Kept
from services.scoring.store.runs import Run
from services.scoring.usecases.scoring import Moment, rescore
from shared import audit
from shared.clock import local_date
from shared.db import Session
from shared.errors import NotFound

SYSTEM = "system"
Score = Callable[[Sequence[str], Moment], Coroutine[Any, Any, None]]


class NoSuchRun(NotFound):
    """No run over the population has this id."""

    slug = "no-such-run"
    title = "There is no such run"
    title_zh = "没有该次全量评分"


async def request_run(session: Session, reason: str, by: str, at: datetime, new_id: Callable[[], UUID]) -> UUID:
    """Ask for a run over the whole population; runs that were asked for are done one after another."""
    run_id = new_id()
    await store.add(session, run_id, reason, by, at)
    await audit.record(session, by, "population_run.requested", str(run_id), {"reason": reason})
    return run_id


async def run_of(session: Session, run_id: UUID) -> Run:
    """A run as it stands. Raises NoSuchRun."""
    found = await store.one(session, run_id)
    if found is None:
        raise NoSuchRun(f"There is no run {run_id}.", detail_zh=f"没有全体重评任务 {run_id}。")
    return found


async def request_due_run(session: Session, at: datetime, new_id: Callable[[], UUID]) -> bool:
    """Ask for a run when the last is too old, while there are models that need what it keeps."""
    if not await registry_store.active(session):
        return False
    runs = await store.newest(session, 1)
    old = at - timedelta(hours=shipped().live.population_hours)
    if runs and (runs[0].state in ("waiting", "running") or runs[0].requested_at > old):
        return False
    await request_run(session, "daily", SYSTEM, at, new_id)
    return True


async def carry_on(session: Session, moment: Moment, apart: Sequence[Score] = ()) -> bool:
    """Do the next part of the oldest run that is not over; whether there was one.

    `apart`: each scores some employers in a transaction of its own, all at the same time; else it is done in this one.
    Should we fail after them, they are scored once more, which changes nothing.
    """
    run = await store.take(session)
    if run is None:
        return False
    if run.state == "waiting":
        await _begin(session, run, moment)
    else:
        await _go_on(session, run, moment, apart or [partial(score_employers, session)])
    return True


async def score_employers(session: Session, employers: Sequence[str], moment: Moment) -> None:
    """Score these employers again."""
    await rescore(session, {("employer", employer) for employer in employers}, moment)


async def stumbled(session: Session, error: str, at: datetime) -> None:
    """A part of the oldest run failed: it is tried again, but not for ever."""
    run = await store.take(session)
    if run is None:
        return
    await store.stumble(session, run.run_id, error)
    if run.failures + 1 >= shipped().live.most_failures:
        await store.end(session, run.run_id, at, error)


async def _begin(session: Session, run: Run, moment: Moment) -> None:
    population, employers = await gather_population(session, moment.at)
    population_id = moment.new_id()
    await population_store.add(session, Kept(population_id, moment.at, employers, packed(population)))
    total = len(await population_store.all_subjects(session, "employer"))
    await store.begin(session, run.run_id, population_id, total, moment.at)
    await prediction_store.forget(session, local_date(moment.at) - timedelta(days=shipped().live.keep_days))


async def _go_on(session: Session, run: Run, moment: Moment, apart: Sequence[Score]) -> None:
    most = shipped().live.employers_at_once
    employers = await population_store.subjects_after(session, "employer", run.after, most * len(apart))
    if not employers:
        await store.end(session, run.run_id, moment.at)
        return
    async with asyncio.TaskGroup() as group:
        for score, first in zip(apart, range(0, len(employers), most), strict=False):
            group.create_task(score(employers[first : first + most], moment))
    await store.go_on(session, run.run_id, employers[-1], len(employers))
