"""Receipts and their errors: an agency sees its own; a person with a role sees all, and that he looked is recorded."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse

from services.ingest import usecases
from services.ingest.catalogue import Dataset
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.routes.sight import whose
from services.ingest.schemas import ReceiptOut, RowError
from shared.auth import Caller
from shared.db import Database, Session, SessionDep

router = APIRouter(tags=["receipts"])

_STREAMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {}, "text/csv": {}}, "description": "One line an error."}
}


def receipt_out(taken: usecases.Taken) -> ReceiptOut:
    """The receipt as the contract has it."""
    receipt = taken.receipt
    return ReceiptOut(
        receipt_id=receipt.receipt_id,
        dataset=receipt.dataset,
        received=receipt.received,
        accepted=receipt.accepted,
        unchanged=receipt.unchanged,
        rejected=receipt.rejected,
        unmatched=receipt.unmatched,
        errors=[RowError.model_validate(error) for error in taken.errors],
        sha256=receipt.sha256.hex(),
        signed=receipt.signed,
    )


@router.get("/v1/receipts/{receipt_id}")
async def receipt(receipt_id: UUID, caller: AnyCaller, desk: DeskDep, session: SessionDep) -> ReceiptOut:
    """A receipt, with its first 1,000 errors."""
    return receipt_out(await _seen(session, receipt_id, caller, desk.catalogue.datasets))


@router.get("/v1/receipts/{receipt_id}/errors", response_class=StreamingResponse, responses=_STREAMS)
async def receipt_errors(
    request: Request,
    *,
    receipt_id: UUID,
    caller: AnyCaller,
    desk: DeskDep,
    session: SessionDep,
    accept: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """Every error of a receipt, and every row that came too late: NDJSON, or CSV with `Accept: text/csv`."""
    taken = await _seen(session, receipt_id, caller, desk.catalogue.datasets)
    dataset = desk.catalogue.datasets[taken.receipt.dataset]
    as_csv = "text/csv" in accept
    lines = _lines(request.app.state.runtime.db, receipt_id, dataset, as_csv)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8" if as_csv else "application/x-ndjson")


async def _seen(session: Session, receipt_id: UUID, caller: Caller, datasets: dict[str, Dataset]) -> usecases.Taken:
    return await usecases.receipt(session, receipt_id, await whose(session, receipt_id, caller), datasets)


async def _lines(db: Database, receipt_id: UUID, dataset: Dataset, as_csv: bool) -> AsyncIterator[bytes]:
    """Pages of lines: two million errors leave in little memory. No line repeats a value that was handed in."""
    if as_csv:
        yield "\ufeffrow,item,code,message,message_zh\r\n".encode()
    after, page_size = 0, -1
    while page_size:
        async with db.transaction() as session:
            page, after = await usecases.errors_page(session, receipt_id, after, dataset)
        page_size = len(page)
        text = page.write_csv(include_header=False, line_terminator="\r\n") if as_csv else page.write_ndjson()
        yield text.encode()
