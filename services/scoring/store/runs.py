"""Runs over the whole population: how far each has come is in the table, so a restart goes on where it was."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db import Session, sql

_COLUMNS = """run_id, state, reason, requested_by, requested_at, population_id, after, done, total, failures, error,
    started_at, ended_at"""

_ADD = """
insert into scoring.population_run (run_id, state, reason, requested_by, requested_at)
values (:run_id, 'waiting', :reason, :by, :at)
"""

# Two workers take turns: whoever holds the run does its next part.
_TAKE = f"""
select {_COLUMNS} from scoring.population_run where state in ('waiting', 'running')
order by requested_at, run_id limit 1 for update skip locked
"""  # noqa: S608 - of our own

_LIST = f"""
select {_COLUMNS} from scoring.population_run order by requested_at desc, run_id desc limit :most
"""  # noqa: S608 - of our own

_ONE = f"select {_COLUMNS} from scoring.population_run where run_id = :run_id"  # noqa: S608 - of our own

_BEGIN = """
update scoring.population_run set state = 'running', started_at = :at, population_id = :population_id, total = :total
where run_id = :run_id
"""

_ON = "update scoring.population_run set after = :after, done = done + :count, failures = 0 where run_id = :run_id"

_END = """
update scoring.population_run set state = :state, ended_at = :at, error = coalesce(:error, error) where run_id = :run_id
"""

_STUMBLE = "update scoring.population_run set failures = failures + 1, error = :error where run_id = :run_id"


class Run(NamedTuple):
    """A run. `after`: the last employer that was scored; `done` of `total` employers."""

    run_id: UUID
    state: str
    reason: str
    requested_by: str
    requested_at: datetime
    population_id: UUID | None
    after: str
    done: int
    total: int
    failures: int
    error: str | None
    started_at: datetime | None
    ended_at: datetime | None


async def add(session: Session, run_id: UUID, reason: str, by: str, at: datetime) -> None:
    """Ask for a run."""
    await sql(session, _ADD, run_id=run_id, reason=reason, by=by, at=at)


async def take(session: Session) -> Run | None:
    """The oldest run that is not over, held until the end of the transaction; none while another works at it."""
    row = (await sql(session, _TAKE)).mappings().first()
    return Run(**row) if row else None


async def one(session: Session, run_id: UUID) -> Run | None:
    """A run."""
    row = (await sql(session, _ONE, run_id=run_id)).mappings().first()
    return Run(**row) if row else None


async def newest(session: Session, most: int) -> list[Run]:
    """The runs, the newest first."""
    return [Run(**row) for row in (await sql(session, _LIST, most=most)).mappings()]


async def begin(session: Session, run_id: UUID, population_id: UUID, total: int, at: datetime) -> None:
    """The population is known: the scoring begins."""
    await sql(session, _BEGIN, run_id=run_id, population_id=population_id, total=total, at=at)


async def go_on(session: Session, run_id: UUID, after: str, count: int) -> None:
    """So many more were scored, the last of them this one."""
    await sql(session, _ON, run_id=run_id, after=after, count=count)


async def stumble(session: Session, run_id: UUID, error: str) -> None:
    """A part failed: it will be tried again."""
    await sql(session, _STUMBLE, run_id=run_id, error=error)


async def end(session: Session, run_id: UUID, at: datetime, error: str | None = None) -> None:
    """The run is over; with an error it failed."""
    await sql(session, _END, run_id=run_id, at=at, state="failed" if error else "done", error=error)
