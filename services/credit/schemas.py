"""Request and response bodies: the public contract. Money is CNY as text; dates are Chinese calendar dates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.credit.listing.signature import MAX_JWS_CHARS

# PostgreSQL keeps no NUL in text.
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
DATES = {"ge": date(1990, 1, 1), "le": date(2200, 1, 1)}
Day = Annotated[date, Field(**DATES)]


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


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


class ParameterOut(BaseModel):
    """A number of law, with its source."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    region: str
    valid_from: date
    valid_to: date | None
    value: Decimal
    source: str
    verified: bool


class ParameterIn(Body):
    """A number of law to be recorded; the last record of a code, region and day wins."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,60}$")]
    region: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,9}$")] = "00"
    valid_from: Day
    valid_to: Day | None = None
    value: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
    source: Line
    verified: bool

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> Self:
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


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


class PublicListingOut(BaseModel):
    """An entry of the list as the public may see it: people masked."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    uscc: str
    subject_name: str
    parties: list[dict[str, str]]
    decision_no: str
    deciding_org: str
    order_no: str
    cause: str
    basis: str
    listed_on: date
    expected_exit: date
    sequence: int
    objection_flag: bool = Field(validation_alias="objection_open")


class ListingOut(PublicListingOut):
    """A listing, to the head who signed it."""

    case_id: UUID
    signer: str
    thumbprint: str
    signature: str


class ListOut(BaseModel):
    """A page of the list; `next_after` leads to the next page."""

    listings: list[PublicListingOut]
    next_after: int | None


class CheckOut(BaseModel):
    """Whether the employer is on the joint-discipline list now. `objection_flag`: the entry is being disputed."""

    uscc: str
    listed: bool
    since: date | None = None
    expected_exit: date | None = None
    decision_no: str | None = None
    deciding_org: str | None = None
    objection_flag: bool = False
    checked_at: datetime


class SubscriberIn(Body):
    """A receiver of webhooks; its address has to be https and on the list of allowed receivers."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    url: Annotated[str, StringConstraints(min_length=9, max_length=500, pattern=r"^[!-~]+$")]


class SubscriberOut(BaseModel):
    """A receiver of webhooks. The secret is never shown again."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    url: str
    state: str
    disabled_because: str | None
    created_by: str
    created_at: datetime


class NewSubscriberOut(SubscriberOut):
    """The answer to a registration: the only time that the secret is shown."""

    secret: str


class DeliveryOut(BaseModel):
    """An event on its way to a subscriber."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    subscriber_id: UUID
    subscriber: str = ""
    sequence: int
    state: str
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


class SubscribersOut(BaseModel):
    """Every subscriber."""

    subscribers: list[SubscriberOut]


class DeliveriesOut(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]


class ParametersOut(BaseModel):
    """Numbers of law in the order of recording."""

    parameters: list[ParameterOut]
    banner: str | None = None
    banner_en: str | None = None
