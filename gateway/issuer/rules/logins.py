"""How long somebody who guesses passwords has to wait. The account is never locked for good: that would be a weapon."""

from __future__ import annotations

from datetime import datetime, timedelta

FREE_ATTEMPTS = 5
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def wait(failures: int) -> timedelta:
    """The pause after so many failures in a row: none for the first few, then doubling from two seconds."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_ATTEMPTS + 1, 20)), LONGEST_WAIT)


def may_try(failures: int, last_failure: datetime | None, now: datetime) -> bool:
    """Whether another password may be tried now. Without a pause the order of arrival decides nothing."""
    return last_failure is None or failures < FREE_ATTEMPTS or now >= last_failure + wait(failures)


def failures_after(failures: int, last_failure: datetime | None, now: datetime) -> int:
    """The count with one more failure; old ones are forgotten."""
    if last_failure is not None and now - last_failure > FORGOTTEN_AFTER:
        return 1
    return failures + 1
