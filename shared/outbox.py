"""Events leave in the same transaction as the fact they tell; a relay carries them on, at least once.

In the order of their announcement as a rule; a listener must not rely on it (house rule: out of order, and twice).
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import polars as pl
from opentelemetry.trace import SpanKind
from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, update
from sqlmodel import Field, SQLModel, col, select

from shared.db import ANNOUNCED, UNREACHABLE, Database, Session, copy_in, sql
from shared.events import Event
from shared.ids import new_id
from shared.telemetry import EVENTS_PUBLISHED, context_of, current_traceparent, tracer

if TYPE_CHECKING:
    from nats.js import JetStreamContext  # only the relay meets the bus

log = logging.getLogger(__name__)

BATCH = 64
# One relay a schema: a second one would break the order (the number is only a name for the lock).
_RELAY_LOCK = "select pg_try_advisory_xact_lock(hashtext('outbox:' || current_schema()))"
_ANNOUNCE = "copy outbox (event_id, subject, body, traceparent) from stdin (format csv)"
_PURGE = "delete from outbox where published_at < now() - interval '7 days'"


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A CloudEvents 1.0 event in structured JSON, with the distributed-tracing extension."""

    specversion: str
    id: UUID
    source: str
    type: str
    time: datetime
    datacontenttype: str
    data: msgspec.Raw
    traceparent: str | None = None


class OutboxRow(SQLModel, table=True):
    """An event that waits for the bus. Lives in each service's own schema (by search_path)."""

    __tablename__ = "outbox"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    event_id: UUID
    subject: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    traceparent: str | None = None
    published_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


def envelope(event: Event, event_id: UUID, traceparent: str | None) -> bytes:
    """The event as CloudEvents JSON."""
    return msgspec.json.encode(
        Envelope(
            specversion="1.0",
            id=event_id,
            source=f"/anxin/{event.source}",
            type=event.type(),
            time=datetime.now(UTC),
            datacontenttype="application/json",
            data=msgspec.Raw(msgspec.json.encode(event)),
            traceparent=traceparent,
        )
    )


def announce(session: Session, event: Event) -> UUID:
    """Let the event leave if, and only if, this transaction commits. Returns its id."""
    event_id, traceparent = new_id(), current_traceparent()
    session.info[ANNOUNCED] = True
    body = envelope(event, event_id, traceparent)
    session.add(OutboxRow(event_id=event_id, subject=event.subject, body=body, traceparent=traceparent))
    return event_id


async def announce_all(session: Session, events: Sequence[Event]) -> None:
    """Let many events leave together, each as by `announce`: an object and a statement a row cost more than the row."""
    if not events:
        return
    traceparent = current_traceparent()
    session.info[ANNOUNCED] = True
    ids = [new_id() for _ in events]
    rows = {
        "event_id": [str(event_id) for event_id in ids],
        "subject": [event.subject for event in events],
        "body": [
            "\\x" + envelope(event, event_id, traceparent).hex() for event, event_id in zip(events, ids, strict=True)
        ],
        "traceparent": [traceparent] * len(ids),
    }
    await copy_in(session, _ANNOUNCE, pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String())))


async def relay(db: Database, js: "JetStreamContext", interval_s: float) -> None:
    """Publish what waits, for ever: at once for our own transactions, within `interval_s` for another process's.

    An unreachable bus only delays: the rows stay.
    """
    while True:
        db.announced.clear()
        try:
            published = await relay_once(db, js)
        except Exception as error:
            log.warning("relay.delayed", extra={"reason": repr(error)})
            published = 0
            await asyncio.sleep(interval_s)
        if published < BATCH:
            with suppress(TimeoutError):
                await asyncio.wait_for(db.announced.wait(), interval_s)


async def relay_once(db: Database, js: "JetStreamContext") -> int:
    """Publish one batch and mark it when the bus has acknowledged all of it. Returns how many.

    In order, but for what the bus did not acknowledge: that comes again, after its successors.
    """
    async with db.transaction() as session:
        if not (await sql(session, _RELAY_LOCK)).scalar_one():
            return 0
        waiting = (
            select(OutboxRow).where(col(OutboxRow.published_at).is_(None)).order_by(col(OutboxRow.id)).limit(BATCH)
        )
        rows = (await session.exec(waiting)).all()
        await asyncio.gather(*(_publish(js, row) for row in rows))
        await session.exec(
            update(OutboxRow)
            .where(col(OutboxRow.id).in_([row.id for row in rows]))
            .values(published_at=datetime.now(UTC))
        )
        return len(rows)


async def purge(db: Database, every_s: float = 3600) -> None:
    """Forget events that were published more than a week ago, for ever. A database that is away only delays it."""
    while True:
        try:
            async with db.transaction() as session:
                await sql(session, _PURGE)
        except UNREACHABLE as error:
            log.warning("purge.delayed", extra={"reason": repr(error)})
        await asyncio.sleep(every_s)


async def _publish(js: "JetStreamContext", row: OutboxRow) -> None:
    with tracer().start_as_current_span(
        f"publish {row.subject}", context_of(row.traceparent), SpanKind.PRODUCER, {"messaging.system": "nats"}
    ):
        headers = {"Nats-Msg-Id": str(row.event_id), "Content-Type": "application/cloudevents+json"}
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        await js.publish(row.subject, row.body, headers=headers, timeout=10)
    EVENTS_PUBLISHED.labels(row.subject).inc()
