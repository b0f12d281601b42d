"""What a person gets to see of an alert or an order, and that he saw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.alerts import store
from services.alerts.models import (
    Alert,
    AlertHistory,
    DeadlineRow,
    Order,
    OrderHistory,
    OrderWorker,
    Payment,
    Signal,
)
from services.alerts.rules import sums
from services.alerts.usecases.orders import paid_lines
from services.alerts.usecases.steps import Actor
from shared import audit
from shared.crypto import Vault
from shared.db import Session
from shared.errors import NotFound


@dataclass(frozen=True)
class AlertFile:
    """An alert with all that belongs to it."""

    alert: Alert
    deadlines: list[DeadlineRow]
    signals: list[Signal]
    history: list[AlertHistory]
    orders: list[Order]
    at: datetime


@dataclass(frozen=True)
class OrderFile:
    """An order with all that belongs to it; balances by worker's number."""

    order: Order
    workers: list[OrderWorker]
    balances: dict[int, Decimal]
    payments: list[Payment]
    history: list[OrderHistory]


@dataclass(frozen=True)
class Unmasking:
    """Which worker's name is asked for, and what for."""

    order_id: UUID
    number: int
    purpose: str


async def note_list_read(session: Session, reader: str, kind: str, asked: Mapping[str, Any]) -> None:
    """Put on record who read a list of employers and sums (`alert` or `order`), and by which filter."""
    filters = {name: value for name, value in asked.items() if value is not None}
    await audit.record(session, reader, f"{kind}.list", f"{kind}s", filters)


async def alert_file(session: Session, alert_id: UUID, reader: str, at: datetime) -> AlertFile:
    """The whole alert; the reading is on record."""
    alert = await store.alert_seen(session, alert_id)
    await audit.record(session, reader, "alert.read", f"alert:{alert_id}", {})
    return AlertFile(
        alert,
        await store.deadlines_of(session, alert_id),
        await store.signals_of(session, alert_id),
        await store.history_of(session, AlertHistory, alert_id),
        await store.orders_of(session, alert_id),
        at,
    )


async def order_file(session: Session, order_id: UUID, reader: str) -> OrderFile:
    """The whole order, workers masked; the reading is on record."""
    order = await store.order_seen(session, order_id)
    await audit.record(session, reader, "order.read", f"order:{order_id}", {})
    workers, payments = await store.workers_of(session, order_id), await store.payments_of(session, order_id)
    owed = {worker.number: worker.amount for worker in workers}
    balances = sums.balances(owed, paid_lines(payments))
    return OrderFile(order, workers, balances, payments, await store.history_of(session, OrderHistory, order_id))


async def unmask_worker(
    session: Session, asked: Unmasking, actor: Actor, vault: Vault
) -> tuple[str | None, str | None]:
    """Name and citizen number of one worker in the clear; who asked and what for is on record first."""
    await store.order_seen(session, asked.order_id)
    found = {worker.number: worker for worker in await store.workers_of(session, asked.order_id)}.get(asked.number)
    if found is None:
        raise NotFound(
            f"There is no worker {asked.number} on the order.", detail_zh=f"文书中没有第 {asked.number} 号劳动者。"
        )
    details = {"number": asked.number, "purpose": asked.purpose}
    await audit.record(session, actor.login, "worker.unmask", f"order:{asked.order_id}", details)
    name = vault.open("worker-name", found.name_sealed) if found.name_sealed else None
    return name, vault.open("citizen-number", found.id_no_sealed) if found.id_no_sealed else None
