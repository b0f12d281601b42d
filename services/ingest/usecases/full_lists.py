"""Take full lists: open one, add its parts, compare it with what is known, and end what it does not name.

A list that leaves out too much is held: a truncated file never ends what goes on. Its agency confirms it, by number.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.ingest.batches import month_item
from services.ingest.catalogue import Dataset
from services.ingest.full_lists import AsOfInFuture, Guard, MonthNeeded, OtherMissing, PartsMissing, SnapshotNotOpen
from services.ingest.models import Snapshot
from services.ingest.rules import scope
from services.ingest.store import imports as import_store
from services.ingest.store import snapshots as store
from services.ingest.store import withdrawals as withdrawal_store
from services.ingest.store.snapshots import Ended
from services.ingest.store.withdrawals import Withdrawal
from shared import audit
from shared.db import Session
from shared.errors import NotFound
from shared.events import RecordsClosed, RecordsWithdrawn
from shared.outbox import announce

# A message stays well below NATS's megabyte: about 45 bytes a record.
RECORDS_A_MESSAGE = 10_000
# The number of the ends within the versions of a list.
_ENDS = (0, 0)


class Stated(NamedTuple):
    """What an agency says it hands in: all records of a register (of a month, where the key holds one) at a time."""

    as_of: datetime
    month: str | None


class Sender(NamedTuple):
    """Whose file it is, which receipt or list it is about, and when."""

    id: UUID
    agency: str
    at: datetime


async def open_list(session: Session, dataset: Dataset, stated: Stated, sender: Sender) -> Snapshot:
    """Begin a full list. Another one of the same register that was not completed is given up for it."""
    snapshot_id, agency, at = sender
    must_be_statable(dataset, stated, at)
    month = stated.month or ""
    await store.discard(session, dataset.dataset, agency, month, at)
    provider = agency if dataset.providers == "many" else None
    full = Snapshot(
        snapshot_id=snapshot_id,
        dataset=dataset.dataset,
        agency=agency,
        prefix=scope(dataset.dataset, provider, stated.month),
        month=month,
        as_of=stated.as_of,
        opened_at=at,
    )
    session.add(full)
    await session.flush()
    return full


def must_be_statable(dataset: Dataset, stated: Stated, at: datetime) -> None:
    """Raises AsOfInFuture, MonthNeeded."""
    if stated.as_of > at:
        raise AsOfInFuture
    if (month_item(dataset) is None) != (stated.month is None):
        raise MonthNeeded


async def full_list(session: Session, snapshot_id: UUID, agency: str) -> Snapshot:
    """A full list of that agency; NotFound otherwise."""
    found = await session.get(Snapshot, snapshot_id)
    if found is None or found.agency != agency:
        raise NotFound(f"There is no full list {snapshot_id}.", detail_zh=f"没有全量清单 {snapshot_id}。")
    return found


async def list_of(session: Session, receipt_id: UUID) -> Snapshot | None:
    """The full list that a receipt is part of."""
    found = await store.snapshot_of(session, receipt_id)
    return await session.get(Snapshot, found) if found else None


async def complete(session: Session, sender: Sender, rows: int | None, guard: Guard) -> Snapshot:
    """Say that every part is there: `rows` in all, if given. What the list does not name ends, or the list is held.

    Again: how it stands. Raises PartsMissing, SnapshotNotOpen.
    """
    full = await _held_alone(session, sender.id, sender.agency)
    if full.state in ("discarded", "withdrawn"):
        raise SnapshotNotOpen(f"The list is {full.state}.", detail_zh=f"该清单的状态为 {full.state}。")
    if full.state != "open":
        return full
    if coming := await import_store.parts_on_their_way(session, sender.id):
        named = ", ".join(map(str, coming))
        raise PartsMissing(
            f"Uploads of the list are not taken in yet: {named}.",
            detail_zh=f"该清单尚有上传未入库：{named}。",
            imports=[str(one) for one in coming],
        )
    there = sum((await store.parts(session, sender.id)).values())
    if rows is not None and rows != there:
        raise PartsMissing(f"{there} rows are here, not {rows}.", detail_zh=f"已到 {there} 行，而非 {rows} 行。")
    return await settle(session, full, guard, sender.at)


async def settle(session: Session, full: Snapshot, guard: Guard, at: datetime) -> Snapshot:
    """Compare a list whose parts are all here, and apply or hold it. The dataset must be ours alone."""
    if await store.is_older(session, full):
        return await _end_as(session, full, "older", at)
    compared = await store.compare(session, full)
    full.known, full.missing = compared.known, compared.missing
    full.held_because = guard.why_held(compared.known, compared.missing, compared.named, compared.keyless)
    if full.held_because:
        full.state = "held"
        return full
    return await _apply(session, full, at)


async def confirm(session: Session, sender: Sender, missing: int) -> Snapshot:
    """Apply a list that was held: its agency knows that so many records end by it. Raises OtherMissing otherwise."""
    snapshot_id, agency, at = sender
    full = await _held_alone(session, snapshot_id, agency)
    if full.state == "applied":
        return full
    if full.state != "held":
        raise SnapshotNotOpen(f"The list is {full.state}.", detail_zh=f"该清单的状态为 {full.state}。")
    if await store.is_older(session, full):
        return await _end_as(session, full, "older", at)
    compared = await store.compare(session, full)
    if compared.missing != missing:
        raise OtherMissing(
            f"{compared.missing} records would end.",
            detail_zh=f"将有 {compared.missing} 条记录终止。",
            missing=compared.missing,
        )
    full.known, full.missing = compared.known, compared.missing
    details = {"missing": missing, "known": compared.known, "held_because": full.held_because}
    await audit.record(session, f"agency:{agency}", "full_list.confirmed", str(snapshot_id), details)
    return await _apply(session, full, at)


async def take_back_list(session: Session, sender: Sender, reason: str, withdrawal_id: UUID) -> Snapshot:
    """Give up a list; if it was applied, what it ended stands again. Its rows stay: they are their receipts'."""
    snapshot_id, agency, at = sender
    full = await _held_alone(session, snapshot_id, agency)
    if full.state in ("open", "held"):
        return await _end_as(session, full, "discarded", at)
    if full.state != "applied":
        return full
    withdrawal = Withdrawal(withdrawal_id, snapshot_id, [_ENDS], reason, agency, at)
    await withdrawal_store.let_stand_again(session, snapshot_id, withdrawal.rows)
    await withdrawal_store.keep_withdrawal(session, withdrawal)
    await audit.record(session, f"agency:{agency}", "full_list.withdrawn", str(snapshot_id), {})
    announce(
        session,
        RecordsWithdrawn(
            withdrawal_id=withdrawal_id,
            receipt_id=snapshot_id,
            agency=agency,
            dataset=full.dataset,
            first_rows=[_ENDS[0]],
            last_rows=[_ENDS[1]],
            withdrawn_at=at,
        ),
    )
    return await _end_as(session, full, "withdrawn", at)


async def _held_alone(session: Session, snapshot_id: UUID, agency: str) -> Snapshot:
    """The list, while no file of its dataset is being taken."""
    await store.alone(session, (await full_list(session, snapshot_id, agency)).dataset)
    found = await store.snapshot(session, snapshot_id, to_change=True)
    if found is None:
        raise NotFound(f"There is no full list {snapshot_id}.", detail_zh=f"没有全量清单 {snapshot_id}。")
    return found


async def _apply(session: Session, full: Snapshot, at: datetime) -> Snapshot:
    ended = await store.end_missing(session, full)
    for start in range(0, len(ended.rows), RECORDS_A_MESSAGE):
        announce(session, _closed(full, ended, slice(start, start + RECORDS_A_MESSAGE), at))
    return await _end_as(session, full, "applied", at)


def _closed(full: Snapshot, ended: Ended, some: slice, at: datetime) -> RecordsClosed:
    return RecordsClosed(
        snapshot_id=full.snapshot_id,
        agency=full.agency,
        dataset=full.dataset,
        closed_at=full.as_of,
        reported_at=at,
        receipt_ids=ended.receipt_ids[some],
        rows=ended.rows[some],
    )


async def _end_as(session: Session, full: Snapshot, state: str, at: datetime) -> Snapshot:
    full.state, full.settled_at = state, at
    if state != "held":
        full.held_because = None
    await store.drop_keys(session, [full.snapshot_id])
    return full
