"""What a set of signals means: points, families, floors, level. Pure; the numbers come in as a `Scale`.

Source of the scheme: domain.md 5.4 [D]; legal hook of all warnings: State Council Decree 724, art. 38.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from shared.errors import Forbidden

Level = Literal["none", "blue", "yellow", "orange", "red"]
LEVELS: tuple[Level, ...] = ("none", "blue", "yellow", "orange", "red")


class OutsideJurisdiction(Forbidden):
    """The subject's workplace lies outside the division that the caller answers for."""

    slug = "outside-jurisdiction"
    title = "The subject lies outside your jurisdiction"
    title_zh = "不在您的管辖范围内"


@dataclass(frozen=True)
class Scale:
    """The numbers of 5.4, as they are in force on a day. `bands` are the least points of each level."""

    bands: dict[Level, int]
    family_cap: int
    families_for_orange: int
    family_window_days: int
    most_points: int = 100


@dataclass(frozen=True)
class Signal:
    """An indicator that is triggered. `as_of` is the day its newest evidence speaks of."""

    indicator: str
    family: str
    points: int
    as_of: date
    floor: Level = "none"
    tier: int = 0
    needs_other: bool = False


@dataclass(frozen=True)
class Assessment:
    """A level and how it came about. `families` holds the points of each family after its cap.

    by_model: the level where the model alone has raised it above the indicators' own, `indicated`; else "none".
    """

    level: Level
    points: int
    floor: Level
    families: dict[str, int]
    signals: tuple[Signal, ...]
    indicated: Level = "none"
    by_model: Level = "none"


def assess(signals: Iterable[Signal], scale: Scale, today: date) -> Assessment:
    """The level of a subject with these signals. Their order does not matter; a further one never lowers the level."""
    kept = _standing(sorted(signals, key=lambda signal: signal.indicator))
    families = _family_points(kept, scale)
    points = min(scale.most_points, sum(families.values()))
    floor = highest(signal.floor for signal in kept)
    by_score = _level_by_score(points, _recent_families(kept, scale, today), scale)
    level = highest((by_score, floor))
    return Assessment(level, points, floor, families, kept, indicated=level)


def raised(assessment: Assessment, by_model: Level) -> Assessment:
    """The assessment with what the model's level counts for: the graver of both is the level; it never lowers one."""
    if at_least(assessment.level, by_model):
        return assessment
    return replace(assessment, level=by_model, by_model=by_model)


def _standing(signals: list[Signal]) -> tuple[Signal, ...]:
    # E21: a change of legal representative says something only beside another signal.
    alone_enough = [signal for signal in signals if not signal.needs_other]
    return tuple(signals if alone_enough else alone_enough)


def _family_points(signals: Sequence[Signal], scale: Scale) -> dict[str, int]:
    sums: dict[str, int] = {}
    for signal in signals:
        sums[signal.family] = sums.get(signal.family, 0) + signal.points
    return {family: min(scale.family_cap, points) for family, points in sums.items()}


def _recent_families(signals: Sequence[Signal], scale: Scale, today: date) -> int:
    oldest = today - timedelta(days=scale.family_window_days)
    return len({signal.family for signal in signals if signal.points > 0 and signal.as_of >= oldest})


def _level_by_score(points: int, recent_families: int, scale: Scale) -> Level:
    level = highest(level for level, least in scale.bands.items() if points >= least)
    # No single feed alone gives orange: two independent families within the window, else yellow at most.
    if at_least(level, "orange") and recent_families < scale.families_for_orange:
        return "yellow"
    return level


def highest(levels: Iterable[Level]) -> Level:
    """The gravest of some levels; "none" of no levels."""
    return max(levels, key=LEVELS.index, default="none")


def at_least(level: Level, other: Level) -> bool:
    """Is `level` as grave as `other`, or graver?"""
    return LEVELS.index(level) >= LEVELS.index(other)


def recency_ends(signals: Iterable[Signal], scale: Scale, today: date) -> date | None:
    """The first day on which one of the signals has left the two-family window; None when none is in it."""
    span = timedelta(days=scale.family_window_days + 1)
    # Registers write 9999-12-31 for "no end": what never leaves the window has no last day, and no day after it.
    days = [signal.as_of + span for signal in signals if signal.points > 0 and signal.as_of <= date.max - span]
    return min((day for day in days if day > today), default=None)


def steps(assessment: Assessment) -> list[str]:
    """Which indicators stand at which step; the model, where it has raised the level, at that of its level."""
    by_model = [f"MODEL/{LEVELS.index(assessment.by_model)}/none"] if assessment.by_model != "none" else []
    return [f"{signal.indicator}/{signal.tier}/{signal.floor}" for signal in assessment.signals] + by_model


def are_known(now: Iterable[str], before: Iterable[str]) -> bool:
    """Does each of these steps belong to an indicator that stood there, or graver, before?"""
    tiers = {code: int(tier) for code, tier, _ in (step.split("/") for step in before)}
    return all(tiers.get(code, -1) >= int(tier) for code, tier, _ in (step.split("/") for step in now))


def meaning(assessment: Assessment, told: Level | None = None) -> str:
    """What a listener acts on, as a digest: level as told, floor, and which indicators stand at which step."""
    return _digest([told or assessment.level, assessment.floor, *steps(assessment)])


def state(assessment: Assessment, marks: Iterable[str], told: Level | None = None) -> str:
    """Everything that a line of the history shows, as a digest: the meaning, the points, the figures and more."""
    return _digest([meaning(assessment, told), str(assessment.points), *marks])


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def must_be_within(division: str | None, jurisdiction: str | None) -> None:
    """Refuse a person whose division does not hold the subject's.

    A district (6 digits) sees subjects whose town is not known yet; a town (9 digits) does not.
    """
    if not jurisdiction:
        raise OutsideJurisdiction(
            "Your account has no jurisdiction.", detail_zh="您的账号没有辖区。", check="jurisdiction"
        )
    if division is None and len(jurisdiction) <= 6:
        return
    if not (division or "").startswith(jurisdiction):
        raise OutsideJurisdiction(
            "The subject's workplace is not in your division.",
            detail_zh="该对象的工作地不在您的辖区内。",
            check="jurisdiction",
        )
