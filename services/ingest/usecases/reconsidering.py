"""Records that wait are looked at again when something was learned or answered, and go where they belong.

In small pieces, each a transaction of its own: memory and locks do not grow with how many records wait.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import polars as pl

from services.ingest.catalogue import Dataset
from services.ingest.matching import AT, DECIDED, SUBJECT, TEACHER, WRITTEN, Clues, clues_of, decide, lessons_of
from services.ingest.store import links as link_store
from services.ingest.store import questions as question_store
from services.ingest.store import registry, released
from services.ingest.store.unlearning import unlearn
from services.ingest.usecases.candidates import note_candidates
from services.ingest.usecases.matching import Origin, open_questions
from services.ingest.validation import ROW
from shared.db import Session
from shared.events import RecordsAccepted, RecordsUnlinked, RecordsWithdrawn
from shared.outbox import announce

QUESTIONS_AT_ONCE = 20
RECORDS_AT_ONCE = 500
# A message stays well below NATS's megabyte.
RECORDS_A_MESSAGE = 500
_LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True)
class Desk:
    """The datasets, the moment, and where ids come from."""

    datasets: Mapping[str, Dataset]
    at: datetime
    new_id: Callable[[], UUID]


async def reconsider(session: Session, desk: Desk) -> int:
    """Look again at some records whose questions are due. Returns how many questions there were."""
    waiting = await question_store.due(session, QUESTIONS_AT_ONCE, RECORDS_AT_ONCE)
    if not waiting:
        return 0
    records = [line for line in waiting if line["key"] and line["dataset"] in desk.datasets]
    if records:
        await _release(session, records, await _decided(session, records, desk), desk)
    due_after = _due_after(waiting)
    await question_store.settle(session, due_after)
    await note_candidates(session, [question for question, after in due_after.items() if after is None])
    return len(due_after)


def _due_after(waiting: list[dict[str, Any]]) -> dict[UUID, UUID | None]:
    """Where to go on with each question: None when all of its records were seen."""
    seen = {question: list(lines) for question, lines in groupby(waiting, lambda line: line["question_id"])}
    return {
        question: UUID(lines[-1]["key"]) if len(lines) == RECORDS_AT_ONCE else None for question, lines in seen.items()
    }


async def _decided(session: Session, records: list[dict[str, Any]], desk: Desk) -> pl.DataFrame:
    """DECIDED, ROW counting the records from 0."""
    asked = _clues(records, desk)
    evidence = await registry.look_up(session, asked.clues)
    found = decide(asked, evidence).drop_nulls(SUBJECT)
    if found.is_empty():
        return pl.DataFrame(schema=DECIDED)
    return await link_store.own_links(session, found, SUBJECT, desk.at)


def _clues(records: list[dict[str, Any]], desk: Desk) -> Clues:
    """The clues in stored records, of several datasets and agencies."""
    frame = pl.DataFrame(
        {ROW: range(len(records)), **{name: [line[name] for line in records] for name in ("dataset", "agency")}},
        schema_overrides={ROW: pl.UInt32},
    )
    found = []
    for (dataset, agency), group in frame.group_by("dataset", "agency", maintain_order=True):
        lines = [records[place] for place in group.get_column(ROW)]
        rows = _rows(group.get_column(ROW), lines)
        found.append(clues_of(rows, desk.datasets[str(dataset)], str(agency)))
    return Clues(pl.concat([each.rows for each in found]), pl.concat([each.clues for each in found]))


def _rows(places: pl.Series, lines: list[dict[str, Any]]) -> pl.DataFrame:
    told = pl.DataFrame(
        {AT: [line["at"] for line in lines], WRITTEN: [line["written"] for line in lines]},
        schema={AT: pl.Datetime("us", "UTC"), WRITTEN: pl.String},
    )
    items = pl.DataFrame([line["record"] for line in lines], infer_schema_length=None, strict=False)
    return pl.DataFrame({ROW: places}).hstack(told).hstack(items)


async def _release(session: Session, records: list[dict[str, Any]], decided: pl.DataFrame, desk: Desk) -> None:
    if decided.is_empty():
        return
    who = pl.DataFrame(
        {ROW: range(len(records)), **{name: [line[name] for line in records] for name in ("key", "receipt_id")}},
        schema={ROW: pl.UInt32, "key": pl.String, "receipt_id": pl.String},
    )
    rows = decided.join(who, on=ROW).unique("key", maintain_order=True)
    wanted = rows.select("key", "method", "link_id", "merger_id", "receipt_id", subject_id=SUBJECT)
    news = await released.release(session, wanted)
    for lines in _messages(news):
        announce(session, _accepted(lines, desk.datasets[lines[0]["dataset"]]))
    for _, back in groupby(sorted(_back(news), key=_undoing), _undoing):
        announce(session, _taken_back(list(back), desk))
    await unlearn(session, [line["key"] for line in news if line["left_subject"]], desk.at)
    await _learn(session, [line for line in news if desk.datasets[line["dataset"]].traces.change], desk)


def _messages(lines: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Records of one receipt each, in pieces that fit a message."""
    for _, group in groupby(lines, lambda line: line["receipt_id"]):
        together = list(group)
        yield from (together[at : at + RECORDS_A_MESSAGE] for at in range(0, len(together), RECORDS_A_MESSAGE))


async def _learn(session: Session, changes: list[dict[str, Any]], desk: Desk) -> None:
    """A register's change that waited for its firm teaches as one that came after it."""
    for (dataset, agency), places in _by_origin(changes).items():
        lines = [changes[place] for place in places]
        rows = _rows(pl.Series(places, dtype=pl.UInt32), lines)
        subjects = pl.Series(SUBJECT, [line["subject_id"] for line in lines], dtype=pl.String)
        teachers = pl.Series(TEACHER, [line["key"] for line in lines], dtype=pl.String)
        told = rows.with_columns(subjects, teachers)
        await registry.learn(session, lessons_of(told, desk.datasets[dataset], agency))


def _accepted(lines: list[dict[str, Any]], dataset: Dataset) -> RecordsAccepted:
    """Records of one receipt as if they had just come."""
    first = lines[0]
    return RecordsAccepted.of(
        receipt_id=first["receipt_id"],
        agency=first["agency"],
        dataset=dataset.dataset,
        subject_kind=dataset.subject.kind,
        subject_ids=[line["subject_id"] for line in lines],
        left=[line["left_subject"] for line in lines],
        keys=[line["natural_key"] for line in lines],
        rows=[line["row_no"] for line in lines],
        source_times=[line["source_time"] for line in lines],
        reported_at=first["reported_at"],
        columns={name: [line["record"].get(name) for line in lines] for name in dataset.announced},
    )


def _back(news: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records that come back to whom they were taken away from: that undoing holds no more."""
    return [
        line | {"undo_id": UUID(undo_id), "undo_row": row} for line in news for undo_id, row in line["undone"] or ()
    ]


def _undoing(line: dict[str, Any]) -> tuple[UUID, str, str]:
    """A link by name leads records of many datasets and agencies astray; an event is about one of each."""
    return line["undo_id"], line["dataset"], line["agency"]


def _taken_back(lines: list[dict[str, Any]], desk: Desk) -> RecordsWithdrawn:
    rows = sorted(line["undo_row"] for line in lines)
    return RecordsWithdrawn(
        withdrawal_id=desk.new_id(),
        receipt_id=lines[0]["undo_id"],
        agency=lines[0]["agency"],
        dataset=lines[0]["dataset"],
        first_rows=rows,
        last_rows=rows,
        withdrawn_at=desk.at,
    )


async def take_back(session: Session, desk: Desk) -> bool:
    """Let some records of an undone link leave its subject and wait again. Whether there was one."""
    undo_id = desk.new_id()
    found, taken = await link_store.take_back(session, undo_id, RECORDS_AT_ONCE)
    for _, rows in taken.drop_nulls("subject_id").group_by("dataset", "agency", maintain_order=True):
        announce(session, _unlinked(rows, undo_id, desk))
    if len(taken):
        keys = taken.get_column("key").unique().to_list()
        await unlearn(session, keys, desk.at)
        await _ask_again(session, keys, desk)
    return found


def _unlinked(rows: pl.DataFrame, undo_id: UUID, desk: Desk) -> RecordsUnlinked:
    dataset = desk.datasets[rows.item(0, "dataset")]
    return RecordsUnlinked(
        undo_id=undo_id,
        agency=rows.item(0, "agency"),
        dataset=dataset.dataset,
        subject_kind=dataset.subject.kind,
        subject_ids=rows.get_column("subject_id").to_list(),
        keys=rows.get_column("natural_key").to_list(),
        rows=rows.get_column("row_no").to_list(),
        source_times=rows.get_column("source_time").to_list(),
        unlinked_at=desk.at,
    )


async def _ask_again(session: Session, keys: list[str], desk: Desk) -> None:
    """Records that wait again ask their questions; a new look follows at once."""
    records = await question_store.waiting(session, keys)
    if not records:
        return
    asked = _clues(records, desk)
    for (dataset, agency), rows in _by_origin(records).items():
        origin = Origin(desk.datasets[dataset], agency, _LAST, desk.at)
        mine = asked.rows.filter(pl.col(ROW).is_in(rows))
        attached = await open_questions(session, mine, asked.clues.filter(pl.col(ROW).is_in(rows)), origin)
        places, questions = attached.get_column(ROW).to_list(), attached.get_column("question_id").to_list()
        await question_store.attach(session, [records[place] for place in places], questions)


def _by_origin(records: list[dict[str, Any]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for place, line in enumerate(records):
        found.setdefault((line["dataset"], line["agency"]), []).append(place)
    return found
