"""HTTP in, HTTP out: a score of any time, explained and worked out again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.scoring import usecases
from services.scoring.routes.risk import Reader
from services.scoring.schemas.scores import ExplanationOut
from services.scoring.usecases import Explanation
from services.scoring.views import scores as views
from shared.db import SessionDep
from shared.http import refused

router = APIRouter(prefix="/v1", tags=["scores"])

Recompute = Annotated[bool, Query(description="Work it out again from the kept facts, by the rules of its version")]
Limit = Annotated[int, Query(ge=0, le=10_000, description="Most records of its inputs")]


@router.get("/scores/{score_id}", response_model=ExplanationOut)
async def explain_score(
    request: Request,
    *,
    score_id: UUID,
    reader: Reader,
    session: SessionDep,
    recompute: Recompute = False,
    limit: Limit = 1000,
) -> ExplanationOut | Response:
    """What a score said, the records it stood on as known then, and, with `recompute`, whether the same comes out.

    Records that came, were corrected or withdrawn later change nothing. A lost or changed fact is noticed. Audited.
    """
    found = await usecases.explain(session, score_id, reader, is_again=recompute)
    return views.explanation_view(found, limit) if isinstance(found, Explanation) else await refused(request, found)
