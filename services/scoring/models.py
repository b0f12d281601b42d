"""The tables that are read row by row. Facts, links and feed reports are only ever moved as columns: see store.py."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Subject(SQLModel, table=True):
    """An employer or project with its present state; also the lock that puts its scorings in a line."""

    __tablename__ = "subject"
    __table_args__ = ({"schema": "scoring"},)

    subject_id: str = Field(primary_key=True)
    subject_kind: str = Field(primary_key=True)
    name: str | None = None
    division: str | None = None
    gc_uscc: str | None = None
    gc_name: str | None = None
    level: str = "none"
    meaning: str | None = None
    state: str | None = None
    computed_level: str = "none"
    level_source: str = "indicators"
    level_until: date | None = None
    left_on: dict[str, str] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    told_steps: str = ""
    score_id: UUID | None = None
    rules_version: str | None = None
    reviewed_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    next_review_on: date | None = None
    falls_at_once: bool = False
    data_quality: list[dict[str, Any]] = Field(default=[], sa_column=Column(JSONB, nullable=False))


class Score(SQLModel, table=True):
    """A line of the history: a level, and everything that was said about it."""

    __tablename__ = "score"
    __table_args__ = ({"schema": "scoring"},)

    subject_id: str = Field(primary_key=True)
    subject_kind: str = Field(primary_key=True)
    score_id: UUID = Field(primary_key=True)
    level: str
    previous_level: str
    points: int
    floor: str
    families: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    reasons: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    scored_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    rules_version: str
    # Empty in lines of before there were three sources of a level; level and computed level were one then.
    computed_level: str | None = None
    level_source: str = "indicators"
    level_until: date | None = None
    left_on: dict[str, str] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    override_id: UUID | None = None
    previous_id: UUID | None = None
    # What the champion said then, and the levels of both by themselves; null where no model spoke.
    model_id: str | None = None
    probability: float | None = None
    model_level: str | None = None
    population_id: UUID | None = None
    indicator_level: str | None = None


class OverrideAct(SQLModel, table=True):
    """A person set a level, or took back what had been set. The newest act about a subject counts."""

    __tablename__ = "override"
    __table_args__ = ({"schema": "scoring"},)

    subject_id: str = Field(primary_key=True)
    subject_kind: str = Field(primary_key=True)
    act_id: UUID = Field(primary_key=True)
    act: str
    override_id: UUID
    level: str
    reason: str
    valid_until: date
    computed_level: str
    by_id: str
    by_name: str
    acted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
