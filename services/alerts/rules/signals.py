"""Colours, and how a new score meets what is known of its subject. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LEVELS = ("none", "blue", "yellow", "orange", "red")
Level = Literal["none", "blue", "yellow", "orange", "red"]
Outcome = Literal["raised", "merged", "suppressed", "watched", "reopened"]


def rank(level: str) -> int:
    """0 for none up to 4 for red."""
    return LEVELS.index(level)


def higher(one: str, other: str) -> str:
    """The higher of two colours: while nothing is verified a colour only rises."""
    return max(one, other, key=rank)


@dataclass(frozen=True)
class Found:
    """The subject's last alert that was closed as false: colour, indicators, and until when it answers such signals."""

    level: str
    indicators: frozenset[str]
    closed_at: datetime
    quiet_until: datetime


@dataclass(frozen=True)
class Settled:
    """The subject's last alert whose arrears were settled: its indicators, and since when."""

    indicators: frozenset[str]
    settled_at: datetime


def outcome_of(level: str, raise_from: str, is_open: bool, is_quiet: bool, is_again: bool = False) -> Outcome:
    """What becomes of a score: merged, watched below the threshold, suppressed, reopened, or raised."""
    if is_again and not is_quiet and rank(level) >= rank(raise_from):
        return "reopened"
    if is_open:
        return "merged"
    if rank(level) < rank(raise_from):
        return "watched"
    return "suppressed" if is_quiet else "raised"


def is_quiet(found: Found | None, level: str, indicators: Sequence[str], scored_at: datetime, at: datetime) -> bool:
    """Whether a score tells nothing new after a finding of false: no new indicator, no higher colour.

    What was scored before the finding was known to whoever went there.
    """
    if found is None or at >= found.quiet_until:
        return False
    if scored_at <= found.closed_at:
        return True
    return rank(level) <= rank(found.level) and set(indicators) <= found.indicators


def is_again(settled: Settled | None, indicators: Sequence[str], scored_at: datetime, at: datetime, days: int) -> bool:
    """Whether the same arrears are reported again: one of their signs, scored within so many days of the settlement.

    What was scored before it was known to whoever settled them.
    """
    if settled is None or scored_at <= settled.settled_at or at - settled.settled_at > timedelta(days=days):
        return False
    return bool(settled.indicators & set(indicators))


def quiet_until(closed_at: datetime, days: int) -> datetime:
    """Until when a finding answers the same signals."""
    return closed_at + timedelta(days=days)


def is_recent(last: datetime, days: int, at: datetime) -> bool:
    """Whether the open alert's last signal lies within the merge window."""
    return at - last <= timedelta(days=days)
