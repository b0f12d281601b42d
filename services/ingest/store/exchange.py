"""Sums of days: what agencies brought in a span of time. Never a look at records or receipts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping

from services.ingest.feeds.sketches import Sketch
from services.ingest.store.feeds import Feed, as_sketch
from shared.db import Session, sql

_NAMES = ("submissions", "received", "accepted", "unchanged", "superseded", "rejected", "unmatched", "bytes")
_COUNTS = ", ".join(_NAMES)

# ruff: noqa: S608 - the statements are put together from texts of our own
SUMS = f"""
select dataset, agency, {", ".join(f"cast(sum({name}) as bigint) as {name}" for name in _NAMES)},
    max(last_at) as last_at
from ingest.feed_day
where day between :since and :until and (cast(:agency as text) is null or agency = :agency)
    and (cast(:dataset as text) is null or dataset = :dataset)
group by dataset, agency order by dataset, agency
"""

_DAYS = f"""
select coalesce(feed_day.day, feed_sketch.day) as day, {_COUNTS}, last_at, sketch
from (select * from ingest.feed_day
    where dataset = :dataset and agency = :agency and day between :since and :until) feed_day
full join (select * from ingest.feed_sketch
    where dataset = :dataset and agency = :agency and day between :since and :until) feed_sketch
    on feed_sketch.day = feed_day.day
order by day desc
"""

_COUNTED_AT = "select counted_at from ingest.feed_tally"


@dataclass(frozen=True)
class Counts:
    """Numbers of submissions, of their rows by what became of them, and of their bytes."""

    submissions: int = 0
    received: int = 0
    accepted: int = 0
    unchanged: int = 0
    superseded: int = 0
    rejected: int = 0
    unmatched: int = 0
    bytes: int = 0
    last_at: datetime | None = None

    def __add__(self, other: "Counts") -> "Counts":
        sums = {name: getattr(self, name) + getattr(other, name) for name in _NAMES}
        return Counts(**sums, last_at=max(filter(None, (self.last_at, other.last_at)), default=None))


@dataclass(frozen=True)
class DayTold:
    """A day of a feed: its counts and what its records looked like."""

    day: date
    counts: Counts
    sketch: Sketch


async def sums(
    session: Session, since: date, until: date, *, agency: str | None = None, dataset: str | None = None
) -> Mapping[Feed, Counts]:
    """What each feed brought between two days of China, both included."""
    rows = (await sql(session, SUMS, since=since, until=until, agency=agency, dataset=dataset)).mappings()
    return {(row["dataset"], row["agency"]): _counts(row) for row in rows}


async def days(session: Session, feed: Feed, since: date, until: date) -> list[DayTold]:
    """A feed day by day, the newest first."""
    rows = (await sql(session, _DAYS, dataset=feed[0], agency=feed[1], since=since, until=until)).mappings()
    return [DayTold(row["day"], _counts(row), as_sketch(row["sketch"] or {})) for row in rows]


async def counted_at(session: Session) -> datetime | None:
    """Up to when receipts have been counted; None before the first time."""
    found: datetime | None = (await sql(session, _COUNTED_AT)).scalar_one()
    return found


def _counts(row: RowMapping) -> Counts:
    # A day that was only measured so far is not counted yet.
    return Counts(**{name: row[name] or 0 for name in _NAMES}, last_at=row["last_at"])
