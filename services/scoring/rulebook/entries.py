"""What a book says of indicators and of the numbers that rules use."""

from datetime import date
from string import Formatter
from typing import Literal

import msgspec

from services.scoring.rulebook.features import Family, Scored
from services.scoring.rules import Level

Kind = Literal["wage", "data_quality"]


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comparison of a feature with a threshold. A missing feature meets no condition."""

    feature: str
    op: Literal["gt", "ge", "lt", "le", "eq"]
    value: int | float


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step of an indicator: all conditions met give these points, this floor, and this sentence."""

    when: tuple[Condition, ...]
    points: int = 0
    floor: Level | None = None
    zh: str
    en: str


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule: steps in rising order; the gravest that is met counts. `tag` is the evidence tag of domain.md.

    kind: `wage` speaks of wages and counts for the level; `data_quality` speaks of the data, and never does.
    """

    code: str
    kind: Kind = "wage"
    title_zh: str
    title_en: str
    subject: Scored
    family: Family
    datasets: tuple[str, ...]
    tiers: tuple[Tier, ...]
    article: str
    tag: Literal["V", "P", "D", "M"]
    source: str
    valid_from: date
    valid_to: date | None = None
    version: int
    author: str
    needs_other: bool = False


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number that rules use, in force between two dates, with where it comes from and whether that was checked."""

    code: str
    value: int
    valid_from: date
    valid_to: date | None = None
    region: str = "330110"
    tag: Literal["V", "P", "D", "M"]
    source: str
    verified: bool


class NotYet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An indicator of the domain that the shipped book does not hold, and why."""

    code: str
    title_zh: str
    title_en: str
    reason_zh: str
    reason_en: str


def features_of(tier: Tier) -> tuple[str, ...]:
    """The features that a step compares or prints, each once."""
    printed = [name for text in (tier.zh, tier.en) for _, name, _, _ in Formatter().parse(text) if name]
    return tuple(dict.fromkeys([condition.feature for condition in tier.when] + printed))
