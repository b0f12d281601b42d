"""Bodies of the correction requests (数据校核): what is wrong, and what the source says."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

State = Literal["open", "corrected", "upheld"]
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class DisputeIn(BaseModel):
    """Why the record is wrong, and which item, if it is one. No value of a person belongs into the reason."""

    model_config = ConfigDict(extra="forbid")

    reason: Text
    item: str | None = Field(default=None, max_length=100)


class AnswerIn(BaseModel):
    """`corrected`: the record stands no more as it was, by that receipt or because the row was taken back; `upheld`."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["corrected", "upheld"]
    reason: Text | None = Field(default=None, description="needed when the record is upheld")
    receipt_id: UUID | None = Field(default=None, description="the receipt that corrects it")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.outcome == "upheld" and (self.reason is None or self.receipt_id is not None):
            raise ValueError("a record is upheld with a reason, and by no receipt")
        return self


class DisputeOut(BaseModel):
    """A record that was called wrong. A person who raised it is named to people with `quality:read` and to himself."""

    dispute_id: UUID
    receipt_id: UUID
    row: int
    dataset: str
    agency: str = Field(description="the source, which answers")
    item: str | None
    reason: str
    raised_by_kind: Literal["agency", "person"]
    raised_by: str | None
    raised_at: datetime
    due_on: date = Field(description="the last working day for the answer")
    is_overdue: bool
    state: State
    state_zh: str
    answer: str | None
    corrected_by: UUID | None
    answered_at: datetime | None


class DisputeList(BaseModel):
    """Disputes, the oldest first. `next`: ask on with `after`; null at the end."""

    disputes: list[DisputeOut]
    next: UUID | None
