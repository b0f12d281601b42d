"""Who is behind a pseudonym: masked to a role, clear for a purpose. Each look is on record, refused ones too."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.schemas import IdentityOut, IdentityQuery, UnmaskIn
from services.ingest.usecases import identities
from services.ingest.usecases.identities import Identity
from shared.db import SessionDep
from shared.errors import Forbidden, NotFound
from shared.http import refused

router = APIRouter(prefix="/v1/identities", tags=["identities"])

Pseudonym = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_NEVER_KEPT = {"Cache-Control": "no-store"}


@router.post("", response_model=list[IdentityOut])
async def identities_of(
    request: Request, *, query: IdentityQuery, caller: AnyCaller, desk: DeskDep, session: SessionDep
) -> list[IdentityOut] | Response:
    """The masked numbers behind up to 500 pseudonyms (a project's month of workers); the unknown are left out."""
    found = await identities.masked(session, query.pseudonyms, caller, desk.vault)
    return await refused(request, found) if isinstance(found, Forbidden) else [_shown(one) for one in found]


@router.get("/{pseudonym}", response_model=IdentityOut)
async def identity(
    request: Request, *, pseudonym: Pseudonym, caller: AnyCaller, desk: DeskDep, session: SessionDep
) -> IdentityOut | Response:
    """The masked number of a person (330110********1234) or account (****1234)."""
    found = await identities.masked(session, [pseudonym], caller, desk.vault)
    if isinstance(found, Forbidden):
        return await refused(request, found)
    if not found:
        raise NotFound("Nobody is known by that pseudonym.", detail_zh="没有使用该化名的人员。")
    return _shown(found[0])


@router.post("/{pseudonym}/unmask", response_model=IdentityOut)
async def unmask(
    request: Request,
    response: Response,
    *,
    pseudonym: Pseudonym,
    body: UnmaskIn,
    caller: AnyCaller,
    desk: DeskDep,
    session: SessionDep,
) -> IdentityOut | Response:
    """The number in the clear, for a purpose that goes on record with the name of who asked."""
    response.headers.update(_NEVER_KEPT)
    found = await identities.unmasked(session, pseudonym, body.purpose, caller, desk.vault)
    return await refused(request, found) if isinstance(found, Forbidden) else _shown(found)


def _shown(found: Identity) -> IdentityOut:
    return IdentityOut(pseudonym=found.pseudonym, kind=found.kind, number=found.number)
