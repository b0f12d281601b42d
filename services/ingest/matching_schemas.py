"""Bodies of the matching API: questions, answers, links."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Reason = Annotated[str, Field(min_length=2, max_length=500, description="why: kept with the link")]


class CandidateOut(BaseModel):
    """Whom a question may mean; `score` of 100."""

    subject_id: str
    name: str | None
    division: str | None
    score: int


class ExampleOut(BaseModel):
    """One of the records that wait: what it says without free text, numbers of persons and accounts hidden."""

    receipt_id: UUID
    row: int
    source_time: datetime
    record: dict[str, Any]


class QuestionOut(BaseModel):
    """Whose are these records? `told` is the name, account or code by which they ask."""

    question_id: UUID
    kind: Literal["name", "account", "written"]
    told: str
    division: str
    dataset: str
    agency: str
    asked_at: datetime
    records: int = Field(description="how many records wait for the answer")
    best_score: int | None
    candidates: list[CandidateOut]
    examples: list[ExampleOut]


class QuestionPage(BaseModel):
    """Questions, the oldest first; `next` is the `after` of the following page."""

    items: list[QuestionOut]
    next: UUID | None


class AnswerIn(BaseModel):
    """It is this employer: his credit code (of a project's account, the project's code)."""

    model_config = ConfigDict(extra="forbid")

    subject_id: Annotated[str, Field(min_length=1, max_length=32)]
    reason: Reason


class ReasonIn(BaseModel):
    """Why it is nobody we know, or why a link is wrong."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class LinkOut(BaseModel):
    """What leads to whom. `made_by` is `system`, `registry` (a merger), or a person's login.

    `undone_by` `system`: what had taught it was taken back or corrected, and nobody else says so.
    """

    link_id: UUID
    method: Literal["code", "regno", "organisation", "account", "name", "manual", "merger"]
    kind: str
    scope: str
    value: str
    division: str
    subject_id: str | None = Field(description="null: a person said that it is nobody we know")
    made_at: datetime
    made_by: str
    reason: str | None
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str | None
    records: int = Field(description="how many records it holds at its subject")


class LinkPage(BaseModel):
    """Links, the newest first; `next` is the `after` of the following page."""

    items: list[LinkOut]
    next: UUID | None
