"""alerts speaks: alerts and orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from shared.events.base import Event, Finding, Level


class AlertRaised(Event, frozen=True, kw_only=True):
    """alerts -> scoring, console. A new alert is open: one more whose outcome has to come back."""

    subject = "alerts.raised"
    source = "alerts"
    alert_id: UUID
    subject_kind: Literal["employer", "project"]
    subject_id: str
    uscc: str | None
    name: str | None
    division: str | None
    level: Level
    score_id: UUID
    raised_at: datetime


class AlertFound(Event, frozen=True, kw_only=True):
    """alerts -> scoring. What a person found on site: the label that scoring learns from.

    A later finding about the same alert corrects it: the one with the newest `decided_at` counts. `started_on`: since
    when wages are unpaid, where the person knows.
    """

    subject = "alerts.found"
    source = "alerts"
    alert_id: UUID
    subject_kind: Literal["employer", "project"]
    subject_id: str
    uscc: str | None
    finding: Finding
    found_on: date
    score_id: UUID
    workers: int | None = None
    months: int | None = None
    amount: Decimal | None = None
    cause: str | None = None
    started_on: date | None = None
    decided_at: datetime | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for it beside the unit itself (Order 45, art. 5)."""

    role: Literal["unit", "legal_rep", "principal", "manager", "other"]
    name: str
    id_no_masked: str | None = None


class _Order(Event, frozen=True, kw_only=True):
    """An order to pay, with all the listing rules need. Figures are sums; no worker is named.

    `longest_months` and `largest_single` are over migrant workers only (Order 45, art. 5): the longest arrears of one,
    and the largest amount of one who is owed three months or more (0 when there is none).
    """

    order_id: UUID
    order_no: str
    alert_id: UUID
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    served_on: date
    term_ends_on: date
    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    parties: list[Party]
    incident_serious: bool = False


class OrderIssued(_Order, frozen=True, kw_only=True):
    """alerts -> scoring, console. The bureau ordered the employer to pay within a term."""

    subject = "orders.issued"
    source = "alerts"


class OrderOverdue(_Order, frozen=True, kw_only=True):
    """alerts -> credit, scoring. The term ended at 24:00 and the wages are not paid.

    Figures are of what was still open then, worker by worker: what was paid within the term no longer counts.
    """

    subject = "orders.overdue"
    source = "alerts"
    overdue_at: datetime


class OrderPaid(_Order, frozen=True, kw_only=True):
    """alerts -> credit, scoring. Every worker on the order is paid, with proof."""

    subject = "orders.paid"
    source = "alerts"
    paid_on: date


class OrderRevoked(_Order, frozen=True, kw_only=True):
    """alerts -> credit, scoring. The order was annulled by law (Order 45, art. 16)."""

    subject = "orders.revoked"
    source = "alerts"
    revoked_on: date
    cause: str
