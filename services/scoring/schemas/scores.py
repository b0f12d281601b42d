"""An explained score: what it said, what it stood on, and whether the same comes out again."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, computed_field

from services.scoring.rules import Level
from services.scoring.schemas.risk import ScoreOut


class InputOut(BaseModel):
    """A version of a record that the score stood on."""

    dataset: str
    receipt_id: UUID
    row: int = Field(description="1-based row of the agency's file; 0: what a full list ended")
    is_here: bool = Field(description="false: the fact is lost")
    subject_kind: str = Field(description="account or payroll where it speaks of the project by those")
    agency: str | None
    source_time: datetime | None
    reported_at: datetime | None

    @computed_field(description="Where the row can be seen as it was sent (scope receipts:read)")
    def row_url(self) -> str | None:
        return f"/v1/receipts/{self.receipt_id}/rows/{self.row}" if self.row else None


class InputsOut(BaseModel):
    """Everything that was read: the records, and how the feeds stood."""

    is_kept: bool = Field(description="false: the score is of before inputs were kept; it cannot be worked out again")
    is_whole: bool = Field(description="Every fact is still there and says what it said (SHA-256)")
    versions: int = Field(description="How many versions of records it stood on")
    lost: int
    sha256: str | None
    feeds: int = Field(description="Of how many feeds it was known how they stood")
    records: list[InputOut] = Field(description="The first `limit` of them, by dataset and receipt")


class DifferenceOut(BaseModel):
    """What the score said, and what comes out now."""

    item: str
    told: Any
    again: Any


class OtherwiseOut(BaseModel):
    """A column whose value of then the facts do not give again: something came in late that counts as known then."""

    column: str
    title_zh: str
    title_en: str
    read: float | None = Field(description="What the model had read, and its word stands on; null: not known")
    now: float | None


class ModelAgainOut(BaseModel):
    """The model's word, of what it had read (kept with the score), and that again of the facts as known then."""

    model_id: str
    probability: float
    level: Level
    columns: int = Field(description="How many values it had read")
    otherwise: list[OtherwiseOut] = Field(description="Those that the facts give otherwise now")


class AgainOut(BaseModel):
    """The score worked out again from the kept facts, with the rules of its version and its model."""

    is_equal: bool | None = Field(description="To the last bit, from unchanged facts; null: it could not be worked out")
    reason: Literal["inputs_not_kept", "book_unknown", "book_unreadable", "model_unknown"] | None
    differences: list[DifferenceOut]
    model: ModelAgainOut | None = Field(description="null: none spoke, or it is of before what it read was kept")
    text_zh: str
    text_en: str


class ExplanationOut(BaseModel):
    """A score of any time (PIPL art. 24: a person may ask how a decision came about)."""

    subject_kind: Literal["employer", "project"]
    subject_id: str
    name: str | None
    division: str | None
    score: ScoreOut
    inputs: InputsOut
    again: AgainOut | None = Field(description="Only with `recompute`")
