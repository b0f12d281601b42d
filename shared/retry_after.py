"""How long an answer asks to wait (RFC 9110, 10.2.3), whoever gave it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=24)


def asked_wait(retry_after: str | None, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for, in seconds or as a date, a day at most; None when unreadable."""
    asked = (retry_after or "").strip()
    if asked.isascii() and asked.isdecimal():
        # Python reads no number of thousands of digits; nine already ask for more than we wait.
        return timedelta(seconds=min(int(asked.lstrip("0")[:9] or 0), LONGEST_WAIT.total_seconds()))
    try:
        until = parsedate_to_datetime(asked)
        return min(max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta()), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None
