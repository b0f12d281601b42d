"""The list for the world: is this firm restricted, who is listed, what happened since; and the numbers of law."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.credit.listing import law
from services.credit.listing.law import Parameter
from services.credit.routes.callers import READ, Checker, Decider, by
from services.credit.schemas.parameters import ParameterIn, ParameterOut, ParametersOut
from services.credit.schemas.public import CheckOut, ListOut, PublicListingOut
from services.credit.usecases import queries
from shared.clock import now, today
from shared.db import SessionDep

router = APIRouter(prefix="/v1/credit", tags=["list"])

BATCH_TYPE = "application/cloudevents-batch+json"
After = Annotated[int, Query(ge=0, le=2**62, description="The last sequence you have")]
Limit = Annotated[int, Query(ge=1, le=1000)]


@router.get("/check/{uscc}")
async def check(
    uscc: Annotated[str, Path(min_length=18, max_length=18, pattern="^[0-9A-Za-z]{18}$")],
    caller: Checker,
    session: SessionDep,
) -> CheckOut:
    """Whether the employer is restricted now. Each question is kept with who asked it."""
    code, listing = await queries.check(session, uscc, by(caller), caller.kind)
    if listing is None:
        return CheckOut(uscc=code, listed=False, checked_at=now())
    return CheckOut(
        uscc=code,
        listed=True,
        since=listing.listed_on,
        expected_exit=listing.expected_exit,
        decision_no=listing.decision_no,
        deciding_org=listing.deciding_org,
        objection_flag=listing.objection_open,
        checked_at=now(),
    )


@router.get("/list", dependencies=[READ])
async def public_list(session: SessionDep, after: After = 0, limit: Limit = 100) -> ListOut:
    """Who is on the list today, people masked (Order 45, art. 9)."""
    found = await queries.public_list(session, today(), after, limit)
    page = [PublicListingOut.model_validate(listing) for listing in found]
    return ListOut(listings=page, next_after=page[-1].sequence if len(page) == limit else None)


@router.get(
    "/events",
    dependencies=[READ],
    response_class=Response,
    responses={200: {"content": {BATCH_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}}}}},
)
async def events(session: SessionDep, after: After = 0, limit: Limit = 100) -> Response:
    """List events after a sequence as a CloudEvents batch, in order and without gaps; ask again with the last."""
    rows = await queries.events(session, after, limit)
    last = rows[-1].sequence if rows else after
    headers = {"link": f'</v1/credit/events?after={last}&limit={limit}>; rel="next"', "cache-control": "no-store"}
    return Response(b"[" + b",".join(row.body for row in rows) + b"]", media_type=BATCH_TYPE, headers=headers)


@router.get("/parameters", dependencies=[READ])
async def list_parameters(session: SessionDep) -> ParametersOut:
    """The numbers of law on record, with their sources; a banner while unverified ones are among them."""
    known = await queries.parameters(session)
    warning = law.banner(known)
    return ParametersOut(
        parameters=[ParameterOut.model_validate(each) for each in known],
        banner=warning[0] if warning else None,
        banner_en=warning[1] if warning else None,
    )


@router.post("/parameters", status_code=201)
async def record_parameter(body: ParameterIn, caller: Decider, session: SessionDep) -> ParameterOut:
    """Record a number of law, after the legal officer checked its text; the bureau head answers for it."""
    caller.must_be("bureau_head")
    parameter = Parameter(**body.model_dump())
    await queries.record_parameter(session, parameter, by(caller))
    return ParameterOut.model_validate(parameter)
