"""The model's part of a score, worked out again: of what it had read, and of the facts as they were known then."""

import asyncio
from dataclasses import dataclass

import numpy as np
import polars as pl

from services.scoring import live
from services.scoring.live import shelf
from services.scoring.model import Model, matrix, readings
from services.scoring.models import Score
from services.scoring.saying import Said, explained
from services.scoring.store.evidence import Kept
from shared.db import Session


@dataclass(frozen=True)
class Otherwise:
    """A column whose value of then does not come of the facts as they are now known to have been known then."""

    column: str
    read: float | None
    now: float | None


@dataclass(frozen=True)
class Reread:
    """What a model says of the values that it had read: `columns` of them, and which the facts make otherwise."""

    said: Said
    columns: int
    otherwise: tuple[Otherwise, ...]


async def reread(session: Session, score: Score, kept: Kept) -> Reread | None:
    """The model's word again; None where none spoke, or what it read was not kept. LookupError: it is not here."""
    if kept.reading is None or score.model_id is None or score.population_id is None:
        return None
    model = await shelf.model(session, score.model_id)
    table = readings.unpacked(kept.reading, score.subject_id, model.columns)
    said = (await asyncio.to_thread(explained, model, score.model_id, table))[score.subject_id]
    population = await shelf.population(session, score.population_id)
    now = await live.inputs_of(session, [score.subject_id], score.scored_at, population)
    return Reread(said, len(model.columns), _otherwise(model, table, now))


def _otherwise(model: Model, read: pl.DataFrame, now: pl.DataFrame) -> tuple[Otherwise, ...]:
    before, after = (matrix(table, model.columns)[0] for table in (read, now))
    differs = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    return tuple(
        Otherwise(model.columns[place], _known(before[place]), _known(after[place]))
        for place in np.flatnonzero(differs)
    )


def _known(value: np.floating) -> float | None:
    return None if np.isnan(value) else float(value)
