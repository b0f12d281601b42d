"""How feeds stand, as ingest has told: every change is kept, the highest number is how a feed stands."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from shared.db import Session, sql
from shared.events import FeedStateChanged

_KEEP = """
insert into scoring.feed_change (dataset, agency, change, state, since, last_at, changed_at)
values (:dataset, :agency, :change, :state, :since, :last_at, :changed_at)
on conflict do nothing
"""

_STOPPED = """
select dataset, agency, state, since, last_at from (
    select distinct on (dataset, agency) dataset, agency, state, since, last_at from scoring.feed_change
    where dataset = any(cast(:datasets as text[])) and changed_at <= :at order by dataset, agency, change desc
) as newest where state in ('late', 'silent', 'broken') order by dataset, agency
"""

# In one order, so that two transactions never wait for each other.
_ALL_DUE = """
with held as (
    select subject_id, subject_kind from scoring.subject where level <> 'none'
    order by subject_kind, subject_id for update
)
update scoring.subject set next_review_on = least(next_review_on, cast(:today as date))
from held where subject.subject_id = held.subject_id and subject.subject_kind = held.subject_kind
"""


class StoppedFeed(NamedTuple):
    """A feed that is late, silent or broken, and its last sign of life."""

    dataset: str
    agency: str
    state: str
    since: datetime
    last_at: datetime | None


async def keep_change(session: Session, event: FeedStateChanged) -> None:
    """Keep how a feed changed, once."""
    await sql(
        session,
        _KEEP,
        dataset=event.dataset,
        agency=event.agency,
        change=event.change,
        state=event.state,
        since=event.since,
        last_at=event.last_at,
        changed_at=event.changed_at,
    )


async def stopped(session: Session, datasets: Sequence[str], at: datetime) -> list[StoppedFeed]:
    """The feeds of these datasets that were late, silent or broken at a time."""
    rows = await sql(session, _STOPPED, datasets=list(datasets), at=at)
    return [StoppedFeed(**row) for row in rows.mappings()]


async def make_all_due(session: Session, today: date) -> None:
    """Let the review look at everyone who has a level."""
    await sql(session, _ALL_DUE, today=today)
