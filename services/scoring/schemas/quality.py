"""The answer of /v1/scoring-quality: how right the levels are, what that stands on, and which bounds are passed."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class ShareOut(BaseModel):
    """A share (or a difference of two) with its interval, of `n` rows (an effective number where rows have weights)."""

    value: float | None
    low: float | None
    high: float | None
    n: float


class FigureOut(BaseModel):
    """A figure of a group."""

    figure: Literal["precision", "unanswered", "recall", "rate"]
    grouping: Literal["all", "level", "town", "industry", "size"]
    group: str
    rows: int
    hits: int
    share: ShareOut
    promised: float | None = Field(None, description="rate by level: the least probability that the level stands for")


class GapOut(BaseModel):
    """A group against all others of its grouping."""

    figure: Literal["precision", "recall"]
    grouping: Literal["town", "industry", "size"]
    group: str
    rows: int
    others: int
    gap: ShareOut = Field(description="The group's share less the others', with as strict an interval as looks taken")
    beyond_chance: bool


class DriftOut(BaseModel):
    """How far a feature has drifted since `drift_from`."""

    feature: str = Field(description="model.*: a column that weighs in the champion; model.probability: what it says")
    psi: float
    by_chance: float = Field(description="What chance alone gives on average, of so many employers")
    missing_before: float
    missing_now: float


class WordsOut(BaseModel):
    """A sentence in both languages."""

    zh: str
    en: str


class BoundOut(BaseModel):
    """A bound, with where it comes from."""

    code: str
    figure: str
    grouping: str
    op: Literal["at_least", "at_most"]
    value: float
    least_rows: int
    title_zh: str
    title_en: str
    tag: str
    source: str
    verified: bool


class AlarmOut(BaseModel):
    """A bound that is passed, since when, and the figure at that moment."""

    bound: str
    group: str
    since: datetime
    change: int
    rows: int
    value: float
    low: float
    high: float


class ScoringQualityOut(BaseModel):
    """The report of a day."""

    on: date
    computed_at: datetime
    since: date = Field(description="Alerts and inspections from the day after it count")
    drift_from: date
    employers: int = Field(description="Whose features the drift was worked out of")
    visits: int = Field(description="Random inspections that were ordered")
    answered_visits: int = Field(description="Those of them with a finding that says yes or no")
    figures: list[FigureOut]
    gaps: list[GapOut]
    drifts: list[DriftOut]
    stands_on: dict[str, WordsOut] = Field(description="Which labels each figure stands on")
    bounds: list[BoundOut]
    alarms: list[AlarmOut] = Field(description="The bounds that are passed now")
