"""Tell how the feeds stand: all of them, or one dataset's day by day."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.ingest.catalogue import Catalogue, Dataset, Department
from services.ingest.feeds.drift import Drift
from services.ingest.feeds.judging import Problem, State, overdue, state
from services.ingest.feeds.rhythm import Rhythm
from services.ingest.store import exchange as exchange_store
from services.ingest.store import feeds as feed_store
from services.ingest.store.disputes import DisputeCounts, dispute_counts
from services.ingest.store.exchange import Counts, DayTold
from services.ingest.store.feeds import FeedRow
from services.ingest.usecases.watching import moments
from shared.clock import local_date
from shared.db import Session

# The rates of the list are those of so many days.
RECENT_DAYS = 28
_NO_DISPUTES = DisputeCounts()


@dataclass(frozen=True)
class Standing:
    """How a feed stands at a moment. A dataset that no one has ever sent has no `row`, and for all no `agency`."""

    dataset: Dataset
    owner: Department
    agency: str | None
    state: State
    since: datetime | None
    rhythm: Rhythm | None
    problems: tuple[Problem, ...]
    row: FeedRow | None
    recent: Counts
    disputes: DisputeCounts = _NO_DISPUTES

    @property
    def drifts(self) -> tuple[Drift, ...]:
        return self.row.drifts if self.row else ()


@dataclass(frozen=True)
class Wanted:
    """Which feeds: of one agency (then of what it may send, too), dataset, department or state; None is all."""

    agency: str | None = None
    dataset: str | None = None
    department: str | None = None
    state: State | None = None
    may_send: Collection[str] | None = None


async def standings(session: Session, catalogue: Catalogue, wanted: Wanted, at: datetime) -> list[Standing]:
    """How the wanted feeds stand, in the order of the catalogue. A dataset that no one sends stands as never."""
    since = local_date(at) - timedelta(days=RECENT_DAYS - 1)
    recent = await exchange_store.sums(session, since, local_date(at), agency=wanted.agency, dataset=wanted.dataset)
    disputed = await dispute_counts(session, local_date(at))
    rows: dict[str, list[FeedRow]] = {}
    for row in await feed_store.feeds(session):
        if wanted.agency in (None, row.agency):
            rows.setdefault(row.dataset, []).append(row)
    found: list[Standing] = []
    for name in _names(catalogue, wanted):
        sent = rows.get(name, ())
        found += [
            replace(
                _standing(row, catalogue, recent.get(row.feed, Counts()), at),
                disputes=disputed.get(row.feed, _NO_DISPUTES),
            )
            for row in sent
        ]
        if name not in rows and (wanted.may_send is None or name in wanted.may_send):
            found.append(_never(name, catalogue, wanted.agency))
    return [each for each in found if wanted.state in (None, each.state)]


async def history(session: Session, standing: Standing, since: date, until: date) -> list[DayTold]:
    """A feed day by day between two days of China, both included, the newest first."""
    return await exchange_store.days(session, standing.row.feed, since, until) if standing.row else []


def _names(catalogue: Catalogue, wanted: Wanted) -> Iterator[str]:
    for name in catalogue.datasets:
        if wanted.dataset in (None, name) and wanted.department in (None, catalogue.owners[name].department):
            yield name


def _standing(row: FeedRow, catalogue: Catalogue, recent: Counts, at: datetime) -> Standing:
    """As it stands now, not as it stood at the watch's last turn."""
    dataset = catalogue.datasets[row.dataset]
    beat = moments(row, dataset)
    absent = overdue(beat, at)
    now = state(beat, row.findings, at)
    return Standing(
        dataset=dataset,
        owner=catalogue.owners[row.dataset],
        agency=row.agency,
        state=now,
        since=absent[0].since if absent else row.since,
        rhythm=beat,
        problems=(*absent, *row.findings),
        row=row,
        recent=recent,
    )


def _never(name: str, catalogue: Catalogue, agency: str | None) -> Standing:
    return Standing(catalogue.datasets[name], catalogue.owners[name], agency, "never", None, None, (), None, Counts())
