"""What makes a level up, what would bring it down, and how sure it is."""

from typing import Literal

from pydantic import BaseModel, Field

Level = Literal["none", "blue", "yellow", "orange", "red"]


class WordsOut(BaseModel):
    """The same in Chinese and English."""

    zh: str
    en: str


class ContributionOut(BaseModel):
    """What one family of indicators adds."""

    family: str
    title_zh: str
    title_en: str
    points: int = Field(description="After the cap of the family")
    before_cap: int
    share: float = Field(description="Of the points of all families, 0 to 1")
    floor: Level | None = Field(description="The least level that this family alone forces")
    indicators: list[str]


class ActOut(BaseModel):
    """An indicator that ends, and by which act."""

    indicator: str
    act_zh: str = Field(examples=["补缴社保欠费 42,130.00 元"])
    act_en: str


class WayOut(BaseModel):
    """Acts that together lower what the rules work out; without any one of them it stays."""

    level: Level = Field(description="What the rules work out then")
    text_zh: str = Field(examples=["补缴社保欠费 42,130.00 元后降为黄色"])
    text_en: str
    acts: list[ActOut]


class WayDownOut(BaseModel):
    """The smallest sets of acts that lower the level. A person reads it: it is no promise to the employer."""

    ways: list[WayOut] = Field(description="Those that lower it most first, at most five; empty without a level")
    notes: list[WordsOut] = Field(description="What stands between the acts and a lower level: cool-down, override")


class CertaintyOut(BaseModel):
    """How sure the level is. Missing is not zero, and no news is not good news."""

    grade: Literal["high", "medium", "low"]
    title_zh: str
    title_en: str
    because: list[WordsOut]
