"""How far each connector is, and who is at it."""

from typing import Any
from uuid import UUID

from shared.db import Session, sql

# `on conflict` alone would wait for whoever is changing the row.
_KNOWN = """
insert into ingest.connector (connector)
select :connector where not exists (select 1 from ingest.connector where connector = :connector)
on conflict do nothing
"""
# A row that somebody has locked is a connector at work: it is left alone, not waited for.
_CLAIM = """
with free as (
    select connector from ingest.connector
    where connector = :connector and next_at <= now() and (leased_until is null or leased_until < now())
    for update skip locked
)
update ingest.connector as one
set worker = :worker, leased_until = clock_timestamp() + make_interval(secs => :seconds), started_at = now()
from free where one.connector = free.connector
returning one.failures
"""
# By the clock, not by the transaction's beginning: a renewal may have waited for a page that was being taken.
_HOLD = """
update ingest.connector set leased_until = clock_timestamp() + make_interval(secs => :seconds)
where connector = :connector and worker = :worker returning connector
"""
_END = """
update ingest.connector set worker = null, leased_until = null, ended_at = now(), failures = :failures,
    next_at = now() + make_interval(secs => :wait_s)
where connector = :connector and worker = :worker
"""
_WHERE = "select cursor, pages, digest from ingest.connector_cursor where connector = :connector and dataset = :dataset"
_MOVE = """
insert into ingest.connector_cursor (connector, dataset, cursor, pages, digest, unknown_fields, receipt_id, moved_at)
values (:connector, :dataset, :cursor, 1, :digest, :unknown, :receipt_id, now())
on conflict (connector, dataset) do update set cursor = excluded.cursor, pages = connector_cursor.pages + 1,
    digest = excluded.digest, unknown_fields = excluded.unknown_fields, moved_at = now(),
    receipt_id = coalesce(excluded.receipt_id, connector_cursor.receipt_id)
"""
_NOTE = """
insert into ingest.connector_cursor (connector, dataset, fault, detail) values (:connector, :dataset, :fault, :detail)
on conflict (connector, dataset) do update set fault = excluded.fault, detail = excluded.detail
"""
_STATES = "select * from ingest.connector"
_CURSORS = "select * from ingest.connector_cursor"


async def claim(session: Session, connector: str, worker: UUID, seconds: float) -> int | None:
    """Take the connector if it is due and nobody's. Its failed rounds so far; None when it is not ours."""
    await sql(session, _KNOWN, connector=connector)
    row = (await sql(session, _CLAIM, connector=connector, worker=worker, seconds=seconds)).first()
    return None if row is None else int(row.failures)


async def hold(session: Session, connector: str, worker: UUID, seconds: float) -> bool:
    """Lock the connector's row for this transaction and renew its lease. False: it is another's now."""
    return (await sql(session, _HOLD, connector=connector, worker=worker, seconds=seconds)).first() is not None


async def end(session: Session, connector: str, worker: UUID, failures: int, wait_s: float) -> None:
    """Give it back until it is due again."""
    await sql(session, _END, connector=connector, worker=worker, failures=failures, wait_s=wait_s)


async def position(session: Session, connector: str, dataset: str) -> tuple[str | None, int, str | None]:
    """The cursor, how many pages were taken, and the digest of the last one."""
    row = (await sql(session, _WHERE, connector=connector, dataset=dataset)).first()
    return (None, 0, None) if row is None else (row.cursor, row.pages, row.digest)


async def move(session: Session, connector: str, dataset: str, **taken: Any) -> None:
    """Note a page as taken (cursor, digest, unknown, receipt_id), in the transaction that takes it."""
    await sql(session, _MOVE, connector=connector, dataset=dataset, **taken)


async def note(session: Session, connector: str, dataset: str, fault: str | None, detail: str | None) -> None:
    """Say how the last round of a dataset ended: no fault, or which."""
    await sql(session, _NOTE, connector=connector, dataset=dataset, fault=fault, detail=detail)


async def states(session: Session) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    """Rows of the connectors by id, and of their datasets by (id, dataset)."""
    known = {row.connector: row for row in await sql(session, _STATES)}
    return known, {(row.connector, row.dataset): row for row in await sql(session, _CURSORS)}
