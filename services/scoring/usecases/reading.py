"""Show a subject to whoever may see it."""

from datetime import datetime

from services.scoring import live
from services.scoring.models import Subject
from services.scoring.rulebook import Scored
from services.scoring.rules import OutsideJurisdiction, must_be_within
from services.scoring.saying import Said
from services.scoring.store import predictions as prediction_store
from services.scoring.store import subjects as subject_store
from shared import audit
from shared.auth import Caller
from shared.db import Session
from shared.errors import NotFound


class NeverScored(NotFound):
    """Nothing was ever reported about this subject."""

    slug = "never-scored"
    title = "Nothing is known about this subject"
    title_zh = "尚无该对象的数据"


async def risk_of(session: Session, kind: Scored, subject_id: str, caller: Caller) -> Subject | OutsideJurisdiction:
    """A subject as it stands, if the caller may see it; the look is written into the audit log."""
    subject = await seen(session, (kind, subject_id), caller, f"{kind}.risk")
    if isinstance(subject, Subject):
        details = {"score_id": subject.score_id}
        await audit.record(session, caller.id, f"{kind}.risk.read", subject_id, details)
    return subject


async def model_says(session: Session, subject: Subject) -> tuple[Said, datetime] | None:
    """What the champion said last of an employer, with its reasons, and when; None while there is no champion."""
    told = (
        await prediction_store.of_champion(session, subject.subject_id) if subject.subject_kind == "employer" else None
    )
    return (await live.explain(session, subject.subject_id, told), told.at) if told else None


async def seen(session: Session, key: tuple[Scored, str], caller: Caller, what: str) -> Subject | OutsideJurisdiction:
    """A subject that the caller may see. A refusal is a value, so that the audit log keeps that someone tried."""
    kind, subject_id = key
    subject = (await subject_store.subjects(session, kind, [subject_id])).get(subject_id)
    if subject is None:
        raise NeverScored(
            f"Nothing was ever reported about {subject_id}.", detail_zh=f"从未收到关于 {subject_id} 的数据。"
        )
    if caller.kind == "person":
        try:
            must_be_within(subject.division, caller.jurisdiction)
        except OutsideJurisdiction as refusal:
            await audit.record(session, caller.id, f"{what}.refused", subject_id, {"check": refusal.check})
            return refusal
    return subject
