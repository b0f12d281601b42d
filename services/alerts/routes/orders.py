"""/v1/orders and /v1/alerts/{id}/orders: orders to pay within a term."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from services.alerts import store
from services.alerts.lifecycle import ORDER
from services.alerts.routes.common import Limit, Reader, VaultDep, asked, permitted
from services.alerts.rules.sums import Owed
from services.alerts.schemas import orders as bodies
from services.alerts.schemas.common import Body, Text, Uscc
from services.alerts.schemas.orders import OrderDetail, OrderOut, OrderPage, OrderState
from services.alerts.schemas.views import order_detail, order_out
from services.alerts.usecases import orders, payments, reading
from services.alerts.usecases.orders import WorkerClaim
from services.alerts.usecases.steps import Actor, Request
from shared.clock import now, today
from shared.db import Session, SessionDep

router = APIRouter(prefix="/v1", tags=["orders"])

Issuer = Annotated[Actor, Depends(permitted("order"))]
Server = Annotated[Actor, Depends(permitted("serve", machine=ORDER))]
Cashier = Annotated[Actor, Depends(permitted("pay", machine=ORDER))]
Revoker = Annotated[Actor, Depends(permitted("revoke", machine=ORDER))]


class UnmaskIn(Body):
    """What the name is needed for."""

    purpose: Text


class Unmasked(BaseModel):
    """A worker in the clear."""

    number: int
    name: str | None
    id_no: str | None


@router.post("/alerts/{alert_id}/orders", status_code=201)
async def issue(
    alert_id: UUID, body: bodies.IssueOrder, actor: Issuer, session: SessionDep, vault: VaultDep
) -> OrderDetail:
    """The bureau head orders the employer to pay within a term; with `service` the order is served at once, too."""
    request = asked("order", actor, body)
    order = await orders.issue(session, alert_id, request, [_claim(worker) for worker in body.workers], vault)
    if body.service:
        await orders.take_step(session, order.id, _service(actor, body.service))
    return order_detail(await reading.order_file(session, order.id, actor.login))


@router.get("/orders")
async def order_list(
    *,
    reader: Reader,
    session: SessionDep,
    state: OrderState | None = None,
    uscc: Uscc | None = None,
    alert_id: UUID | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> OrderPage:
    """The orders of your jurisdiction, newest first. `after` is the `next` of the page before."""
    filters: dict[str, Any] = {"state": state, "uscc": uscc, "alert_id": alert_id, "after": after}
    rows = await store.orders_page(session, **filters, limit=limit + 1)
    await reading.note_list_read(session, reader.id, "order", {**filters, "limit": limit})
    items = [order_out(row) for row in rows[:limit]]
    return OrderPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.post("/orders", status_code=201)
async def issue_for(
    alert_id: Annotated[UUID, Query(description="The alert that the order comes out of")],
    body: bodies.IssueOrder,
    actor: Issuer,
    session: SessionDep,
    vault: VaultDep,
) -> OrderDetail:
    """The same as POST /v1/alerts/{alert_id}/orders."""
    return await issue(alert_id, body, actor, session, vault)


@router.get("/orders/{order_id}")
async def order(order_id: UUID, reader: Reader, session: SessionDep) -> OrderDetail:
    """One order: workers masked, payments, balance, history."""
    return order_detail(await reading.order_file(session, order_id, reader.id))


@router.post("/orders/{order_id}/serve")
async def serve(order_id: UUID, body: bodies.ServiceIn, actor: Server, session: SessionDep) -> OrderOut:
    """Record the service: the term runs from the next working day and ends at 24:00."""
    return order_out(await orders.take_step(session, order_id, _service(actor, body)))


@router.post("/orders/{order_id}/payments")
async def pay(order_id: UUID, body: bodies.PaymentIn, actor: Cashier, session: SessionDep) -> OrderDetail:
    """Record a payment with its proof; told again, it is recorded once. Paid is the order when every worker is."""
    await payments.pay(session, order_id, _payment(actor, body))
    return await _detail(session, order_id, actor)


@router.post("/orders/{order_id}/revoke")
async def revoke(order_id: UUID, body: bodies.RevokeIn, actor: Revoker, session: SessionDep) -> OrderOut:
    """Annul the order: a listing that rests on it falls, too (Order 45 art. 16)."""
    return order_out(await orders.take_step(session, order_id, asked("revoke", actor, body)))


@router.post("/orders/{order_id}/workers/{number}/unmask")
async def unmask(
    *, order_id: UUID, number: bodies.Number, body: UnmaskIn, actor: Cashier, session: SessionDep, vault: VaultDep
) -> Unmasked:
    """One worker's name and number in the clear. Who asked, and what for, goes on record."""
    asked_for = reading.Unmasking(order_id, number, body.purpose)
    name, id_no = await reading.unmask_worker(session, asked_for, actor, vault)
    return Unmasked(number=number, name=name, id_no=id_no)


async def _detail(session: Session, order_id: UUID, actor: Actor) -> OrderDetail:
    return order_detail(await reading.order_file(session, order_id, actor.login))


def _claim(worker: bodies.WorkerIn) -> WorkerClaim:
    return WorkerClaim(worker.name, worker.id_no, Owed(worker.amount, worker.months, worker.is_rural))


def _service(actor: Actor, body: bodies.ServiceIn) -> Request:
    return asked("serve", actor, body, served_on=body.served_on or today())


def _payment(actor: Actor, body: bodies.PaymentIn) -> Request:
    proof = body.proof.model_dump(mode="json")
    lines = {line.worker: line.amount for line in body.lines} if body.lines else None
    inputs = {"paid_on": body.paid_on or today(), "proof": proof, "lines": lines, "reason": body.reason}
    return Request("pay", actor, now(), inputs, (proof,))
