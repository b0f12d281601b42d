"""Bodies of /v1/orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.alerts.rules.persons import is_citizen_number
from services.alerts.schemas.common import Body, Document, HistoryOut, Line, Step, Text, Uscc

OrderState = Literal["ISSUED", "SERVED", "PAID", "OVERDUE", "REVOKED"]
ServiceMethod = Literal["direct", "leaving", "post", "entrusted", "electronic", "posting"]
PartyRole = Literal["unit", "legal_rep", "principal", "manager", "other"]
Amount = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2, description="CNY")]
Number = Annotated[int, Field(ge=1, le=100_000)]


def _citizen_number(text: str) -> str:
    if not is_citizen_number(text):
        raise ValueError("not a citizen number (GB 11643-1999)")
    return text


CitizenNumber = Annotated[str, Field(max_length=18), AfterValidator(_citizen_number)]


class WorkerIn(Body):
    """What one worker is owed. Name and number are optional, sealed at once and never leave."""

    amount: Amount
    months: Annotated[int, Field(ge=0, le=600)]
    is_rural: bool = Field(description="农民工: a rural resident (Decree 724 art. 2)")
    name: Line | None = None
    id_no: CitizenNumber | None = None


class PartyIn(Body):
    """Who answers for the unit (Order 45 art. 5)."""

    role: PartyRole
    name: Line
    id_no: CitizenNumber | None = None


class ServiceIn(Step):
    """How and when the order reached the employer."""

    served_on: date | None = Field(default=None, description="Today, if left out")
    service_method: ServiceMethod


class IssueOrder(Step):
    """An order to pay within a term. With `service` it is served in the same step."""

    order_no: Line
    workers: Annotated[list[WorkerIn], Field(min_length=1, max_length=20_000)]
    parties: list[PartyIn] = Field(default=[], max_length=100)
    term_wd: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Working days; default and longest term are data (order.term_wd, order.term_max_wd)"
    )
    uscc: Uscc | None = Field(default=None, description="The employer, if the alert does not say")
    employer_name: Line | None = Field(
        default=None, description="The employer's registered name; without it the one that the alert knows"
    )
    incident_serious: bool = Field(default=False, description="Order 45 art. 5 (2): mass or extreme incident")
    issued_on: date | None = None
    service: ServiceIn | None = None

    @model_validator(mode="after")
    def _each_person_once(self) -> Self:
        # Who stands on it twice would count as two of the ten workers (法释〔2013〕3号 art. 3).
        numbers = [worker.id_no for worker in self.workers if worker.id_no]
        if len(numbers) != len(set(numbers)):
            raise ValueError("each person once: a citizen number stands on the order twice")
        return self


class PaymentLine(Body):
    """What one worker got."""

    worker: Number
    amount: Amount


class PaymentIn(Body):
    """A payment with its proof. Without `lines` everything that is still owed has been paid."""

    paid_on: date | None = Field(default=None, description="Today, if left out")
    proof: Document
    lines: Annotated[list[PaymentLine], Field(min_length=1, max_length=20_000)] | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _each_worker_once(self) -> Self:
        numbers = [line.worker for line in self.lines or []]
        if len(numbers) != len(set(numbers)):
            raise ValueError("each worker once")
        return self


class RevokeIn(Step):
    """Why the order was annulled."""

    reason: Text


class WorkerOut(BaseModel):
    """What one worker is owed, masked."""

    number: int
    name: str | None
    id_no: str | None
    months: int
    amount: Decimal
    balance: Decimal
    is_rural: bool


class OrderOut(BaseModel):
    """An order to pay. `is_term_verified` false: the length of the term is a default to be confirmed, not law."""

    id: UUID
    order_no: str
    alert_id: UUID
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    state: str
    state_zh: str
    issued_on: date
    term_wd: int
    is_term_verified: bool
    served_on: date | None
    service_method: str | None
    term_ends_on: date | None
    term_ends_at: datetime | None
    overdue_at: datetime | None
    paid_on: date | None
    revoked_on: date | None
    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    incident_serious: bool


class OrderPage(BaseModel):
    """Orders, newest first; `next` is the `after` of the next page, null at the end."""

    items: list[OrderOut]
    next: UUID | None


class PaymentOut(BaseModel):
    """A payment that was recorded."""

    id: UUID
    paid_on: date
    lines: dict[str, str]
    proof: dict[str, Any]
    recorded_by: str
    recorded_at: datetime


class OrderDetail(OrderOut):
    """An order with its workers (masked), payments and steps."""

    parties: list[dict[str, Any]]
    balance: Decimal
    worker_lines: list[WorkerOut]
    payments: list[PaymentOut]
    allowed: list[str]
    history: list[HistoryOut]
