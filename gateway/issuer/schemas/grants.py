"""Grants as people ask for them, decide them and read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from gateway.issuer.models import DataGrant

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500, pattern=r"^[^\x00]*$")]
State = Literal["requested", "approved", "refused", "revoked", "expired"]
Direction = Literal["provide", "use"]


class GrantIn(BaseModel):
    """A request (Decree 809): who is to have which data, in which direction, what for, by which law, until when."""

    agency: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,62}$", examples=["tax-bureau"])
    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", examples=["tax_arrears"])
    direction: Direction = Field(description="provide: hand in; use: read")
    purpose: Words = Field(examples=["欠薪预警 wage-arrears early warning"])
    legal_basis: Words = Field(examples=["《保障农民工工资支付条例》第三十八条"])
    valid_from: AwareDatetime | None = Field(None, description="at once if not given")
    valid_to: AwareDatetime = Field(description="the first moment at which it is good no more")


class ReasonIn(BaseModel):
    """Why. It stays on record."""

    reason: Words


class GrantOut(BaseModel):
    """A grant. `origin` operator: given at the machine together with the certificate, before anybody asked."""

    grant_id: UUID
    agency: str
    dataset: str
    direction: Direction
    scopes: list[str]
    origin: Literal["request", "operator"]
    purpose: str
    legal_basis: str
    sharing: Literal["U", "C", "N"] | None
    state: State
    requested_by: str
    requested_at: datetime
    reply_due_on: date | None = Field(description="working days by class of sharing: see docs/assumptions.md")
    is_overdue: bool = Field(description="requested, and the day for the reply has passed")
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    deliver_by: date | None
    valid_from: datetime
    valid_to: datetime | None
    in_force: bool
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None

    @classmethod
    def of(cls, grant: DataGrant, now: datetime, today: date) -> GrantOut:
        """The grant as it stands at a moment, which is a day in China."""
        good = grant.state == "approved" and grant.valid_from <= now
        due = grant.reply_due_on
        return cls(
            **grant.model_dump(),
            is_overdue=grant.state == "requested" and due is not None and today > due,
            in_force=good and (grant.valid_to is None or now < grant.valid_to),
        )


class GrantList(BaseModel):
    """Grants, the newest first; `next`: the `before` of the next page, null when there is none."""

    grants: list[GrantOut]
    next: UUID | None
