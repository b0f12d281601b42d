"""Bodies of /v1/alerts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.alerts.schemas.common import HistoryOut, Inspector, Level, Line, Money, Step, Text, Town

State = Literal[
    "GENERATED",
    "MERGED",
    "SUPPRESSED",
    "TRIAGED",
    "DISPATCHED",
    "RETURNED",
    "ACCEPTED",
    "ESCALATED",
    "VERIFYING",
    "CONFIRMED",
    "NO_ARREARS",
    "FALSE",
    "UNVERIFIABLE",
    "DISPOSING",
    "LINKED_TO_CASE",
    "RESOLVED",
    "REVIEWED",
    "CLOSED",
    "REOPENED",
    "SUSPENDED",
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Months = Annotated[int, Field(ge=0, le=600)]
Inspectors = Annotated[list[Inspector], Field(max_length=20)]


class Triage(Step):
    """The analyst's assessment: why, and a higher colour if need be."""

    reason: Text
    level: Level | None = None


class Dispatch(Step):
    """Send to a town."""

    town: Town


class Return(Step):
    """Not ours: why."""

    reason: Text


class Verify(Step):
    """Who goes to see, and when. Two inspectors, or a grid worker for facts."""

    visited_on: date
    inspectors: Inspectors = Field(default=[])


class Found(Step):
    """Something was found on a day: today, if left out."""

    found_on: date | None = None


class Confirm(Found):
    """Arrears were found: people, months, amount. By two inspectors: those of the verification unless named anew."""

    workers: Annotated[int, Field(ge=1, le=1_000_000)]
    migrant_workers: Count | None = None
    months: Months
    started_on: Annotated[date | None, Field(description="Since when wages are unpaid, if it is known")] = None
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2, description="CNY")]
    inspectors: Inspectors | None = None


class NoArrears(Found):
    """The danger is real, the wages are paid: why we believe so."""

    reason: Text


class ProposeFalse(Found):
    """A false signal: of which kind, and why. A second person has to approve."""

    cause: Literal["bad_data", "seasonal", "moved", "other"]
    reason: Text


class Approve(Step):
    """The second person agrees."""


class Reason(Step):
    """A step that has to say why."""

    reason: Text


class Unverifiable(Found):
    """The boss is lost or the place is closed."""

    reason: Text
    inspectors: Inspectors | None = None


class Dispose(Step):
    """A measure that is taken."""

    measure: Literal[
        "talk",
        "repayment_plan",
        "mediation",
        "legal_aid",
        "project_money",
        "deposit",
        "emergency_fund",
        "case_filing",
        "other",
    ]


class Link(BaseModel):
    """What goes on with it: a case, a court or a bankruptcy."""

    kind: Literal["case", "court", "bankruptcy"]
    number: Line


class LinkCase(Step):
    """A case was filed: the alert stays open, the clock follows the case."""

    link: Link


class Resolve(Step):
    """All wages are paid: how much, with a receipt among the documents."""

    reason: Text
    paid_amount: Money


class Review(Step):
    """The call-back: how many workers were asked, and what they say is unpaid."""

    sampled_workers: Count
    unpaid_amount: Money


class Suspend(Step):
    """Waiting for court or police: why, and until when (at most 30 days, renewable)."""

    reason: Text
    until: date


class DeadlineOut(BaseModel):
    """A clock. `due_at` null: paused. `tag` D or M: our own limit, not confirmed by law. `used_percent` of now."""

    clock: str
    length: str
    tag: str
    article: str | None
    starts_at: datetime
    due_at: datetime | None
    internal_at: datetime | None
    warnings: list[dict[str, Any]]
    provisional: bool
    stopped_at: datetime | None
    breached_at: datetime | None
    used_percent: int | None


class AlertOut(BaseModel):
    """An alert. `stage`: where the work stands when the state is ESCALATED or SUSPENDED, else the state.

    `name` is the subject's; `employer_name` and `uscc` are the employer's, for a project its general contractor's.
    """

    id: UUID
    subject_kind: str
    subject_id: str
    uscc: str | None
    name: str | None
    employer_name: str | None
    level: str
    state: str
    state_zh: str
    stage: str
    division: str
    division_name: str | None
    workplace: str | None
    town: str | None
    points: int
    indicators: list[str]
    raised_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    is_supervised: bool
    due_at: datetime | None = Field(default=None, description="When the clock that runs now ends")


class AlertPage(BaseModel):
    """Alerts, newest first; `next` is the `after` of the next page, null at the end."""

    items: list[AlertOut]
    next: UUID | None


class SignalOut(BaseModel):
    """A score attached to the alert."""

    score_id: UUID
    level: str
    points: int
    indicators: list[str]
    scored_at: datetime
    outcome: str


class AlertDetail(AlertOut):
    """An alert with everything that led to it and everything that was done."""

    reasons: list[dict[str, Any]] = Field(description="with the receipts behind each, and their `row_url`")
    rules_version: str
    score_id: UUID
    inspectors: list[dict[str, Any]]
    proposal: dict[str, Any] | None
    finding: dict[str, Any] | None
    measures: list[dict[str, Any]]
    paid: Decimal
    unpaid: Decimal
    link: dict[str, Any] | None
    suspended_until: date | None
    previous_alert_id: UUID | None
    order_ids: list[UUID]
    signals: list[SignalOut]
    deadlines: list[DeadlineOut]
    allowed: list[str] = Field(description="Steps that somebody may take now")
    history: list[HistoryOut]
