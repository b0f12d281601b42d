"""Which worker has which large file, how far it is, and how it ended. A lease that runs out is anybody's."""

import json
from typing import Any
from uuid import UUID

from sqlmodel import select

from services.ingest.models import Import
from shared.db import Session, sql

# The agency with the fewest files in work is next: who sends thirty does not keep the others waiting.
_CLAIM = """
with next as (
    select import_id from ingest.import as one
    where (state = 'waiting' or (state in ('reading', 'storing') and lease_ends < now())) and attempts < :most
    order by (
        select count(*) from ingest.import as busy
        where busy.agency = one.agency and busy.state in ('reading', 'storing') and busy.lease_ends > now()
    ), reported_at
    limit 1 for update skip locked
)
update ingest.import as one set worker = :worker, lease_ends = now() + make_interval(secs => :lease_s),
    state = case when state = 'storing' then 'storing' else 'reading' end,
    attempts = attempts + 1, version = version + 1
from next where one.import_id = next.import_id
returning one.import_id
"""

_GIVE_UP = """
update ingest.import set state = 'failed', finished_at = now(), version = version + 1
where state in ('reading', 'storing') and lease_ends < now() and attempts >= :most
"""

_RENEW = """
update ingest.import set lease_ends = now() + make_interval(secs => :lease_s),
    version = version + (rows_read <> :rows_read)::int, rows_read = :rows_read
where import_id = :import_id and worker = :worker and state in ('reading', 'storing')
"""

_RELEASE = """
update ingest.import set lease_ends = now() + make_interval(secs => :pause_s), attempts = attempts - :forgiven
where import_id = :import_id and worker = :worker and state in ('reading', 'storing')
"""

_READABLE = """
update ingest.import set state = 'storing', sha256 = :sha256, bytes = :bytes, rows_read = :rows_read, attempts = 0,
    version = version + 1
where import_id = :import_id and worker = :worker and state = 'reading'
"""

_HOLD = """
select import_id from ingest.import
where import_id = :import_id and worker = :worker and state = :state for update
"""

_CHECKPOINT = """
update ingest.import set received = :received, accepted = :accepted, superseded = :superseded, rejected = :rejected,
    unmatched = :unmatched, keyless = :keyless, last_row = :last_row,
    lease_ends = now() + make_interval(secs => :lease_s), attempts = 0, version = version + 1
where import_id = :import_id
"""

_END = """
update ingest.import set state = :state, finished_at = now(), version = version + 1, sha256 = :sha256, bytes = :bytes,
    problem = cast(:problem as jsonb)
where import_id = :import_id
"""


async def claim(session: Session, worker: UUID, lease_s: float, most: int) -> Import | None:
    """A file for this worker, for that long: one that waits, or whose worker fell silent. None: nothing to do.

    What has been begun `most` times without getting on is given up: state `failed`.
    """
    await sql(session, _GIVE_UP, most=most)
    found = (await sql(session, _CLAIM, worker=worker, lease_s=lease_s, most=most)).first()
    if found is None:
        return None
    return (await session.exec(select(Import).where(Import.import_id == found.import_id))).one()


async def renew(session: Session, import_id: UUID, worker: UUID, lease_s: float, rows_read: int) -> bool:
    """Keep the file for longer, and tell how many rows were read. False: it is somebody else's."""
    done = await sql(session, _RENEW, import_id=import_id, worker=worker, lease_s=lease_s, rows_read=rows_read)
    return bool(done.rowcount)


async def release(session: Session, import_id: UUID, worker: UUID, *, pause_s: float, is_forgiven: bool) -> None:
    """Let the next worker have it, after a pause; whether this attempt counts."""
    await sql(session, _RELEASE, import_id=import_id, worker=worker, pause_s=pause_s, forgiven=1 if is_forgiven else 0)


async def readable(session: Session, import_id: UUID, worker: UUID, *, sha256: bytes, size: int, rows: int) -> bool:
    """The file was read through: its records may be stored. False: it is somebody else's."""
    done = await sql(session, _READABLE, import_id=import_id, worker=worker, sha256=sha256, bytes=size, rows_read=rows)
    return bool(done.rowcount)


async def hold(session: Session, import_id: UUID, worker: UUID, state: str) -> bool:
    """Hold the row until this transaction ends, if the worker still has it in that state."""
    return (await sql(session, _HOLD, import_id=import_id, worker=worker, state=state)).first() is not None


async def checkpoint(session: Session, import_id: UUID, lease_s: float, last_row: int, counts: dict[str, int]) -> None:
    """How far the file is: its counts (received, accepted, superseded, rejected, unmatched, keyless), its last row."""
    await sql(session, _CHECKPOINT, import_id=import_id, lease_s=lease_s, last_row=last_row, **counts)


async def end(
    session: Session, import_id: UUID, state: str, *, sha256: bytes, size: int, problem: dict[str, Any] | None
) -> None:
    """The last word: done, or refused with its problem."""
    told = None if problem is None else json.dumps(problem, ensure_ascii=False)
    await sql(session, _END, import_id=import_id, state=state, sha256=sha256, bytes=size, problem=told)
