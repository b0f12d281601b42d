"""What the champion reads of some employers and makes of it, as at a time: to be compared with another time."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from services.scoring import live
from services.scoring.live import shelf
from services.scoring.model import Model, registry
from services.scoring.store import populations as population_store
from shared.db import UNREACHABLE, Session

log = logging.getLogger(__name__)

# So that no feature of the indicators has the same name.
OF_MODEL, PROBABILITY = "model.", "model.probability"
_OF_THE_DAY = "calendar"


async def champion_inputs(
    session: Session, champion: str, employers: Sequence[str], at: datetime, least_weight: float
) -> pl.DataFrame:
    """A row an employer: the columns that weigh so much in the champion, and its probability.

    Beside the population of then, or, from before any was kept, the first one after it. Empty without one, and of a
    model that fails: the report tells of everything else.
    """
    population_id = await population_store.newest(session, at) or await population_store.oldest(session)
    if population_id is None:
        return pl.DataFrame()
    model, population = await shelf.model(session, champion), await shelf.population(session, population_id)
    try:
        table = await live.inputs_of(session, employers, at, population)
        return await asyncio.to_thread(_looked_at, model, table, least_weight)
    except UNREACHABLE:
        raise
    except Exception:
        log.exception("model.failed", extra={"model": champion, "employers": len(employers)})
        return pl.DataFrame()


def _looked_at(model: Model, table: pl.DataFrame, least_weight: float) -> pl.DataFrame:
    names = [
        name
        for name, weight in registry.weights(model).items()
        if weight >= least_weight and name in table.columns and model.family_of.get(name) != _OF_THE_DAY
    ]
    columns = [pl.col(name).cast(pl.Float64).alias(OF_MODEL + name) for name in names]
    return table.select(*columns, pl.Series(PROBABILITY, model.predict(table), dtype=pl.Float64))
