"""The bus as data: streams, durable consumers, and who may say and hear what.

NATS permissions and the deploy step `python -m shared.topology apply` both read this page, so a service can reach
exactly the subjects it lives by. Streams belong to the deploy step, never to a service's start.
"""

import asyncio
import sys
from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from shared import events as e

ACK_WAIT_S = 20
MAX_DELIVER = 8
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class Stream:
    """A JetStream stream. `days` 0 keeps for ever; full streams refuse new messages, they never drop old ones.

    `percent` of the store is its own, so that a flood of records never keeps a revocation or a listing from the bus.
    """

    name: str
    subjects: tuple[str, ...]
    days: int
    percent: int


STREAMS = (
    Stream("RECORDS", ("records.>", "feeds.>"), 14, 60),
    Stream("SCORES", ("scores.>",), 30, 14),
    Stream("ALERTS", ("alerts.>", "orders.>"), 90, 8),
    Stream("CREDIT", ("credit.>",), 0, 5),
    Stream("IDENTITY", ("identity.>",), 0, 3),
    Stream("DEAD", ("dead.>",), 0, 10),
)

LISTENERS: dict[str, tuple[type[e.Event], ...]] = {
    "scoring": (
        e.RecordsAccepted,
        e.RecordsWithdrawn,
        e.RecordsClosed,
        e.RecordsUnlinked,
        e.RecordDisputed,
        e.RecordDisputeAnswered,
        e.FeedStateChanged,
        e.AlertRaised,
        e.AlertFound,
        e.OrderIssued,
        e.OrderOverdue,
        e.OrderPaid,
        e.OrderRevoked,
        e.EmployerListed,
        e.EmployerRemoved,
    ),
    "alerts": (e.EmployerScored, e.ProjectScored),
    "credit": (e.OrderOverdue, e.OrderPaid, e.OrderRevoked),
    "issuer": (e.CatalogueAnnounced,),
    "ingest": (e.RulebookAnnounced,),
}

SPEAKERS: dict[str, tuple[str, ...]] = {
    "ingest": ("records.>", "feeds.>"),
    "scoring": ("scores.>",),
    "alerts": ("alerts.>", "orders.>"),
    "credit": ("credit.>",),
    "issuer": ("identity.>",),
}

OPERATOR = "operator"
# The part at which operators settle dead letters: it reads that stream, deletes there, and sends again what was heard.
# It signs every token as it is, so no other part learns more by what this one may do.
DESK = "issuer"
_DESK_CALLS = ["$JS.API.STREAM.INFO.DEAD", "$JS.API.DIRECT.GET.DEAD", "$JS.API.STREAM.MSG.DELETE.DEAD"]


def durable(service: str, event: type[e.Event]) -> str:
    """The name of the durable consumer through which a service hears an event."""
    return f"{service}-{event.subject.replace('.', '-')}"


def stream_of(subject: str) -> str:
    """The stream that keeps a subject; KeyError when none does."""
    root = subject.split(".", 1)[0] + ".>"
    return {pattern: stream.name for stream in STREAMS for pattern in stream.subjects}[root]


def inbox_prefix(user: str) -> str:
    """Each user has its own inboxes, so that none can read another's replies."""
    return f"_INBOX_{user}"


def permissions() -> dict[str, dict[str, list[str]]]:
    """User -> {"publish": [...], "subscribe": [...]} for the NATS configuration of the account ANXIN."""
    users = {service: _service_permissions(service) for service in SPEAKERS}
    users[OPERATOR] = {"publish": [">"], "subscribe": [">"]}
    return users


def _service_permissions(service: str) -> dict[str, list[str]]:
    publish = [*SPEAKERS[service], f"dead.{service}.>"]
    for event in LISTENERS.get(service, ()):
        stream, name = stream_of(event.subject), durable(service, event)
        publish += [f"$JS.API.CONSUMER.{verb}.{stream}.{name}" for verb in ("MSG.NEXT", "INFO")]
        publish.append(f"$JS.ACK.{stream}.{name}.>")
    if service == DESK:
        publish += _DESK_CALLS + sorted({event.subject for heard in LISTENERS.values() for event in heard})
    # Every service reads the IDENTITY stream by message number: keys and revocations live in memory only.
    publish.append("$JS.API.DIRECT.GET.IDENTITY")
    return {"publish": publish, "subscribe": [f"{inbox_prefix(service)}.>"]}


async def apply(js: JetStreamContext, replicas: int = 1, store_bytes: int | None = None) -> None:
    """Create or update every stream and consumer. Safe to run again; never deletes.

    `store_bytes`: what a server may keep (its max_file_store); without it no stream has a bound of its own.
    """
    for stream in STREAMS:
        await _apply_stream(js, _stream_config(stream, replicas, store_bytes))
    for service, heard in LISTENERS.items():
        for event in heard:
            await js.add_consumer(stream_of(event.subject), config=_consumer_config(service, event, replicas))


async def _apply_stream(js: JetStreamContext, config: StreamConfig) -> None:
    assert config.name  # noqa: S101 - ours, always set
    try:
        await js.stream_info(config.name)
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)


def _stream_config(stream: Stream, replicas: int, store_bytes: int | None) -> StreamConfig:
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=stream.days * _DAY_S,
        max_bytes=store_bytes * stream.percent // 100 if store_bytes else -1,
        duplicate_window=600,
        num_replicas=replicas,
        deny_delete=stream.name != "DEAD",
        allow_direct=True,
    )


def _consumer_config(service: str, event: type[e.Event], replicas: int) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=durable(service, event),
        filter_subject=event.subject,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=ACK_WAIT_S,
        max_ack_pending=256,
        num_replicas=replicas,
    )


async def _main() -> None:
    from shared.bus import connect
    from shared.settings import BusSettings

    replicas, store_bytes = (int(number) for number in sys.argv[2:4])
    connection = await connect(BusSettings(), OPERATOR)
    await apply(connection.jetstream(), replicas, store_bytes)
    await connection.drain()


if __name__ == "__main__":
    if sys.argv[1:2] != ["apply"] or len(sys.argv) != 4:
        sys.exit("usage: python -m shared.topology apply REPLICAS STORE_BYTES")
    asyncio.run(_main())
