"""Work out what features need of everyone, in parts: never more than some subjects are in memory at once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import polars as pl

from services.scoring.frames import Facts
from services.scoring.live.known import OWN_PAST, facts_of, live_book, past_of
from services.scoring.measurebook import Measurebook, Measured
from services.scoring.measures.peers import stand_for_all
from services.scoring.measures.snapshot import Snapshot
from services.scoring.model import policy
from services.scoring.population import (
    Gathering,
    Heard,
    Population,
    Spoken,
    cut,
    everyone,
    heard,
    holds_of,
    named,
    tied,
)
from services.scoring.store import populations as store
from services.scoring.values import READ
from services.scoring.worlds import world_of
from services.scoring.worlds.reading import as_microseconds
from shared.db import Session

Ties = Mapping[str, pl.DataFrame]
Part = TypeVar("Part")
Known = TypeVar("Known")


@dataclass
class _Sites:
    """What the projects tell of the population: whose they are, who is tied by them, how their feeds have spoken."""

    holds: list[pl.DataFrame] = field(default_factory=list)
    ties: list[Ties] = field(default_factory=list)
    heard: list[Mapping[str, Heard]] = field(default_factory=list)


async def gather_population(session: Session, at: datetime) -> tuple[Population, int]:
    """What is kept of the population as it was known at a time, and how many employers it had."""
    book = live_book()
    sites = await _sites(session, book, at)
    spoken = _spoken(await _heard(session, book, at), sites.heard, at, book)
    book = cut(book, spoken)
    holds = pl.concat([holds_of({}, book), *sites.holds]).unique().sort("employer", "project")
    past = await past_of(session, at)
    codes = everyone([await store.all_subjects(session, "employer"), holds["employer"], past["subject"]])
    ties = [*sites.ties, *await _named(session, codes, book, at)]
    gathering = Gathering(at, spoken)
    await _look(session, gathering, codes, holds, book)
    return gathering.gathered(tied(ties, book), holds, book), codes.len()


async def _sites(session: Session, book: Measurebook, at: datetime) -> _Sites:
    found = _Sites()
    of_projects = _only(book, (each.dataset for each in book.datasets if each.about == "project"))
    for part in _parts(await store.all_subjects(session, "project")):
        facts = await facts_of(session, [], part, at, of_projects.datasets)
        world = world_of(facts, of_projects)
        found.holds.append(holds_of(facts.frames, of_projects))
        found.heard.append(await asyncio.to_thread(heard, world, facts, at))
        found.ties.append(named(Snapshot(world, at)))
    return found


async def _heard(session: Session, book: Measurebook, at: datetime) -> dict[str, Heard]:
    """How the datasets about employers have spoken, and what was found of wage arrears."""
    told = [each for each in book.datasets if each.about == "employer" and each.dataset != OWN_PAST]
    last = await store.last_reports(session, [each.dataset for each in told], at)
    found = {code: Heard(as_microseconds(when), {}) for code, when in last.items()}
    for each in told:
        if each.dataset in found and each.gaps != "missing" and each.period:
            texts = await store.records_by_month(session, each.dataset, each.period, at)
            found[each.dataset] = Heard(found[each.dataset].last, _by_month(texts))
    past = (await past_of(session, at)).filter(pl.col("reported_at") <= at)
    # Nothing found yet is known to be nothing.
    found_last = as_microseconds(past.select(pl.max("reported_at")).item()) if past.height else None
    found[OWN_PAST] = Heard(found_last, {})
    return found


def _by_month(texts: Mapping[str, int]) -> dict[int, int]:
    table = pl.DataFrame(
        {"month": list(texts), "records": list(texts.values())}, schema={"month": pl.String, "records": pl.Int64}
    )
    read = table.with_columns(READ["month"](pl.col("month").str.strip_chars())).drop_nulls()
    return dict(read.group_by("month").agg(pl.col("records").sum()).iter_rows())


def _spoken(
    of_employers: Mapping[str, Heard], of_projects: Iterable[Mapping[str, Heard]], at: datetime, book: Measurebook
) -> dict[str, Spoken]:
    every: dict[str, list[Heard]] = {}
    for part in (of_employers, *of_projects):
        for code, each in part.items():
            every.setdefault(code, []).append(each)
    return {code: Heard.together(parts).spoken(at, book) for code, parts in every.items()}


async def _named(session: Session, codes: pl.Series, book: Measurebook, at: datetime) -> list[Ties]:
    """Who is tied by what the registers of employers say."""
    found: list[Ties] = []
    parties = {party.dataset for tie in book.ties for party in tie.of}
    registers = _only(
        book, (each.dataset for each in book.datasets if each.about == "employer" and each.dataset in parties)
    )

    async def read(part: list[str]) -> Facts:
        return await facts_of(session, part, [], at, registers.datasets)

    async def look(facts: Facts) -> None:
        found.append(await asyncio.to_thread(lambda: named(Snapshot(world_of(facts, registers), at))))

    await _read_ahead(_parts(codes) if registers.datasets else (), read, look)
    return found


async def _look(
    session: Session, gathering: Gathering, codes: pl.Series, holds: pl.DataFrame, book: Measurebook
) -> None:
    """Let those who stand for all be looked at."""
    ranked = _only(book, _ranked(book))

    async def read(part: list[str]) -> tuple[list[str], Facts]:
        of_theirs = pl.col("employer").is_in(part)
        projects = holds.filter(of_theirs)["project"].unique().sort().to_list()
        return part, await facts_of(session, part, projects, gathering.at, ranked.datasets)

    async def look(known: tuple[list[str], Facts]) -> None:
        part, facts = known
        await asyncio.to_thread(lambda: gathering.look(world_of(facts, ranked), part))

    await _read_ahead(_parts(codes.filter(pl.Series(stand_for_all(codes, book)))) or [[]], read, look)


async def _read_ahead(
    parts: Iterable[Part],
    read: Callable[[Part], Awaitable[Known]],
    look: Callable[[Known], Coroutine[Any, Any, None]],
) -> None:
    """Look at what is known of each part, in order, while the next is read: one is read and one looked at at a time."""
    looking: asyncio.Task[None] | None = None
    async with asyncio.TaskGroup() as group:
        for part in parts:
            known = await read(part)
            if looking:
                await asyncio.wait([looking])  # should it fail, the group says so
            looking = group.create_task(look(known))


def _ranked(book: Measurebook) -> set[str]:
    """The datasets that are ranked, those that tell who is whose peer, and those that tell whose a record is."""
    ranked = {each.dataset for each in book.datasets if any(measure.peers for measure in each.measures)}
    profile = book.profile
    ranked |= {party.dataset for party in (profile.town, profile.industry, profile.heads)}
    return ranked | {each.via.dataset for each in book.datasets if each.dataset in ranked and each.via}


def _only(book: Measurebook, codes: Iterable[str]) -> Measurebook:
    wanted = set(codes)
    kept = (each for each in book.datasets if each.dataset in wanted)
    return msgspec.structs.replace(book, datasets=tuple(_alone(each, wanted) for each in kept))


def _alone(each: Measured, there: set[str]) -> Measured:
    via = each.via if each.via and each.via.dataset in there and each.about == "project" else None
    return msgspec.structs.replace(each, account=None, name=None, via=via)


def _parts(codes: pl.Series) -> list[list[str]]:
    most = policy.shipped().live.employers_at_once
    return [part.to_series().to_list() for part in codes.sort().to_frame().iter_slices(most)]
