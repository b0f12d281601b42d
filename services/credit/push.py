"""Webhooks: the same CloudEvent, signed by Standard Webhooks, at least once, under an id that stays the same.

A delivery is a row. A worker claims it for a short time, tries, and writes what became of it; a worker that is killed
lets its claim lapse, and another goes on. Redirects are not followed, answers are not read, certificates are checked.
"""

import asyncio
import logging
import random
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue
from prometheus_client import Counter
from standardwebhooks import Webhook

from services.credit.rules import next_wait
from services.credit.settings import CreditSettings
from services.credit.store import deliveries
from services.credit.store.deliveries import Claimed
from services.credit.usecases.receipts import note_receipt
from services.credit.usecases.subscribers import SECRET_PURPOSE
from shared.crypto import Vault
from shared.db import Database
from shared.retry_after import asked_wait
from shared.service import Runtime
from shared.telemetry import context_of, tracer

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/cloudevents+json"
BATCH = 8
GONE = 410
WEBHOOKS = Counter("anxin_webhooks_total", "Webhook tries, by outcome", ["outcome"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a try gave: an HTTP status, or the error that stood in its way."""

    status: int | None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def is_receipt(self) -> bool:
        """Whether the receiver has the event (any 2xx)."""
        return self.status is not None and 200 <= self.status < 300


async def deliver_webhooks(runtime: Runtime) -> None:
    """Send what is due, for ever. A database that is away only delays."""
    settings = runtime.settings
    assert isinstance(settings, CreditSettings)  # noqa: S101 - this service is started with its own settings
    vault = Vault.of(settings)
    async with new_client(settings) as client, asyncio.TaskGroup() as rounds:
        while True:
            latest = rounds.create_task(_round(runtime.db, client, vault, settings))
            # A round that waits for a slow receiver goes on by itself, and the next one serves the others: the claims
            # bound how many tries are out for one subscriber, and with that how many rounds there can be.
            done, _ = await asyncio.wait({latest}, timeout=settings.webhook_poll_s)
            if done and not latest.result():
                await asyncio.sleep(settings.webhook_poll_s)


async def _round(db: Database, client: httpx.AsyncClient, vault: Vault, settings: CreditSettings) -> int:
    try:
        return await deliver_due(db, client, vault, settings)
    except Exception as error:
        log.warning("webhooks.delayed", extra={"reason": repr(error)})
        return 0


def new_client(settings: CreditSettings) -> httpx.AsyncClient:
    """A client that trusts the configured CA only, follows nothing, and takes no proxy from the environment."""
    context = ssl.create_default_context(cafile=settings.webhook_ca)
    return httpx.AsyncClient(
        verify=context, timeout=settings.webhook_timeout_s, follow_redirects=False, trust_env=False
    )


async def deliver_due(db: Database, client: httpx.AsyncClient, vault: Vault, settings: CreditSettings) -> int:
    """Claim what is due, try each once, write the outcomes. Returns how many were claimed."""
    now = datetime.now(UTC)
    # Connect, write, read each have the timeout; the claim outlasts them all, so nobody else tries meanwhile.
    lapse = now + timedelta(seconds=4 * settings.webhook_timeout_s + 5)
    async with db.transaction() as session:
        claimed = await deliveries.claim(session, now, lapse, BATCH)
    await asyncio.gather(*(_deliver(db, client, vault, settings, each) for each in claimed))
    return len(claimed)


async def _deliver(
    db: Database, client: httpx.AsyncClient, vault: Vault, settings: CreditSettings, claimed: Claimed
) -> None:
    if not claimed.is_active:
        await _settle(db, claimed, settings, Answer(None, "the subscriber is disabled"))
        return
    attributes: dict[str, AttributeValue] = {
        "webhook.id": str(claimed.event_id),
        "webhook.subscriber": claimed.subscriber,
        "webhook.try": claimed.attempts,
    }
    parent = context_of(claimed.traceparent)
    with tracer().start_as_current_span("deliver webhook", parent, SpanKind.CLIENT, attributes) as span:
        answer = await send(client, claimed, vault.open(SECRET_PURPOSE, claimed.secret_sealed), settings)
        if not answer.is_receipt:
            span.set_status(Status(StatusCode.ERROR, answer.error or f"HTTP {answer.status}"))
        await _settle(db, claimed, settings, answer)


async def send(client: httpx.AsyncClient, claimed: Claimed, secret: str, settings: CreditSettings) -> Answer:
    """One POST of the event's bytes, signed for this moment. Never raises for what the receiver does."""
    now = datetime.now(UTC)
    headers = signed_headers(secret, claimed, now)
    propagate.inject(headers)
    try:
        async with (
            asyncio.timeout(4 * settings.webhook_timeout_s),
            client.stream("POST", claimed.url, content=claimed.body, headers=headers) as response,
        ):
            return Answer(response.status_code, None, asked_wait(response.headers.get("retry-after"), now))
    except Exception as error:
        # Whatever a receiver brings about is written down as his answer: a row without one would be tried for ever.
        return Answer(None, f"{type(error).__name__}: {error}"[:300])


def signed_headers(secret: str, claimed: Claimed, now: datetime) -> dict[str, str]:
    """Standard Webhooks headers; `webhook-id` is the CloudEvent's id, the same at every try and every replay."""
    message_id = str(claimed.event_id)
    return {
        "content-type": CONTENT_TYPE,
        "user-agent": "anxin-credit/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, claimed.body.decode()),
    }


async def _settle(db: Database, claimed: Claimed, settings: CreditSettings, answer: Answer) -> None:
    now = datetime.now(UTC)
    outcome = outcome_of(claimed, answer, settings.webhook_retry_seconds, random.random(), now)  # noqa: S311 - jitter
    async with db.transaction() as session:
        await deliveries.settle(session, claimed.id, **outcome)
        if answer.status == GONE:
            await deliveries.disable(session, claimed.subscriber_id, "the receiver answered 410 Gone")
        if answer.is_receipt:
            await note_receipt(session, claimed.sequence, claimed.subscriber, now)
    WEBHOOKS.labels(outcome["state"]).inc()
    log.info("webhook.tried", extra={"webhook_id": str(claimed.event_id), "subscriber": claimed.subscriber, **outcome})


def outcome_of(
    claimed: Claimed, answer: Answer, schedule: tuple[float, ...], jitter: float, now: datetime
) -> dict[str, object]:
    """What the delivery's row becomes after a try: delivered, to be tried again later, or dead."""
    seen = {"last_status": answer.status, "last_error": answer.error}
    if answer.is_receipt:
        return {"state": "delivered", "delivered_at": now, **seen}
    wait = next_wait(schedule, claimed.attempts, answer.retry_after, jitter)
    if wait is None or answer.status == GONE or not claimed.is_active:
        return {"state": "dead", **seen}
    return {"state": "pending", "next_attempt_at": now + wait, **seen}
