"""What a record taught goes with it: a lesson stands as long as its teacher says so, or whoever confirmed it does.

A record says so while its newest state is of the lesson's subject: taken back or moved it says so no more. When it
does again - the wrong correction was taken back -, the lesson comes back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.ingest.rules import RowRange
from services.ingest.store.registry import TAKEN_BACK
from services.ingest.store.withdrawals import multirange
from shared.db import Session, sql

# ruff: noqa: S608 - the statements are put together from texts of our own


class _Known(NamedTuple):
    """A table of lessons, its key, and whom a teacher has to be of."""

    table: str
    key: str
    whose: str


class _Lessons(NamedTuple):
    """Lessons that can be forgotten: where, and how a link names the clue that each is about."""

    known: _Known
    past: str
    clue: str


_LESSONS = (
    _Lessons(
        _Known("ingest.known_employer", "kind, value, subject_id, division", "known.subject_id"),
        "ingest.forgotten_employer",
        "known.kind, '' as scope, known.value",
    ),
    _Lessons(
        _Known("ingest.known_account", "scope, account, since, subject_id", "known.subject_id"),
        "ingest.forgotten_account",
        "'account' as kind, known.scope, known.account as value",
    ),
)
_CLUE = ("kinds", "scopes", "values", "subjects")
_MERGERS = _Known("ingest.link", "link_id", "known.value")

_TEACHERS = """
with row as materialized (
    select key from ingest.head where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
)
select key from row where exists (select from ingest.known_employer known where known.taught_by = row.key)
union select key from row where exists (select from ingest.known_employer known where known.confirmed_by = row.key)
union select key from row where exists (select from ingest.forgotten_employer known where known.taught_by = row.key)
union select key from row where exists (select from ingest.known_account known where known.taught_by = row.key)
union select key from row where exists (select from ingest.known_account known where known.confirmed_by = row.key)
union select key from row where exists (select from ingest.forgotten_account known where known.taught_by = row.key)
union select key from row where exists (select from ingest.link where link.taught_by = row.key)
union select key from row where exists (select from ingest.link where link.confirmed_by = row.key)
"""

_SAYS_SO = "exists (select from ingest.head where head.key = known.{who} and head.subject = {{whose}})"
_CONFIRMS, _TEACHES = _SAYS_SO.format(who="confirmed_by"), _SAYS_SO.format(who="taught_by")

# One after the other, in one order: who confirms a lesson meanwhile is waited for, and then seen.
_HOLD = """
select from {table} known
where known.taught_by = any(cast(:keys as uuid[])) or known.confirmed_by = any(cast(:keys as uuid[]))
order by {key} for update
"""
_UNCONFIRM = f"""
update {{table}} known set confirmed_by = null
where known.confirmed_by = any(cast(:keys as uuid[])) and not {_CONFIRMS}
"""
_HAND_OVER = f"""
update {{table}} known set taught_by = known.confirmed_by, confirmed_by = null
where known.taught_by = any(cast(:keys as uuid[])) and known.confirmed_by is not null and not {_TEACHES}
"""

# A link of ours rests on what is known; another lesson may say the same.
_FORGET = f"""
with gone as (
    delete from {{table}} known where known.taught_by = any(cast(:keys as uuid[])) and not {_TEACHES}
    returning known.*
), kept as (
    insert into {{past}} select * from gone
)
select distinct {{clue}}, known.subject_id from gone known
"""
_RECALL = f"""
with back as (
    delete from {{past}} known where known.taught_by = any(cast(:keys as uuid[])) and {_TEACHES} returning known.*
)
insert into {{table}} as known select * from back order by {{key}} on conflict do nothing
returning {{clue}}, known.subject_id
"""

_UNDO = """
update ingest.link set undone_at = :at, undone_by = 'system', undo_reason = :reason
from unnest(cast(:kinds as text[]), cast(:scopes as text[]), cast(:values as text[]), cast(:subjects as text[]))
    as gone (kind, scope, value, subject_id)
where (link.kind, link.scope, link.value) = (gone.kind, gone.scope, gone.value)
    and (link.subject_id = gone.subject_id or link.subject_id in (
        select merger.subject_id from ingest.link merger
        where merger.kind = 'merger' and merger.scope = '' and merger.value = gone.subject_id
    ))
    and link.method not in ('manual', 'merger') and link.undone_at is null
    and not exists (
        select from ingest.known_employer known
        where (known.kind, known.value, known.subject_id) = (gone.kind, gone.value, gone.subject_id)
    ) and not exists (
        select from ingest.known_account known
        where (known.scope, known.account, known.subject_id) = (gone.scope, gone.value, gone.subject_id)
    )
"""

# What was ambiguous may be plain without it, or with it.
_LOOK_AGAIN = """
update ingest.question set due_after = '00000000-0000-0000-0000-000000000000'
from ingest.question_clue clue
join unnest(cast(:kinds as text[]), cast(:scopes as text[]), cast(:values as text[])) as gone (kind, scope, value)
    using (kind, scope, value)
where question.question_id = clue.question_id
"""

_UNMERGE = """
update ingest.link set undone_at = :at, undone_by = 'system', undo_reason = :reason
where link.taught_by = any(cast(:keys as uuid[])) and link.undone_at is null
    and not exists (select from ingest.head where head.key = link.taught_by and head.subject = link.value)
"""


async def teachers(session: Session, receipt_id: UUID, rows: list[RowRange]) -> list[UUID]:
    """Those records of a receipt that taught or confirmed something and are to be taken back."""
    found = await sql(session, _TEACHERS, receipt_id=receipt_id, rows=multirange(rows))
    return list(found.scalars())


async def unlearn(session: Session, keys: Sequence[UUID | str], at: datetime) -> None:
    """Forget what these records taught and nobody says any more; links that rested on it are undone."""
    if not keys:
        return
    told = [str(key) for key in keys]
    for lessons in _LESSONS:
        await _hand_over(session, lessons.known, told)
        texts = lessons.known._asdict() | {"past": lessons.past, "clue": lessons.clue}
        if gone := (await sql(session, _FORGET.format(**texts), keys=told)).all():
            clues = _clues(list(map(tuple, gone)))
            await sql(session, _UNDO, at=at, reason=TAKEN_BACK, **clues)
            await _look_again(session, clues)
        if back := (await sql(session, _RECALL.format(**texts), keys=told)).all():
            await _look_again(session, _clues(list(map(tuple, back))))
    await _hand_over(session, _MERGERS, told)
    await sql(session, _UNMERGE, at=at, reason=TAKEN_BACK, keys=told)


async def _hand_over(session: Session, known: _Known, keys: list[str]) -> None:
    for statement in (_HOLD, _UNCONFIRM, _HAND_OVER):
        await sql(session, statement.format(**known._asdict()), keys=keys)


def _clues(lessons: list[tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [lesson[place] for lesson in lessons] for place, name in enumerate(_CLUE)}


async def _look_again(session: Session, clues: dict[str, list[str]]) -> None:
    await sql(session, _LOOK_AGAIN, **{name: clues[name] for name in _CLUE[:3]})
