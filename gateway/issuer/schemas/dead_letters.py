"""Dead letters as operators read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.issuer.models import DeadLetterStep
from shared.dead_letters import DeadLetter
from shared.dead_letters.contents import described
from shared.dead_letters.reasons import explained


class LetterOut(BaseModel):
    """A message that a consumer could not handle: who, why in words, since when, after how many tries."""

    sequence: int
    buried_at: datetime | None
    consumer: str = Field(examples=["scoring-records-accepted"])
    subject: str
    error: str = Field(examples=["IntegrityError"])
    reason: str
    reason_zh: str
    reason_en: str
    todo_zh: str
    todo_en: str
    replay: Literal["now", "after", "never"] = Field(
        description="whether to send it again: at once, once the cause is gone, never"
    )
    tries: int | None = Field(description="null: buried by a version that did not count")
    traceparent: str | None


class LetterDetail(LetterOut):
    """The same, and what it carried: texts and numbers are covered, lists counted; ids and dates stay."""

    contents: dict[str, Any]


class LetterGroup(BaseModel):
    """How often the same consumer failed in the same way, and since when, among the letters listed."""

    consumer: str
    error: str
    count: int
    first_at: datetime | None
    last_at: datetime | None


class LetterList(BaseModel):
    """Dead letters, the oldest first. `waiting`: how many of each consumer in all; `next`: `after` of the next page."""

    waiting: dict[str, int]
    groups: list[LetterGroup]
    letters: list[LetterOut]
    next: int | None


class LetterStepOut(BaseModel):
    """What was done with it, by whom and why."""

    sequence: int
    step: Literal["replayed", "discarded"]
    consumer: str
    subject: str
    reason: str
    by: str
    at: datetime

    @classmethod
    def of(cls, step: DeadLetterStep) -> LetterStepOut:
        """The step as it stands on record."""
        return cls(by=step.by_whom, **step.model_dump(exclude={"by_whom", "buried_at"}))


def letter_out(letter: DeadLetter) -> LetterOut:
    """A letter with its reason in words."""
    return LetterOut(**_told(letter))


def letter_detail(letter: DeadLetter) -> LetterDetail:
    """The same with its contents, masked."""
    return LetterDetail(**_told(letter), contents=described(letter.body))


def groups_of(letters: list[DeadLetter]) -> list[LetterGroup]:
    """Letters by consumer and kind of failure, the most frequent first."""
    kinds: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in letters:
        kinds.setdefault((letter.consumer, letter.error), []).append(letter)
    found = [
        LetterGroup(
            consumer=consumer, error=error, count=len(same), first_at=same[0].buried_at, last_at=same[-1].buried_at
        )
        for (consumer, error), same in kinds.items()
    ]
    return sorted(found, key=lambda group: -group.count)


def _told(letter: DeadLetter) -> dict[str, Any]:
    why = explained(letter.error)
    return {
        "sequence": letter.sequence,
        "buried_at": letter.buried_at,
        "consumer": letter.consumer,
        "subject": letter.subject,
        "error": letter.error,
        "reason": letter.reason,
        "reason_zh": why.zh,
        "reason_en": why.en,
        "todo_zh": why.todo_zh,
        "todo_en": why.todo_en,
        "replay": why.replay,
        "tries": letter.tries,
        "traceparent": letter.traceparent,
    }
