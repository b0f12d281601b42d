"""From rows to bodies."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from services.alerts.lifecycle import ALERT, ORDER, Standing
from services.alerts.models import Alert, DeadlineRow, Order, OrderWorker
from services.alerts.schemas.alerts import AlertDetail, AlertOut, DeadlineOut, SignalOut
from services.alerts.schemas.common import HistoryOut
from services.alerts.schemas.orders import OrderDetail, OrderOut, PaymentOut, WorkerOut
from services.alerts.usecases.reading import AlertFile, OrderFile
from shared import divisions


def alert_out(alert: Alert, due_at: datetime | None = None) -> AlertOut:
    """An alert in a list."""
    return AlertOut(
        **alert.model_dump(),
        state_zh=ALERT.states[alert.state].zh,
        division_name=divisions.name_of(alert.division),
        due_at=due_at,
    )


def alert_detail(file: AlertFile) -> AlertDetail:
    """An alert with everything that led to it and that was done."""
    alert = file.alert
    running = [row.due_at for row in file.deadlines if row.due_at and not row.stopped_at]
    return AlertDetail(
        **alert.model_dump(exclude={"reasons"}),
        reasons=[_led_back(reason) for reason in alert.reasons],
        state_zh=ALERT.states[alert.state].zh,
        division_name=divisions.name_of(alert.division),
        due_at=min(running, default=None),
        order_ids=[order.id for order in file.orders],
        signals=[SignalOut(**signal.model_dump()) for signal in file.signals],
        deadlines=[_deadline_out(row, file.at) for row in file.deadlines],
        allowed=ALERT.allowed(Standing(alert.state, alert.stage)),
        history=[HistoryOut.model_validate(entry) for entry in file.history],
    )


def _led_back(reason: dict[str, Any]) -> dict[str, Any]:
    """A reason, each of its rows with the address at which it can be seen as it was sent."""
    rows = [{**row, "row_url": f"/v1/receipts/{row['receipt_id']}/rows/{row['row']}"} for row in reason["receipts"]]
    return {**reason, "receipts": rows}


def order_out(order: Order) -> OrderOut:
    """An order in a list."""
    return OrderOut(**order.model_dump(), state_zh=ORDER.states[order.state].zh)


def order_detail(file: OrderFile) -> OrderDetail:
    """An order with its workers (masked), payments and steps."""
    order = file.order
    parties = [{name: party[name] for name in ("role", "name", "id_no_masked")} for party in order.parties]
    return OrderDetail(
        **order.model_dump(exclude={"parties"}),
        parties=parties,
        state_zh=ORDER.states[order.state].zh,
        balance=sum(file.balances.values(), Decimal(0)),
        worker_lines=[_worker_out(worker, file.balances[worker.number]) for worker in file.workers],
        payments=[PaymentOut(**payment.model_dump()) for payment in file.payments],
        allowed=ORDER.allowed(Standing(order.state, order.state)),
        history=[HistoryOut.model_validate(entry) for entry in file.history],
    )


def _deadline_out(row: DeadlineRow, at: datetime) -> DeadlineOut:
    return DeadlineOut(**row.model_dump(), used_percent=_used_percent(row, at))


def _used_percent(row: DeadlineRow, at: datetime) -> int | None:
    if row.due_at is None or row.due_at <= row.starts_at:
        return None
    return int(100 * ((row.stopped_at or at) - row.starts_at) / (row.due_at - row.starts_at))


def _worker_out(worker: OrderWorker, balance: Decimal) -> WorkerOut:
    return WorkerOut(
        number=worker.number,
        name=worker.name_masked,
        id_no=worker.id_no_masked,
        months=worker.months,
        amount=worker.amount,
        balance=balance,
        is_rural=worker.is_rural,
    )
