"""Cases: officers of the jurisdiction read them and take their steps. An illegal step answers 409 with the state."""

import base64
import hashlib
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.credit.listing import law, lifecycle
from services.credit.routes.callers import Decider, Notifier, Reader, Screener, SettingsDep, by
from services.credit.schemas.cases import (
    AnswerIn,
    CaseOut,
    CasesOut,
    DecideIn,
    ExtendIn,
    FileOut,
    NoticeIn,
    ObjectionIn,
    ScreenIn,
    SpareIn,
    StepOut,
)
from services.credit.schemas.parameters import ParameterOut
from services.credit.schemas.public import ListingOut
from services.credit.usecases import cases, decisions, queries
from services.credit.usecases.steps import law_of
from shared.db import SessionDep
from shared.ids import new_id

router = APIRouter(prefix="/v1/credit/cases", tags=["cases"])

State = Literal[
    "order_overdue",
    "screened",
    "not_met",
    "prior_notice",
    "objected",
    "objection_answered",
    "spared",
    "listed",
    "expired",
    "revoked",
]


@router.get("")
async def list_cases(
    caller: Reader,
    session: SessionDep,
    state: State | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasesOut:
    """Cases of your jurisdiction, newest first."""
    found = await queries.find_cases(session, state, before, limit, by(caller))
    page = [CaseOut.model_validate(case) for case in found]
    return CasesOut(cases=page, next_before=page[-1].serial if len(page) == limit else None)


@router.get("/{case_id}")
async def get_case(case_id: UUID, caller: Reader, session: SessionDep) -> FileOut:
    """A case with its file, its history, and the numbers of law that it stands on."""
    case, steps = await queries.open_file(session, case_id, by(caller))
    used = (await law_of(session, case)).used(*law.AMOUNT_TEST)
    warning = law.banner(used)
    return FileOut.model_validate(case).model_copy(
        update={
            "state_zh": lifecycle.STATES[case.state],
            "next_events": lifecycle.next_events(case.state),
            "parameters": [ParameterOut.model_validate(each) for each in used],
            "banner": warning[0] if warning else None,
            "banner_en": warning[1] if warning else None,
            "steps": [StepOut.model_validate(step) for step in steps],
        }
    )


@router.post("/{case_id}/screen")
async def screen(case_id: UUID, body: ScreenIn, caller: Screener, session: SessionDep) -> CaseOut:
    """The squad confirms or denies the grounds (Order 45, art. 5)."""
    return CaseOut.model_validate(await cases.screen(session, case_id, by(caller), body.meets, body.reason))


@router.post("/{case_id}/notice")
async def serve_notice(case_id: UUID, body: NoticeIn, caller: Notifier, session: SessionDep) -> CaseOut:
    """Record that the prior notice with its four blocks was served (Order 45, art. 6)."""
    service = cases.Service(**body.model_dump())
    return CaseOut.model_validate(await cases.serve_notice(session, case_id, by(caller), service))


@router.post("/{case_id}/objection")
async def object_to(case_id: UUID, body: ObjectionIn, caller: Notifier, session: SessionDep) -> CaseOut:
    """Record the party's objection, made within its term (Order 45, art. 6)."""
    case = await cases.object_to(session, case_id, by(caller), **body.model_dump())
    return CaseOut.model_validate(case)


@router.post("/{case_id}/objection/answer")
async def answer_objection(case_id: UUID, body: AnswerIn, caller: Notifier, session: SessionDep) -> CaseOut:
    """Answer the objection (Order 45, art. 6)."""
    return CaseOut.model_validate(await cases.answer_objection(session, case_id, by(caller), body.sustained, body.text))


@router.post("/{case_id}/spare")
async def spare(case_id: UUID, body: SpareIn, caller: Decider, session: SessionDep) -> CaseOut:
    """Spare who corrected and promised in writing before the decision, or refuse to (Order 45, art. 7)."""
    case = await cases.spare(session, case_id, by(caller), **body.model_dump())
    return CaseOut.model_validate(case)


@router.post("/{case_id}/extend")
async def extend(case_id: UUID, body: ExtendIn, caller: Decider, session: SessionDep) -> CaseOut:
    """Lengthen the term for the decision, once (Order 45, art. 8)."""
    return CaseOut.model_validate(await cases.extend(session, case_id, by(caller), body.reason))


@router.get(
    "/{case_id}/decision-document",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def decision_document(case_id: UUID, caller: Reader, session: SessionDep, settings: SettingsDep) -> Response:
    """The exact bytes to sign today: canonical JSON with the five blocks of Order 45, art. 8."""
    document = await decisions.decision_document(session, case_id, by(caller), settings.decision_no_prefix)
    sha256 = base64.b64encode(hashlib.sha256(document).digest()).decode()
    headers = {"content-digest": f"sha-256=:{sha256}:", "cache-control": "no-store"}
    return Response(document, media_type="application/json", headers=headers)


@router.post("/{case_id}/decide")
async def decide(
    case_id: UUID, body: DecideIn, caller: Decider, session: SessionDep, settings: SettingsDep
) -> ListingOut:
    """List the employer, by the bureau head's own signature over the decision document (Order 45, art. 8)."""
    listing = await decisions.decide(
        session, case_id, by(caller), body.signature, prefix=settings.decision_no_prefix, listing_id=new_id()
    )
    return ListingOut.model_validate(listing)
