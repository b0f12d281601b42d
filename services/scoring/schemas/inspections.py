"""Bodies of /v1/inspections: a random sample is ordered, and what was found is recorded."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.scoring.schemas.texts import PRINTABLE

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=PRINTABLE)]
Division = Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$", description="6 digits a district, 9 a town")]
Found = Literal["confirmed", "no_arrears", "nothing", "unverifiable"]


class Body(BaseModel):
    """A request body refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class SampleIn(Body):
    """How many employers to draw, by which design, where, until when, and why. The same seed draws the same ones."""

    n: Annotated[int, Field(ge=1, le=100_000)]
    design: Line = Field("by_town", description="GET /v1/inspections/designs")
    within: Division | None = Field(None, description="Your own division, if left out")
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(None, description="Drawn by the platform, if left out")
    due_on: date | None = None
    reason: Words


class InspectorIn(Body):
    """Who was on site, with his certificate (423 art. 16)."""

    login: Line
    certificate_no: Line


class FindingIn(Body):
    """What was found: arrears, danger without arrears, nothing at all, or nobody could be met."""

    finding: Found
    found_on: date
    inspectors: Annotated[list[InspectorIn], Field(min_length=1, max_length=20)]
    started_on: date | None = Field(None, description="Since when wages are unpaid, if it is known")
    workers: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    months: Annotated[int, Field(ge=0, le=600)] | None = None
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2, description="CNY")] | None = None
    note: Words | None = None


class DesignOut(BaseModel):
    """A way to spread a sample over strata."""

    code: str
    by: list[str] = Field(description="What the strata are made of; none: one stratum")
    share: str = Field(description="proportional to the employers there are, or equal")
    least: int
    title_zh: str
    title_en: str
    source: str


class StratumOut(BaseModel):
    """A stratum: out of how many so many were drawn."""

    stratum: str
    stratum_population: int
    stratum_drawn: int
    probability: float


class SampleOut(BaseModel):
    """A sample. `seed`, `as_of` and the design draw it again; `frame_sha256` proves that the list was the same."""

    sample_id: UUID
    design: DesignOut
    seed: int
    asked: int
    drawn: int
    population: int
    recorded: int = Field(description="Of how many inspections a finding is known")
    within: str
    as_of: datetime
    frame_sha256: str
    strata: list[StratumOut]
    due_on: date | None
    reason: str
    ordered_by: str
    ordered_at: datetime


class InspectionOut(BaseModel):
    """Whom to inspect, with which probability he was drawn, what was known of him then, and what stands about him."""

    inspection_id: UUID
    sample_id: UUID
    employer_id: str
    name: str | None
    division: str | None
    industry: str | None
    size: str | None
    level: str = Field(description="The level that was told when he was drawn")
    stratum: str
    probability: float
    finding: Found | None = Field(description="null: not recorded yet")
    found_on: date | None
    started_on: date | None
    workers: int | None
    months: int | None
    amount: Decimal | None
    recorded_at: datetime | None


class SampleDetail(SampleOut):
    """A sample with whom it drew in your division."""

    inspections: list[InspectionOut]
