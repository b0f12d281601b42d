"""Dead letters: what no consumer could ever handle, kept with its reason until a person replays or leaves it.

Needs the operator's certificate: no service may read another's dead letters.
"""

from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

STREAM = "DEAD"
_OWN_HEADERS = ("Anxin-", "Nats-")


@dataclass(frozen=True)
class DeadLetter:
    """One buried message: where it was going, who could not handle it, and why."""

    sequence: int
    buried_at: datetime | None
    subject: str
    consumer: str
    reason: str
    traceparent: str | None


async def letters(js: JetStreamContext, limit: int = 100) -> list[DeadLetter]:
    """The oldest dead letters, at most `limit`."""
    state = (await js.stream_info(STREAM)).state
    found: list[DeadLetter] = []
    sequence = max(state.first_seq, 1)
    while sequence <= state.last_seq and len(found) < limit:
        message = await _message(js, sequence)
        if message:
            found.append(_letter(message))
        sequence += 1
    return found


async def replay(js: JetStreamContext, sequence: int) -> str:
    """Send a dead letter again to its subject and forget it. Returns the subject. NotFoundError when there is none.

    Every listener of the subject hears it again, which is harmless: consumers are idempotent by their business key.
    """
    message = await js.get_msg(STREAM, sequence)
    headers = message.headers or {}
    again = {name: value for name, value in headers.items() if not name.startswith(_OWN_HEADERS)}
    again["Nats-Msg-Id"] = f"replay:{sequence}"
    subject: str = headers["Anxin-Subject"]
    await js.publish(subject, message.data or b"", headers=again)
    await js.delete_msg(STREAM, sequence)
    return subject


async def _message(js: JetStreamContext, sequence: int) -> RawStreamMsg | None:
    try:
        return await js.get_msg(STREAM, sequence)
    except NotFoundError:
        return None


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    return DeadLetter(
        sequence=message.seq or 0,
        buried_at=message.time,
        subject=headers.get("Anxin-Subject", ""),
        consumer=headers.get("Anxin-Consumer", ""),
        reason=headers.get("Anxin-Reason", ""),
        traceparent=headers.get("traceparent"),
    )
