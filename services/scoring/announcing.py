"""The clockwork that tells what scoring makes of which items: ingest answers with it where an item goes."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from services.scoring import books, usecases
from services.scoring.rulebook import Built, Derived, Feature, Rulebook, features_of
from shared import clock
from shared.db import UNREACHABLE, Session
from shared.events import FeatureUse, IndicatorUse, ItemUsed, RulebookAnnounced
from shared.outbox import announce
from shared.service import Runtime

log = logging.getLogger(__name__)

_AGAIN = timedelta(days=1)
_LOOK_S = 15.0
_SOON_S = 2.0
Items = set[tuple[str, str]]


async def announce_rulebook(runtime: Runtime) -> None:
    """Bring the release's own book, and say which one counts, for ever: at the start, when it changes, once a day.

    Once a day, for whoever listens may have been emptied meanwhile.
    """
    told, told_at, is_registered = "", datetime.now(UTC), False
    while True:
        pause = _LOOK_S
        try:
            async with runtime.db.transaction() as session:
                if not is_registered:
                    await usecases.register_shipped(session, clock.now())
                version, at = await announce_if_new(session, told, told_at)
            told, told_at, is_registered = version, at, True
        except (*UNREACHABLE, OSError) as error:
            log.warning("rulebook.delayed", extra={"reason": repr(error)})
            pause = _SOON_S
        await asyncio.sleep(pause)


async def announce_if_new(session: Session, told: str, told_at: datetime) -> tuple[str, datetime]:
    """Say which book counts, unless that one was told less than a day ago. Returns what was told last, and when."""
    book, now = await books.book_in_force(session, clock.today()), datetime.now(UTC)
    if book.version == told and now - told_at < _AGAIN:
        return told, told_at
    announce(session, uses_of(book, now))
    return book.version, now


def uses_of(book: Rulebook, now: datetime) -> RulebookAnnounced:
    """The book as an event. An indicator with several entries in time is told once, by its last one."""
    items = _items_by_feature(book)
    known: tuple[Feature | Derived | Built, ...] = (*book.measured, *book.derived, *book.built)
    features = [
        FeatureUse(
            code=each.code,
            title_zh=each.title_zh,
            title_en=each.title_en,
            items=[ItemUsed(dataset=dataset, item=item) for dataset, item in sorted(items[each.code])],
        )
        for each in known
    ]
    indicators = {
        each.code: IndicatorUse(
            code=each.code,
            title_zh=each.title_zh,
            title_en=each.title_en,
            subject=each.subject,
            features=list(dict.fromkeys(name for tier in each.tiers for name in features_of(tier))),
            article=each.article,
        )
        for each in book.indicators
    }
    return RulebookAnnounced(
        version=book.version, announced_at=now, features=features, indicators=list(indicators.values())
    )


def _items_by_feature(book: Rulebook) -> dict[str, Items]:
    found = {each.code: _of_measured(each, book) for each in book.measured}
    for built in book.built:
        # What joins several datasets may look at whatever scoring reads of them.
        found[built.code] = {(name, item) for name in built.datasets for item in book.datasets[name].items}
    for derived in book.derived:
        found[derived.code] = set().union(*(found[part] for part in derived.of))
    return found


def _of_measured(feature: Feature, book: Rulebook) -> Items:
    """The item that is counted or added up, those of its conditions, and those that date and split its rows."""
    dataset = book.datasets[feature.dataset]
    conditions = [*(where.item for where in feature.where), *(feature.term or ())]
    named = [feature.item, *conditions, dataset.period, dataset.unit, dataset.subject_item]
    return {(feature.dataset, item) for item in (*named, *dataset.time) if item}
