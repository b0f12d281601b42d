"""Note what a batch looks like, or that a file was refused whole: a line for the watch, never a hot row."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from services.ingest.batches import Prepared
from services.ingest.catalogue import Dataset
from services.ingest.codecs import BadFile, MissingColumns, UnknownItems, WrongThroughout
from services.ingest.feeds.numbers import value
from services.ingest.feeds.sketches import sketch
from services.ingest.store import feeds as feed_store
from services.ingest.store.feeds import Feed
from shared.db import Database, Session

_REFUSALS = (BadFile, UnknownItems, MissingColumns, WrongThroughout)


class Pace:
    """When each feed was noted last, in this process: thousands of small requests a second leave a few lines."""

    def __init__(self) -> None:
        self._last: dict[Feed, datetime] = {}

    def is_time(self, feed: Feed, at: datetime) -> bool:
        """Whether the feed may be noted again; if so, it counts as noted."""
        last, pause = self._last.get(feed), timedelta(seconds=value("measure.every"))
        # A clock that was set back must not silence a feed.
        if last is not None and timedelta() <= at - last < pause:
            return False
        self._last[feed] = at
        return True


_measured, _refused = Pace(), Pace()


async def measure(session: Session, feed: Feed, reported_at: datetime, batch: Prepared, dataset: Dataset) -> None:
    """Keep the sketch of a batch, in its own transaction. A small one only when none of its feed was just before."""
    is_large = batch.received >= value("measure.always_from")
    if not is_large and not _measured.is_time(feed, reported_at):
        return
    looks = await asyncio.to_thread(sketch, batch.values, batch.faults, dataset)
    await feed_store.keep_sample(session, feed, reported_at, sketch=looks)


@asynccontextmanager
async def noting_refusals(db: Database, feed: Feed, clock: Callable[[], datetime]) -> AsyncIterator[None]:
    """Whoever sends another schema gets no receipt; that he was there, and why he was refused, is kept."""
    try:
        yield
    except _REFUSALS as refusal:
        at = clock()
        if _refused.is_time(feed, at):
            async with db.transaction() as session:
                await feed_store.keep_sample(session, feed, at, refusal=refusal.slug)
        raise
