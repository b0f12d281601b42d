"""The business clock: the time that the law's terms run on.

In production it is the system's clock. On a development platform `ANXIN_CLOCK_FILE` names a file with an offset in
seconds, so that a term of working days can run out in front of a viewer. Tokens, certificates and traces never use it.
"""

import os
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def offset() -> timedelta:
    """How far the business clock is ahead of the system's; zero unless a development clock file says otherwise."""
    path = os.environ.get("ANXIN_CLOCK_FILE")
    if not path:
        return timedelta()
    try:
        found = os.stat(path)
        return _told(path, found.st_ino, found.st_mtime_ns, found.st_size)
    except FileNotFoundError:
        return timedelta()


# A request looks at the clock some times, and it is set once a day at most: to read the file each time costs ten times
# as much as to see that it is the same. The size is there for a file system whose times are coarse.
@lru_cache(maxsize=1)
def _told(path: str, _inode: int, _modified: int, _size: int) -> timedelta:
    return timedelta(seconds=float(Path(path).read_text() or 0))


def now() -> datetime:
    """The business time, aware, in UTC."""
    return datetime.now(UTC) + offset()


def today() -> date:
    """The business date in China."""
    return local_date(now())


def local_date(moment: datetime) -> date:
    """The date in China of an aware moment."""
    return moment.astimezone(SHANGHAI).date()
