"""The list as others see it, and the answer to who asks about a firm."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


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
