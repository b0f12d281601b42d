"""Tell those who are tied to an employer that it has been warned (E36): a fact about each, to be scored soon."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import polars as pl

from services.scoring import relations
from services.scoring.live import shelf
from services.scoring.relations import Warned
from services.scoring.rulebook import Rulebook
from services.scoring.rules import LEVELS, Level, at_least
from services.scoring.store import facts as fact_store
from services.scoring.store import populations as population_store
from services.scoring.store import unscored as unscored_store
from services.scoring.store.facts import ROWS, Batch
from services.scoring.values import UTC_TIME
from shared.clock import local_date
from shared.db import Session

_AGENCY = "scoring"


async def tell_relatives(
    session: Session, warned: Sequence[Warned], score_ids: Mapping[str, UUID], book: Rulebook, at: datetime
) -> None:
    """Keep what the new lines of some employers say to those who are tied to them, by the newest population.

    Before the first population run nobody is known to be tied to anyone.
    """
    population_id = await population_store.newest(session, at) if warned else None
    if population_id is None:
        return
    ties = (await shelf.population(session, population_id)).ties
    today = local_date(at)
    most_in_group, most = (book.parameter(f"related_{name}", today) for name in ("most_in_group", "most"))
    told = [
        (each, score_ids[each.employer], relations.closest(ties, each.employer, most_in_group, most)) for each in warned
    ]
    await _keep(session, told, LEVELS[book.parameter("related_least_level", today)], at)


async def _keep(
    session: Session, told: Sequence[tuple[Warned, UUID, Sequence[str]]], least: Level, at: datetime
) -> None:
    rows = relations.facts(told, local_date(at))
    if rows.is_empty():
        return
    _, first, _ = next(each for each in told if each[2])
    batch = Batch(
        # A line of the history tells on once, so it names the batch.
        batch_id=first,
        kind="employer",
        dataset=relations.DATASET,
        agency=_AGENCY,
        receipt_id=first,
        reported_at=at,
        rows=rows.with_columns(pl.lit(at).cast(UTC_TIME).alias("source_time")).select(ROWS.keys()),
    )
    touched = await fact_store.keep_facts(session, batch, can_move=False)
    await fact_store.keep_feed_report(session, batch, local_date(at))
    # Not at once: who is tied to many who are warned together is scored once. A warning that is told as a low level was
    # never true, and so was no level that stood on it.
    back = {
        ("employer", who) for warned, _, relatives in told if not at_least(warned.level, least) for who in relatives
    }
    await unscored_store.keep(session, (touched or set()) - back)
    await unscored_store.keep(session, (touched or set()) & back, falls_at_once=True)
