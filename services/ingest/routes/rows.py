"""One row of a receipt, as it was sent; and one value of it unmasked, for a purpose, on record."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.ingest import usecases
from services.ingest.models import Receipt
from services.ingest.routes.desk import AnyCaller, Desk, DeskDep
from services.ingest.routes.sight import ROW_READ, whose
from services.ingest.row_schemas import RowOut, UnmaskedOut, UnmaskIn
from services.ingest.row_views import row_view
from services.ingest.rules import must_be_within
from shared import audit
from shared.auth import Caller
from shared.clock import today
from shared.db import Database, DatabaseDep
from shared.errors import AnxinError, Conflict, Forbidden, NotFound

router = APIRouter(tags=["proof"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="counts the records of the file from 1")]


@router.get("/v1/receipts/{receipt_id}/rows/{number}")
async def receipt_row(receipt_id: UUID, number: Number, caller: AnyCaller, desk: DeskDep, db: DatabaseDep) -> RowOut:
    """A row as it was sent, and what became of it: for the agency that sent it, and for people with a role, on record.

    A person sees rows that name a place in his division; where they name none, the place at which the register has the
    employer or the project decides. What has no place at all is seen from a district up.
    """
    async with db.transaction() as session:
        agency = await whose(session, receipt_id, caller, ROW_READ, row=number)
        receipt = await usecases.receipt_alone(session, receipt_id, agency)
    found = await seen_row(db, receipt, number, caller, desk)
    dataset = desk.catalogue.datasets[receipt.dataset]
    return row_view(found, dataset, is_auditor="audit:read" in caller.scopes)


@router.post("/v1/receipts/{receipt_id}/rows/{number}/unmask")
async def unmask(
    *, receipt_id: UUID, number: Number, wanted: UnmaskIn, caller: AnyCaller, desk: DeskDep, db: DatabaseDep
) -> UnmaskedOut:
    """One masked value in the clear: who, which, what for and for which matter is on record before it is shown.

    Needs the scope receipts:unmask; a refusal is on record as well.
    """
    may = caller.kind == "person" and "receipts:unmask" in caller.scopes
    details = {"row": number, **wanted.model_dump()}
    async with db.transaction() as session:
        action = "identity.unmasked" if may else "identity.unmask.refused"
        await audit.record(session, f"{caller.kind}:{caller.id}", action, str(receipt_id), details)
    if not may:
        raise Forbidden(
            "The token lacks the scope receipts:unmask.",
            detail_zh="令牌缺少权限 receipts:unmask。",
            check="scope_missing",
        )
    async with db.transaction() as session:
        receipt = await usecases.receipt_alone(session, receipt_id, None)
    found = await seen_row(db, receipt, number, caller, desk)
    if wanted.item not in desk.catalogue.datasets[receipt.dataset].by_name:
        raise NotFound(f"{receipt.dataset} has no item of that name.", detail_zh=f"{receipt.dataset} 没有该数据项。")
    if found.sent is None or found.file != "in_use":
        raise Conflict(
            "The file is kept no longer, or only stored (PIPL art. 47).",
            detail_zh="文件已不再保存，或仅作存储（个人信息保护法第四十七条）。",
            check=found.file,
        )
    return UnmaskedOut(receipt_id=receipt_id, row=number, item=wanted.item, value=found.sent.texts[wanted.item])


async def seen_row(db: Database, receipt: Receipt, number: int, caller: Caller, desk: Desk) -> usecases.Row:
    """The row, read at the desk's one seat for it; refused, on record, when it is outside a person's division."""
    checker = desk.checker(receipt.dataset)
    # Only a file that came in pieces can be so large: to read it takes a while, and keeps only its like waiting.
    seat = desk.reading_large if receipt.bytes > desk.settings.max_file_bytes else desk.reading
    async with seat.entered(f"{caller.kind}:{caller.id}"), seat.working():
        found = await usecases.row(
            db, receipt, number, checker, desk.vault, today=today(), seconds=desk.settings.row_read_s
        )
    try:
        if caller.kind == "person":
            must_be_within(found.places, caller.jurisdiction)
    except AnxinError:
        async with db.transaction() as session:
            actor, details = f"person:{caller.id}", {"row": number, "check": "jurisdiction"}
            await audit.record(session, actor, "receipt.row.refused", str(receipt.receipt_id), details)
        raise
    return found
