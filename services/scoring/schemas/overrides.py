"""A level that a person sets: what is asked, and what is answered."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.scoring.schemas.risk import Level, LevelSource, OverrideActOut
from services.scoring.schemas.texts import PRINTABLE


class OverrideIn(BaseModel):
    """What level, why, and up to and including which day."""

    model_config = ConfigDict(extra="forbid")

    level: Level
    reason: str = Field(
        min_length=5, max_length=500, pattern=PRINTABLE, examples=["现场核查：工资已全部发放,社保正在补缴"]
    )
    valid_until: date = Field(description="The last day; how far ahead it may lie is the parameter override_most_days")


class WithdrawalIn(BaseModel):
    """Why a level that was set is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=5, max_length=500, pattern=PRINTABLE)


class OverridesOut(BaseModel):
    """What is in force, and what was done, the newest first. Nothing of it is ever deleted."""

    subject_kind: Literal["employer", "project"]
    subject_id: str
    level: Level = Field(description="The level that is told")
    computed_level: Level = Field(description="What the rules work out")
    level_source: LevelSource
    level_until: date | None
    in_force: OverrideActOut | None
    acts: list[OverrideActOut]
