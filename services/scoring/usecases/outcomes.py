"""Keep what became of alerts, orders and listings: the outcomes that scoring learns from."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.scoring.store import outcomes as outcome_store
from shared.clock import SHANGHAI
from shared.db import Session
from shared.events import (
    AlertFound,
    AlertRaised,
    EmployerListed,
    EmployerRemoved,
    Event,
    OrderIssued,
    OrderOverdue,
    OrderPaid,
    OrderRevoked,
)

Order = OrderIssued | OrderOverdue | OrderPaid | OrderRevoked


async def keep_raised(session: Session, event: AlertRaised) -> None:
    """An alert is open: until somebody has looked, its outcome is pending."""
    matter = _alert(event.alert_id, "pending", event.raised_at)
    told = {"level": event.level, "division": event.division, "found_on": event.raised_at.astimezone(SHANGHAI).date()}
    await outcome_store.keep(session, _common(event) | matter | told)


async def keep_finding(session: Session, event: AlertFound) -> None:
    """Keep what a person found on site; the newest finding about an alert counts."""
    matter = _alert(event.alert_id, event.finding, event.decided_at or _day_over(event.found_on))
    await outcome_store.keep(session, _common(event) | matter)


async def keep_order(session: Session, event: Order, at: datetime) -> None:
    """Keep how an order to pay stands: whoever was ordered owed wages, unless the order is annulled."""
    finding, day = _order(event)
    told = {"found_on": day, "months": event.longest_months or None, "amount": event.amount}
    matter = {"matter": "order", "matter_id": str(event.order_id), "finding": finding, "known_at": at}
    whom = {"subject_kind": "employer", "subject_id": event.uscc, "selection": "alert"}
    await outcome_store.keep(session, _common(event) | whom | matter | told)


async def keep_listing(session: Session, event: EmployerListed | EmployerRemoved, at: datetime) -> None:
    """Keep a listing; a removal says nothing of the arrears, unless the listing was revoked."""
    if isinstance(event, EmployerRemoved) and event.remove_type != "revoked":
        return
    finding, day = ("listed", event.listed_on) if isinstance(event, EmployerListed) else ("revoked", event.removed_on)
    matter = {"matter": "listing", "matter_id": str(event.listing_id), "finding": finding, "known_at": at}
    whom = {"subject_kind": "employer", "subject_id": event.uscc, "selection": "alert", "found_on": day}
    await outcome_store.keep(session, _common(event) | whom | matter | {"cause": None})


def _alert(alert_id: UUID, finding: str, known_at: datetime) -> dict[str, Any]:
    about = {"matter": "alert", "matter_id": str(alert_id), "selection": "alert"}
    return {**about, "finding": finding, "known_at": known_at}


def _common(event: Event) -> dict[str, Any]:
    """The event's own fields, and a key that is the same when the same is told again."""
    told = {name: getattr(event, name) for name in event.__struct_fields__}
    said = msgspec.json.encode(event, order="deterministic")
    return {**told, "key": hashlib.sha256(event.subject.encode() + b"\0" + said).hexdigest()[:32]}


def _order(event: Order) -> tuple[str, date]:
    if isinstance(event, OrderPaid):
        return "paid", event.served_on
    if isinstance(event, OrderRevoked):
        return "revoked", event.revoked_on
    return "overdue" if isinstance(event, OrderOverdue) else "ordered", event.served_on


def _day_over(day: date) -> datetime:
    # Who does not tell the moment is taken to have known it when the day was over in China.
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=SHANGHAI).astimezone(UTC)
