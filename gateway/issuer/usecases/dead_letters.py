"""Dead letters: looked at, sent again, or put away; each by a person, with the reason, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from gateway.issuer.models import DeadLetterStep
from gateway.issuer.store import dead_letters as step_store
from shared import audit, dead_letters
from shared.db import Database, Session
from shared.dead_letters import DeadLetter
from shared.errors import Conflict, NotFound

Step = Literal["replayed", "discarded"]


class LetterSettled(Conflict):
    """Something else was done with this dead letter."""

    slug = "dead-letter-settled"
    title = "Something else was done with this dead letter"
    title_zh = "该死信已作其他处理"


@dataclass(frozen=True)
class Wish:
    """What somebody wants done, and why."""

    step: Step
    reason: str
    by: str


async def read(session: Session, js: JetStreamContext, sequence: int, by: str) -> DeadLetter:
    """A dead letter, and that somebody looked is on record. Raises NotFound."""
    letter = await dead_letters.letter(js, sequence)
    if letter is None:
        raise NotFound(f"There is no dead letter {sequence}.", detail_zh=f"没有死信 {sequence}。")
    await audit.record(session, by, "dead_letter.read", str(sequence), {"consumer": letter.consumer})
    return letter


async def settle(db: Database, js: JetStreamContext, sequence: int, wish: Wish, now: datetime) -> DeadLetterStep:
    """Do it, once: the step is on record before it is done, and whoever asks again gets the same answer.

    Raises NotFound, or LetterSettled when something else was done with it. A part that dies between the record and the
    deed leaves the letter in its place: asked again, the same step is done.
    """
    letter = await dead_letters.letter(js, sequence)
    async with db.transaction() as session:
        step = await _recorded(session, letter, sequence, wish, now)
    if letter is not None:
        await _done(js, sequence, wish.step)
    return step


async def _recorded(
    session: Session, letter: DeadLetter | None, sequence: int, wish: Wish, now: datetime
) -> DeadLetterStep:
    if letter is not None:
        wanted = _step(letter, wish, now)
        if await step_store.keep_step(session, wanted):
            told = {"consumer": letter.consumer, "subject": letter.subject, "reason": wish.reason}
            await audit.record(session, wish.by, f"dead_letter.{wish.step}", str(sequence), told)
            return wanted
    known = await step_store.last_step(session, sequence)
    if known is None:
        raise NotFound(f"There is no dead letter {sequence}.", detail_zh=f"没有死信 {sequence}。")
    if known.step != wish.step:
        raise LetterSettled(
            f"The dead letter {sequence} was {known.step} by {known.by_whom}.",
            detail_zh=f"死信 {sequence} 已由 {known.by_whom} 处理（{known.step}）。",
            step=known.step,
        )
    return known


async def _done(js: JetStreamContext, sequence: int, step: Step) -> None:
    if step == "discarded":
        await dead_letters.discard(js, sequence)
        return
    try:
        await dead_letters.replay(js, sequence)
    except NotFoundError:
        return  # somebody who asked at the same time was faster


def _step(letter: DeadLetter, wish: Wish, now: datetime) -> DeadLetterStep:
    return DeadLetterStep(
        sequence=letter.sequence,
        buried_at=letter.buried_at or datetime.fromtimestamp(0, UTC),
        step=wish.step,
        consumer=letter.consumer,
        subject=letter.subject,
        reason=wish.reason,
        by_whom=wish.by,
        at=now,
    )
