"""Dead letters: what no consumer could ever handle, kept with its reason until a person replays or discards it.

For the operator's certificate and the issuer's (the operators' desk): no other service may read another's dead letters.
Rows that an agency sent wrongly, or whose subject is not known, are no dead letters: they stand in the receipt.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

STREAM = "DEAD"
_ALL = "dead.>"
_OWN_HEADERS = ("Anxin-", "Nats-")


@dataclass(frozen=True)
class DeadLetter:
    """One buried message: where it was going, who could not handle it, why, and after how many tries (None: not kept).

    `body` is what it carried, in the clear: nothing of it leaves but through `contents.described`.
    """

    sequence: int
    buried_at: datetime | None
    subject: str
    consumer: str
    reason: str
    traceparent: str | None
    tries: int | None = None
    body: bytes = b""

    @property
    def error(self) -> str:
        """The kind of failure: the name before the colon."""
        return self.reason.partition(":")[0].strip()


async def letters(js: JetStreamContext, limit: int = 100, after: int = 0) -> list[DeadLetter]:
    """The oldest dead letters after a number, at most `limit`."""
    found: list[DeadLetter] = []
    while len(found) < limit:
        try:
            message = await js.get_msg(STREAM, seq=after + 1, subject=_ALL, direct=True, next=True)
        except NotFoundError:
            break
        after = message.seq or after + 1
        found.append(_letter(message))
    return found


async def letter(js: JetStreamContext, sequence: int) -> DeadLetter | None:
    """One dead letter; None when there is none of that number."""
    try:
        return _letter(await js.get_msg(STREAM, seq=sequence, direct=True))
    except NotFoundError:
        return None


async def waiting(js: JetStreamContext) -> dict[str, int]:
    """Consumer -> how many dead letters of it wait."""
    state = (await js.stream_info(STREAM, subjects_filter=_ALL)).state
    counts: Counter[str] = Counter()
    for subject, count in (state.subjects or {}).items():
        counts[subject.rsplit(".", 1)[-1]] += count
    return dict(counts)


async def replay(js: JetStreamContext, sequence: int) -> str:
    """Send a dead letter again to its subject and forget it. Returns the subject. NotFoundError when there is none.

    Every listener of the subject hears it again, which is harmless: consumers are idempotent by their business key.
    """
    message = await js.get_msg(STREAM, seq=sequence, direct=True)
    headers = message.headers or {}
    again = {name: value for name, value in headers.items() if not name.startswith(_OWN_HEADERS)}
    again["Nats-Msg-Id"] = f"replay:{sequence}"
    subject: str = headers["Anxin-Subject"]
    await js.publish(subject, message.data or b"", headers=again)
    await discard(js, sequence)
    return subject


async def discard(js: JetStreamContext, sequence: int) -> None:
    """Forget a dead letter; nothing happens when it is gone already."""
    if await letter(js, sequence):
        await js.delete_msg(STREAM, sequence)


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    tries = headers.get("Anxin-Tries", "")
    return DeadLetter(
        sequence=message.seq or 0,
        buried_at=message.time,
        subject=headers.get("Anxin-Subject", ""),
        consumer=headers.get("Anxin-Consumer", ""),
        reason=headers.get("Anxin-Reason", ""),
        traceparent=headers.get("traceparent"),
        tries=int(tries) if tries.isdigit() else None,
        body=message.data or b"",
    )
