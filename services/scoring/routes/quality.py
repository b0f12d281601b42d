"""HTTP in, HTTP out: how right the levels are."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scoring.learning.policy import shipped as policy
from services.scoring.schemas.quality import AlarmOut, BoundOut, ScoringQualityOut
from services.scoring.store import quality as store
from shared.auth import require
from shared.db import SessionDep
from shared.errors import NotFound

router = APIRouter(prefix="/v1/scoring-quality", tags=["quality"])


class NoReport(NotFound):
    """There is no report of that day."""

    slug = "no-quality-report"
    title = "There is no report of that day"
    title_zh = "该日没有评分质量报告"


@router.get("", dependencies=[Depends(require("quality:read"))])
async def scoring_quality(
    session: SessionDep, on: Annotated[date | None, Query(description="The newest report, if left out")] = None
) -> ScoringQualityOut:
    """Precision, recall, calibration, drift and gaps between groups, each with its interval and what it stands on."""
    kept = await store.report(session, on)
    if kept is None:
        raise NoReport
    passed = [each for each in await store.states(session) if each.state == "passed"]
    alarms = [
        AlarmOut(bound=each.bound, group=each.group, since=each.changed_at, change=each.change, **each.details)
        for each in passed
    ]
    bounds = [BoundOut.model_validate(each, from_attributes=True) for each in policy().bounds]
    return ScoringQualityOut.model_validate(
        {**kept.report, "computed_at": kept.computed_at, "bounds": bounds, "alarms": alarms}
    )
