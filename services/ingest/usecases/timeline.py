"""Where the rows of a file stand in time: by their own word, as of their list, or in place of what they correct."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import polars as pl

from services.ingest import places
from services.ingest.batches import KEY_HASH, Prepared, month_item
from services.ingest.catalogue import Dataset
from services.ingest.full_lists import CorrectsNothing, Guard, SnapshotNotOpen
from services.ingest.models import Correction, Snapshot
from services.ingest.store import past as past_store
from services.ingest.store import snapshots as snapshot_store
from services.ingest.usecases.full_lists import Sender, Stated, must_be_statable, open_list, settle
from services.ingest.usecases.receipts import receipt_alone
from services.ingest.validation import FAULTS, ROW
from shared.db import Session
from shared.errors import NotFound

_NO_NOTES = pl.DataFrame(schema=FAULTS)


@dataclass(frozen=True)
class Said:
    """What a sender says of a file: which receipt it corrects, of which full list it is a part, or that it is one."""

    corrects: UUID | None = None
    part_of: UUID | None = None
    stated: Stated | None = None


SAID_NOTHING = Said()


@dataclass(frozen=True)
class Timeline:
    """What decides about the rows of one file beside their own times.

    `settled`: per month the newest full list of the sender that was applied; what is older than it is history.
    `snapshot`: the list that the file is part of, or (`is_whole`) all of.
    """

    month: str | None
    settled: pl.DataFrame
    corrects: UUID | None = None
    snapshot: Snapshot | None = None
    is_whole: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the rows' own times decide alone."""
        return self.settled.is_empty() and self.corrects is None and self.snapshot is None


@dataclass(frozen=True)
class Placed:
    """A batch with every row at its place. `late`: notes on rows older than a full list; `notes`: all others."""

    batch: Prepared
    late: pl.DataFrame
    notes: pl.DataFrame


async def timeline(session: Session, sender: Sender, dataset: Dataset, said: Said) -> Timeline:
    """What decides about a file. Raises NotFound, CorrectsNothing, SnapshotNotOpen, AsOfInFuture, MonthNeeded."""
    if said.stated:
        # It will be applied at the end of this transaction: nobody else's file may come between.
        await snapshot_store.alone(session, dataset.dataset)
    # First the lists, for that keeps out whoever would complete one; then the list itself.
    settled = await snapshot_store.full_lists(session, dataset.dataset, sender.agency)
    snapshot = await say(session, sender, dataset, said)
    return Timeline(month_item(dataset), settled, said.corrects, snapshot, said.stated is not None)


async def say(session: Session, sender: Sender, dataset: Dataset, said: Said) -> Snapshot | None:
    """Keep what is said of a file, once: its list (opened, if the file is all of it), and what it corrects.

    Raises as `timeline` does.
    """
    await must_be_sayable(session, sender, dataset, said)
    if said.corrects:
        session.add(Correction(receipt_id=sender.id, corrects=said.corrects))
    if said.stated:
        return await open_list(session, dataset, said.stated, sender)
    return await _open_list(session, sender.agency, dataset, said.part_of) if said.part_of else None


async def must_be_sayable(session: Session, sender: Sender, dataset: Dataset, said: Said) -> None:
    """Refuse what cannot be said of a file of this dataset, as things stand. Raises as `timeline` does."""
    if said.stated:
        must_be_statable(dataset, said.stated, sender.at)
    if said.part_of:
        await _open_list(session, sender.agency, dataset, said.part_of)
    if said.corrects:
        await _must_be_of(session, said.corrects, sender.agency, dataset)


async def continued(session: Session, sender: Sender, dataset: Dataset, said: Said) -> Timeline:
    """What decides about a file of which all was said in an earlier transaction. Its list may be given up by now."""
    settled = await snapshot_store.full_lists(session, dataset.dataset, sender.agency)
    return Timeline(month_item(dataset), settled, said.corrects, await _list_of(session, sender, said))


async def last(session: Session, sender: Sender, dataset: Dataset, said: Said) -> Timeline:
    """The same for the transaction in which its list is applied, if the file is all of one: nobody comes between."""
    if said.stated:
        await snapshot_store.alone(session, dataset.dataset)
    line = await continued(session, sender, dataset, said)
    return replace(line, is_whole=said.stated is not None)


async def _list_of(session: Session, sender: Sender, said: Said) -> Snapshot | None:
    if said.stated:
        return await snapshot_store.snapshot(session, sender.id, to_change=True)
    return await snapshot_store.snapshot(session, said.part_of) if said.part_of else None


async def _must_be_of(session: Session, corrects: UUID, agency: str, dataset: Dataset) -> None:
    corrected = await receipt_alone(session, corrects, agency)
    if corrected.dataset != dataset.dataset:
        raise CorrectsNothing(
            f"Receipt {corrects} is one of {corrected.dataset}.",
            detail_zh=f"回执 {corrects} 属于数据集 {corrected.dataset}。",
        )


async def _open_list(session: Session, agency: str, dataset: Dataset, snapshot_id: UUID) -> Snapshot:
    found = await snapshot_store.snapshot(session, snapshot_id)
    if found is None or found.agency != agency or found.dataset != dataset.dataset:
        raise NotFound(f"There is no full list {snapshot_id}.", detail_zh=f"没有全量清单 {snapshot_id}。")
    if found.state != "open":
        raise SnapshotNotOpen(f"The list is {found.state}.", detail_zh=f"该清单的状态为 {found.state}。")
    return found


async def place(session: Session, line: Timeline, batch: Prepared) -> Placed:
    """Put each row where it stands in time, and take out those that a full list has settled."""
    if line.is_plain:
        return Placed(batch, _NO_NOTES, _NO_NOTES)
    notes = _NO_NOTES
    if line.snapshot:
        batch, notes = await _listed(session, line.snapshot, batch)
    if line.corrects:
        batch, notes = await _corrected(session, line, line.corrects, batch)
    gone = [places.settled(rows, line.month, line.settled) for rows in (batch.matched, batch.unmatched)]
    late = _notes(await past_store.news(session, pl.concat(gone)), "superseded")
    return Placed(_without(batch, pl.concat(gone)), late, notes)


async def _listed(session: Session, full: Snapshot, batch: Prepared) -> tuple[Prepared, pl.DataFrame]:
    """The batch as of the moment of its list; notes on rows that belong to another one."""
    batch = _each(batch, lambda rows: places.as_of(rows, full.prefix, full.as_of))
    rows = _rows(batch)
    own = pl.col(KEY_HASH).str.starts_with(full.prefix)
    await _keep_named(session, full, rows)
    return batch, _notes(rows.filter(~own).get_column(ROW).to_list(), "outside_list")


async def _corrected(
    session: Session, line: Timeline, corrects: UUID, batch: Prepared
) -> tuple[Prepared, pl.DataFrame]:
    """The batch in the place of what it corrects; a note on each row, whether there was anything to correct."""
    said = await past_store.said_until(session, _rows(batch).get_column(KEY_HASH), corrects)
    lists = line.settled.filter(pl.col("snapshot_id") <= str(corrects))
    batch = _each(batch, lambda rows: places.after_lists(places.after_said(rows, said), line.month, lists))
    has_said = pl.col(KEY_HASH).is_in(said.get_column(KEY_HASH).implode())
    rows = _rows(batch)
    one = _notes(rows.filter(has_said).get_column(ROW).to_list(), "corrected")
    other = _notes(rows.filter(~has_said).get_column(ROW).to_list(), "nothing_corrected")
    return batch, pl.concat([one, other]).sort("row")


async def finish(session: Session, line: Timeline, sender: Sender, keys: Iterator[Prepared], guard: Guard) -> None:
    """Note that the file is part of its list, and apply the list if it is all of it.

    `keys`: the rows once more, by their keys alone, if some were refused: a record with a fault is there nevertheless.
    """
    full = line.snapshot
    if full is None:
        return
    keyless = 0
    while batch := await asyncio.to_thread(next, keys, None):
        keyless += await name(session, full, batch)
    await close(session, line, sender, keyless, guard)


async def name(session: Session, full: Snapshot, keys: Prepared) -> int:
    """Note that a list names these rows, of which some were refused. Returns how many have no readable key."""
    rows = _rows(keys)
    await _keep_named(session, full, rows)
    return keys.received - len(rows)


async def close(session: Session, line: Timeline, sender: Sender, keyless: int, guard: Guard) -> None:
    """Note that the file is part of its list, and apply the list if it is all of it and was not given up."""
    if line.snapshot is None:
        return
    await session.flush()
    await snapshot_store.keep_part(session, line.snapshot.snapshot_id, sender.id, keyless)
    if line.is_whole and line.snapshot.state == "open":
        await settle(session, line.snapshot, guard, sender.at)


async def _keep_named(session: Session, full: Snapshot, rows: pl.DataFrame) -> None:
    """What a list names is of use only as long as it is open."""
    if full.state == "open":
        own = rows.filter(pl.col(KEY_HASH).str.starts_with(full.prefix))
        await snapshot_store.keep_keys(session, full.snapshot_id, own.get_column(KEY_HASH))


def _each(batch: Prepared, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Prepared:
    return replace(batch, matched=change(batch.matched), unmatched=change(batch.unmatched))


def _rows(batch: Prepared) -> pl.DataFrame:
    """Every good row, whether its subject is known or not."""
    return pl.concat([rows.select(ROW, KEY_HASH) for rows in (batch.matched, batch.unmatched)])


def _without(batch: Prepared, gone: pl.DataFrame) -> Prepared:
    if gone.is_empty():
        return batch
    return _each(batch, lambda rows: rows.join(gone.select(ROW), on=ROW, how="anti", maintain_order="left"))


def _notes(rows: list[int], code: str) -> pl.DataFrame:
    """Notes (row, item, code) about whole rows."""
    told = pl.DataFrame({"row": sorted(rows)}, schema={"row": pl.Int64})
    return told.select("row", pl.lit("").alias("item"), pl.lit(code).alias("code")).cast(FAULTS)  # type: ignore[arg-type]
