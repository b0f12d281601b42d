"""Who gets webhooks, and what to do with those that did not arrive."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.credit.models import Delivery, Subscriber
from services.credit.store import deliveries
from services.credit.usecases.steps import By
from shared import audit
from shared.db import Session

SECRET_PURPOSE = "webhook-secret"  # noqa: S105 - the name of a key's purpose


async def register(session: Session, subscriber: Subscriber, by: By) -> Subscriber:
    """Keep a subscriber; its secret is sealed and cannot be read again through the API."""
    await deliveries.add_subscriber(session, subscriber)
    details = {"name": subscriber.name, "url": subscriber.url}
    await audit.record(session, by.name, "credit.add_subscriber", str(subscriber.id), details)
    return subscriber


def new_subscriber(subscriber_id: UUID, name: str, url: str, sealed: str, by: By) -> Subscriber:
    """A subscriber by the hand of `by`."""
    return Subscriber(id=subscriber_id, name=name, url=url, secret_sealed=sealed, created_by=by.name, created_at=by.now)


async def list_subscribers(session: Session) -> Sequence[Subscriber]:
    """Every subscriber."""
    return await deliveries.subscribers(session)


async def list_deliveries(session: Session, state: str | None, limit: int) -> Sequence[tuple[Delivery, str]]:
    """Deliveries, newest first, with their subscribers' names."""
    return await deliveries.newest(session, state, limit)


async def replay(session: Session, delivery_id: UUID, by: By) -> Delivery:
    """Let a dead delivery begin anew, under the same webhook id."""
    delivery = await deliveries.revive(session, delivery_id, datetime.now(UTC))
    await audit.record(session, by.name, "credit.replay_delivery", str(delivery_id), {})
    return delivery
