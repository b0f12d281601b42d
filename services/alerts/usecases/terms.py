"""What time does by itself: terms end, unsigned alerts are escalated, suspensions are over. Each safe to run again."""

from datetime import datetime
from uuid import UUID

from services.alerts import store
from services.alerts.lifecycle import ALERT, Standing
from services.alerts.usecases import alerts, orders
from services.alerts.usecases.steps import PLATFORM, Request
from shared.db import Session
from shared.telemetry import context_of, tracer


async def expire_order(session: Session, order_id: UUID, at: datetime) -> None:
    """An unpaid order is overdue at the term's end; one that was paid or revoked meanwhile is left alone."""
    order = await store.order_for_update(session, order_id)
    if order.state == "SERVED":
        reason = "期限届满未支付 / not paid when the term ended"
        # Nobody asked for this step: it goes on in the trace of the order, so that the way to the list is one.
        with tracer().start_as_current_span("term ended", context_of(order.traceparent)):
            await orders.take_step(session, order_id, Request("expire", PLATFORM, at, {"reason": reason}))


async def escalate(session: Session, alert_id: UUID, at: datetime) -> None:
    """Mark the clocks that ran out and escalate the alert, unless it is escalated or suspended already."""
    alert = await store.alert_for_update(session, alert_id)
    breached = [
        row
        for row in await store.running_deadlines(session, alert_id)
        if row.due_at and row.due_at <= at and row.breached_at is None
    ]
    for row in breached:
        row.breached_at = row.due_at
    if breached and "escalate" in ALERT.allowed(Standing(alert.state, alert.stage)):
        reason = f"超时未完成：{'、'.join(row.clock for row in breached)} / not done in time"
        await alerts.take_step(session, alert_id, Request("escalate", PLATFORM, at, {"reason": reason}))


async def resume(session: Session, alert_id: UUID, at: datetime) -> None:
    """A suspension that has ended is over: the clocks go on."""
    alert = await store.alert_for_update(session, alert_id)
    if alert.state == "SUSPENDED":
        reason = "挂起期限届满 / the suspension has ended"
        await alerts.take_step(session, alert_id, Request("resume", PLATFORM, at, {"reason": reason}))
