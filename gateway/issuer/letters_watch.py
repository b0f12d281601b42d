"""The clockwork that counts dead letters, so that an alarm can tell of them: one gauge a consumer."""

from __future__ import annotations

import asyncio
import logging

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from prometheus_client import Gauge

from shared import dead_letters
from shared.service import Runtime

log = logging.getLogger(__name__)

WAITING = Gauge("anxin_dead_letters_waiting", "Dead letters that wait for a person", ["consumer"])
_EVERY_S = 15


async def count_letters(runtime: Runtime) -> None:
    """Count them, for ever. Without a bus there is nothing to count."""
    seen: set[str] = set()
    while True:
        if runtime.nats is not None:
            try:
                await count_once(runtime.nats.jetstream(), seen)
            except (NatsError, OSError) as error:
                log.warning("letters.not_counted", extra={"reason": repr(error)})
        await asyncio.sleep(_EVERY_S)


async def count_once(js: JetStreamContext, seen: set[str]) -> None:
    """Set the gauge of each consumer; one whose letters are gone (`seen` before) is nought, not away."""
    waiting = await dead_letters.waiting(js)
    seen.update(waiting)
    for consumer in seen:
        WAITING.labels(consumer).set(waiting.get(consumer, 0))
