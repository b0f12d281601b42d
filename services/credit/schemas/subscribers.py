"""Subscribers to the list, and what was delivered to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.credit.schemas.common import Body


class SubscriberIn(Body):
    """A receiver of webhooks; its address has to be https and on the list of allowed receivers."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    url: Annotated[str, StringConstraints(min_length=9, max_length=500, pattern=r"^[!-~]+$")]


class SubscriberOut(BaseModel):
    """A receiver of webhooks. The secret is never shown again."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    url: str
    state: str
    disabled_because: str | None
    created_by: str
    created_at: datetime


class NewSubscriberOut(SubscriberOut):
    """The answer to a registration: the only time that the secret is shown."""

    secret: str


class DeliveryOut(BaseModel):
    """An event on its way to a subscriber."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    subscriber_id: UUID
    subscriber: str = ""
    sequence: int
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


class SubscribersOut(BaseModel):
    """Every subscriber."""

    subscribers: list[SubscriberOut]


class DeliveriesOut(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]
