"""Correction requests (数据校核): who uses data tells its source that a record is wrong; the source answers in time."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.ingest.dispute_schemas import AnswerIn, DisputeIn, DisputeList, DisputeOut, State
from services.ingest.models import Dispute
from services.ingest.routes.desk import AgencyCaller, AnyCaller, DeskDep
from services.ingest.routes.rows import Number, seen_row
from services.ingest.store.disputes import DisputesWanted
from services.ingest.usecases import disputes as usecases
from services.ingest.usecases.disputes import Answer, Claim
from shared.auth import Caller
from shared.clock import now, today
from shared.db import DatabaseDep, SessionDep
from shared.ids import new_id

router = APIRouter(tags=["disputes"])

_STATES_ZH = {"open": "待核实", "corrected": "已更正", "upheld": "核实无误"}


@router.post("/v1/receipts/{receipt_id}/rows/{number}/dispute", status_code=201)
async def dispute_row(
    *,
    receipt_id: UUID,
    number: Number,
    told: DisputeIn,
    caller: AnyCaller,
    desk: DeskDep,
    db: DatabaseDep,
    response: Response,
) -> DisputeOut:
    """Tell the source of a row that it is wrong: an agency with `use:<dataset>`, or a person with `receipts:dispute`.

    A person within his division. Who has said so already gets his open dispute again, with 200.
    """
    async with db.transaction() as session:
        receipt = await usecases.disputable(session, receipt_id, caller)
    row = await seen_row(db, receipt, number, caller, desk)
    dataset, claim = desk.catalogue.datasets[receipt.dataset], Claim(told.reason, told.item)
    async with db.transaction() as session:
        raised, is_new = await usecases.raise_dispute(
            session, row, dataset, claim, caller, dispute_id=new_id(), at=now()
        )
    response.status_code = 201 if is_new else 200
    return _out(raised, caller)


@router.get("/v1/disputes")
async def disputes(
    *,
    caller: AnyCaller,
    session: SessionDep,
    state: State | None = None,
    dataset: Annotated[str | None, Query(pattern=r"^[\x21-\x7e]{1,100}$")] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DisputeList:
    """An agency: about its records, and its own. A person: with `quality:read` all, with `receipts:dispute` his own."""
    wanted = DisputesWanted(dataset=dataset, state=state, after=after)
    found = await usecases.disputes_seen(session, wanted, caller, limit)
    following = found[-1].dispute_id if len(found) == limit else None
    return DisputeList(disputes=[_out(each, caller) for each in found], next=following)


@router.get("/v1/disputes/{dispute_id}")
async def dispute(dispute_id: UUID, caller: AnyCaller, session: SessionDep) -> DisputeOut:
    """One of them."""
    return _out(await usecases.dispute_seen(session, dispute_id, caller), caller)


@router.post("/v1/disputes/{dispute_id}/answer")
async def answer_dispute(dispute_id: UUID, told: AnswerIn, caller: AgencyCaller, session: SessionDep) -> DisputeOut:
    """The source's answer, which is final: `corrected` is believed when the record stands no more as it was."""
    answer = Answer(told.outcome, told.reason, told.receipt_id)
    return _out(await usecases.answer_dispute(session, dispute_id, answer, caller, now()), caller)


def _out(found: Dispute, caller: Caller) -> DisputeOut:
    is_open = found.state == "open"
    is_named = found.raised_by_kind == "agency" or caller.kind == "person"
    return DisputeOut(
        **found.model_dump(exclude={"row_no", "key", "row_hash", "raised_by", "answered_by"}),
        row=found.row_no,
        raised_by=found.raised_by if is_named else None,
        is_overdue=is_open and today() > found.due_on,
        state_zh=_STATES_ZH[found.state],
    )
