"""The level that is told: what the rules work out, held for a while when it falls, or set by a person. Pure.

Rises are told at once. A fall is told when the cool-down of the level that was left has passed, by days of China; the
days on which levels were left come from the kept history, so looking more often changes nothing.
docs/decisions/0020-three-sources-of-a-level.md says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from services.scoring.rules import LEVELS, Level, at_least, highest
from shared.errors import Conflict, Unprocessable

Source = Literal["indicators", "model", "cool_down", "override", "law_floor"]


class BelowLegalFloor(Conflict):
    """A person may not set a level below one that rests on an article of law."""

    slug = "below-legal-floor"
    title = "The law sets a higher level"
    title_zh = "低于法定最低等级"


class TermNotAllowed(Unprocessable):
    """An override ends by itself, within the longest term, and not in the past."""

    slug = "override-term"
    title = "The term of the override is not allowed"
    title_zh = "人工定级的期限不符合规定"


class NoOverride(Conflict):
    """There is no override in force to withdraw."""

    slug = "no-override"
    title = "No override is in force"
    title_zh = "没有生效中的人工定级"


@dataclass(frozen=True)
class Override:
    """What a person has set: a level up to and including a day, why, and what was worked out when he set it."""

    override_id: UUID
    level: Level
    valid_until: date
    computed_level: Level
    reason: str


@dataclass(frozen=True)
class Trail:
    """What the kept history says of the worked out level: the last one, and on which day graver ones were left."""

    computed: Level = "none"
    left: Mapping[Level, date] = field(default_factory=dict)


def trail_of(computed: str, left_on: Mapping[str, str]) -> Trail:
    """A trail as it is stored: levels by name, days as ISO 8601."""
    left = {msgspec.convert(level, Level): date.fromisoformat(day) for level, day in left_on.items()}
    return Trail(msgspec.convert(computed, Level), left)


@dataclass(frozen=True)
class Told:
    """The level that is told, what set it, and the last day on which that holds (None: until something changes)."""

    level: Level
    source: Source
    until: date | None
    trail: Trail
    override_id: UUID | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say beside the level that was worked out."""
        return self.source == "indicators" and not self.trail.left and self.override_id is None

    def marks(self) -> tuple[str, ...]:
        """What a line of the history shows of it, as text; nothing while it is plain."""
        if self.is_plain:
            return ()
        left = sorted(f"{level}@{day}" for level, day in self.trail.left.items())
        return (self.trail.computed, self.source, str(self.until), str(self.override_id), *left)


def walked(trail: Trail, computed: Level, today: date, *, falls_at_once: bool = False) -> Trail:
    """The trail one step on. `falls_at_once`: what was known is corrected, so nothing of it is held."""
    if falls_at_once:
        return Trail(computed)
    left = {level: day for level, day in trail.left.items() if not at_least(computed, level)}
    fallen = [level for level in LEVELS[1:] if at_least(trail.computed, level) and not at_least(computed, level)]
    return Trail(computed, left | dict.fromkeys(fallen, today))


def tell(
    trail: Trail, override: Override | None, law_floor: Level, cool_down: Mapping[Level, int], today: date
) -> Told:
    """The level to tell on a day. `cool_down`: for how many days each level is still told after it was left."""
    if override is None or today > override.valid_until:
        return _held(trail, cool_down, today)
    wanted, until = override.level, override.valid_until
    if is_outdone(override, trail.computed):
        return Told(trail.computed, "indicators", None, trail, override.override_id)
    if not at_least(wanted, law_floor):
        return Told(law_floor, "law_floor", until, _without_above(law_floor, trail), override.override_id)
    return Told(wanted, "override", until, _without_above(wanted, trail), override.override_id)


def _without_above(level: Level, trail: Trail) -> Trail:
    """What was left is held so that what is told does not flicker; above what a person has set nothing is told."""
    return replace(trail, left={each: day for each, day in trail.left.items() if at_least(level, each)})


def is_outdone(override: Override, computed: Level) -> bool:
    """Whether things are worse than he set and than when he set it: he judged what was known then."""
    return not at_least(override.computed_level, computed) and not at_least(override.level, computed)


def _held(trail: Trail, cool_down: Mapping[Level, int], today: date) -> Told:
    last_days = {level: day + timedelta(days=cool_down[level] - 1) for level, day in trail.left.items()}
    held = highest(level for level, last in last_days.items() if today <= last)
    if at_least(trail.computed, held):
        return Told(trail.computed, "indicators", None, trail)
    return Told(held, "cool_down", last_days[held], trail)


def must_be_allowed(
    level: Level, valid_until: date, *, law_floor: Level, article: str | None, most_days: int, today: date
) -> None:
    """Refuse an override below what the law sets, or beyond the longest term (`most_days`, today included)."""
    last = today + timedelta(days=most_days - 1)
    if not today <= valid_until <= last:
        raise TermNotAllowed(
            f"The last day must lie between {today} and {last} ({most_days} days).",
            detail_zh=f"截止日须在 {today} 与 {last} 之间（最长 {most_days} 天）。",
            errors=[{"item": "valid_until", "reason": f"{today} .. {last}"}],
        )
    if not at_least(level, law_floor):
        raise BelowLegalFloor(
            f"The level is {law_floor} at least: {article}.",
            detail_zh=f"等级不得低于 {law_floor}：{article}。",
            check="law_floor",
            article=article,
        )
