"""Subscribers and their deliveries: for operators."""

import base64
import secrets
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.credit.routes.callers import OPERATE, Operator, SettingsDep, by
from services.credit.rules import check_webhook_url
from services.credit.schemas.subscribers import (
    DeliveriesOut,
    DeliveryOut,
    NewSubscriberOut,
    SubscriberIn,
    SubscriberOut,
    SubscribersOut,
)
from services.credit.usecases import subscribers
from shared.crypto import Vault
from shared.db import SessionDep
from shared.ids import new_id

router = APIRouter(prefix="/v1/credit", tags=["subscribers"])


@router.post("/subscribers", status_code=201)
async def add_subscriber(
    body: SubscriberIn, caller: Operator, session: SessionDep, settings: SettingsDep
) -> NewSubscriberOut:
    """Register a receiver of webhooks. Its secret is in this answer and never again."""
    url = check_webhook_url(body.url, settings.webhook_allowed_hosts)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    sealed = Vault.of(settings).seal(subscribers.SECRET_PURPOSE, secret)
    operator = by(caller)
    subscriber = subscribers.new_subscriber(new_id(), body.name, url, sealed, operator)
    await subscribers.register(session, subscriber, operator)
    return NewSubscriberOut(**SubscriberOut.model_validate(subscriber).model_dump(), secret=secret)


@router.get("/subscribers", dependencies=[OPERATE])
async def list_subscribers(session: SessionDep) -> SubscribersOut:
    """Every receiver of webhooks."""
    found = await subscribers.list_subscribers(session)
    return SubscribersOut(subscribers=[SubscriberOut.model_validate(each) for each in found])


@router.get("/deliveries", dependencies=[OPERATE])
async def list_deliveries(
    session: SessionDep,
    state: Literal["pending", "delivered", "dead"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesOut:
    """Deliveries, newest first; `state=dead` lists the dead letters."""
    found = await subscribers.list_deliveries(session, state, limit)
    named = [DeliveryOut.model_validate(row).model_copy(update={"subscriber": name}) for row, name in found]
    return DeliveriesOut(deliveries=named)


@router.post("/deliveries/{delivery_id}/replay")
async def replay(delivery_id: UUID, caller: Operator, session: SessionDep) -> DeliveryOut:
    """Let a dead delivery begin anew, under the same webhook id."""
    return DeliveryOut.model_validate(await subscribers.replay(session, delivery_id, by(caller)))
