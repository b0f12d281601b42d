"""Levels that people have set: every act is kept, the newest about a subject counts."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlmodel import col, select

from services.scoring.levels import Override
from services.scoring.models import OverrideAct, Subject
from services.scoring.rulebook import Scored
from services.scoring.rules import Level
from shared.db import Session, sql

_IN_FORCE = """
select subject_id, override_id, level, valid_until, computed_level, reason from (
    select distinct on (subject_id) * from scoring.override
    where subject_kind = :kind and subject_id = any(cast(:ids as text[])) order by subject_id, act_id desc
) as newest where act = 'set' and valid_until >= :today
"""


async def in_force(session: Session, kind: Scored, ids: Sequence[str], today: date) -> dict[str, Override]:
    """What people have set for these subjects and what still holds on a day, by subject."""
    rows = (await sql(session, _IN_FORCE, kind=kind, ids=list(ids), today=today)).all()
    return {
        row.subject_id: Override(
            row.override_id,
            msgspec.convert(row.level, Level),
            row.valid_until,
            msgspec.convert(row.computed_level, Level),
            row.reason,
        )
        for row in rows
    }


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
