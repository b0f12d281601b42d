"""Colours, and how a new score meets what is known of its subject. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LEVELS = ("none", "blue", "yellow", "orange", "red")
Level = Literal["none", "blue", "yellow", "orange", "red"]
Outcome = Literal["raised", "merged", "suppressed", "watched"]


def rank(level: str) -> int:
    """0 for none up to 4 for red."""
    return LEVELS.index(level)


def higher(one: str, other: str) -> str:
    """The higher of two colours: while nothing is verified a colour only rises."""
    return max(one, other, key=rank)


@dataclass(frozen=True)
class Found:
    """What was found when the subject's last alert was closed without arrears: colour, indicators, quiet until then."""

    level: str
    indicators: frozenset[str]
    closed_at: datetime
    quiet_until: datetime


def outcome_of(level: str, raise_from: str, is_open: bool, is_quiet: bool) -> Outcome:
    """What becomes of a score: merged into the open alert, watched below the threshold, suppressed, or raised."""
    if is_open:
        return "merged"
    if rank(level) < rank(raise_from):
        return "watched"
    return "suppressed" if is_quiet else "raised"


def is_quiet(found: Found | None, level: str, indicators: Sequence[str], scored_at: datetime, at: datetime) -> bool:
    """Whether a score tells nothing new after a finding of false or no arrears: no new indicator, no higher colour.

    What was scored before the finding was known to whoever went there.
    """
    if found is None or at >= found.quiet_until:
        return False
    if scored_at <= found.closed_at:
        return True
    return rank(level) <= rank(found.level) and set(indicators) <= found.indicators


def quiet_until(closed_at: datetime, days: int) -> datetime:
    """Until when a finding answers the same signals."""
    return closed_at + timedelta(days=days)


def is_recent(last: datetime, days: int, at: datetime) -> bool:
    """Whether the open alert's last signal lies within the merge window."""
    return at - last <= timedelta(days=days)
