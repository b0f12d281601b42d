"""JetStream: how a service is connected, and what happens to a message that was handled, failed, or can never succeed.

done -> ack. Poison, or unreadable -> dead letter with its reason, then term. Our own database away -> wait for it: that
is nobody's fault and costs no try. Anything else -> nak with back-off, and a dead letter after `topology.MAX_DELIVER`
tries. Only this page settles messages.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from opentelemetry.trace import SpanKind

from shared import topology
from shared.db import UNREACHABLE, Database, Session
from shared.errors import Poison
from shared.events import Event
from shared.outbox import Envelope
from shared.settings import BusSettings
from shared.telemetry import EVENT_SECONDS, EVENTS_HANDLED, context_of, tracer, without_row

log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Session], Awaitable[None]]
# Few at a time: what a killed service had fetched comes back only after topology.ACK_WAIT_S.
FETCH = 8
_FETCH_WAIT_S = 5.0
_DATABASE_LOOK_S = 0.5
_BACKOFF_S = (0.2, 1, 3, 10, 30, 60, 120)


def client_tls(settings: BusSettings) -> ssl.SSLContext:
    """TLS with this part's own certificate, trusting the mesh CA only."""
    context = ssl.create_default_context(cafile=settings.tls_ca)
    if settings.tls_cert:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context


async def connect(settings: BusSettings, user: str, tls: ssl.SSLContext | None = None) -> Client:
    """A connection that comes back for ever. `user` is the name that the certificate stands for."""
    if settings.nats_url is None:
        raise ValueError("ANXIN_NATS_URL is missing")
    return await nats.connect(
        settings.nats_url,
        name=user,
        tls=tls or client_tls(settings),
        inbox_prefix=topology.inbox_prefix(user).encode(),
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,
        error_cb=_log_error,
    )


async def _log_error(error: Exception) -> None:
    log.warning("bus.error", extra={"reason": repr(error)})


@dataclass
class Consumers:
    """The events a service hears, each with its one function: `@consumer.on(EmployerScored)`.

    at_once: how many events of a kind are handled at the same time. behind: how many wait behind those.
    """

    service: str
    handlers: dict[type[Event], Handler] = field(default_factory=dict)
    at_once: dict[type[Event], int] = field(default_factory=dict)
    behind: Counter[type[Event]] = field(default_factory=Counter)

    def on(self, event: type[Event], *, at_once: int = 1) -> Callable[[Handler], Handler]:
        """Register the function that handles an event, inside one transaction; so many events at the same time."""
        if event not in topology.LISTENERS.get(self.service, ()):
            raise ValueError(f"{self.service} is no listener of {event.subject}: see shared/topology.py")

        def register(handler: Handler) -> Handler:
            self.handlers[event] = handler
            self.at_once[event] = at_once
            return handler

        return register

    async def deliver(self, event: Event, db: Database) -> None:
        """Handle one event in one transaction (also how tests play a neighbour)."""
        async with db.transaction() as session:
            await self.handlers[type(event)](event, session)


async def consume(consumers: Consumers, event: type[Event], db: Database, js: JetStreamContext) -> None:
    """Hear one kind of event, for ever."""
    name = topology.durable(consumers.service, event)
    stream = topology.stream_of(event.subject)
    inbox = topology.inbox_prefix(consumers.service).encode()
    while True:
        try:
            subscription = await js.pull_subscribe_bind(name, stream, inbox_prefix=inbox + b".")
            while True:
                await _fetch_and_handle(subscription, consumers, event, db, js)
        except (NatsError, OSError) as error:
            log.warning("bus.waiting", extra={"consumer": name, "reason": repr(error)})
            await asyncio.sleep(1)


async def _fetch_and_handle(
    subscription: JetStreamContext.PullSubscription,
    consumers: Consumers,
    event: type[Event],
    db: Database,
    js: JetStreamContext,
) -> None:
    try:
        messages = await subscription.fetch(FETCH, timeout=_FETCH_WAIT_S)
    except TimeoutError:
        return
    lanes = consumers.at_once[event]

    async def handle(lane: int) -> None:
        for message in messages[lane::lanes]:
            await settle(message, consumers, event, db, js)

    # What fails in one lane fails when the other has come to its end: nothing goes on unseen.
    for outcome in await asyncio.gather(*map(handle, range(lanes)), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def settle(message: Msg, consumers: Consumers, event: type[Event], db: Database, js: JetStreamContext) -> None:
    """Handle one message and tell the bus what became of it."""
    name = topology.durable(consumers.service, event)
    parent = context_of((message.headers or {}).get("traceparent"))
    with (
        EVENT_SECONDS.labels(name).time(),
        tracer().start_as_current_span(f"handle {event.subject}", parent, SpanKind.CONSUMER),
    ):
        try:
            await _deliver(message, consumers, event, db)
        except (Poison, msgspec.DecodeError) as error:
            await _bury(message, name, error, js)
            outcome = "dead"
        except Exception as error:
            outcome = await _try_again(message, name, error, js)
        else:
            await message.ack()
            outcome = "done"
    EVENTS_HANDLED.labels(name, outcome).inc()


async def _deliver(message: Msg, consumers: Consumers, event: type[Event], db: Database) -> None:
    """Handle the message, again as soon as the database is back if it went away meanwhile."""
    decoded = decode(message.data, event)
    consumers.behind[event] = message.metadata.num_pending
    while True:
        try:
            await consumers.deliver(decoded, db)
        except UNREACHABLE:
            if await db.answers():
                raise
        else:
            return
        while not await db.answers():
            await message.in_progress()
            await asyncio.sleep(_DATABASE_LOOK_S)


def decode(body: bytes, event: type[E]) -> E:
    """The event inside a CloudEvents envelope; msgspec.DecodeError when it is not one."""
    return msgspec.json.decode(msgspec.json.decode(body, type=Envelope).data, type=event)


async def _try_again(message: Msg, name: str, error: Exception, js: JetStreamContext) -> str:
    tries = message.metadata.num_delivered or 1
    log.warning("event.failed", extra={"consumer": name, "tries": tries}, exc_info=error)
    if tries >= topology.MAX_DELIVER:
        await _bury(message, name, error, js)
        return "dead"
    await message.nak(delay=_BACKOFF_S[min(tries, len(_BACKOFF_S)) - 1])
    return "again"


async def _bury(message: Msg, name: str, error: Exception, js: JetStreamContext) -> None:
    service = name.split("-", 1)[0]
    sequence = message.metadata.sequence
    headers = {
        **(message.headers or {}),
        "Anxin-Subject": message.subject,
        "Anxin-Consumer": name,
        "Anxin-Tries": str(message.metadata.num_delivered or 1),
        "Anxin-Reason": without_row(f"{type(error).__name__}: {error}").replace("\n", " ")[:500],
        "Nats-Msg-Id": f"{name}:{sequence.stream if sequence else 0}",
    }
    await js.publish(f"dead.{service}.{name}", message.data, headers=headers)
    await message.term()
    log.error("event.buried", extra={"consumer": name, "reason": headers["Anxin-Reason"]})
