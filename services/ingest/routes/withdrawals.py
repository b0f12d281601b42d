"""Taking back what was handed in: by the agency that did, with a reason, all of a receipt or some of its rows."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.ingest import usecases
from services.ingest.routes.desk import AnyCaller
from services.ingest.routes.sight import whose
from services.ingest.schemas import WithdrawalIn, WithdrawalOut, WithdrawalsOut
from services.ingest.usecases import TakenBack, Wish
from shared.clock import now
from shared.db import SessionDep
from shared.errors import Forbidden
from shared.ids import new_id

router = APIRouter(tags=["receipts"])

Rows = Annotated[str | None, Query(max_length=4000, description="which rows, e.g. `3,7-12`; without it all")]
Reason = Annotated[str | None, Query(min_length=1, max_length=500, description="why, if the body does not say it")]


@router.delete("/v1/receipts/{receipt_id}/rows")
async def withdraw_rows(
    receipt_id: UUID,
    *,
    caller: AnyCaller,
    session: SessionDep,
    rows: Rows = None,
    reason: Reason = None,
    told: WithdrawalIn | None = None,
) -> WithdrawalsOut:
    """Take back rows of one's own receipt: from now on they count no more, and what stood before them stands again.

    Rows and reason in the query or in a JSON body. May be repeated: what was taken back already changes nothing.
    """
    if caller.kind != "agency":
        raise Forbidden(
            "Only the agency that handed records in takes them back.",
            detail_zh="仅原报送部门可撤回数据。",
            check="role",
        )
    told = told or WithdrawalIn()
    wish = Wish(receipt_id, told.rows or rows, told.reason or reason or "")
    return _out(await usecases.withdraw(session, wish, caller, new_id(), now()))


@router.get("/v1/receipts/{receipt_id}/withdrawals")
async def withdrawals(receipt_id: UUID, caller: AnyCaller, session: SessionDep) -> WithdrawalsOut:
    """What was taken back of a receipt, when and why."""
    receipt = await usecases.receipt_alone(session, receipt_id, await whose(session, receipt_id, caller))
    return _out(await usecases.taken_back(session, receipt))


def _out(taken: TakenBack) -> WithdrawalsOut:
    return WithdrawalsOut(
        receipt_id=taken.receipt.receipt_id,
        dataset=taken.receipt.dataset,
        received=taken.receipt.received,
        withdrawn=taken.rows,
        withdrawals=[WithdrawalOut.model_validate(each) for each in taken.withdrawals],
    )
