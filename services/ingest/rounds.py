"""Small submissions wait for each other only as long as others are being taken: then all that came go together.

A round is a transaction. While one is under way, whoever comes waits for the next; who is alone waits for nobody. Where
several come at once, rounds begin some time apart: each costs the same, however many it takes. What a round cannot take
goes alone, as any file does.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, get_current_span

from services.ingest import usecases
from services.ingest.usecases import Shared, Submission, Taken
from services.ingest.validation import Checker
from shared.crypto import Vault
from shared.db import NOWHERE, UNREACHABLE, Database
from shared.telemetry import tracer

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
BYTES_AT_ONCE = 1024 * 1024
# From so many in a round on, the next begins no sooner than so long after it began.
SEVERAL, APART_S = 4, 0.05
Feed = tuple[str, str]


@dataclass(frozen=True)
class _Waiting:
    submission: Submission
    answer: "asyncio.Future[Taken | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    context: Context = field(default_factory=context.get_current)

    @property
    def span(self) -> SpanContext:
        """Where it stands in its trace."""
        return get_current_span(self.context).get_span_context()


@dataclass
class Rounds:
    """The rounds of each feed (an agency's submissions to a dataset), one after the other."""

    db: Database
    vault: Vault
    _waiting: dict[Feed, list[_Waiting]] = field(default_factory=dict)
    _running: dict[Feed, asyncio.Task[None]] = field(default_factory=dict)

    async def take(self, submission: Submission, checker: Checker) -> Taken | None:
        """The receipt, when everything is durable; None: it must go alone. Raises when the database is away."""
        feed = submission.agency, checker.dataset.dataset
        one = _Waiting(submission)
        self._waiting.setdefault(feed, []).append(one)
        if feed not in self._running:
            self._running[feed] = asyncio.create_task(self._serve(feed, checker))
        return await one.answer

    async def _serve(self, feed: Feed, checker: Checker) -> None:
        """Round after round, until nobody waits."""
        try:
            while waiting := self._waiting.pop(feed, []):
                now, others = _first(waiting)
                began = time.monotonic()
                later = await self._round(now, checker)
                # In order of arrival: who had to wait, who did not fit, who came meanwhile.
                if ahead := later + others:
                    self._waiting[feed] = ahead + self._waiting.get(feed, [])
                if len(now) >= SEVERAL:
                    await asyncio.sleep(began + APART_S - time.monotonic())
        finally:
            del self._running[feed]

    async def _round(self, waiting: list[_Waiting], checker: Checker) -> list[_Waiting]:
        """Take them; returns who must wait for the next round."""
        # The records go on in the trace of the first whose spans are kept; those of the others lead to it.
        kept = [one for one in waiting if one.span.trace_flags.sampled] or waiting[:1]
        links = [Link(one.span) for one in kept[1:]]
        with tracer().start_as_current_span("take together", kept[0].context, links=links):
            try:
                taken, later = await self._taken([one.submission for one in waiting], checker)
            except UNREACHABLE as away:
                for one in waiting:
                    _tell(one, away)
                return []
        for one in waiting:
            if one.submission.receipt_id not in later:
                _tell(one, taken.get(one.submission.receipt_id))
        return [one for one in waiting if one.submission.receipt_id in later]

    async def _taken(self, submissions: list[Submission], checker: Checker) -> Shared:
        try:
            async with self.db.transaction(NOWHERE) as session:
                return await usecases.submit_together(session, submissions, checker, self.vault)
        except UNREACHABLE:
            raise
        except Exception:
            # One of them breaks us: alone, it breaks nobody else's.
            log.exception("round.undone", extra={"submissions": len(submissions)})
            return Shared({}, frozenset())


def _first(waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """As many as go into one round, and the others."""
    size = 0
    for place, one in enumerate(waiting):
        size += len(one.submission.body)
        if place and (place == MOST_AT_ONCE or size > BYTES_AT_ONCE):
            return waiting[:place], waiting[place:]
    return waiting, []


def _tell(one: _Waiting, found: Taken | BaseException | None) -> None:
    """Who has gone away meanwhile hears nothing."""
    if one.answer.done():
        return
    if isinstance(found, BaseException):
        one.answer.set_exception(found)
    else:
        one.answer.set_result(found)
