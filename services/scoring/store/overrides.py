"""Levels that people have set: every act is kept, the newest about a subject counts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlmodel import col, select

from services.scoring.levels import Override
from services.scoring.models import OverrideAct, Score, Subject
from services.scoring.rulebook import Scored
from services.scoring.rules import Level
from services.scoring.store.columns import texts
from shared.db import Session, sql

_IN_FORCE = """
select subject_id, override_id, level, valid_until, computed_level, reason from (
    select distinct on (subject_id) * from scoring.override
    where subject_kind = :kind and subject_id = any(cast(:ids as text[])) order by subject_id, act_id desc
) as newest where act = 'set' and valid_until >= :today
"""


async def in_force(session: Session, kind: Scored, ids: Sequence[str], today: date) -> dict[str, Override]:
    """What people have set for these subjects and what still holds on a day, by subject."""
    rows = (await sql(session, _IN_FORCE, kind=kind, ids=texts(ids), today=today)).all()
    return {row.subject_id: _override(row) for row in rows}


async def as_set(session: Session, score: Score) -> Override | None:
    """What a person had set and what was in force when a score was made."""
    wanted = select(OverrideAct).where(
        col(OverrideAct.subject_id) == score.subject_id,
        col(OverrideAct.subject_kind) == score.subject_kind,
        col(OverrideAct.override_id) == score.override_id,
        col(OverrideAct.act) == "set",
    )
    act = (await session.exec(wanted)).one_or_none()
    return _override(act) if act else None


async def acts(session: Session, subject: Subject, most: int) -> Sequence[OverrideAct]:
    """What people did about a subject's level, the newest first."""
    wanted = select(OverrideAct).where(
        col(OverrideAct.subject_id) == subject.subject_id, col(OverrideAct.subject_kind) == subject.subject_kind
    )
    return (await session.exec(wanted.order_by(col(OverrideAct.act_id).desc()).limit(most))).all()


async def keep(session: Session, act: OverrideAct) -> None:
    """Add an act to the history."""
    session.add(act)
    await session.flush()


def _override(row: Any) -> Override:
    level, computed = (msgspec.convert(each, Level) for each in (row.level, row.computed_level))
    return Override(row.override_id, level, row.valid_until, computed, row.reason)
