"""Models and populations that were read lately: each is named by its content or its run, so none ever changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from services.scoring.model import Model, registry
from services.scoring.population import Population
from services.scoring.population.packing import unpacked
from services.scoring.store import populations as population_store
from services.scoring.store import registry as registry_store
from shared.db import Session

# A champion, some challengers, and the one before: others are read again.
_MOST_MODELS, _MOST_POPULATIONS = 8, 2
_models: OrderedDict[str, Model] = OrderedDict()
_populations: OrderedDict[UUID, Population] = OrderedDict()


async def model(session: Session, model_id: str) -> Model:
    """A registered model. LookupError when there is none of that name."""
    if model_id not in _models:
        told = await registry_store.content(session, model_id)
        if told is None:
            raise LookupError(f"there is no model {model_id}")
        await _put(_models, model_id, lambda: registry.whole(told.entry, told.trees), _MOST_MODELS)
    _models.move_to_end(model_id)
    return _models[model_id]


async def population(session: Session, population_id: UUID) -> Population:
    """A population that was kept. LookupError when there is none of that id."""
    if population_id not in _populations:
        content = await population_store.content(session, population_id)
        await _put(_populations, population_id, lambda: unpacked(content), _MOST_POPULATIONS)
    _populations.move_to_end(population_id)
    return _populations[population_id]


async def _put(shelf: OrderedDict[Any, Any], key: Any, read: Callable[[], Any], most: int) -> None:
    shelf[key] = await asyncio.to_thread(read)
    while len(shelf) > most:
        shelf.popitem(last=False)
