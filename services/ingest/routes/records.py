"""Handing in records."""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from services.ingest import usecases
from services.ingest.routes.arrival import Arrived, Words, arrival
from services.ingest.routes.desk import DeskDep, desk_of, submitter
from services.ingest.routes.receipts import receipt_out
from services.ingest.routes.statements import tell_list
from services.ingest.schemas import ReceiptOut
from shared.auth import current_caller
from shared.db import NOWHERE, DatabaseDep

_TAKEN = 202
_PATH = "/v1/datasets/{dataset}/records"


class _Brief(Route):
    """A POST that says nothing in its query is read by ourselves: FastAPI's way costs more than its record does."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Anything else is not ours, and goes to the documented route."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
            return Match.NONE, {}
        match, found = super().matches(scope)
        return match, {**found, "route": self}


async def _brief(request: Request) -> Response:
    """What FastAPI does for `hand_in_records`, in its order, where there is no query."""
    dataset, desk = request.path_params["dataset"], await desk_of(request)
    agency = await submitter(dataset, current_caller(request), desk)
    async with arrival(request, (dataset, agency), desk, Words.of(request), usecases.SAID_NOTHING) as arrived:
        receipt = await hand_in_records(dataset, arrived, desk, request.app.state.runtime.db, Response())
    return Response(receipt.model_dump_json(), _TAKEN, media_type="application/json")


brief = _Brief(_PATH, _brief, methods=["POST"], include_in_schema=False)
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


@router.post(_PATH, status_code=_TAKEN, openapi_extra=_BODY)
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
