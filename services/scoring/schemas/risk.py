"""What scoring answers: a risk with its reasons, its feeds and its history; the rules as they stand."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, computed_field

from services.scoring.schemas.explained import CertaintyOut, ContributionOut, WayDownOut

Level = Literal["none", "blue", "yellow", "orange", "red"]
FeedState = Literal["late", "silent", "broken"]
LevelSource = Literal["indicators", "model", "cool_down", "override", "law_floor"]


class ReceiptOut(BaseModel):
    """The row of a receipt that a reason stands on."""

    receipt_id: UUID
    row: int = Field(description="1-based row of the agency's file")
    agency: str
    dataset: str

    @computed_field(description="Where the row can be seen as it was sent (scope receipts:read)")
    def row_url(self) -> str:
        return f"/v1/receipts/{self.receipt_id}/rows/{self.row}"


class ReasonOut(BaseModel):
    """One indicator, as a sentence with its figures."""

    indicator: str = Field(examples=["E01"])
    family: str
    points: int = Field(description="Before the cap of its family")
    floor: Level | None = Field(None, description="The least level that this indicator alone forces")
    text_zh: str = Field(examples=["社保欠缴3个月,共 42,130.00 元"])
    text_en: str
    as_of: date | None = Field(None, description="The day its newest evidence speaks of")
    figures: dict[str, Any]
    receipts: list[ReceiptOut] = Field(description="At most 50, the newest first")
    article: str | None = None
    note_zh: str | None = Field(
        None,
        description="Set where it stands on a feed that has stopped (it is as it was then), or on a record that "
        "somebody called wrong and its source has not answered yet",
    )
    note_en: str | None = None


class FeedOut(BaseModel):
    """How fresh a dataset's news about the subject is. No news is not good news."""

    dataset: str
    title_zh: str | None
    title_en: str | None
    as_of: datetime = Field(description="Newest source time about this subject")
    reported_at: datetime = Field(description="Newest report about this subject that told something new")
    feed_reported_at: datetime = Field(description="Newest report of the same agency's feed that told something new")
    is_stale: bool | None = Field(
        description="false: the feed told something new within its cycle; true: it is late or silent; null: not known"
    )
    state: FeedState | None = Field(None, description="late, silent or broken; null while nothing is wrong")


class MissingFeedOut(BaseModel):
    """A feed that has stopped or broken: what it does not say is not known. The level may be too low."""

    dataset: str
    title_zh: str | None
    title_en: str | None
    agency: str
    state: FeedState
    since: datetime
    last_at: datetime | None = Field(description="Its last sign of life; figures that stand on it are of then")
    text_zh: str
    text_en: str


class DisputedOut(BaseModel):
    """A record behind a reason that a user of it called wrong (数据校核); its source has not answered yet."""

    dispute_id: UUID
    receipt_id: UUID
    row: int = Field(description="The row that was called wrong; the reason may stand on a later one of the record")
    dataset: str
    title_zh: str | None
    title_en: str | None
    agency: str = Field(description="The source, which answers")
    item: str | None = Field(description="The item that is called wrong; null: the record")
    indicators: list[str] = Field(description="The reasons that stand on it")
    raised_at: datetime
    due_on: date = Field(description="The last working day for the answer")
    is_overdue: bool
    text_zh: str
    text_en: str


class OverrideActOut(BaseModel):
    """A level was set or taken back, by whom, when and why."""

    act: Literal["set", "withdrawn"]
    override_id: UUID
    level: Level
    reason: str
    valid_until: date = Field(description="The last day on which it holds")
    computed_level: Level = Field(description="What the rules worked out when it was done")
    by_id: str
    by_name: str
    acted_at: datetime


class WhyOut(BaseModel):
    """A column that raised the model's probability, in words; `contribution` in log odds."""

    column: str
    value: float | None = Field(description="null: not known")
    contribution: float
    text_zh: str
    text_en: str


class ModelSaysOut(BaseModel):
    """What the champion model says of an employer, apart from the indicators (decision 0022)."""

    model_id: str
    probability: float = Field(description="Calibrated: that wage arrears start within `horizon_days`")
    owing: float | None = Field(
        None,
        description="Calibrated: that they do, or are going on and nobody has found out; null: the model cannot tell",
    )
    horizon_days: int
    level: Level = Field(description="Of `owing` by itself; of `probability` where that is null")
    counts_as: Level = Field(description="What that level counts for in the level of the employer; never lowers it")
    as_of: datetime
    families: dict[str, float] = Field(description="What each family of features contributed, log odds")
    reasons: list[WhyOut]


class ScoreOut(BaseModel):
    """A line of the history."""

    score_id: UUID
    level: Level = Field(description="The level that was told")
    previous_level: Level
    computed_level: Level = Field(description="What the rules worked out")
    level_source: LevelSource = Field(description="What set the level that was told")
    level_until: date | None = Field(description="The last day of a level that is held or was set; null: open")
    override_id: UUID | None = Field(description="What a person had set and what was in force then")
    points: int
    floor: Level
    families: dict[str, int] = Field(description="Points of each family after its cap")
    reasons: list[ReasonOut]
    scored_at: datetime
    rules_version: str
    model_id: str | None = Field(None, description="The model that spoke then")
    probability: float | None = None
    model_level: Level | None = None
    indicator_level: Level | None = Field(None, description="The indicators' level by itself")


class RiskOut(BaseModel):
    """A level is an internal work signal: not published, never a reason to refuse a permit (domain.md 5.4)."""

    subject_kind: Literal["employer", "project"]
    subject_id: str
    name: str | None
    division: str | None = Field(description="9-digit town of the workplace; null while no one has reported it")
    gc_uscc: str | None = None
    gc_name: str | None = None
    level: Level = Field(description="The level that is told")
    computed_level: Level = Field(description="What the rules work out; see level_source")
    level_source: LevelSource = Field(
        description="indicators: the rules; cool_down: a fall that is not told yet; override: a person; "
        "law_floor: an article that stands above what a person has set"
    )
    level_until: date | None = Field(description="The last day of a level that is held or was set; null: open")
    override: OverrideActOut | None = Field(description="What a person has set and what is in force")
    points: int
    floor: Level
    families: dict[str, int]
    reasons: list[ReasonOut]
    data_quality: list[ReasonOut] = Field(
        description="What is wrong with the data of this subject; counts for no level"
    )
    score_id: UUID | None
    scored_at: datetime | None
    reviewed_at: datetime | None
    next_review_on: date | None
    rules_version: str | None
    feeds: list[FeedOut]
    contributions: list[ContributionOut] = Field(description="What each family of indicators adds, the most first")
    way_down: WayDownOut
    certainty: CertaintyOut
    missing_feeds: list[MissingFeedOut] = Field(description="How sure this is: whose silence says nothing at present")
    disputed: list[DisputedOut] = Field(
        description="Records behind the reasons that were called wrong and not answered yet; counts for no level"
    )
    history: list[ScoreOut] = Field(description="The newest first; at most `limit`")
    model: ModelSaysOut | None = Field(None, description="null while no model is champion")


class ConditionOut(BaseModel):
    """A feature against a threshold."""

    feature: str
    title_zh: str
    title_en: str
    op: Literal["gt", "ge", "lt", "le", "eq"]
    value: float


class TierOut(BaseModel):
    """A step of an indicator: all conditions met give its points and floor."""

    conditions: list[ConditionOut]
    points: int
    floor: Level | None
    text_zh: str
    text_en: str


class IndicatorOut(BaseModel):
    """A rule as data. `tag`: V read in the law, P excerpt, D own proposal, M not verified."""

    code: str
    kind: Literal["wage", "data_quality"] = Field(
        description="`data_quality` speaks of the data and counts for no level"
    )
    title_zh: str
    title_en: str
    subject: Literal["employer", "project"]
    family: str
    datasets: list[str]
    tiers: list[TierOut]
    article: str
    tag: Literal["V", "P", "D", "M"]
    source: str
    valid_from: date
    valid_to: date | None
    version: int
    author: str
    needs_other: bool


class ParameterOut(BaseModel):
    """A number of the grading, with where it comes from."""

    code: str
    value: int
    valid_from: date
    valid_to: date | None
    region: str
    tag: Literal["V", "P", "D", "M"]
    source: str
    verified: bool


class RulebookOut(BaseModel):
    """The whole set of rules in force."""

    version: str
    indicators: list[IndicatorOut]
    parameters: list[ParameterOut]
