"""Questions to people: whose are these records? And what a question waits for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from sqlmodel import col, select

from services.ingest.models import Question
from services.ingest.store.registry import as_json
from shared.db import Session, sql
from shared.ids import new_id

_BEGINNING = UUID(int=0)

# A question that is there already is looked at again: between our look and now something may have been learned.
_ASK = """
insert into ingest.question (question_id, kind, scope, value, division, told, dataset, agency, asked_at)
select question_id, kind, scope, value, division, told, :dataset, :agency, :at
from jsonb_to_recordset(cast(:questions as jsonb))
    as given (question_id uuid, kind text, scope text, value text, division text, told text)
order by kind, scope, value, division
on conflict (kind, scope, value, division) do update
    set due_after = case when question.state = 'none' then question.due_after else :beginning end
returning question_id::text, kind, scope, value, division
"""

_CLUES = """
insert into ingest.question_clue (kind, scope, value, question_id)
select kind, scope, value, question_id
from jsonb_to_recordset(cast(:clues as jsonb)) as given (kind text, scope text, value text, question_id uuid)
order by kind, scope, value, question_id
on conflict do nothing
"""

_WAIT_FOR = """
with given as materialized (
    select * from jsonb_to_recordset(cast(:rows as jsonb)) as given (key uuid, row_no int, question_id uuid,
        natural_key text, at timestamptz, written text)
), past as (
    update ingest.past_unmatched held set question_id = given.question_id, natural_key = given.natural_key,
        agency = :agency, at = given.at, written = given.written
    from given where (held.key, held.receipt_id, held.row_no) = (given.key, cast(:receipt_id as uuid), given.row_no)
)
update ingest.unmatched held set question_id = given.question_id, natural_key = given.natural_key, agency = :agency,
    at = given.at, written = given.written
from given where (held.key, held.receipt_id, held.row_no) = (given.key, cast(:receipt_id as uuid), given.row_no)
"""

_ATTACH = """
with given as materialized (
    select * from unnest(cast(:keys as uuid[]), cast(:receipts as uuid[]), cast(:rows as int[]),
        cast(:questions as uuid[])) as given (key, receipt_id, row_no, question_id)
), past as (
    update ingest.past_unmatched held set question_id = given.question_id from given
    where (held.key, held.receipt_id, held.row_no) = (given.key, given.receipt_id, given.row_no)
)
update ingest.unmatched held set question_id = given.question_id from given
where (held.key, held.receipt_id, held.row_no) = (given.key, given.receipt_id, given.row_no)
"""

# A few questions at a time, and of each a few records: memory does not grow with how many wait.
_DUE = """
select question.question_id, waiting.key::text, waiting.dataset, waiting.agency, waiting.natural_key, waiting.at,
    waiting.written, waiting.name, waiting.record, waiting.receipt_id::text
from (
    select question_id, due_after from ingest.question where due_after is not null
    order by question_id limit :questions for update skip locked
) question left join lateral (
    select * from ingest.unmatched held
    where held.question_id = question.question_id and held.key > question.due_after and held.natural_key is not null
    order by held.key limit :rows
) waiting on true
order by question.question_id, waiting.key
"""

_WAITING_ROWS = """
select key::text, dataset, agency, natural_key, at, written, name, record, receipt_id::text, row_no
from (select * from ingest.unmatched union all select * from ingest.past_unmatched) as held
where key = any(cast(:keys as uuid[])) and natural_key is not null order by key, receipt_id, row_no
"""

_SETTLE = """
update ingest.question set due_after = given.due_after
from unnest(cast(:ids as uuid[]), cast(:due as uuid[])) as given (question_id, due_after)
where question.question_id = given.question_id
"""

_CANDIDATES = """
update ingest.question set candidates = given.candidates, best_score = given.best_score
from jsonb_to_recordset(cast(:found as jsonb)) as given (question_id uuid, candidates jsonb, best_score int)
where question.question_id = given.question_id
"""

_CLUES_OF = """
select question_id::text, kind, scope, value from ingest.question_clue
where question_id = any(cast(:ids as uuid[]))
"""

# The first pairs of characters of a name are its owner's: who shares most of them is worth a closer look.
_ALIKE = """
select asked.place, known.subject_id, known.told, known.division, known.value
from unnest(cast(:places as int[]), cast(:grams as text[])) as asked (place, grams)
cross join lateral (
    select held.subject_id, held.told, held.division, held.value from ingest.known_employer held
    where held.kind = 'core' and held.grams && string_to_array(asked.grams, ' ')
    order by (
        select count(*) from unnest(held.grams) each where each = any(string_to_array(asked.grams, ' '))
    ) desc, held.value limit :most
) known
"""

_TOLD = """
select distinct on (subject_id) subject_id, told, division from ingest.known_employer
where kind = 'name' and subject_id = any(cast(:ids as text[])) and until is null
order by subject_id, official desc, since desc nulls last
"""

_WAITING = """
select question_id, count(*) as records, min(source_time) as since from ingest.unmatched
where question_id = any(cast(:ids as uuid[])) group by question_id
"""

_NEWEST = "select max(at) from ingest.unmatched where question_id = :question"

_OPEN = """
select question.question_id from ingest.question
where state = 'open' and division in ('', :district) and (cast(:after as uuid) is null or question_id > :after)
    and (cast(:dataset as text) is null or dataset = :dataset)
    and exists (select from ingest.unmatched held where held.question_id = question.question_id)
order by question_id limit :limit
"""

_EXAMPLES = """
select receipt_id, row_no, source_time, record from ingest.unmatched
where question_id = :question order by key limit :limit
"""


class Waiting(NamedTuple):
    """How many records wait for an answer, and since when the oldest."""

    records: int
    since: datetime | None


async def ask(session: Session, asked: pl.DataFrame, clues: pl.DataFrame, origin: dict[str, Any]) -> pl.DataFrame:
    """Ask once for each kind, scope, value and district. `asked`: row, those, told. Returns row, question_id.

    `clues` (row, kind, scope, value): what the question waits for. `origin`: dataset, agency, at.
    """
    keys = ["kind", "scope", "value", "division"]
    distinct = asked.unique(keys, maintain_order=True).drop("row")
    ids = pl.Series("question_id", [str(new_id()) for _ in range(len(distinct))])
    found = await sql(session, _ASK, questions=as_json(distinct.with_columns(ids)), beginning=_BEGINNING, **origin)
    schema = dict.fromkeys(["question_id", *keys], pl.String)
    known = pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")
    attached = asked.join(known, on=keys).select("row", "question_id")
    waits = clues.join(attached, on="row").select("kind", "scope", "value", "question_id").unique()
    if len(waits):
        await sql(session, _CLUES, clues=as_json(waits))
    return attached


async def wait_for(session: Session, rows: pl.DataFrame, agency: str, receipt_id: UUID) -> None:
    """Let records (key, row_no, question_id, natural_key, at, written) wait for their answers."""
    await sql(session, _WAIT_FOR, rows=as_json(rows), agency=agency, receipt_id=receipt_id)


async def attach(session: Session, records: list[dict[str, Any]], questions: list[str]) -> None:
    """Let states of records that wait again (key, receipt_id, row_no) wait for these questions."""
    told = {
        f"{name}s": [each[column] for each in records]
        for name, column in (("key", "key"), ("receipt", "receipt_id"), ("row", "row_no"))
    }
    await sql(session, _ATTACH, questions=questions, **told)


async def due(session: Session, questions: int, rows: int) -> list[dict[str, Any]]:
    """Some waiting records of some questions that are due, held; a question without records has one line of nulls."""
    return [dict(row) for row in (await sql(session, _DUE, questions=questions, rows=rows)).mappings()]


async def waiting(session: Session, keys: Sequence[str]) -> list[dict[str, Any]]:
    """States of records that wait, or would if a newer one were taken back, by their keys."""
    return [dict(row) for row in (await sql(session, _WAITING_ROWS, keys=list(keys))).mappings()]


async def settle(session: Session, due_after: dict[UUID, UUID | None]) -> None:
    """Go on beyond that record the next time; None: the question is due no longer."""
    await sql(session, _SETTLE, ids=list(due_after), due=list(due_after.values()))


async def keep_candidates(session: Session, found: pl.DataFrame) -> None:
    """Keep whom a question may mean: question_id, candidates, best_score."""
    await sql(session, _CANDIDATES, found=found.write_json())


async def questions(session: Session, ids: Sequence[UUID]) -> Sequence[Question]:
    """These questions, in the order of their ids."""
    wanted = select(Question).where(col(Question.question_id).in_(ids)).order_by(col(Question.question_id))
    return (await session.exec(wanted)).all()


async def question_for_update(session: Session, question_id: UUID) -> Question | None:
    """A question, held until the end of the transaction."""
    wanted = select(Question).where(col(Question.question_id) == question_id).with_for_update()
    return (await session.exec(wanted)).first()


async def question_of(session: Session, kind: str, scope: str, value: str, division: str) -> Question | None:
    """The question that an answer answered, held."""
    wanted = select(Question).where(
        col(Question.kind) == kind, col(Question.scope) == scope, col(Question.value) == value
    )
    return (await session.exec(wanted.where(col(Question.division) == division).with_for_update())).first()


async def open_questions(
    session: Session, district: str, dataset: str | None, after: UUID | None, limit: int
) -> list[UUID]:
    """Ids of the questions that records of a district, or of none, wait for, the oldest first."""
    found = await sql(session, _OPEN, district=district, dataset=dataset, after=after, limit=limit)
    return list(found.scalars())


async def waiting_for(session: Session, ids: Sequence[UUID]) -> dict[UUID, Waiting]:
    """How many records wait for each question."""
    found = await sql(session, _WAITING, ids=list(ids))
    return {row.question_id: Waiting(row.records, row.since) for row in found}


async def newest_of(session: Session, question_id: UUID) -> datetime | None:
    """When the newest of the records that wait for a question was true; None where none waits."""
    found: datetime | None = (await sql(session, _NEWEST, question=question_id)).scalar_one()
    return found


async def examples(session: Session, question_id: UUID, limit: int) -> list[dict[str, Any]]:
    """Some of the records that wait: receipt_id, row_no, source_time, record."""
    found = await sql(session, _EXAMPLES, question=question_id, limit=limit)
    return [dict(row) for row in found.mappings()]


async def clues_of(session: Session, ids: Sequence[str]) -> pl.DataFrame:
    """question_id, kind, scope, value of what questions wait for."""
    found = await sql(session, _CLUES_OF, ids=list(ids))
    schema = dict.fromkeys(["question_id", "kind", "scope", "value"], pl.String)
    return pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")


async def alike(session: Session, grams: pl.Series, most: int) -> pl.DataFrame:
    """Employers whose name begins alike: place (from 0, in `grams`), subject_id, told, division, value (the core)."""
    texts = grams.list.join(" ").to_list()
    found = await sql(session, _ALIKE, places=list(range(len(texts))), grams=texts, most=most)
    schema = {"place": pl.UInt32, **dict.fromkeys(["subject_id", "told", "division", "value"], pl.String)}
    return pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")


async def told_of(session: Session, subjects: Sequence[str]) -> pl.DataFrame:
    """subject_id, told (the present name) and division of employers."""
    found = await sql(session, _TOLD, ids=list(subjects))
    schema = dict.fromkeys(["subject_id", "told", "division"], pl.String)
    return pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")
