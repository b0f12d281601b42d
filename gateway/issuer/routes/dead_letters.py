"""Dead letters: operators list them, read why, send them again or put them away."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from gateway.issuer.routes.callers import person_with
from gateway.issuer.schemas.dead_letters import (
    LetterDetail,
    LetterList,
    LetterStepOut,
    groups_of,
    letter_detail,
    letter_out,
)
from gateway.issuer.schemas.grants import ReasonIn
from gateway.issuer.usecases import dead_letters as usecases
from shared import dead_letters
from shared.auth import Caller
from shared.db import DatabaseDep, SessionDep
from shared.errors import Overloaded

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])

Sequence = Annotated[int, Path(ge=1, le=2**63 - 1)]
Operator = Annotated[Caller, Depends(person_with("ops:dead-letters"))]


async def _bus(request: Request) -> JetStreamContext:
    nats = request.app.state.runtime.nats
    if nats is None or not nats.is_connected:
        raise Overloaded(
            "The bus is away; dead letters are kept there.",
            detail_zh="消息总线暂不可用，死信保存在其中，请稍后重试。",
            retry_after=5,
        )
    js: JetStreamContext = nats.jetstream()
    return js


Bus = Annotated[JetStreamContext, Depends(_bus)]


@router.get("")
async def list_letters(
    _operator: Operator,
    js: Bus,
    *,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="letters after this number")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> LetterList:
    """Dead letters, the oldest first: why each died in words, how often that happened, since when."""
    try:
        found = await dead_letters.letters(js, limit, after)
        waiting = await dead_letters.waiting(js)
    except NatsError as error:
        raise _away(error) from error
    last = found[-1].sequence if len(found) == limit else None
    listed = [letter_out(each) for each in found]
    return LetterList(waiting=waiting, groups=groups_of(found), letters=listed, next=last)


@router.get("/{sequence}")
async def read_letter(sequence: Sequence, operator: Operator, js: Bus, session: SessionDep) -> LetterDetail:
    """A dead letter with what it carried, masked. That somebody looked is on record."""
    try:
        return letter_detail(await usecases.read(session, js, sequence, _name(operator)))
    except NatsError as error:
        raise _away(error) from error


@router.post("/{sequence}/replay")
async def replay_letter(
    sequence: Sequence, why: ReasonIn, operator: Operator, js: Bus, db: DatabaseDep
) -> LetterStepOut:
    """Send it to its subject again. Asked twice, it is sent once; what was discarded answers 409."""
    return await _settled(db, js, sequence, usecases.Wish("replayed", why.reason, _name(operator)))


@router.post("/{sequence}/discard")
async def discard_letter(
    sequence: Sequence, why: ReasonIn, operator: Operator, js: Bus, db: DatabaseDep
) -> LetterStepOut:
    """Put it away for good, with the reason. What was replayed answers 409."""
    return await _settled(db, js, sequence, usecases.Wish("discarded", why.reason, _name(operator)))


async def _settled(db: DatabaseDep, js: JetStreamContext, sequence: int, wish: usecases.Wish) -> LetterStepOut:
    try:
        return LetterStepOut.of(await usecases.settle(db, js, sequence, wish, datetime.now(UTC)))
    except NatsError as error:
        raise _away(error) from error


def _away(_error: NatsError) -> Overloaded:
    return Overloaded("The bus does not answer.", detail_zh="消息总线没有应答，请稍后重试。", retry_after=5)


def _name(caller: Caller) -> str:
    return f"person:{caller.id}"
