"""A person sets the level of a subject, with a reason and a term, or takes that back. It is in force at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scoring import levels
from services.scoring.models import OverrideAct, Subject
from services.scoring.reasons import law_floor
from services.scoring.rulebook import Scored
from services.scoring.rules import Level, OutsideJurisdiction
from services.scoring.store import overrides as override_store
from services.scoring.store import scores as score_store
from services.scoring.store import subjects as subject_store
from services.scoring.usecases.reading import seen
from services.scoring.usecases.scoring import Moment, rescore
from shared import audit
from shared.auth import Caller
from shared.clock import local_date
from shared.db import Session
from shared.errors import Forbidden

_MOST_ACTS = 200
Acts = tuple[Subject, Sequence[OverrideAct]]


@dataclass(frozen=True)
class Wish:
    """What level a person wants, why, and up to and including which day."""

    level: Level
    reason: str
    valid_until: date


async def set_level(
    session: Session, key: tuple[Scored, str], wish: Wish, caller: Caller, moment: Moment
) -> Acts | OutsideJurisdiction:
    """Set a level. Asked again for what is in force already, nothing happens. BelowLegalFloor, TermNotAllowed.

    What has become worse meanwhile outdoes what was set, and to set it once more is to have looked at that.
    """
    subject = await _held(session, key, caller)
    if not isinstance(subject, Subject):
        return subject
    today = local_date(moment.at)
    floor, article = await _law_floor(session, subject, moment)
    most = moment.book.parameter("override_most_days", today)
    levels.must_be_allowed(wish.level, wish.valid_until, law_floor=floor, article=article, most_days=most, today=today)
    if not await _stands(session, key, wish, _computed(subject), today):
        override_id = moment.new_id()
        act = _act(subject, caller, moment, act="set", override_id=override_id, **vars(wish))
        await _keep(session, act)
        await rescore(session, {key}, moment)
    return await _acts(session, key)


async def withdraw(
    session: Session, key: tuple[Scored, str], reason: str, caller: Caller, moment: Moment
) -> Acts | OutsideJurisdiction:
    """Take back what is in force; the rules' own level is told again, at once. NoOverride when nothing is in force."""
    subject = await _held(session, key, caller)
    if not isinstance(subject, Subject):
        return subject
    present = (await override_store.in_force(session, key[0], [key[1]], local_date(moment.at))).get(key[1])
    if present is None:
        raise levels.NoOverride(f"No override of {key[1]} is in force.", detail_zh=f"{key[1]} 没有生效中的人工定级。")
    known = {"override_id": present.override_id, "level": present.level, "valid_until": present.valid_until}
    await _keep(session, _act(subject, caller, moment, act="withdrawn", reason=reason, **known))
    await rescore(session, {key}, moment)
    return await _acts(session, key)


async def overrides_of(session: Session, key: tuple[Scored, str], caller: Caller) -> Acts | OutsideJurisdiction:
    """What people have set for a subject and taken back, the newest first; the look is audited."""
    subject = await seen(session, key, caller, f"{key[0]}.override")
    if not isinstance(subject, Subject):
        return subject
    await audit.record(session, caller.id, f"{key[0]}.override.read", key[1], {})
    return subject, await override_store.acts(session, subject, _MOST_ACTS)


async def _held(session: Session, key: tuple[Scored, str], caller: Caller) -> Subject | OutsideJurisdiction:
    """The subject, held until the end of the transaction, if a person of its division asks."""
    if caller.kind != "person":
        raise Forbidden("Only a person sets a level.", detail_zh="等级只能由人员设定。", check="role")
    found = await seen(session, key, caller, f"{key[0]}.override")
    if isinstance(found, Subject):
        await subject_store.lock_subjects(session, {key})
        # Another may have scored it before it was ours.
        await session.refresh(found)
    return found


async def _law_floor(session: Session, subject: Subject, moment: Moment) -> tuple[Level, str | None]:
    score = await score_store.latest_score(session, subject)
    told = [(reason["indicator"], reason["floor"]) for reason in score.reasons if reason["floor"]] if score else []
    return law_floor(told, moment.book.on(local_date(moment.at)))


async def _stands(session: Session, key: tuple[Scored, str], wish: Wish, computed: Level, today: date) -> bool:
    present = (await override_store.in_force(session, key[0], [key[1]], today)).get(key[1])
    if present is None or levels.is_outdone(present, computed):
        return False
    return wish == Wish(present.level, present.reason, present.valid_until)


def _computed(subject: Subject) -> Level:
    return levels.trail_of(subject.computed_level, subject.left_on).computed


def _act(subject: Subject, caller: Caller, moment: Moment, **done: Any) -> OverrideAct:
    return OverrideAct(
        subject_id=subject.subject_id,
        subject_kind=subject.subject_kind,
        act_id=moment.new_id(),
        computed_level=subject.computed_level,
        by_id=caller.id,
        by_name=caller.name,
        acted_at=moment.at,
        **done,
    )


async def _keep(session: Session, act: OverrideAct) -> None:
    await override_store.keep(session, act)
    told = act.model_dump(include={"override_id", "level", "reason", "valid_until", "computed_level"})
    await audit.record(session, act.by_id, f"{act.subject_kind}.override.{act.act}", act.subject_id, told)


async def _acts(session: Session, key: tuple[Scored, str]) -> Acts:
    session.expire_all()
    subject = (await subject_store.subjects(session, key[0], [key[1]]))[key[1]]
    return subject, await override_store.acts(session, subject, _MOST_ACTS)
