"""A case: the steps that officers take, and how it is shown to them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.credit.listing.signature import MAX_JWS_CHARS
from services.credit.schemas.common import Body, Day, Line, Prose
from services.credit.schemas.parameters import ParameterOut


class ScreenIn(Body):
    """The squad's word on the grounds; denying them needs a reason."""

    meets: bool
    reason: Prose = ""


class NoticeIn(Body):
    """How the prior notice was served."""

    served_on: Day
    method: Literal["direct", "left", "electronic", "entrusted", "mail", "announcement"] = "direct"
    recipient: Line
    proof: Line = Field(description="Reference of the receipt, photo or video hash")


class ObjectionIn(Body):
    """An objection as the party made it."""

    received_on: Day
    objector: Line
    text: Prose


class AnswerIn(Body):
    """The bureau's answer to the objection; `sustained` ends the case."""

    sustained: bool
    text: Prose


class SpareIn(Body):
    """Art. 7 weighed: granted (corrected, and promised in writing) or refused."""

    granted: bool
    promised_on: Day | None = None
    reason: Prose


class ExtendIn(Body):
    """Why the case is complex."""

    reason: Prose


class DecideIn(Body):
    """Compact JWS (ES256, whole or detached) over the decision document's bytes; header `jwk` = your own public key."""

    signature: Annotated[str, StringConstraints(min_length=3, max_length=MAX_JWS_CHARS, pattern=r"^[A-Za-z0-9_.\-]+$")]


class StepOut(BaseModel):
    """A transition that happened."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    actor: str
    event: str
    article: str
    from_state: str
    to_state: str
    mark: str | None
    reason: str


class CaseOut(BaseModel):
    """A case as officers of its jurisdiction see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    serial: int
    order_id: UUID
    alert_id: UUID
    order_no: str
    uscc: str
    employer_name: str
    division: str
    deciding_org: str
    state: str
    grounds: list[str]
    term_ends_on: date
    screening_due_on: date
    notice_due_on: date
    decision_due_on: date
    screened_on: date | None
    notice_served_on: date | None
    objection_ends_on: date | None
    objected_on: date | None
    answer_due_on: date | None
    objection_answered_on: date | None
    dispute_due_on: date | None = Field(description="When an objection against the entry has to be settled")
    extended_on: date | None
    paid_on: date | None
    annulled_on: date | None
    promised_on: date | None
    sparing_refused_on: date | None
    listing_id: UUID | None
    opened_at: datetime
    changed_at: datetime


class FileOut(CaseOut):
    """A case with all that is in its file. `banner` warns of unverified numbers of law."""

    served_on: date
    amount: Decimal
    workers: int
    migrant_workers: int
    migrant_amount: Decimal
    longest_months: int
    largest_single: Decimal
    incident_serious: bool
    parties: list[dict[str, Any]]
    salt: str
    notice: dict[str, Any] | None
    objection: dict[str, Any] | None
    state_zh: str = ""
    next_events: list[str] = []
    parameters: list[ParameterOut] = []
    banner: str | None = None
    banner_en: str | None = None
    steps: list[StepOut] = []


class CasesOut(BaseModel):
    """A page of cases, newest first; `next_before` leads to the next page."""

    cases: list[CaseOut]
    next_before: int | None
