"""The tables of the list. Constraints live in the migration; here are the columns that the code speaks of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SCHEMA = {"schema": "credit"}


def _moment(nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=nullable))


def _json(default: Any = None) -> Any:
    return Field(default_factory=lambda: default, sa_column=Column(JSONB(none_as_null=True)))


def _numbered() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


class ParameterRow(SQLModel, table=True):
    """A number of law, effective-dated; rows are added, never changed."""

    __tablename__ = "parameter"
    __table_args__ = SCHEMA

    id: int | None = _numbered()
    code: str
    region: str
    valid_from: date
    valid_to: date | None = None
    value: Decimal
    source: str
    verified: bool
    recorded_by: str


class Case(SQLModel, table=True):
    """One overdue order on its way to the list, or off it. `serial` gives the decision its number."""

    __tablename__ = "listing_case"
    __table_args__ = SCHEMA

    id: UUID = Field(primary_key=True)
    serial: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True)))
    order_id: UUID
    alert_id: UUID
    order_no: str
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    served_on: date
    term_ends_on: date
    overdue_at: datetime = _moment()
    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    incident_serious: bool
    parties: list[dict[str, Any]] = _json()
    salt: str
    state: str
    screening_due_on: date
    notice_due_on: date
    decision_due_on: date
    grounds: list[str] = _json([])
    screened_on: date | None = None
    notice: dict[str, Any] | None = _json()
    notice_served_on: date | None = None
    objection_ends_on: date | None = None
    objection: dict[str, Any] | None = _json()
    objected_on: date | None = None
    answer_due_on: date | None = None
    objection_answered_on: date | None = None
    dispute_due_on: date | None = None
    extended_on: date | None = None
    paid_on: date | None = None
    annulled_on: date | None = None
    promised_on: date | None = None
    sparing_refused_on: date | None = None
    listing_id: UUID | None = None
    opened_at: datetime = _moment()
    changed_at: datetime = _moment()


class Step(SQLModel, table=True):
    """A transition that happened."""

    __tablename__ = "step"
    __table_args__ = SCHEMA

    id: int | None = _numbered()
    case_id: UUID
    division: str
    at: datetime = _moment()
    actor: str
    event: str
    article: str
    from_state: str
    to_state: str
    mark: str | None = None
    reason: str = ""
    details: dict[str, Any] = _json({})


class Listing(SQLModel, table=True):
    """An employer on the list: what the public may see, and the signature that put it there."""

    __tablename__ = "listing"
    __table_args__ = SCHEMA

    id: UUID = Field(primary_key=True)
    case_id: UUID
    uscc: str
    subject_name: str
    parties: list[dict[str, Any]] = _json()
    decision_no: str
    deciding_org: str
    order_no: str
    cause: str
    basis: str
    listed_on: date
    expected_exit: date
    signature: str
    signer: str
    thumbprint: str
    sequence: int = Field(sa_type=BigInteger)
    objection_open: bool = False
    published_at: datetime = _moment()
    pushed_at: datetime | None = _moment(nullable=True)
    removed_on: date | None = None
    remove_type: str | None = None


class OrderFact(SQLModel, table=True):
    """What became of an order, kept whether or not its case has been heard of yet (events come in any order)."""

    __tablename__ = "order_fact"
    __table_args__ = SCHEMA

    order_id: UUID = Field(primary_key=True)
    paid_on: date | None = None
    annulled_on: date | None = None
    annulment_cause: str | None = None


class FeedRow(SQLModel, table=True):
    """A CloudEvent of the list, byte for byte as it left; `sequence` has no gaps and follows the order of commits."""

    __tablename__ = "feed"
    __table_args__ = SCHEMA

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID
    type: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Subscriber(SQLModel, table=True):
    """Who gets webhooks. The secret is sealed; it was shown once."""

    __tablename__ = "subscriber"
    __table_args__ = SCHEMA

    id: UUID = Field(primary_key=True)
    name: str
    url: str
    secret_sealed: str
    state: str = "active"
    disabled_because: str | None = None
    created_by: str
    created_at: datetime = _moment()


class Delivery(SQLModel, table=True):
    """An event on its way to a subscriber. Times here are the system's, not the business clock's."""

    __tablename__ = "delivery"
    __table_args__ = SCHEMA

    id: UUID = Field(primary_key=True)
    subscriber_id: UUID
    sequence: int = Field(sa_type=BigInteger)
    state: str = "pending"
    attempts: int = 0
    next_attempt_at: datetime = _moment()
    claimed_until: datetime | None = _moment(nullable=True)
    created_at: datetime = _moment()
    delivered_at: datetime | None = _moment(nullable=True)
    last_status: int | None = None
    last_error: str | None = None
    traceparent: str | None = None


class Query(SQLModel, table=True):
    """Who asked about whom."""

    __tablename__ = "query_log"
    __table_args__ = SCHEMA

    id: int | None = _numbered()
    at: datetime = _moment()
    caller_kind: str
    caller: str
    uscc: str
    listed: bool
    trace_id: str | None = None
