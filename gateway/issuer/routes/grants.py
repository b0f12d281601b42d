"""Grants: people ask, decide and revoke; an agency reads its own."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from gateway.issuer.models import DataGrant
from gateway.issuer.routes.callers import person_with
from gateway.issuer.rules.grants import Direction
from gateway.issuer.schemas.grants import GrantIn, GrantList, GrantOut, ReasonIn, State
from gateway.issuer.store import grants as grant_store
from gateway.issuer.store.grants import Wanted
from gateway.issuer.usecases import grants
from shared.auth import Caller, current_caller
from shared.clock import local_date
from shared.db import SessionDep

router = APIRouter(prefix="/v1/grants", tags=["grants"])


async def _reader(request: Request) -> Caller:
    caller = current_caller(request)
    if caller.kind == "person":
        caller.must_have("grants:read")
    return caller


Asker = Annotated[Caller, Depends(person_with("grants:request"))]
Decider = Annotated[Caller, Depends(person_with("grants:decide"))]
Reader = Annotated[Caller, Depends(_reader)]


@router.post("", status_code=201)
async def request_grant(asked: GrantIn, asker: Asker, session: SessionDep) -> GrantOut:
    """Ask that an agency may hand in or use a dataset. The answer says by when the request is to be decided."""
    wanted = grants.Asked(
        agency=asked.agency,
        dataset=asked.dataset,
        direction=asked.direction,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        begins=asked.valid_from,
        ends=asked.valid_to,
    )
    return _out(await grants.request(session, wanted, _name(asker), datetime.now(UTC)))


@router.get("")
async def list_grants(
    reader: Reader,
    session: SessionDep,
    *,
    agency: Annotated[str | None, Query(max_length=64)] = None,
    dataset: Annotated[str | None, Query(max_length=64)] = None,
    direction: Direction | None = None,
    state: State | None = None,
    before: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> GrantList:
    """Grants, the newest first. An agency sees its own, whatever it asks for."""
    whose = reader.id if reader.kind == "agency" else agency
    found = await grant_store.grants(session, Wanted(whose, dataset, direction, state, before, limit))
    last = found[-1].grant_id if len(found) == limit else None
    return GrantList(grants=[_out(one) for one in found], next=last)


@router.get("/{grant_id}")
async def read_grant(grant_id: UUID, reader: Reader, session: SessionDep) -> GrantOut:
    """A grant; somebody else's is not found by an agency."""
    return _out(await grants.grant(session, grant_id, reader.id if reader.kind == "agency" else None))


@router.post("/{grant_id}/approve")
async def approve_grant(grant_id: UUID, why: ReasonIn, decider: Decider, session: SessionDep) -> GrantOut:
    """Approve what somebody else asked for: from `valid_from` on the agency's tokens carry its scopes."""
    verdict = grants.Verdict("approved", why.reason, _name(decider))
    return _out(await grants.decide(session, grant_id, verdict, datetime.now(UTC)))


@router.post("/{grant_id}/refuse")
async def refuse_grant(grant_id: UUID, why: ReasonIn, decider: Decider, session: SessionDep) -> GrantOut:
    """Refuse what somebody else asked for, with the reason."""
    verdict = grants.Verdict("refused", why.reason, _name(decider))
    return _out(await grants.decide(session, grant_id, verdict, datetime.now(UTC)))


@router.post("/{grant_id}/revoke")
async def revoke_grant(grant_id: UUID, why: ReasonIn, decider: Decider, session: SessionDep) -> GrantOut:
    """Take an approved grant back: new tokens lack it, and those that carry it are refused within a second or so."""
    return _out(await grants.revoke(session, grant_id, why.reason, _name(decider), datetime.now(UTC)))


def _name(caller: Caller) -> str:
    return f"person:{caller.id}"


def _out(grant: DataGrant) -> GrantOut:
    moment = datetime.now(UTC)
    return GrantOut.of(grant, moment, local_date(moment))
