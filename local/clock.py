"""Moving the business clock of a development platform, so that a term can run out in front of a viewer."""

import re
from datetime import timedelta

from local.layout import Home
from local.refusals import Unusable

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"(\d+)([dhms])")


def parse(text: str) -> timedelta:
    """ "9d", "36h", "1d12h" -> timedelta. Raises Unusable."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Unusable(
            f"无法理解时长 {text}，请写成 9d、36h 或 1d12h。", f"{text} is no duration; write 9d, 36h or 1d12h."
        )
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def offset(home: Home) -> timedelta:
    """How far the business clock is ahead."""
    try:
        return timedelta(seconds=float(home.clock.read_text() or 0))
    except FileNotFoundError:
        return timedelta()


def advance(home: Home, by: timedelta) -> timedelta:
    """Move the clock forward. Returns the new offset. It never goes back: what has happened has happened."""
    return _set(home, offset(home) + by)


def reset(home: Home) -> None:
    """Back to the system's time: for a platform whose data do not matter any more."""
    _set(home, timedelta())


def _set(home: Home, to: timedelta) -> timedelta:
    staged = home.clock.with_suffix(".new")
    staged.write_text(str(int(to.total_seconds())))
    staged.replace(home.clock)
    return to
