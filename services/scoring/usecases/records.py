"""Take in what agencies, people and our own list say, and score whom it is about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid5

import msgspec
import polars as pl

from services.scoring import folding, frames, live
from services.scoring.rulebook import Rulebook
from services.scoring.store import facts as fact_store
from services.scoring.store import subjects as subject_store
from services.scoring.store import unscored as unscored_store
from services.scoring.store.facts import Batch
from services.scoring.store.revisions import close_what_ended
from services.scoring.store.subjects import Key
from services.scoring.usecases.scoring import Moment, rescore
from shared.clock import local_date
from shared.db import Session
from shared.errors import Poison
from shared.events import EmployerListed, EmployerRemoved, RecordsAccepted
from shared.events.records import ORIGIN, RECEIPT

# Our own list decisions are facts like any other: this dataset is not an agency's.
_OWN_LISTINGS = "credit_listing"
_LISTING_ITEMS = ("listed_on", "expected_exit", "subject_name", "removed_on")


async def take_in(
    session: Session, event: RecordsAccepted, moment: Moment, at_once: Callable[[int], bool] = lambda _subjects: True
) -> None:
    """Keep an agency's records as facts, and score whom they touch: now if `at_once` of so many, else by and by."""
    book = moment.book
    records = _records(event)
    batch = _batch(event, records, book)
    dataset = book.datasets.get(event.dataset)
    can_move = not (dataset and dataset.keyed_by_subject)
    touched = await fact_store.keep_facts(session, batch, can_move)
    if touched is None:
        return
    touched |= await close_what_ended(session, batch)
    await folding.fold_attendance(session, event.dataset, batch.rows["key"].to_list(), touched)
    await folding.count_attendance(session, batch)
    await fact_store.keep_feed_report(session, batch, local_date(event.reported_at))
    if dataset and dataset.kind == "event" and (month := frames.newest_month(records, dataset, event.reported_at)):
        await fact_store.keep_feed_month(session, batch, month)
    touched |= await _keep_links(session, records, batch, book)
    lost = {(batch.kind, whose) for whose in batch.rows.get_column("left").drop_nulls()} & touched
    if at_once(len(touched) + await live.burden(session)):
        # What was reported must be visible, even where our own clock is a moment behind.
        await _rescore(session, touched, lost, replace(moment, at=max(moment.at, event.reported_at)))
    else:
        await unscored_store.keep(session, touched - lost)
        await unscored_store.keep(session, lost, falls_at_once=True)


async def _rescore(session: Session, touched: set[Key], lost: set[Key], moment: Moment) -> None:
    """Score whom a batch touched; whose records were another's all along, or taken back (`lost`), falls at once."""
    if lost:
        await subject_store.lock_subjects(session, touched)
        await rescore(session, lost, replace(moment, falls_at_once=True))
    await rescore(session, touched - lost, moment)


async def catch_up(session: Session, moment: Moment, most: int) -> int:
    """Score about so many of whom a flood of records spoke: each once, however often it was named. Returns how many."""
    keys, falling = await unscored_store.take(session, most)
    await _rescore(session, keys, falling, moment)
    return len(keys)


async def take_in_listing(session: Session, event: EmployerListed | EmployerRemoved, moment: Moment) -> None:
    """Make our own list's decision a fact about the employer (E26)."""
    stated = msgspec.to_builtins(event)
    day = event.listed_on if isinstance(event, EmployerListed) else event.removed_on
    # The removal is the later version of the same record.
    midnight = datetime.combine(day, time.min, tzinfo=UTC)
    columns = {item: [stated.get(item)] for item in _LISTING_ITEMS}
    accepted = RecordsAccepted.of(
        # The same decision told again is the same batch.
        batch_id=uuid5(event.listing_id, str(event.sequence)),
        receipt_id=event.listing_id,
        agency="credit",
        dataset=_OWN_LISTINGS,
        subject_kind="employer",
        subject_ids=[event.uscc],
        keys=[str(event.listing_id)],
        rows=[1 if isinstance(event, EmployerListed) else 2],
        source_times=[midnight + timedelta(microseconds=event.sequence)],
        reported_at=moment.at,
        columns=columns,
    )
    # Our own decision does not flicker: the level that a removal ends, ends with it.
    await take_in(session, accepted, replace(moment, falls_at_once=True))


def _records(event: RecordsAccepted) -> pl.DataFrame:
    try:
        return event.frame()
    except ValueError as error:
        raise Poison(f"The records of receipt {event.receipt_id} cannot be read: {error}.") from error


def _batch(event: RecordsAccepted, records: pl.DataFrame, book: Rulebook) -> Batch:
    kind, subject = _subject(event, records, book)
    return Batch(
        batch_id=event.batch_id,
        kind=kind,
        dataset=event.dataset,
        agency=event.agency,
        receipt_id=event.receipt_id,
        reported_at=event.reported_at,
        rows=records.select(
            subject.alias("id"),
            pl.col("#left").alias("left"),
            pl.col("#key").alias("key"),
            pl.col("#source_time").alias("source_time"),
            pl.col("#row").alias("row_no"),
            _receipts(event, records).alias("receipt_id"),
            frames.bodies(records.drop(*ORIGIN, RECEIPT, strict=False)),
        ),
    )


def _receipts(event: RecordsAccepted, records: pl.DataFrame) -> pl.Expr:
    """Each row's receipt: its own, where many came together, else the event's."""
    return pl.col(RECEIPT) if RECEIPT in records.columns else pl.lit(str(event.receipt_id))


def _subject(event: RecordsAccepted, records: pl.DataFrame, book: Rulebook) -> tuple[str, pl.Expr]:
    """Whom the rows are about: what ingest says, unless the book names an item (an account's project, a payroll)."""
    dataset = book.datasets.get(event.dataset)
    if dataset is None or dataset.subject_item is None or dataset.subject_item not in records.columns:
        return event.subject_kind, pl.col("#subject")
    kind = dataset.alias.kind if dataset.alias else dataset.subject
    if kind != event.subject_kind:
        return kind, pl.col(dataset.subject_item)
    # What the record does not say, ingest may have found by other means.
    return kind, pl.coalesce(dataset.subject_item, "#subject")


async def _keep_links(session: Session, records: pl.DataFrame, batch: Batch, book: Rulebook) -> set[Key]:
    """The accounts or payrolls that this batch names with their project."""
    touched: set[Key] = set()
    for dataset in book.datasets.values():
        alias = dataset.alias
        if alias and alias.via == batch.dataset and alias.item in records.columns:
            names = records.get_column(alias.item).to_list()
            await fact_store.keep_links(session, alias.kind, batch.rows["id"].to_list(), names)
            touched |= {(alias.kind, name) for name in names if name}
    return touched
