"""The models at work: what each says of some employers, from the facts as they are known at a time.

The inputs are those of training (`inputs/`), of the employers' own facts, their relatives' and their projects', beside
what was kept of the population. Without champion and challenger, or before the first population run, nothing is said.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import polars as pl

from services.scoring.inputs import input_table
from services.scoring.live import shelf
from services.scoring.live.known import Told, live_book, stored_of_employers, world_about
from services.scoring.model import Foretold, Model, policy, readings
from services.scoring.population import Population
from services.scoring.rulebook import Dataset
from services.scoring.rules import Level
from services.scoring.saying import Said, explained, graded
from services.scoring.store import populations as population_store
from services.scoring.store import predictions as prediction_store
from services.scoring.store import registry as registry_store
from services.scoring.store.predictions import Kept, Prediction
from services.scoring.worlds import World
from shared.clock import local_date
from shared.db import UNREACHABLE, Session

__all__ = ["NOTHING", "Asked", "Outlook", "Told", "asked", "burden", "explain", "inputs_of", "look_ahead"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outlook:
    """What the champion says of some employers: `told` by code. `table`: the inputs that it read, a row an employer."""

    model_id: str = ""
    told: Mapping[str, Foretold] = field(default_factory=dict)
    population_id: UUID | None = None
    model: Model | None = None
    table: pl.DataFrame = field(default_factory=pl.DataFrame)

    def levels(self) -> dict[str, Level]:
        """What the model by itself counts for, of those whom it gives a level."""
        # Nearly everyone of a population is below the lowest level: of them no object is made.
        least = policy.shipped().least_of_a_level
        reached = {subject: graded(self.model_id, word) for subject, word in self.told.items() if word.ranked >= least}
        return {subject: said.counts_as for subject, said in reached.items() if said.counts_as != "none"}

    def explained(self, subjects: Sequence[str]) -> dict[str, Said]:
        """What it says of some, where it comes to a level with families and reasons: the others are shown in none."""
        plain = {subject: graded(self.model_id, self.told[subject]) for subject in subjects if subject in self.told}
        shown = [subject for subject, said in plain.items() if said.level != "none"]
        if self.model is None or not shown:
            return plain
        rows = self.table.filter(pl.col("subject").is_in(shown))
        return plain | explained(self.model, self.model_id, rows)

    def readings(self, subjects: Collection[str]) -> dict[str, bytes]:
        """What it read of some, packed; nothing where it says again what it had said before."""
        if self.model is None or not subjects:
            return {}
        return readings.packed(self.table.filter(pl.col("subject").is_in(list(subjects))), self.model.columns)


NOTHING = Outlook()


@dataclass(frozen=True)
class Asked:
    """Who is asked, champion (None: there are challengers only) and challengers, and the population that they see."""

    champion: str | None
    models: Sequence[str]
    population_id: UUID
    population: Population

    def reads(self) -> dict[str, Dataset]:
        """The datasets about employers that they read, whole: no record is too old for them."""
        return stored_of_employers(self.population.book(live_book()).datasets)


async def asked(session: Session, at: datetime) -> Asked | None:
    """Who is asked at a time; None before there are models and a population."""
    active = await registry_store.active(session)
    population_id = await population_store.newest(session, at) if active else None
    if population_id is None:
        return None
    champion = next((model_id for model_id, state in active.items() if state == "champion"), None)
    return Asked(champion, list(active), population_id, await shelf.population(session, population_id))


async def look_ahead(session: Session, who: Asked, told: Told, at: datetime) -> Outlook:
    """Ask about the employers of whom is told, and keep what each says.

    A model that fails stops nobody's score: what it said last stands, and the log says so.
    """
    employers, champion = told.employers, who.champion
    world = await world_about(session, employers, at, who.population, told)
    try:
        table = await asyncio.to_thread(_inputs, world, at, who.population, employers)
    except Exception:
        log.exception("model.failed", extra={"employers": len(employers)})
        return await _as_before(session, champion, employers)
    said = {model_id: await _words(session, model_id, table, employers) for model_id in who.models}
    for model_id, words in said.items():
        if words:
            await prediction_store.keep(session, Kept(model_id, local_date(at), at, who.population_id), words)
    if champion is None or not said[champion]:
        return await _as_before(session, champion, employers)
    return Outlook(champion, said[champion], who.population_id, await shelf.model(session, champion), table)


async def burden(session: Session) -> int:
    """As how many subjects more a record counts for the pace, while models are asked about whom it touches."""
    return policy.shipped().live.record_counts_as if await registry_store.active(session) else 0


async def inputs_of(session: Session, employers: Sequence[str], at: datetime, population: Population) -> pl.DataFrame:
    """The inputs (inputs.input_table) of these employers as known at a time, in this order."""
    world = await world_about(session, employers, at, population)
    return await asyncio.to_thread(_inputs, world, at, population, employers)


async def explain(session: Session, employer: str, told: Prediction) -> Said:
    """What the champion said, said again of the same facts and the same population, with its reasons.

    Without reasons where the model fails: the figure that counts is known.
    """
    population = await shelf.population(session, told.population_id)
    model = await shelf.model(session, told.model_id)
    world = await world_about(session, [employer], told.at, population)
    try:
        table = await asyncio.to_thread(_inputs, world, told.at, population, [employer])
        return (await asyncio.to_thread(explained, model, told.model_id, table))[employer]
    except Exception:
        log.exception("model.failed", extra={"employers": 1})
        return graded(told.model_id, told.said)


def _inputs(world: World, at: datetime, population: Population, employers: Sequence[str]) -> pl.DataFrame:
    context = population.context(world, at, employers)
    return input_table(world, at, pl.Series("subject", list(employers), dtype=pl.String), context)


async def _words(session: Session, model_id: str, table: pl.DataFrame, employers: Sequence[str]) -> dict[str, Foretold]:
    """What one model says by employer; nothing where it fails: a challenger takes the word from nobody else."""
    try:
        model = await shelf.model(session, model_id)
        words = await asyncio.to_thread(model.foretell, table)
    except UNREACHABLE:
        raise
    except Exception:
        log.exception("model.failed", extra={"model": model_id, "employers": len(employers)})
        return {}
    return dict(zip(employers, words, strict=True))


async def _as_before(session: Session, champion: str | None, employers: Sequence[str]) -> Outlook:
    if champion is None:
        return NOTHING
    return Outlook(champion, await prediction_store.last_of(session, champion, employers))
