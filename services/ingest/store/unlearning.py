"""What a record taught goes with it: a lesson stands as long as its teacher says so, or whoever confirmed it does.

A record says so while its newest state is of the lesson's subject: taken back, moved or replaced, it says so no more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.ingest.rules import RowRange
from services.ingest.store.withdrawals import multirange
from shared.db import Session, sql

# ruff: noqa: S608 - the statements are put together from texts of our own


class _Known(NamedTuple):
    """A table of lessons, and how a link names the clue that a lesson is about."""

    table: str
    clue: str


_LESSONS = (
    _Known("ingest.known_employer", "known.kind, '' as scope, known.value"),
    _Known("ingest.known_account", "'account' as kind, known.scope, known.account as value"),
)

_TEACHERS = """
with row as materialized (
    select key from ingest.head where receipt_id = :receipt_id and cast(:rows as int4multirange) @> row_no
)
select key from row where exists (select from ingest.known_employer known where known.taught_by = row.key)
union select key from row where exists (select from ingest.known_employer known where known.confirmed_by = row.key)
union select key from row where exists (select from ingest.known_account known where known.taught_by = row.key)
union select key from row where exists (select from ingest.known_account known where known.confirmed_by = row.key)
union select key from row where exists (select from ingest.link where link.taught_by = row.key)
"""

_SAYS_SO = "exists (select from ingest.head where head.key = known.{who} and head.subject = known.subject_id)"
_CONFIRMS, _TEACHES = _SAYS_SO.format(who="confirmed_by"), _SAYS_SO.format(who="taught_by")

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
    returning {{clue}}, known.subject_id
)
select distinct kind, scope, value, subject_id from gone
"""

_UNDO = """
update ingest.link set undone_at = :at, undone_by = 'system', undo_reason = :reason
from unnest(cast(:kinds as text[]), cast(:scopes as text[]), cast(:values as text[]), cast(:subjects as text[]))
    as gone (kind, scope, value, subject_id)
where (link.kind, link.scope, link.value, link.subject_id) = (gone.kind, gone.scope, gone.value, gone.subject_id)
    and link.method not in ('manual', 'merger') and link.undone_at is null
    and not exists (
        select from ingest.known_employer known
        where (known.kind, known.value, known.subject_id) = (gone.kind, gone.value, gone.subject_id)
    ) and not exists (
        select from ingest.known_account known
        where (known.scope, known.account, known.subject_id) = (gone.scope, gone.value, gone.subject_id)
    )
"""

_UNMERGE = """
update ingest.link set undone_at = :at, undone_by = 'system', undo_reason = :reason
where link.taught_by = any(cast(:keys as uuid[])) and link.undone_at is null
    and not exists (select from ingest.head where head.key = link.taught_by and head.subject = link.value)
"""
_REASON = "据以关联的记录已撤回或更正 What taught it was taken back or corrected"


async def teachers(session: Session, receipt_id: UUID, rows: list[RowRange]) -> list[UUID]:
    """Those records of a receipt that taught or confirmed something and are to be taken back."""
    found = await sql(session, _TEACHERS, receipt_id=receipt_id, rows=multirange(rows))
    return list(found.scalars())


async def unlearn(session: Session, keys: Sequence[UUID | str], at: datetime) -> None:
    """Forget what these records taught and nobody says any more; links that rested on it are undone."""
    if not keys:
        return
    told = {"keys": [str(key) for key in keys]}
    for lessons in _LESSONS:
        for statement in (_UNCONFIRM, _HAND_OVER):
            await sql(session, statement.format(table=lessons.table), **told)
        gone = (await sql(session, _FORGET.format(**lessons._asdict()), **told)).all()
        if gone:
            kinds, scopes, values, subjects = map(list, zip(*gone, strict=True))
            clues = {"kinds": kinds, "scopes": scopes, "values": values, "subjects": subjects}
            await sql(session, _UNDO, at=at, reason=_REASON, **clues)
    await sql(session, _UNMERGE, at=at, reason=_REASON, **told)
