"""HTTP in, HTTP out: trained models, who is champion, and runs over the whole population."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.scoring import usecases
from services.scoring.schemas.models import (
    ComparisonOut,
    ModelIn,
    ModelOut,
    ModelsOut,
    ReasonIn,
    RunIn,
    RunOut,
    RunsOut,
)
from services.scoring.store import registry as store
from services.scoring.store import runs as run_store
from services.scoring.store.registry import Content
from services.scoring.usecases import models as use
from services.scoring.usecases.models import Wish
from services.scoring.views import models as views
from shared.auth import Caller, require
from shared.clock import now
from shared.db import SessionDep
from shared.ids import new_id

router = APIRouter(prefix="/v1", tags=["models"])

Manager = Annotated[Caller, Depends(require("models:manage"))]
Approver = Annotated[Caller, Depends(require("models:approve"))]
Runner = Annotated[Caller, Depends(require("scores:run"))]
ModelId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the model's content")]


@router.post(
    "/models", response_model=ModelOut, status_code=201, responses={200: {"description": "It was here before."}}
)
async def register_model(told: ModelIn, manager: Manager, session: SessionDep, response: Response) -> ModelOut:
    """Register what `anxin train` wrote. It is a candidate: it says nothing until it runs in shadow."""
    content = Content(told.entry, told.trees, told.card)
    model_id, is_new = await use.register(session, content, Wish(manager, now(), told.reason))
    response.status_code = 201 if is_new else 200
    return await _one(session, model_id)


@router.get("/models", dependencies=[Depends(require("models:read"))])
async def models(session: SessionDep) -> ModelsOut:
    """Every model as it stands, the newest first."""
    return views.models_view(await store.lines(session))


@router.get("/models/{model_id}", dependencies=[Depends(require("models:read"))])
async def one_model(model_id: ModelId, session: SessionDep) -> ModelOut:
    """A model with its card, its data window and metrics, and who did what to it."""
    return await _one(session, model_id)


@router.get("/models/{model_id}/comparison", dependencies=[Depends(require("models:read"))])
async def comparison(model_id: ModelId, session: SessionDep) -> ComparisonOut:
    """A challenger beside the champion: the same employers, the same day, the same inputs."""
    return views.comparison_view(await usecases.compared(session, model_id, now()))


@router.post("/models/{model_id}/shadow")
async def challenge(model_id: ModelId, told: ReasonIn, manager: Manager, session: SessionDep) -> ModelOut:
    """Let it run in shadow: worked out beside the champion, shown in no level."""
    await use.challenge(session, model_id, Wish(manager, now(), told.reason))
    return await _one(session, model_id)


@router.post("/models/{model_id}/promotion")
async def propose(model_id: ModelId, told: ReasonIn, manager: Manager, session: SessionDep) -> ModelOut:
    """Propose that a challenger becomes champion. Another person approves it."""
    await use.propose(session, model_id, Wish(manager, now(), told.reason))
    return await _one(session, model_id)


@router.post("/models/{model_id}/promotion/approve")
async def approve(model_id: ModelId, told: ReasonIn, approver: Approver, session: SessionDep) -> ModelOut:
    """Approve a proposed promotion: it counts from the next record on, and everyone is scored again."""
    await use.approve(session, model_id, Wish(approver, now(), told.reason), new_id)
    return await _one(session, model_id)


@router.post("/models/{model_id}/promotion/refuse")
async def refuse(model_id: ModelId, told: ReasonIn, approver: Approver, session: SessionDep) -> ModelOut:
    """Put a proposed promotion aside; the model stays in shadow."""
    await use.refuse(session, model_id, Wish(approver, now(), told.reason))
    return await _one(session, model_id)


@router.post("/models/{model_id}/retire")
async def retire(model_id: ModelId, told: ReasonIn, manager: Manager, session: SessionDep) -> ModelOut:
    """Take a model out. Without a champion the indicators alone count."""
    await use.retire(session, model_id, Wish(manager, now(), told.reason), new_id)
    return await _one(session, model_id)


@router.post("/models/rollback")
async def roll_back(told: ReasonIn, manager: Manager, session: SessionDep) -> ModelOut:
    """Put the former champion back, at once: two people agreed on it before."""
    return await _one(session, await use.roll_back(session, Wish(manager, now(), told.reason), new_id))


@router.post("/population-runs", status_code=202)
async def request_run(told: RunIn, runner: Runner, session: SessionDep) -> RunOut:
    """Ask that everyone is scored again. Events leave only where something has changed."""
    run_id = await usecases.request_run(session, told.reason, runner.id, now(), new_id)
    return await _run(session, run_id)


@router.get("/population-runs", dependencies=[Depends(require("models:read"))])
async def runs(session: SessionDep) -> RunsOut:
    """The last twenty runs, the newest first."""
    return RunsOut(runs=[views.run_view(run) for run in await run_store.newest(session, 20)])


@router.get("/population-runs/{run_id}", dependencies=[Depends(require("models:read"))])
async def one_run(run_id: UUID, session: SessionDep) -> RunOut:
    """How far a run has come."""
    return await _run(session, run_id)


async def _run(session: SessionDep, run_id: UUID) -> RunOut:
    return views.run_view(await usecases.run_of(session, run_id))


async def _one(session: SessionDep, model_id: str) -> ModelOut:
    line, content, steps = await use.shown(session, model_id)
    return views.model_view(line, content, steps)
