"""Payments on an order to pay, each recorded once with its proof; and what is open."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from services.alerts import store
from services.alerts.lifecycle import ORDER, Standing, apply
from services.alerts.models import Order, Payment
from services.alerts.rules import sums
from services.alerts.rules.guards import GUARDS, WrongAmount
from services.alerts.usecases.orders import common, facts_of, paid_lines
from services.alerts.usecases.steps import Request, keep_order_step
from shared.db import Session
from shared.events import OrderPaid
from shared.outbox import announce


async def pay(session: Session, order_id: UUID, request: Request) -> Order:
    """Record a payment with its proof, once. The order is PAID when every worker has everything.

    The same proof of the same lines on the same day is the same payment, told again: it changes nothing.

    Inputs: paid_on, proof, lines {worker's number: amount}, or no lines for all that is owed.
    """
    order = await store.order_for_update(session, order_id)
    fingerprint = _fingerprint(request)
    if await store.payment_known(session, order.id, fingerprint):
        return order
    owed = await _owed(session, order.id)
    lines = request.inputs.get("lines") or {number: left for number, left in owed.items() if left > 0}
    if strangers := sorted(set(lines) - set(owed)):
        raise WrongAmount(
            f"There are no workers {strangers} on the order.",
            detail_zh=f"文书中没有第 {strangers} 号劳动者。",
            workers=strangers,
        )
    left = sums.balances(owed, [lines])
    request = _payment_request(request, lines, all(balance <= 0 for balance in left.values()))
    before, facts = order.state, facts_of(order, request.today, left)
    order.state = apply(ORDER, Standing(before, before), request.move, facts, GUARDS).after.state
    session.add(_payment(order.id, request, lines, fingerprint))
    await session.flush()
    if order.state == "PAID":
        order.paid_on = max(payment.paid_on for payment in await store.payments_of(session, order.id))
        announce(session, OrderPaid(**common(order), paid_on=order.paid_on))
    await keep_order_step(session, order, before, request)
    return order


async def open_balance(session: Session, alert_id: UUID) -> Decimal:
    """What is still to be paid of the orders that came out of an alert; a revoked one asks for nothing."""
    standing = [order for order in await store.orders_of(session, alert_id) if order.state not in ("PAID", "REVOKED")]
    left = [sum((await _owed(session, order.id)).values(), Decimal(0)) for order in standing]
    return sum(left, Decimal(0))


async def _owed(session: Session, order_id: UUID) -> dict[int, Decimal]:
    workers = {worker.number: worker.amount for worker in await store.workers_of(session, order_id)}
    return sums.balances(workers, paid_lines(await store.payments_of(session, order_id)))


def _payment_request(request: Request, lines: Mapping[int, Decimal], is_full: bool) -> Request:
    inputs = {**request.inputs, "lines": {str(number): str(amount) for number, amount in lines.items()}}
    return Request("pay" if is_full else "pay_part", request.actor, request.at, inputs, request.documents)


def _payment(order_id: UUID, request: Request, lines: Mapping[int, Decimal], fingerprint: str) -> Payment:
    return Payment(
        order_id=order_id,
        paid_on=request.inputs["paid_on"],
        lines={str(number): str(amount) for number, amount in lines.items()},
        proof=request.inputs["proof"],
        recorded_by=request.actor.login,
        recorded_at=request.at,
        fingerprint=fingerprint,
    )


def _fingerprint(request: Request) -> str:
    lines = sorted((number, f"{amount:.2f}") for number, amount in (request.inputs.get("lines") or {}).items())
    content = [request.inputs["paid_on"].isoformat(), request.inputs["proof"], lines]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
