"""Dry runs: where each has come to and what it has counted. Only their own rows are held."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.scoring.rulebook import Scored
from shared.db import Session, sql

_COLUMNS = """
select dry_run_id::text, version, baseline, asked_by, asked_at, state, subject_kind, after_id, done, total, result,
    failure, moved_at, finished_at from scoring.dry_run
"""
_ASK = """
insert into scoring.dry_run (dry_run_id, version, baseline, asked_by, asked_at, total, moved_at)
select :dry_run_id, :version, :baseline, :asked_by, cast(:at as timestamptz), count(*), cast(:at as timestamptz)
from scoring.subject where subject_kind in ('employer', 'project')
on conflict (version, baseline) where state in ('waiting', 'running') do nothing
"""
# Two workers take different runs; of one run each takes the next stretch when the other's is committed.
_NEXT = _COLUMNS + "where state in ('waiting', 'running') order by asked_at, dry_run_id limit 1 for update skip locked"
_MOVE = """
update scoring.dry_run set state = :state, subject_kind = :subject_kind, after_id = :after_id, done = :done,
    total = greatest(total, :done), result = cast(:result as jsonb), moved_at = clock_timestamp(),
    finished_at = case when :state = 'finished' then cast(:at as timestamptz) end
where dry_run_id = :dry_run_id
"""
_FAIL = """
update scoring.dry_run set state = 'failed', failure = :failure, moved_at = clock_timestamp()
where dry_run_id = :dry_run_id and state in ('waiting', 'running')
"""
_STRETCH = """
select subject_id, name, division from scoring.subject
where subject_kind = :kind and subject_id > :after order by subject_id limit :most
"""


class DryRun(NamedTuple):
    """A dry run. It speaks of the facts known at `asked_at`; `after_id` is the last subject that was counted."""

    dry_run_id: str
    version: str
    baseline: str
    asked_by: str
    asked_at: datetime
    state: str
    subject_kind: Scored
    after_id: str
    done: int
    total: int
    result: dict[str, Any]
    failure: str | None
    moved_at: datetime
    finished_at: datetime


async def ask(session: Session, run: dict[str, Any]) -> None:
    """Note that a run is wanted (dry_run_id, version, baseline, asked_by, at), unless one of the two is at work."""
    await sql(session, _ASK, **run)


async def latest(session: Session, version: str, most: int) -> list[DryRun]:
    """The runs of a version, the newest first."""
    wanted = f"{_COLUMNS} where version = :version order by asked_at desc, dry_run_id desc limit :most"
    return [DryRun._make(row) for row in (await sql(session, wanted, version=version, most=most)).all()]


async def latest_finished(session: Session, version: str, baseline: str) -> DryRun | None:
    """The newest finished run of a version against another."""
    wanted = f"""{_COLUMNS} where version = :version and baseline = :baseline and state = 'finished'
        order by finished_at desc limit 1"""
    row = (await sql(session, wanted, version=version, baseline=baseline)).one_or_none()
    return DryRun._make(row) if row else None


async def take_next(session: Session) -> DryRun | None:
    """The run that waits longest, held until the end of the transaction; None when none is there to be taken."""
    row = (await sql(session, _NEXT)).one_or_none()
    return DryRun._make(row) if row else None


async def move(session: Session, run: DryRun, at: datetime) -> None:
    """Write down where a run has come to."""
    told = {name: getattr(run, name) for name in ("dry_run_id", "state", "subject_kind", "after_id", "done")}
    await sql(session, _MOVE, **told, at=at, result=msgspec.json.encode(run.result).decode())


async def fail(session: Session, dry_run_id: str, failure: str) -> None:
    """End a run that cannot go on."""
    await sql(session, _FAIL, dry_run_id=dry_run_id, failure=failure)


async def stretch(session: Session, kind: Scored, after: str, most: int) -> dict[str, tuple[str | None, str | None]]:
    """The next subjects of a kind, with name and division, in the order of their ids."""
    rows = await sql(session, _STRETCH, kind=kind, after=after, most=most)
    return {row["subject_id"]: (row["name"], row["division"]) for row in rows.mappings()}
