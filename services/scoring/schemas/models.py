"""What people tell and are told of trained models and of runs over the whole population."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.scoring.schemas.risk import Level
from services.scoring.schemas.texts import PRINTABLE

State = Literal["candidate", "shadow", "champion", "retired"]
Reason = Field(min_length=4, max_length=500, pattern=PRINTABLE, description="Why; kept in the audit log")


class ModelIn(BaseModel):
    """A folder that `anxin train` wrote."""

    entry: str = Field(min_length=2, max_length=8_000_000, pattern=PRINTABLE, description="entry.json, as it is")
    trees: str | None = Field(None, max_length=48_000_000, pattern=PRINTABLE, description="trees.txt")
    card: str = Field(min_length=1, max_length=200_000, pattern=PRINTABLE, description="card.md")
    reason: str = Reason


class ReasonIn(BaseModel):
    """Why a person does it."""

    reason: str = Reason


class ProposalOut(BaseModel):
    """A promotion that waits for a second person."""

    by: str
    at: datetime
    reason: str


class ModelLineOut(BaseModel):
    """A model as it stands."""

    model_id: str = Field(description="SHA-256 of its content")
    name: str = Field(description="Which contender it is: indicators, scorecard, model")
    state: State
    since: datetime
    horizon_days: int
    registered_at: datetime
    registered_by: str
    proposal: ProposalOut | None
    not_live: dict[str, float] = Field(description="Columns that the live service never has: share of the model's gain")
    not_live_share: float


class ModelsOut(BaseModel):
    """Every model, the newest first."""

    champion: str | None
    models: list[ModelLineOut]


class StepOut(BaseModel):
    """Who did what to a model, when and why."""

    act: str
    state: State
    at: datetime
    actor: str
    reason: str


class ModelOut(ModelLineOut):
    """A model with what it stands on."""

    training: dict[str, Any] = Field(description="Data window, rows, settings, and how the contenders did")
    features: int
    data_sha256: str | None
    card: str = Field(description="The model card, Markdown")
    steps: list[StepOut]


class AboutBothOut(BaseModel):
    """One of two models on the days that both were asked."""

    model_id: str
    mean_probability: float
    levels: dict[Level, int]
    found_right: int | None = Field(
        description="Of those that it ranks first, who was found in arrears within the horizon"
    )
    pr_auc: float | None
    roc_auc: float | None


class ComparisonOut(BaseModel):
    """Champion and challenger on the same employers, the same day and the same inputs."""

    day: date | None
    days: list[date] = Field(description="The days on which both were asked")
    employers: int
    champion: AboutBothOut | None
    challenger: AboutBothOut | None
    rank_correlation: float | None
    first: int = Field(description="How many a month's budget lets one look at first")
    first_in_common: int
    found: int = Field(description="Employers found in arrears that began within the horizon after the day")
    note_zh: str
    note_en: str


class RunIn(BaseModel):
    """Why everyone is scored again."""

    reason: str = Reason


class RunOut(BaseModel):
    """A run over the whole population."""

    run_id: UUID
    state: Literal["waiting", "running", "done", "failed"]
    reason: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done: int
    total: int
    failures: int
    error: str | None


class RunsOut(BaseModel):
    """The runs, the newest first."""

    runs: list[RunOut]
