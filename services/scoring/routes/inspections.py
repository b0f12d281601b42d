"""HTTP in, HTTP out: random inspections. What nobody chose for a reason tells what the alerts do not see."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.scoring.learning.policy import shipped as policy
from services.scoring.schemas.inspections import (
    DesignOut,
    FindingIn,
    InspectionOut,
    SampleDetail,
    SampleIn,
    SampleOut,
)
from services.scoring.store import inspections as store
from services.scoring.usecases import inspections, moment
from services.scoring.usecases.inspections import Finding, Wish
from shared.auth import Caller, require
from shared.clock import now
from shared.db import SessionDep
from shared.ids import new_id

router = APIRouter(prefix="/v1/inspections", tags=["inspections"])

Orderer = Annotated[Caller, Depends(require("inspections:order"))]
Inspector = Annotated[Caller, Depends(require("inspections:record"))]
Reader = Annotated[Caller, Depends(require("inspections:read"))]


@router.get("/designs", dependencies=[Depends(require("inspections:read"))])
async def designs() -> list[DesignOut]:
    """The ways to spread a sample over strata."""
    return [DesignOut.model_validate(each, from_attributes=True) for each in policy().designs]


@router.post("/samples", status_code=201)
async def order_sample(body: SampleIn, orderer: Orderer, session: SessionDep) -> SampleDetail:
    """Draw employers by chance. Each has a known probability; the seed draws the same ones again."""
    seed = secrets.randbelow(2**53) if body.seed is None else body.seed
    within = body.within or inspections.division_of(orderer)
    wish = Wish(body.n, body.design, within, seed, body.due_on, body.reason)
    sample_id = await inspections.order(session, wish, orderer, await moment(session, now(), new_id), policy())
    found, drawn = await inspections.sample_of(session, sample_id, orderer)
    return _detail(found, drawn)


@router.get("/samples")
async def samples(
    reader: Reader, session: SessionDep, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[SampleOut]:
    """The samples, the newest first, with how many of each have a finding."""
    mine = inspections.division_of(reader)
    found = await store.samples(session, limit)
    return [
        SampleOut.model_validate(row)
        for row in found
        if mine.startswith(row["within"]) or row["within"].startswith(mine)
    ]


@router.get("/samples/{sample_id}")
async def sample(sample_id: UUID, reader: Reader, session: SessionDep) -> SampleDetail:
    """A sample with whom it drew in your division, and what stands about each."""
    found, drawn = await inspections.sample_of(session, sample_id, reader)
    return _detail(found, drawn)


@router.post("/{inspection_id}/findings")
async def record_finding(
    inspection_id: UUID, body: FindingIn, inspector: Inspector, session: SessionDep
) -> InspectionOut:
    """Record what was found, also when it was nothing. A later finding corrects; the same one again changes nothing."""
    told = body.model_dump(exclude={"inspectors", "amount"})
    amount = None if body.amount is None else str(body.amount)
    finding = Finding(**told, amount=amount, certificates=tuple(each.certificate_no for each in body.inspectors))
    return _inspection(
        await inspections.record(session, inspection_id, finding, caller=inspector, at=now(), policy=policy())
    )


def _detail(sample: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]) -> SampleDetail:
    return SampleDetail.model_validate({**sample, "inspections": [_inspection(row) for row in drawn]})


def _inspection(row: Mapping[str, Any]) -> InspectionOut:
    return InspectionOut.model_validate({**row, "recorded_at": row["known_at"]})
