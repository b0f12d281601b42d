"""HTTP in, HTTP out: the level that a person sets for an employer or project, with a reason and a term."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.scoring import usecases
from services.scoring.routes.risk import ProjectCode, Reader, Uscc
from services.scoring.rules import OutsideJurisdiction
from services.scoring.schemas.overrides import OverrideIn, OverridesOut, WithdrawalIn
from services.scoring.usecases import Moment, Wish
from services.scoring.usecases.overriding import Acts
from services.scoring.views import overrides as views
from shared.auth import Caller, require
from shared.clock import now, today
from shared.db import Session, SessionDep
from shared.errors import Unprocessable
from shared.http import refused
from shared.ids import new_id

router = APIRouter(prefix="/v1", tags=["overrides"])

Officer = Annotated[Caller, Depends(require("scores:override"))]
Reason = Annotated[str | None, Query(min_length=5, max_length=500, description="why, if the body does not say it")]


@router.get("/employers/{uscc}/override", response_model=OverridesOut)
async def employer_overrides(
    uscc: Uscc, reader: Reader, session: SessionDep, request: Request
) -> OverridesOut | Response:
    """The level that a person has set for an employer, if any is in force, and every one before it."""
    return await _answer(request, await usecases.overrides_of(session, ("employer", uscc), reader))


@router.put("/employers/{uscc}/override", response_model=OverridesOut)
async def set_employer_level(
    uscc: Uscc, wish: OverrideIn, officer: Officer, session: SessionDep, request: Request
) -> OverridesOut | Response:
    """Set the level, at once and up to a day; what the rules work out stays beside it. Audited.

    409 below a floor that the law sets, with the article; 422 beyond the longest term.
    """
    done = await usecases.set_level(session, ("employer", uscc), _wish(wish), officer, await _moment(session))
    return await _answer(request, done)


@router.delete("/employers/{uscc}/override", response_model=OverridesOut)
async def withdraw_employer_level(
    request: Request,
    *,
    uscc: Uscc,
    officer: Officer,
    session: SessionDep,
    reason: Reason = None,
    why: WithdrawalIn | None = None,
) -> OverridesOut | Response:
    """Take the level back that a person had set; it stays in the history. 409 when none is in force.

    The reason in the query or in a JSON body.
    """
    done = await usecases.withdraw(session, ("employer", uscc), _why(reason, why), officer, await _moment(session))
    return await _answer(request, done)


@router.get("/projects/{code}/override", response_model=OverridesOut)
async def project_overrides(
    code: ProjectCode, reader: Reader, session: SessionDep, request: Request
) -> OverridesOut | Response:
    """The level that a person has set for a project, if any is in force, and every one before it."""
    return await _answer(request, await usecases.overrides_of(session, ("project", code), reader))


@router.put("/projects/{code}/override", response_model=OverridesOut)
async def set_project_level(
    code: ProjectCode, wish: OverrideIn, officer: Officer, session: SessionDep, request: Request
) -> OverridesOut | Response:
    """Set a project's level; as for an employer."""
    done = await usecases.set_level(session, ("project", code), _wish(wish), officer, await _moment(session))
    return await _answer(request, done)


@router.delete("/projects/{code}/override", response_model=OverridesOut)
async def withdraw_project_level(
    request: Request,
    *,
    code: ProjectCode,
    officer: Officer,
    session: SessionDep,
    reason: Reason = None,
    why: WithdrawalIn | None = None,
) -> OverridesOut | Response:
    """Take a project's level back that a person had set; as for an employer."""
    done = await usecases.withdraw(session, ("project", code), _why(reason, why), officer, await _moment(session))
    return await _answer(request, done)


def _wish(wish: OverrideIn) -> Wish:
    return Wish(wish.level, wish.reason, wish.valid_until)


def _why(reason: str | None, body: WithdrawalIn | None) -> str:
    told = body.reason if body else reason
    if told is None:
        raise Unprocessable(
            "Say why, in the query or in the body.",
            detail_zh="请在查询参数或请求体中写明理由。",
            errors=[{"item": "reason", "reason": "missing"}],
        )
    return told


async def _moment(session: Session) -> Moment:
    return await usecases.moment(session, now(), new_id)


async def _answer(request: Request, done: Acts | OutsideJurisdiction) -> OverridesOut | Response:
    if isinstance(done, OutsideJurisdiction):
        return await refused(request, done)
    return views.overrides_view(*done, today())
