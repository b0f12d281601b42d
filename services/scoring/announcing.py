"""The clockwork that tells what scoring makes of which items: ingest answers with it where an item goes."""

import asyncio
import logging
from datetime import UTC, datetime

from services.scoring.rulebook import Built, Derived, Feature, Rulebook, features_of, shipped
from shared.db import UNREACHABLE
from shared.events import FeatureUse, IndicatorUse, ItemUsed, RulebookAnnounced
from shared.outbox import announce
from shared.service import Runtime

log = logging.getLogger(__name__)

_AGAIN_S = 24 * 3600
_SOON_S = 2
Items = set[tuple[str, str]]


async def announce_rulebook(runtime: Runtime) -> None:
    """Say it at the start and once a day, for ever: whoever listens may have been emptied meanwhile."""
    while True:
        pause = _AGAIN_S
        try:
            async with runtime.db.transaction() as session:
                announce(session, uses_of(shipped(), datetime.now(UTC)))
        except (*UNREACHABLE, OSError) as error:
            log.warning("rulebook.delayed", extra={"reason": repr(error)})
            pause = _SOON_S
        await asyncio.sleep(pause)


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
    named = [feature.item, *(where.item for where in feature.where), dataset.period, dataset.unit, dataset.subject_item]
    return {(feature.dataset, item) for item in (*named, *dataset.time) if item}
