"""Whose are the records that say no code: look up, decide, remember how; ask people about the rest."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import polars as pl

from services.ingest.batches import KEY, KEY_HASH, ROW_HASH, SOURCE_TIME, Prepared
from services.ingest.catalogue import Dataset
from services.ingest.matching import (
    AT,
    DECIDED,
    SUBJECT,
    TEACHER,
    WRITTEN,
    Clues,
    can_teach,
    clues_of,
    decide,
    happened_at,
    lessons_of,
)
from services.ingest.matching.clues import PROVEN
from services.ingest.store import links as link_store
from services.ingest.store import questions as question_store
from services.ingest.store import registry
from services.ingest.validation import ROW
from shared.db import Session

_UNIQUE = ("kind", "scope", "value")


@dataclass(frozen=True)
class Origin:
    """Where rows come from: their dataset, who sent them when, under which receipt."""

    dataset: Dataset
    agency: str
    receipt_id: UUID
    at: datetime


@dataclass(frozen=True)
class Resolution:
    """What became of the rows without a code: `decided` (DECIDED), and `asked`, the clues of all of them."""

    decided: pl.DataFrame
    asked: Clues | None

    @property
    def found(self) -> pl.DataFrame:
        """The decisions that lead to a subject."""
        return self.decided.drop_nulls(SUBJECT)


NOTHING_ASKED = Resolution(pl.DataFrame(schema=DECIDED), None)


async def resolve(session: Session, batch: Prepared, origin: Origin) -> tuple[Prepared, Resolution]:
    """Look for the subjects of the rows that have none. A batch of good codes costs nothing."""
    dataset = origin.dataset
    if batch.unmatched.is_empty() or not _may_be_found(dataset):
        return batch, NOTHING_ASKED
    rows = batch.unmatched.with_columns(happened_at(dataset, SOURCE_TIME)).join(batch.written, on=ROW, how="left")
    asked = clues_of(rows, dataset, origin.agency)
    resolution = Resolution(decide(asked, await registry.look_up(session, asked.clues)), asked)
    return _with_found(batch, resolution.found), resolution


def _may_be_found(dataset: Dataset) -> bool:
    return dataset.subject.kind == "employer" or dataset.traces.account is not None


def _with_found(batch: Prepared, found: pl.DataFrame) -> Prepared:
    """The batch with the found rows among the matched, and no longer told as unmatched."""
    if found.is_empty():
        return batch
    subjects = found.select(ROW, pl.col(SUBJECT).alias("#found"))
    rows = batch.unmatched.join(subjects, on=ROW).with_columns(pl.col("#found").alias(SUBJECT)).drop("#found")
    told = (pl.col("code") == "unmatched") & pl.col("row").is_in(found.get_column(ROW).implode())
    return replace(
        batch,
        matched=pl.concat([batch.matched, rows.select(batch.matched.columns)]).sort(ROW),
        unmatched=batch.unmatched.join(subjects, on=ROW, how="anti", maintain_order="left"),
        faults=batch.faults.filter(~told),
    )


async def remember(
    session: Session,
    resolution: Resolution,
    changed: pl.DataFrame,
    waiting: pl.DataFrame,
    origin: Origin,
    *,
    news: pl.DataFrame | None = None,
) -> None:
    """Learn from the changed rows that proved their subjects, keep how the others found theirs, ask about the rest.

    `waiting` are kept among the unmatched already. `news`: the changed rows and older states that nobody knew of.
    """
    found = resolution.found
    teaches = changed if origin.dataset.traces.change or found.is_empty() else _proven(changed, found)
    if can_teach(origin.dataset) and len(teaches):
        timed = teaches.with_columns(happened_at(origin.dataset, SOURCE_TIME), pl.col(KEY_HASH).alias(TEACHER))
        await registry.learn(session, lessons_of(timed, origin.dataset, origin.agency))
    if resolution.asked is None:
        return
    told = changed if news is None else news
    kept = found.join(told.select(ROW), on=ROW)
    if len(kept):
        linked = await _linked(session, resolution.asked, kept, told, origin)
        code = origin.dataset.dataset
        await link_store.keep_linked(session, linked, code, origin.agency, origin.receipt_id)
    if len(waiting):
        await _ask_people(session, resolution.asked, waiting, origin)


def _proven(changed: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The rows that brought their own code. Only a register's changes teach under a number of its own, too."""
    return changed.join(found, on=ROW, how="anti", maintain_order="left")


async def _linked(
    session: Session, asked: Clues, kept: pl.DataFrame, changed: pl.DataFrame, origin: Origin
) -> pl.DataFrame:
    """The rows as `store.links.keep_linked` takes them."""
    linked = await link_store.own_links(session, kept, SUBJECT, origin.at)
    context = asked.rows.select(ROW, AT, WRITTEN, "name")
    rows = linked.join(changed.drop(SUBJECT), on=ROW).join(context, on=ROW)
    items = [item.item for item in origin.dataset.items if item.item in changed.columns]
    return rows.select(
        "link_id",
        "merger_id",
        "method",
        "name",
        key=KEY_HASH,
        subject_id=SUBJECT,
        natural_key=KEY,
        at=AT,
        written=WRITTEN,
        row_hash=ROW_HASH,
        source_time=SOURCE_TIME,
        row_no=ROW,
        record=pl.struct(items),
    )


async def _ask_people(session: Session, clues: Clues, waiting: pl.DataFrame, origin: Origin) -> None:
    asked = clues.rows.join(waiting.select(ROW), on=ROW)
    attached = await open_questions(session, asked, clues.clues, origin)
    context = asked.select(ROW, AT, WRITTEN).join(attached, on=ROW, how="left")
    rows = waiting.select(ROW, KEY_HASH, KEY).join(context, on=ROW)
    told = rows.select("question_id", key=KEY_HASH, row_no=ROW, natural_key=KEY, at=AT, written=WRITTEN)
    await question_store.wait_for(session, told, origin.agency, origin.receipt_id)


async def open_questions(session: Session, asked: pl.DataFrame, clues: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """ROW and question_id, for the rows that have something to ask by."""
    questions = asked.drop_nulls("value").select(
        pl.col(ROW).alias("row"),
        *_UNIQUE,
        division=pl.when(pl.col("kind") == "name").then("district").otherwise(pl.lit("")),
        told=pl.coalesce("name", "value"),
    )
    if questions.is_empty():
        return pl.DataFrame(schema={ROW: pl.UInt32, "question_id": pl.String})
    waits_for = clues.filter(pl.col("kind") != PROVEN).select(pl.col(ROW).alias("row"), *_UNIQUE)
    who = {"dataset": origin.dataset.dataset, "agency": origin.agency, "at": origin.at}
    attached = await question_store.ask(session, questions, waits_for, who)
    return attached.rename({"row": ROW})
