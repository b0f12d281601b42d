"""The world about some employers: their facts, their relatives' and their projects', as they were known at a time."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
import polars as pl

from services.scoring.frames import FEEDS, VERSIONS, Facts, bodies, gather
from services.scoring.learning import outcomes
from services.scoring.learning import policy as learning_policy
from services.scoring.measurebook import Measurebook, Measured, shipped
from services.scoring.model import policy
from services.scoring.population import Population
from services.scoring.store import facts as fact_store
from services.scoring.store import outcomes as outcome_store
from services.scoring.worlds import World, world_of
from shared.db import Session

OWN_PAST = "own_past"
# A label is known from the beginning of its day, as in a directory (worlds.casting.reported).
_AT_ONCE = pl.col("discovered_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


async def world_about(session: Session, employers: Sequence[str], at: datetime, population: Population) -> World:
    """Enough to work out these employers' features as among all."""
    book = population.book(live_book())
    around = sorted({*employers, *population.relatives(employers)})
    facts = await facts_of(session, around, population.projects(employers), at, book.datasets)
    return await asyncio.to_thread(world_of, facts, book)


def live_book() -> Measurebook:
    """The measures without the datasets that the live service leaves out (model.yaml)."""
    book, left_out = shipped(), policy.shipped().live.left_out
    return msgspec.structs.replace(book, datasets=tuple(each for each in book.datasets if each.dataset not in left_out))


async def facts_of(
    session: Session,
    employers: Sequence[str],
    projects: Sequence[str],
    at: datetime,
    datasets: Collection[Measured],
) -> Facts:
    """What is known of these employers and projects at a time, in these datasets."""
    stored = {each.dataset: each.as_stored() for each in datasets}
    of_projects = {each.dataset: stored[each.dataset] for each in datasets if each.about == "project"}
    of_employers = {code: each for code, each in stored.items() if code not in of_projects and code != OWN_PAST}
    # Who was named for a site when a record came is whose the record is: all who ever were named are asked for.
    naming = {each.dataset: of_projects[each.dataset] for each in datasets if each.about == "project" and each.code}
    parts = [pl.DataFrame(schema=VERSIONS)]
    if employers and of_employers:
        parts.append(await fact_store.newest(session, "employer", employers, of_employers, at))
    if projects and of_projects:
        parts.append(await fact_store.newest(session, "project", projects, of_projects, at))
    if projects and naming:
        known = parts[-1]
        parts.append(await fact_store.histories(session, "project", projects, naming, at=at, known=known))
    if employers and OWN_PAST in stored:
        parts.append(await past_of(session, at, employers))
    told, feeds = pl.concat(parts), pl.DataFrame(schema=FEEDS)
    return await asyncio.to_thread(gather, employers, told, feeds, stored, at, in_full=naming)


async def past_of(session: Session, at: datetime, employers: Iterable[str] | None = None) -> pl.DataFrame:
    """The wage arrears that were found by a time, as versions (frames.VERSIONS) of the dataset own_past."""
    whose = None if employers is None else list(employers)
    stands = await outcome_store.stands(session, at, learning_policy.shipped().complaints, whose)
    labels = outcomes.labels(stands, policy.shipped().live.one_arrears_days)
    wanted = labels if whose is None else labels.filter(pl.col("employer_id").is_in(whose))
    items = wanted.select("employer_id", "started_on", "discovered_on", "workers", "amount")
    return wanted.select(
        pl.lit("employer").alias("subject_kind"),
        pl.col("employer_id").alias("subject"),
        pl.lit(OWN_PAST).alias("dataset"),
        pl.format("{}|{}", "employer_id", "started_on").alias("key"),
        _AT_ONCE.alias("source_time"),
        _AT_ONCE.alias("reported_at"),
        pl.lit("").alias("receipt_id"),
        pl.lit(1, pl.Int64).alias("row_no"),
        pl.lit("").alias("agency"),
        bodies(items),
    )
