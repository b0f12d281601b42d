"""When a signing key is published, when it signs, and when it may be forgotten.

made -------- signs_from ================ signs_until -------- published_until
      known to all, unused       in use              old tokens live on
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


class KeyTimes(Protocol):
    """The times of one signing key (UTC)."""

    @property
    def signs_from(self) -> datetime: ...

    @property
    def signs_until(self) -> datetime: ...

    @property
    def published_until(self) -> datetime: ...


@dataclass(frozen=True)
class Rotation:
    """period: how long a key signs. lead: how long its successor is known before. grace: how long it is known after,
    which must cover a token's life and every cache."""

    period: timedelta
    lead: timedelta
    grace: timedelta


@dataclass(frozen=True)
class Schedule:
    """The times of a key to be made."""

    signs_from: datetime
    signs_until: datetime
    published_until: datetime


def next_key(keys: Sequence[KeyTimes], now: datetime, rotation: Rotation) -> Schedule | None:
    """The key to make now, or None. The first one signs at once: there is nobody yet who could not know it."""
    last = max(keys, key=lambda key: key.signs_until, default=None)
    if last is not None and last.signs_until - now > rotation.lead:
        return None
    starts = now if last is None or last.signs_until <= now else last.signs_until
    ends = starts + rotation.period
    return Schedule(starts, ends, ends + rotation.grace)


def signs(key: KeyTimes, now: datetime) -> bool:
    """Whether this is the key that signs now."""
    return key.signs_from <= now < key.signs_until


def is_published(key: KeyTimes, now: datetime) -> bool:
    """Whether others may still meet a token of this key, now or soon."""
    return now < key.published_until
