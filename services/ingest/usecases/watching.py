"""Watch the feeds: count what came, judge what it looks like, say when one goes late or breaks and when it recovers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from services.ingest.catalogue import Catalogue, Dataset
from services.ingest.feeds.judging import Found, Problem, State, is_alarm, judge, overdue, since_kept, state
from services.ingest.feeds.numbers import value
from services.ingest.feeds.rhythm import Rhythm, rhythm
from services.ingest.feeds.wording import told
from services.ingest.store import feeds as feed_store
from services.ingest.store.feeds import FeedRow, Fresh
from shared.clock import local_date
from shared.db import Session
from shared.events import FeedProblem, FeedStateChanged
from shared.outbox import announce

# So many samples a turn: a night of five thousand files is folded in a few.
_MOST_SAMPLES = 2000


async def watch(session: Session, catalogue: Catalogue, at: datetime) -> list[Fresh]:
    """One turn of the watch, in one transaction. Returns what was counted; nothing while another watches.

    States are kept with the alarms that they caused, so no replica and no restart repeats one.
    """
    if not await feed_store.am_alone(session):
        return []
    fresh = await feed_store.count(session, at)
    touched = await feed_store.fold(session, _MOST_SAMPLES) | {(each.dataset, each.agency) for each in fresh}
    for row in await feed_store.feeds(session):
        if row.dataset in catalogue.datasets:
            await _look_at(session, row, catalogue, at, is_touched=row.feed in touched)
    return fresh


def moments(row: FeedRow, dataset: Dataset) -> Rhythm | None:
    """When the feed is expected next; None before its first record."""
    return rhythm(row.last_at, dataset) if row.last_at else None


async def _look_at(session: Session, row: FeedRow, catalogue: Catalogue, at: datetime, *, is_touched: bool) -> None:
    dataset = catalogue.datasets[row.dataset]
    found = await _judged(session, row, dataset, at) if is_touched else Found(row.findings, row.drifts, None)
    beat = moments(row, dataset)
    if overdue(beat, at):
        row = await _as_it_is(session, row)
        beat = moments(row, dataset)
    now = state(beat, found.problems, at)
    if now == row.state and not is_touched:
        return
    alarm = is_alarm(row.state, now)
    changes = row.changes + alarm
    since = row.since if now == row.state else _since(beat, at)
    await feed_store.settle(
        session, row.feed, now, since, changes=changes, problems=found.problems, drifts=found.drifts
    )
    if alarm:
        problems = (*overdue(beat, at), *found.problems)
        announce(session, _changed(row, catalogue, (now, since, changes), problems, at))


async def _judged(session: Session, row: FeedRow, dataset: Dataset, at: datetime) -> Found:
    """What is wrong with the feed's newest records, each with the moment since which it is so."""
    back = value("feed.past", dataset) + 2 * value("feed.window", dataset)
    days = await feed_store.days(session, row.feed, local_date(row.last_at or at) - timedelta(days=back))
    found = judge(days, dataset, row.refusals, at)
    return replace(found, problems=since_kept(found.problems, row.findings))


async def _as_it_is(session: Session, row: FeedRow) -> FeedRow:
    """Before a feed is called late its receipts are asked: one that is not counted yet is a sign of life, too."""
    last = await feed_store.last_receipt(session, row.feed)
    return replace(row, last_at=last) if last and (row.last_at is None or last > row.last_at) else row


def _since(beat: Rhythm | None, at: datetime) -> datetime:
    """Absence began when its patience ended, whenever we looked; everything else begins when it is seen."""
    absent = overdue(beat, at)
    return absent[0].since if absent else at


def _changed(
    row: FeedRow,
    catalogue: Catalogue,
    now: tuple[State, datetime, int],
    problems: Iterable[Problem],
    at: datetime,
) -> FeedStateChanged:
    dataset, owner = catalogue.datasets[row.dataset], catalogue.owners[row.dataset]
    beat = moments(row, dataset)
    stated, since, change = now
    return FeedStateChanged(
        dataset=row.dataset,
        agency=row.agency,
        department=owner.department,
        state=stated,
        previous=row.state,
        change=change,
        since=since,
        changed_at=at,
        last_at=row.last_at,
        expected_at=beat.expected_at if beat else None,
        problems=tuple(_problem(problem, told(problem, dataset, owner)) for problem in problems),
    )


def _problem(problem: Problem, sentences: tuple[str, str]) -> FeedProblem:
    zh, en = sentences
    return FeedProblem(code=problem.code, item=problem.item, since=problem.since, text_zh=zh, text_en=en)


async def standing_rows(session: Session, catalogue: Catalogue, at: datetime) -> list[tuple[FeedRow, State]]:
    """Every feed of the catalogue with its state at a moment."""
    rows = [row for row in await feed_store.feeds(session) if row.dataset in catalogue.datasets]
    return [(row, state(moments(row, catalogue.datasets[row.dataset]), row.findings, at)) for row in rows]
