"""Handing in records."""

from typing import Any

from fastapi import APIRouter, Response

from services.ingest import usecases
from services.ingest.routes.arrival import Arrived
from services.ingest.routes.desk import DeskDep
from services.ingest.routes.receipts import receipt_out
from services.ingest.routes.statements import tell_list
from services.ingest.schemas import ReceiptOut
from shared.db import NOWHERE, DatabaseDep

router = APIRouter(tags=["records"])

_RECORDS = {"type": "array", "items": {"type": "object"}}
_TEXT = {"type": "string"}
_BINARY = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Records of the dataset, plain or with Content-Encoding gzip or zstd.",
        "content": {
            "application/json": {"schema": _RECORDS},
            "application/x-ndjson": {"schema": _TEXT},
            "text/csv": {"schema": _TEXT},
            "application/vnd.apache.parquet": {"schema": _BINARY},
            "application/vnd.apache.arrow.stream": {"schema": _BINARY},
            "application/vnd.apache.arrow.file": {"schema": _BINARY},
        },
    }
}


@router.post("/v1/datasets/{dataset}/records", status_code=202, openapi_extra=_BODY)
async def hand_in_records(
    dataset: str, arrived: Arrived, desk: DeskDep, db: DatabaseDep, response: Response
) -> ReceiptOut:
    """Take a file of records. 202 is sent only when every accepted record is durable.

    A bad record never spoils a good one: it is refused with its row, item and reason. A bad file is refused whole.
    """
    checker = desk.checker(dataset)
    if arrived.is_small and (together := await desk.rounds(db).take(arrived.submission, checker)):
        return receipt_out(together)
    # Only now a connection to the database: a slow client must not hold one.
    async with arrived.alone, db.transaction(NOWHERE) as session:
        taken = await usecases.submit(session, arrived.submission, checker, desk.vault, desk.settings.max_rows)
        await tell_list(session, taken.receipt.receipt_id, arrived.submission.said, response)
    return receipt_out(taken)
