"""Subjects as they stand, and the lock that puts the scorings of each in a line."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import ARRAY, Text, any_, literal
from sqlmodel import col, select

from services.scoring.models import Subject
from services.scoring.rulebook import Scored
from services.scoring.standings import PROFILE, STANDINGS
from services.scoring.store.columns import days, marked, read, texts
from shared.db import Session, sql

Key = tuple[str, str]  # kind and id of a subject

_NAME = """
insert into scoring.subject (subject_kind, subject_id)
select each.kind, each.id from unnest(cast(:kinds as text[]), cast(:ids as text[])) as each (kind, id)
order by each.kind, each.id
on conflict do nothing
"""

_LOCK = """
select subject.subject_id from scoring.subject
join unnest(cast(:kinds as text[]), cast(:ids as text[])) as each (kind, id)
    on subject.subject_kind = each.kind and subject.subject_id = each.id
order by subject.subject_kind, subject.subject_id for update of subject
"""

_SETTLE = """
update scoring.subject set name = each.name, division = each.division, gc_uscc = each.gc_uscc, gc_name = each.gc_name,
    level = each.level, meaning = each.meaning, state = each.state, computed_level = each.computed,
    level_source = each.source, level_until = each.until, left_on = cast(each.left_on as jsonb),
    told_steps = each.steps,
    data_quality = cast(each.doubts as jsonb), score_id = coalesce(each.score_id, subject.score_id),
    rules_version = :rules_version, reviewed_at = :at, next_review_on = each.next_review_on, falls_at_once = false
from unnest(cast(:ids as text[]), cast(:names as text[]), cast(:divisions as text[]), cast(:gc_usccs as text[]),
    cast(:gc_names as text[]), cast(:levels as text[]), cast(:meanings as text[]), cast(:states as text[]),
    cast(:score_ids as uuid[]), cast(:doubts as text[]), cast(:reviews as date[]), cast(:computed as text[]),
    cast(:sources as text[]), cast(:untils as date[]), cast(:lefts as text[]), cast(:steps as text[]))
    as each (id, name, division, gc_uscc, gc_name, level, meaning, state, score_id, doubts, next_review_on, computed,
        source, until, left_on, steps)
where subject.subject_kind = :kind and subject.subject_id = each.id
"""

# Of most of everyone nothing but the day has changed.
_SETTLE_UNCHANGED = """
update scoring.subject set rules_version = :rules_version, reviewed_at = :at, next_review_on = each.next_review_on,
    falls_at_once = false
from unnest(cast(:ids as text[]), cast(:reviews as date[])) as each (id, next_review_on)
where subject.subject_kind = :kind and subject.subject_id = each.id
"""

_TEXTS = (*PROFILE, "level", "computed_level", "left_on::text", "told_steps", "meaning", "state", "score_id::text")
# All as one text: the driver spends more on a row than on what is in it.
_STANDING = f"""
select string_agg(concat_ws(',', {marked("subject_id")},
    {", ".join(f"coalesce({marked(each)}, '')" for each in _TEXTS)}, (data_quality <> '[]')::text), E'\\n')
from unnest(cast(:ids as text[])) as each (id)
join scoring.subject on subject.subject_id = each.id and subject.subject_kind = :kind
"""  # noqa: S608 - of our own

# Each look follows one index from its beginning and stops at `most`: also when everyone is due, a batch costs a batch.
# Whether anyone is due at all is asked first, of an index's end: whatever the planner takes the table for before it is
# analysed, nobody goes through everyone to find nobody.
_DUE = tuple(
    f"""
select subject_id from scoring.subject
where subject_kind = :kind and {is_due} limit :most for update skip locked
"""  # noqa: S608 - of our own
    for is_due in (
        "next_review_on <= :today and (select min(next_review_on) from scoring.subject) <= :today "
        "order by next_review_on, subject_id",
        "rules_version < :rules_version and (select min(rules_version) from scoring.subject) < :rules_version "
        "order by rules_version, subject_id",
        "rules_version > :rules_version and (select max(rules_version) from scoring.subject) > :rules_version "
        "order by rules_version, subject_id",
    )
)

# Who is due to fall stays so, whatever else makes him due meanwhile.
_MAKE_DUE = """
update scoring.subject set next_review_on = :today, falls_at_once = falls_at_once or :falls_at_once
where subject_kind = :kind and subject_id = any(cast(:ids as text[]))
"""

_FALLING = """
select subject_id from scoring.subject
where falls_at_once and subject_kind = :kind and subject_id = any(cast(:ids as text[]))
"""


async def lock_subjects(session: Session, keys: Iterable[Key]) -> None:
    """Hold these subjects until the end of the transaction: facts read from now on include all that was committed."""
    columns = {name: texts(column) for name, column in as_columns(keys).items()}
    await sql(session, _NAME, **columns)
    await sql(session, _LOCK, **columns)


async def subjects(session: Session, kind: Scored, ids: Iterable[str]) -> dict[str, Subject]:
    """These subjects as they stand."""
    # One array, not a parameter a subject: a batch has thousands.
    these = any_(literal(list(ids), ARRAY(Text)))
    wanted = select(Subject).where(col(Subject.subject_kind) == kind, col(Subject.subject_id) == these)
    return {subject.subject_id: subject for subject in (await session.exec(wanted)).all()}


async def standing(session: Session, kind: Scored, ids: list[str]) -> pl.DataFrame:
    """How these subjects stand, as STANDINGS; of those that are known."""
    lines: str | None = (await sql(session, _STANDING, kind=kind, ids=texts(ids))).scalar()
    return read((lines or "").encode(), STANDINGS)


async def settle(
    session: Session, kind: Scored, rules_version: str, at: datetime, columns: dict[str, list[Any]]
) -> None:
    """Write down how subjects stand now (columns as in _SETTLE)."""
    if columns["ids"]:
        written = {
            name: texts(None if each is None else str(each) for each in column) for name, column in columns.items()
        }
        await sql(session, _SETTLE, kind=kind, rules_version=rules_version, at=at, **written)


async def settle_unchanged(
    session: Session, kind: Scored, rules_version: str, at: datetime, table: pl.DataFrame
) -> None:
    """Write down of some that they stand as they stood. `table`: subject, next_review_on."""
    if not table.is_empty():
        columns = {"ids": texts(table["subject"]), "reviews": days(table["next_review_on"])}
        await sql(session, _SETTLE_UNCHANGED, kind=kind, rules_version=rules_version, at=at, **columns)


async def due(session: Session, kind: Scored, today: date, rules_version: str, most: int) -> list[str]:
    """Some subjects whose state time or new rules may have changed, held until the end of the transaction."""
    wanted = {"kind": kind, "today": today, "rules_version": rules_version, "most": most}
    for look in _DUE:
        if found := (await sql(session, look, **wanted)).scalars().all():
            return sorted(found)
    return []


async def make_due(session: Session, kind: Scored, ids: list[str], today: date, *, falls_at_once: bool = False) -> None:
    """Let the next review look at these subjects, which the transaction holds.

    `falls_at_once`: what was known of them is corrected, so whoever scores them next holds no level of theirs.
    """
    if ids:
        await sql(session, _MAKE_DUE, kind=kind, ids=ids, today=today, falls_at_once=falls_at_once)


async def falling(session: Session, kind: Scored, ids: list[str]) -> set[str]:
    """Those of these subjects of which no level is held when they are scored next."""
    return set((await sql(session, _FALLING, kind=kind, ids=texts(ids))).scalars())


def as_columns(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Kinds and ids in one order, so that two transactions never wait for each other."""
    ordered = sorted(keys)
    return {"kinds": [kind for kind, _ in ordered], "ids": [subject for _, subject in ordered]}


async def keys_of(session: Session, statement: str, parameters: dict[str, Any]) -> set[Key]:
    """The subjects that a statement returns (subject_kind, subject_id)."""
    found = await sql(session, statement, **parameters)
    return {(row["subject_kind"], row["subject_id"]) for row in found.mappings()}
