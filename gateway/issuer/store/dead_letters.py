"""What was done with dead letters."""

from __future__ import annotations

from sqlmodel import col, select

from gateway.issuer.models import DeadLetterStep
from shared.db import Session, sql

_KEEP = """
insert into issuer.dead_letter_step (sequence, buried_at, step, consumer, subject, reason, by_whom, at)
values (:sequence, :buried_at, :step, :consumer, :subject, :reason, :by_whom, :at)
on conflict do nothing returning sequence
"""


async def keep_step(session: Session, step: DeadLetterStep) -> bool:
    """Keep what is about to be done; whether it is new. Of two at the same time the second waits, and is not."""
    return (await sql(session, _KEEP, **step.model_dump())).first() is not None


async def last_step(session: Session, sequence: int) -> DeadLetterStep | None:
    """What was done last with a letter of that number."""
    found = select(DeadLetterStep).where(col(DeadLetterStep.sequence) == sequence)
    return (await session.exec(found.order_by(col(DeadLetterStep.buried_at).desc()).limit(1))).first()
