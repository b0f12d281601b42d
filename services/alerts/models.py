"""Tables of the schema `alerts`. Row-level security on all of them: by division, or by the alert they belong to."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from shared.ids import new_id

_SCHEMA = {"schema": "alerts"}
Json = dict[str, Any]


def _money(**more: Any) -> Any:
    return Field(sa_type=Numeric(18, 2), **more)


def _json(**more: Any) -> Any:
    return Field(sa_type=JSONB(none_as_null=True), **more)


def _moment(**more: Any) -> Any:
    return Field(sa_type=DateTime(timezone=True), **more)


class Alert(SQLModel, table=True):
    """An early warning about an employer or a project, and how far the work on it has come.

    `name` is the subject's, `employer_name` that of the unit with the code `uscc`: a project's general contractor.
    `division` decides who sees it: the town it was sent to, else the district. `workplace` is what scoring said.
    """

    __tablename__ = "alerts"
    __table_args__ = _SCHEMA

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject_kind: str
    subject_id: str
    uscc: str | None = None
    name: str | None = None
    employer_name: str | None = None
    division: str
    workplace: str | None = None
    town: str | None = None
    level: str
    state: str
    stage: str
    points: int
    indicators: list[str] = _json(default_factory=list)
    reasons: list[Json] = _json(default_factory=list)
    rules_version: str
    score_id: UUID
    raised_at: datetime = _moment()
    scored_at: datetime = _moment()
    last_signal_at: datetime = _moment()
    changed_at: datetime = _moment()
    closed_at: datetime | None = _moment(default=None)
    quiet_until: datetime | None = _moment(default=None)
    returns: int = 0
    is_supervised: bool = False
    inspectors: list[Json] = _json(default_factory=list)
    proposal: Json | None = _json(default=None)
    finding: Json | None = _json(default=None)
    measures: list[Json] = _json(default_factory=list)
    paid: Decimal = _money(default=Decimal(0))
    unpaid: Decimal = _money(default=Decimal(0))
    link: Json | None = _json(default=None)
    pauses: list[Json] = _json(default_factory=list)
    suspended_until: date | None = None
    previous_alert_id: UUID | None = None


class Signal(SQLModel, table=True):
    """A score that arrived, once: its id is the business key. `outcome`: what became of it."""

    __tablename__ = "signals"
    __table_args__ = _SCHEMA

    score_id: UUID = Field(primary_key=True)
    subject_kind: str
    subject_id: str
    level: str
    points: int
    indicators: list[str] = _json(default_factory=list)
    reasons: list[Json] = _json(default_factory=list)
    scored_at: datetime = _moment()
    received_at: datetime = _moment()
    outcome: str
    alert_id: UUID | None = None


class _History(SQLModel):
    seq: int = Field(primary_key=True)
    event: str
    before: str | None = None
    after: str
    stage: str
    actor: str
    actor_name: str | None = None
    at: datetime = _moment()
    reason: str | None = None
    inputs: Json = _json(default_factory=dict)
    documents: list[Json] = _json(default_factory=list)
    previous_hash: str
    hash: str = ""


class AlertHistory(_History, table=True):
    """Every step of an alert, append-only; each entry's hash covers the one before it."""

    __tablename__ = "alert_history"
    __table_args__ = _SCHEMA
    owner: ClassVar[str] = "alert_id"

    alert_id: UUID = Field(primary_key=True)


class OrderHistory(_History, table=True):
    """Every step of an order, append-only; each entry's hash covers the one before it."""

    __tablename__ = "order_history"
    __table_args__ = _SCHEMA
    owner: ClassVar[str] = "order_id"

    order_id: UUID = Field(primary_key=True)


class DeadlineRow(SQLModel, table=True):
    """A clock that runs, or ran, for an alert. `due_at` None: paused. `breached_at`: it ran out before it stopped."""

    __tablename__ = "deadlines"
    __table_args__ = _SCHEMA

    id: UUID = Field(default_factory=new_id, primary_key=True)
    alert_id: UUID
    clock: str
    length: str
    tag: str
    article: str | None = None
    starts_at: datetime = _moment()
    due_at: datetime | None = _moment(default=None)
    internal_at: datetime | None = _moment(default=None)
    warnings: list[Json] = _json(default_factory=list)
    provisional: bool = False
    stopped_at: datetime | None = _moment(default=None)
    breached_at: datetime | None = _moment(default=None)


class Order(SQLModel, table=True):
    """An order to pay within a term. Sums are over its workers; the list asks for migrant workers only."""

    __tablename__ = "orders"
    __table_args__ = _SCHEMA

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_no: str
    alert_id: UUID
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    state: str
    issued_on: date
    issued_by: str
    term_wd: int
    is_term_verified: bool
    served_on: date | None = None
    service_method: str | None = None
    term_ends_on: date | None = None
    term_ends_at: datetime | None = _moment(default=None)
    overdue_at: datetime | None = _moment(default=None)
    paid_on: date | None = None
    revoked_on: date | None = None
    revoke_cause: str | None = None
    amount: Decimal = _money()
    workers: int
    migrant_workers: int
    migrant_amount: Decimal = _money()
    longest_months: int
    largest_single: Decimal = _money()
    parties: list[Json] = _json(default_factory=list)
    incident_serious: bool = False
    traceparent: str | None = None
    changed_at: datetime = _moment()


class OrderWorker(SQLModel, table=True):
    """What one worker is owed. Name and citizen number are sealed; `person` joins without telling who."""

    __tablename__ = "order_workers"
    __table_args__ = _SCHEMA

    order_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    name_sealed: str | None = None
    name_masked: str | None = None
    id_no_sealed: str | None = None
    id_no_masked: str | None = None
    person: str | None = None
    months: int
    amount: Decimal = _money()
    is_rural: bool


class Payment(SQLModel, table=True):
    """A payment with its proof; `lines`: worker's number -> amount as text. `fingerprint`: of what was asked for."""

    __tablename__ = "order_payments"
    __table_args__ = _SCHEMA

    id: UUID = Field(default_factory=new_id, primary_key=True)
    order_id: UUID
    paid_on: date
    lines: dict[str, str] = _json(default_factory=dict)
    proof: Json = _json(default_factory=dict)
    recorded_by: str
    recorded_at: datetime = _moment()
    fingerprint: str | None = None
