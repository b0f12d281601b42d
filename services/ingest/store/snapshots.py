"""Full lists: what they name, what is missing from them, and what ends by it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from sqlalchemy import CursorResult
from sqlmodel import col, select

from services.ingest.models import Snapshot
from services.ingest.rules import bounds
from shared.db import Session, sql
from shared.pgbinary import uuids

# ruff: noqa: S608 - the statements are put together from texts of our own
NO_CONTENT = UUID(int=0)  # the fingerprint of a record that has ended
_FULL_LISTS = "select * from ingest.full_lists(:dataset, :agency)"
_ALONE = "select pg_advisory_xact_lock(hashtextextended('ingest:register:' || :dataset, 0))"

_DISCARD = """
update ingest.snapshot set state = 'discarded', settled_at = :at
where dataset = :dataset and agency = :agency and month = :month and state in ('open', 'held')
returning snapshot_id
"""
_KEEP_KEYS = """
insert into ingest.snapshot_key (snapshot_id, key)
select :snapshot_id, key from unnest(cast(:keys as uuid[])) as given (key) order by key
on conflict do nothing
"""
_KEEP_PART = """
insert into ingest.snapshot_part (snapshot_id, receipt_id, keyless) values (:snapshot_id, :receipt_id, :keyless)
"""
_DROP_KEYS = "delete from ingest.snapshot_key where snapshot_id = any(cast(:snapshots as uuid[]))"

# What a list names was told a moment ago: of how much that is the planner knows nothing, takes it for a row or two, and
# compares every record of the register with every one of them. Both are read whole, whatever there is.
_BY_HASH = "set local enable_nestloop = off"
_AS_EVER = "set local enable_nestloop = on"

# Open records of the register that this agency told last; another's are not its to end.
_REGISTER = """
with named as (
    select key from ingest.snapshot_key where snapshot_id = :snapshot_id
), register as (
    select head.key, head.receipt_id, head.row_no, named.key is null
        and (head.source_time, head.receipt_id) < (:as_of, cast(:snapshot_id as uuid)) as is_missing
    from ingest.head join ingest.receipt using (receipt_id) left join named using (key)
    where head.key between :least and :greatest and head.dataset = :dataset and head.row_hash <> :no_content
        and receipt.agency = :agency
), waiting as (
    select held.key, named.key is null
        and (held.source_time, held.receipt_id) < (:as_of, cast(:snapshot_id as uuid)) as is_missing
    from ingest.unmatched held join ingest.receipt using (receipt_id) left join named using (key)
    where held.key between :least and :greatest and receipt.agency = :agency
)
"""
_COMPARE = (
    _REGISTER
    + """
select (select count(*) from register) + (select count(*) from waiting) as known,
    (select count(*) from register where is_missing) + (select count(*) from waiting where is_missing) as missing,
    (select count(*) from named) as named,
    (select coalesce(sum(keyless), 0) from ingest.snapshot_part where snapshot_id = :snapshot_id) as keyless
"""
)
_END = (
    _REGISTER
    + """, gone as (
    delete from ingest.unmatched using waiting where unmatched.key = waiting.key and is_missing
        and unmatched.key between :least and :greatest
    returning unmatched.key
), gone_past as (
    delete from ingest.past_unmatched past using gone where past.key = gone.key
        and past.key between :least and :greatest
), missing as materialized (
    select key, receipt_id, row_no from register where is_missing order by key
)
update ingest.head set row_hash = :no_content, source_time = :as_of, receipt_id = :snapshot_id, row_no = 0
from missing where head.key = missing.key and head.key between :least and :greatest
returning missing.receipt_id, missing.row_no
"""
)
_NEWER = """
select exists (
    select from ingest.snapshot where dataset = :dataset and agency = :agency and month = :month
        and state = 'applied' and (as_of, snapshot_id) > (:as_of, cast(:snapshot_id as uuid))
)
"""
_PARTS = """
select receipt_id, receipt.received from ingest.snapshot_part join ingest.receipt using (receipt_id)
where snapshot_id = :snapshot_id order by receipt_id
"""
_OF_RECEIPT = "select snapshot_id from ingest.snapshot_part where receipt_id = :receipt_id"
_LISTS = {"month": pl.String(), "as_of": pl.Datetime("us", "UTC"), "snapshot_id": pl.String()}


class Compared(NamedTuple):
    """A full list against what is known: open records of its register, those it does not name, keys it does name.

    `keyless`: rows of it whose key could not be read.
    """

    known: int
    missing: int
    named: int
    keyless: int


class Ended(NamedTuple):
    """The newest states of records that ended: receipt and row."""

    receipt_ids: list[UUID]
    rows: list[int]


async def full_lists(session: Session, dataset: str, agency: str) -> pl.DataFrame:
    """Per month the newest full list that was applied (month, as_of, snapshot_id); none is applied meanwhile."""
    found = await sql(session, _FULL_LISTS, dataset=dataset, agency=agency)
    rows = [(row.month, row.as_of, str(row.snapshot_id)) for row in found]
    return pl.DataFrame(rows, schema=_LISTS, orient="row")


async def alone(session: Session, dataset: str) -> None:
    """Wait until no file of the dataset is being taken, and keep others waiting until the end of the transaction."""
    await sql(session, _ALONE, dataset=dataset)


async def snapshot(session: Session, snapshot_id: UUID, *, to_change: bool = False) -> Snapshot | None:
    """The full list of that id; `to_change` holds it, otherwise it cannot be changed before we are done."""
    wanted = select(Snapshot).where(col(Snapshot.snapshot_id) == snapshot_id).with_for_update(read=not to_change)
    # What was read before it was held may have changed since.
    return (await session.exec(wanted.execution_options(populate_existing=True))).first()


async def discard(session: Session, dataset: str, agency: str, month: str, at: datetime) -> None:
    """Give up the full lists of a register that were not applied."""
    found = await sql(session, _DISCARD, dataset=dataset, agency=agency, month=month, at=at)
    await drop_keys(session, list(found.scalars()))


async def keep_part(session: Session, snapshot_id: UUID, receipt_id: UUID, keyless: int) -> None:
    """Note that a receipt is part of a full list, and how many of its rows had no readable key."""
    await sql(session, _KEEP_PART, snapshot_id=snapshot_id, receipt_id=receipt_id, keyless=keyless)


async def keep_keys(session: Session, snapshot_id: UUID, keys: pl.Series) -> None:
    """Note what a full list names."""
    if len(keys):
        await sql(session, _KEEP_KEYS, snapshot_id=snapshot_id, keys=uuids(keys))


async def drop_keys(session: Session, snapshots: Iterable[UUID]) -> None:
    """Forget what full lists named: they are settled."""
    await sql(session, _DROP_KEYS, snapshots=list(snapshots))


async def is_older(session: Session, full: Snapshot) -> bool:
    """Whether a newer list of the same register was applied."""
    return bool((await sql(session, _NEWER, **_register(full))).scalar_one())


async def compare(session: Session, full: Snapshot) -> Compared:
    """What the list leaves out of what is known."""
    found = (await _read_whole(session, _COMPARE, full)).one()
    return Compared(found.known, found.missing, found.named, found.keyless)


async def end_missing(session: Session, full: Snapshot) -> Ended:
    """End the records that the list does not name, as of the moment it speaks of. What waited for its subject goes."""
    ended = (await _read_whole(session, _END, full)).all()
    return Ended([row.receipt_id for row in ended], [row.row_no for row in ended])


async def parts(session: Session, snapshot_id: UUID) -> dict[UUID, int]:
    """The receipts of a full list, and how many rows each had."""
    found = await sql(session, _PARTS, snapshot_id=snapshot_id)
    return {row.receipt_id: row.received for row in found}


async def snapshot_of(session: Session, receipt_id: UUID) -> UUID | None:
    """The full list that a receipt is part of."""
    return (await sql(session, _OF_RECEIPT, receipt_id=receipt_id)).scalar_one_or_none()


async def _read_whole(session: Session, statement: str, full: Snapshot) -> CursorResult[Any]:
    await sql(session, _BY_HASH)
    found = await sql(session, statement, **_register(full), **_range(full))
    await sql(session, _AS_EVER)
    return found


def _register(full: Snapshot) -> dict[str, Any]:
    names = ("dataset", "agency", "month", "as_of", "snapshot_id")
    return {name: getattr(full, name) for name in names}


def _range(full: Snapshot) -> dict[str, Any]:
    least, greatest = bounds(full.prefix)
    return {"least": least, "greatest": greatest, "no_content": NO_CONTENT}
