"""The world about some employers: their facts, their relatives' and their projects', as they were known at a time."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from services.scoring.frames import FEEDS, VERSIONS, Facts, bodies, first_day, gather
from services.scoring.learning import outcomes
from services.scoring.learning import policy as learning_policy
from services.scoring.measurebook import Measurebook, Measured, shipped
from services.scoring.model import policy
from services.scoring.population import Population
from services.scoring.rulebook import Dataset
from services.scoring.store import facts as fact_store
from services.scoring.store import outcomes as outcome_store
from services.scoring.store import punches as punch_store
from services.scoring.worlds import World, world_of
from shared.db import Session

OWN_PAST = "own_past"
# A label is known from the beginning of its day, as in a directory (worlds.casting.reported).
_AT_ONCE = pl.col("discovered_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


@dataclass(frozen=True)
class Told:
    """What was read of some employers already: the newest version of each record that was known by a time
    (frames.VERSIONS), in the datasets that will be asked for, and perhaps in others."""

    employers: Sequence[str] = ()
    versions: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VERSIONS))


NOTHING_YET = Told()


async def world_about(
    session: Session, employers: Sequence[str], at: datetime, population: Population, told: Told = NOTHING_YET
) -> World:
    """Enough to work out these employers' features as among all."""
    book = population.book(live_book())
    around = sorted({*employers, *population.relatives(employers)})
    facts = await facts_of(session, around, population.projects(employers), at, book.datasets, told=told)
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
    *,
    told: Told = NOTHING_YET,
) -> Facts:
    """What is known of these employers and projects at a time, in these datasets."""
    stored = {each.dataset: each.as_stored() for each in datasets}
    of_employers = stored_of_employers(datasets)
    # Who was named for a site when a record came is whose the record is: all who ever were named are asked for.
    naming = [each.dataset for each in datasets if each.about == "project" and each.code]
    parts = [told.versions.filter(pl.col("dataset").is_in(list(of_employers)))]
    if untold := sorted(set(employers).difference(told.employers)) if of_employers else []:
        parts.append(await fact_store.newest(session, "employer", untold, of_employers, at))
    if projects:
        parts += await _of_projects(session, projects, at, datasets)
    if employers and OWN_PAST in stored:
        parts.append(await past_of(session, at, employers))
    every, feeds = pl.concat(parts), pl.DataFrame(schema=FEEDS)
    return await asyncio.to_thread(gather, employers, every, feeds, stored, at, in_full=naming)


def stored_of_employers(datasets: Iterable[Measured]) -> dict[str, Dataset]:
    """Of some datasets those whose records about employers are stored as facts."""
    of_employers = [each for each in datasets if each.about == "employer" and each.dataset != OWN_PAST]
    return {each.dataset: each.as_stored() for each in of_employers}


async def _of_projects(
    session: Session, projects: Sequence[str], at: datetime, datasets: Collection[Measured]
) -> list[pl.DataFrame]:
    """What is known of projects at a time: of who is named for them every version, of their punches the counts."""
    about = [each for each in datasets if each.about == "project"]
    whole = {each.dataset: each.as_stored() for each in about if not each.counted}
    naming = {each.dataset: whole[each.dataset] for each in about if each.code}
    parts = [await fact_store.newest(session, "project", projects, whole, at)] if whole else []
    if naming:
        parts.append(await fact_store.histories(session, "project", projects, naming, at=at, known=parts[0]))
    names = parts[1] if naming else pl.DataFrame(schema=VERSIONS)
    return parts + [await _punches(session, projects, at, each, names) for each in about if each.counted]


async def _punches(
    session: Session, projects: Sequence[str], at: datetime, dataset: Measured, names: pl.DataFrame
) -> pl.DataFrame:
    """Punches as versions (frames.VERSIONS): a line a project and month, another where others were named meanwhile.

    Whose a punch is stands with who was named when it was reported. `names`: the versions that name who has a project.
    """
    of_names = names.filter(pl.col("dataset") == (dataset.via.dataset if dataset.via else ""))
    bounds = of_names.group_by("subject", "body").agg(pl.col("reported_at").min()).select("subject", "reported_at")
    standing = await punch_store.standing(session, projects, bounds, at)
    day = first_day(pl.col("month"))
    items = standing.select(pl.col("subject").alias("project_code"), day.alias("punch_at"), "punches")
    return standing.select(
        pl.lit("project").alias("subject_kind"),
        "subject",
        pl.lit(dataset.dataset).alias("dataset"),
        pl.format("{}|{}|{}", "subject", "month", "slot").alias("key"),
        day.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("source_time"),
        "reported_at",
        pl.lit("").alias("receipt_id"),
        pl.lit(1, pl.Int64).alias("row_no"),
        pl.lit("").alias("agency"),
        bodies(items),
    )


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
