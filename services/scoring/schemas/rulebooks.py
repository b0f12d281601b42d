"""Versions of the rules: what is asked and what is answered."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Reason = Annotated[str, Field(min_length=2, max_length=2000, description="为何如此 why; kept for good")]
Page = Annotated[str, Field(max_length=200_000, description="YAML, whole")]
RulebookState = Literal["draft", "submitted", "approved", "scheduled", "active", "retired"]
RulebookDeed = Literal["drafted", "submitted", "returned", "approved", "activated", "rolled_back"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class DeedIn(_In):
    """Why something is done with a version."""


class PagesOut(BaseModel):
    """The four pages of a version, as they were drafted: YAML."""

    datasets: str
    features: str
    indicators: str
    parameters: str


class PagesIn(BaseModel):
    """The pages that differ; the others are those of the version that the draft is based on."""

    model_config = ConfigDict(extra="forbid")

    datasets: Page | None = None
    features: Page | None = None
    indicators: Page | None = None
    parameters: Page | None = None


class DraftIn(_In):
    """A new version. `based_on`: whose pages stay where none are given (default: the one in force)."""

    pages: PagesIn
    based_on: str | None = Field(default=None, max_length=40)
    effective_from: date | None = Field(default=None, description="生效日 not before this day; default: on activation")


class ActivationIn(_In):
    """From which day on the version counts; default: the draft's own day, else today. A day in the past means today."""

    effective_from: date | None = None


class RulebookActOut(BaseModel):
    """What was done with a version."""

    act: RulebookDeed
    actor: str
    reason: str
    effective_from: date | None
    dry_run_id: UUID | None
    acted_at: datetime


class RulebookVersionOut(BaseModel):
    """A version of the rules. `author` of a shipped one is `release`; so is the activation that nobody decided.

    `effective_from`: from when it counts or counted; before that, the day its author wants.
    """

    version: str
    digest: str
    origin: Literal["shipped", "drafted"]
    based_on: str | None
    state: RulebookState
    author: str
    reason: str
    created_at: datetime
    submitted_by: str | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    activated_by: str | None
    activated_at: datetime | None
    effective_from: date | None
    acts: list[RulebookActOut]


class RulebooksOut(BaseModel):
    """Versions of the rules, the newest first."""

    active: str
    rulebooks: list[RulebookVersionOut]


class ChangedFieldOut(BaseModel):
    """A field of an entry that differs."""

    field: str
    before: Any
    after: Any


class ChangedEntryOut(BaseModel):
    """An entry that was added, removed or changed; of an added or removed one every field is told."""

    page: Literal["datasets", "features", "indicators", "parameters"]
    code: str
    change: Literal["added", "removed", "changed"]
    fields: list[ChangedFieldOut]


class RulebookDiffOut(BaseModel):
    """How a version differs from another."""

    version: str
    against: str
    entries: list[ChangedEntryOut]


class MoveOut(BaseModel):
    """How many subjects go from one level to another."""

    now: str
    then: str
    subjects: int


class StepOut(BaseModel):
    """How many subjects stand on a step of an indicator (from 1), now and then."""

    indicator: str
    step: int
    now: int
    then: int


class SaidOut(BaseModel):
    """A reason in short."""

    indicator: str
    points: int
    text_zh: str
    text_en: str


class ChangeOut(BaseModel):
    """A subject whose level differs, with the reasons of either version."""

    subject_kind: str
    subject_id: str
    name: str | None
    division: str | None
    now: str
    then: str
    before: list[SaidOut]
    after: list[SaidOut]


class TallyOut(BaseModel):
    """What was counted of one kind of subject: `levels_now` by the present version, `levels_then` by the tried one.

    `changes`: the first examples of each move, those of the reader's own division.
    """

    subjects: int
    changed: int
    levels_now: dict[str, int]
    levels_then: dict[str, int]
    moves: list[MoveOut]
    steps: list[StepOut]
    changes: list[ChangeOut]


class DryRunOut(BaseModel):
    """A version tried over everyone: progress, and what was counted so far. All of it is as known at `asked_at`."""

    dry_run_id: UUID
    version: str
    baseline: str
    state: Literal["waiting", "running", "finished", "failed"]
    asked_by: str
    asked_at: datetime
    moved_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    failure: str | None
    employers: TallyOut | None
    projects: TallyOut | None


class DryRunsOut(BaseModel):
    """The dry runs of a version, the newest first, without their examples."""

    dry_runs: list[DryRunOut]
