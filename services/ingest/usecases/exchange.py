"""The table of the exchange: who gave how much, by department, agency and dataset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.ingest.catalogue import Catalogue, Department, Label
from services.ingest.store import exchange as exchange_store
from services.ingest.store.exchange import Counts
from services.ingest.store.feeds import Feed
from shared.db import Session


@dataclass(frozen=True)
class Line:
    """One feed's part of the table."""

    department: Department
    dataset: str
    label: Label
    agency: str
    items: int
    counts: Counts


@dataclass(frozen=True)
class Group:
    """Lines together: how many agencies, datasets and items they are of, and their sums."""

    agencies: int
    datasets: int
    items: int
    counts: Counts


@dataclass(frozen=True)
class Table:
    """Between two days of China, both included: every line, each department's sum, and the whole."""

    since: date
    until: date
    counted_at: datetime | None
    lines: tuple[Line, ...]
    departments: Mapping[str, Group]
    total: Group


async def statistics(session: Session, catalogue: Catalogue, since: date, until: date, *, agency: str | None) -> Table:
    """The table of a span of days; of one agency only where one is given."""
    sums = await exchange_store.sums(session, since, until, agency=agency)
    lines = tuple(_line(feed, counts, catalogue) for feed, counts in sums.items() if feed[0] in catalogue.datasets)
    return Table(
        since=since,
        until=until,
        counted_at=await exchange_store.counted_at(session),
        lines=lines,
        departments=_by_department(lines, catalogue),
        total=_together(lines),
    )


def _line(feed: Feed, counts: Counts, catalogue: Catalogue) -> Line:
    dataset, agency = feed
    known = catalogue.datasets[dataset]
    return Line(catalogue.owners[dataset], dataset, known.label, agency, len(known.items), counts)


def _by_department(lines: Iterable[Line], catalogue: Catalogue) -> dict[str, Group]:
    """Every department in the order of the catalogue, also those that gave nothing."""
    of: dict[str, list[Line]] = {each.department: [] for each in catalogue.departments}
    for line in lines:
        of[line.department.department].append(line)
    return {department: _together(its) for department, its in of.items()}


def _together(lines: Iterable[Line]) -> Group:
    kept = list(lines)
    datasets = {line.dataset: line.items for line in kept}
    return Group(
        agencies=len({line.agency for line in kept}),
        datasets=len(datasets),
        items=sum(datasets.values()),
        counts=sum((line.counts for line in kept), Counts()),
    )
