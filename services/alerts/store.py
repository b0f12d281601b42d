"""Every statement on the schema `alerts`."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select

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
from shared.db import Session, sql
from shared.errors import NotFound

Row = TypeVar("Row", Alert, Order)

GENESIS = "0" * 64
_LOCK = "select pg_advisory_xact_lock(hashtextextended(:name, 0))"


async def lock_subject(session: Session, kind: str, subject_id: str) -> None:
    """Let the scores of one subject come one after the other, until the transaction ends."""
    await sql(session, _LOCK, name=f"alerts:{kind}:{subject_id}")


async def signal_known(session: Session, score_id: UUID) -> bool:
    """Whether this score has been considered before."""
    return await session.get(Signal, score_id) is not None


async def alert_seen(session: Session, alert_id: UUID) -> Alert:
    """The alert as the caller may see it; NotFound outside the jurisdiction (row-level security hides it)."""
    return _found(await session.get(Alert, alert_id), "alert", alert_id)


async def alert_for_update(session: Session, alert_id: UUID) -> Alert:
    """The alert, held until the transaction ends; NotFound when hidden or absent."""
    query = select(Alert).where(Alert.id == alert_id).with_for_update()
    return _found((await session.exec(query)).one_or_none(), "alert", alert_id)


async def of_subject(session: Session, kind: str, subject_id: str) -> Sequence[Alert]:
    """Every alert of a subject, the newest first, held until the transaction ends. Mostly there is none."""
    query = select(Alert).where(Alert.subject_kind == kind, Alert.subject_id == subject_id)
    return (await session.exec(query.order_by(col(Alert.raised_at).desc()).with_for_update())).all()


async def confirmed_since(session: Session, kind: str, subject_id: str, since: datetime) -> bool:
    """Whether arrears of a subject were confirmed after a moment."""
    query = select(AlertHistory.seq).where(AlertHistory.alert_id == Alert.id, AlertHistory.event == "confirm")
    of_subject = query.where(Alert.subject_kind == kind, Alert.subject_id == subject_id, col(AlertHistory.at) > since)
    return (await session.exec(of_subject.limit(1))).first() is not None


async def alerts_page(
    session: Session, *, state: str | None, level: str | None, town: str | None, after: UUID | None, limit: int
) -> list[Alert]:
    """Newest first, from below the cursor."""
    query = select(Alert).order_by(col(Alert.id).desc()).limit(limit)
    if state:
        query = query.where(Alert.state == state)
    if level:
        query = query.where(Alert.level == level)
    if town:
        query = query.where(col(Alert.division).startswith(town, autoescape=True))
    if after:
        query = query.where(col(Alert.id) < after)
    return list((await session.exec(query)).all())


async def history_of(session: Session, kind: type[AlertHistory] | type[OrderHistory], owner_id: UUID) -> list[Any]:
    """The steps of an alert or an order, oldest first."""
    owner = getattr(kind, kind.owner)
    return list((await session.exec(select(kind).where(owner == owner_id).order_by(col(kind.seq)))).all())


async def append_history(session: Session, entry: AlertHistory | OrderHistory) -> None:
    """Number and chain the entry behind its predecessor. The caller holds the owner's row, so none comes between."""
    kind = type(entry)
    query = select(kind).where(getattr(kind, kind.owner) == getattr(entry, kind.owner))
    last = (await session.exec(query.order_by(col(kind.seq).desc()).limit(1))).one_or_none()
    entry.seq, entry.previous_hash = (last.seq + 1, last.hash) if last else (1, GENESIS)
    entry.hash = entry_hash(entry)
    session.add(entry)
    await session.flush()


def entry_hash(entry: AlertHistory | OrderHistory) -> str:
    """SHA-256, hex, over the canonical JSON of the entry with its predecessor's hash."""
    content = entry.model_dump(exclude={"hash"}) | {"at": entry.at.astimezone(UTC).isoformat()}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def running_deadlines(session: Session, alert_id: UUID) -> list[DeadlineRow]:
    """The clocks that run, or stand still, for an alert."""
    query = select(DeadlineRow).where(DeadlineRow.alert_id == alert_id, col(DeadlineRow.stopped_at).is_(None))
    return list((await session.exec(query)).all())


async def deadlines_of(session: Session, alert_id: UUID) -> list[DeadlineRow]:
    """Every clock that ever ran for an alert, oldest first."""
    query = select(DeadlineRow).where(DeadlineRow.alert_id == alert_id).order_by(col(DeadlineRow.starts_at))
    return list((await session.exec(query)).all())


async def next_due(session: Session, alert_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Alert -> when the first of its running clocks ends; alerts whose clocks stand still are missing."""
    query = select(DeadlineRow.alert_id, func.min(DeadlineRow.due_at)).group_by(col(DeadlineRow.alert_id))
    running = (col(DeadlineRow.stopped_at).is_(None), col(DeadlineRow.due_at).is_not(None))
    rows = await session.exec(query.where(col(DeadlineRow.alert_id).in_(alert_ids), *running))
    return {alert_id: due_at for alert_id, due_at in rows.all() if due_at}


async def signals_of(session: Session, alert_id: UUID) -> list[Signal]:
    """The scores attached to an alert, oldest first."""
    query = select(Signal).where(Signal.alert_id == alert_id).order_by(col(Signal.scored_at))
    return list((await session.exec(query)).all())


async def breached_alerts(session: Session, at: datetime, limit: int = 100) -> list[UUID]:
    """Alerts with a clock that ran out and has not been noticed."""
    due = (col(DeadlineRow.stopped_at).is_(None), col(DeadlineRow.breached_at).is_(None), col(DeadlineRow.due_at) <= at)
    return list((await session.exec(select(DeadlineRow.alert_id).where(*due).distinct().limit(limit))).all())


async def suspensions_over(session: Session, today: date, limit: int = 100) -> list[UUID]:
    """Suspended alerts whose suspension has ended."""
    query = select(Alert.id).where(Alert.state == "SUSPENDED", col(Alert.suspended_until) <= today)
    return list((await session.exec(query.limit(limit))).all())


async def add_order_once(session: Session, order: Order) -> bool:
    """Keep a new order; False when its number is taken, even by an order the caller may not see."""
    once = insert(Order).values(**order.model_dump()).on_conflict_do_nothing(index_elements=["order_no"])
    return (await session.exec(once.returning(col(Order.id)))).first() is not None


async def order_seen(session: Session, order_id: UUID) -> Order:
    """The order as the caller may see it; NotFound when hidden or absent."""
    return _found(await session.get(Order, order_id), "order", order_id)


async def order_for_update(session: Session, order_id: UUID) -> Order:
    """The order, held until the transaction ends; NotFound when hidden or absent."""
    query = select(Order).where(Order.id == order_id).with_for_update()
    return _found((await session.exec(query)).one_or_none(), "order", order_id)


async def orders_page(
    session: Session, *, state: str | None, uscc: str | None, alert_id: UUID | None, after: UUID | None, limit: int
) -> list[Order]:
    """Newest first, from below the cursor."""
    query = select(Order).order_by(col(Order.id).desc()).limit(limit)
    for column, value in ((Order.state, state), (Order.uscc, uscc), (Order.alert_id, alert_id)):
        query = query.where(col(column) == value) if value else query
    return list((await session.exec(query.where(col(Order.id) < after) if after else query)).all())


async def orders_of(session: Session, alert_id: UUID) -> list[Order]:
    """The orders that came out of an alert, oldest first."""
    return list((await session.exec(select(Order).where(Order.alert_id == alert_id).order_by(col(Order.id)))).all())


async def orders_whose_term_ended(session: Session, at: datetime, limit: int = 100) -> list[UUID]:
    """Served orders whose term has run out."""
    query = select(Order.id).where(Order.state == "SERVED", col(Order.term_ends_at) <= at)
    return list((await session.exec(query.order_by(col(Order.term_ends_at)).limit(limit))).all())


async def workers_of(session: Session, order_id: UUID) -> list[OrderWorker]:
    """The workers on an order, by number."""
    query = select(OrderWorker).where(OrderWorker.order_id == order_id).order_by(col(OrderWorker.number))
    return list((await session.exec(query)).all())


async def payment_known(session: Session, order_id: UUID, fingerprint: str) -> bool:
    """Whether this payment is on record. The caller holds the order's row, so none comes between."""
    query = select(Payment.id).where(Payment.order_id == order_id, Payment.fingerprint == fingerprint)
    return (await session.exec(query)).first() is not None


async def payments_of(session: Session, order_id: UUID) -> list[Payment]:
    """The payments on an order, oldest first."""
    query = select(Payment).where(Payment.order_id == order_id).order_by(col(Payment.recorded_at))
    return list((await session.exec(query)).all())


def _found(row: Row | None, kind: str, row_id: UUID) -> Row:
    if row is None:
        raise NotFound(
            f"There is no {kind} {row_id} that you may see.", detail_zh=f"没有您可查看的该记录（{kind} {row_id}）。"
        )
    return row
