"""How a large file is getting on: asked for, or told as it happens."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from services.ingest.models import Import, Snapshot
from services.ingest.routes.desk import AgencyCaller, DeskDep
from services.ingest.schemas import ImportOut, RowError
from services.ingest.usecases import imports, uploads
from services.ingest.usecases.receipts import Error
from shared.db import Database, DatabaseDep, SessionDep

router = APIRouter(tags=["imports"])

_EVENTS = "text/event-stream"
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {_EVENTS: {"schema": {"type": "string"}}}, "description": "Events `progress`, then `end`."}
}
_LOOK_EVERY_S = 1.0
# No longer than a token lives: then the client asks again, with a new one and the last event's id.
_LONGEST_S = 600.0
# Well below what any proxy on the way takes for dead.
_HEARTBEAT_S = 15.0


async def _own(import_id: UUID, caller: AgencyCaller, db: DatabaseDep) -> Import:
    """The caller's import as it is now; who watches it holds no connection meanwhile."""
    async with db.transaction() as session:
        found = await uploads.an_import(session, import_id, caller.id)
    caller.must_have(f"ingest:{found.dataset}")
    return found


async def _seat(caller: AgencyCaller, desk: DeskDep) -> AsyncIterator[None]:
    async with desk.watchers.entered(caller.id):
        yield


Own = Annotated[Import, Depends(_own)]


@router.get("/v1/imports/{import_id}")
async def an_import(own: Own, session: SessionDep, desk: DeskDep) -> ImportOut:
    """How far it is: bytes that have arrived, records taken in, the first errors; in the end the receipt."""
    errors = await imports.import_errors(session, own, desk.catalogue.datasets[own.dataset])
    return import_out(own, errors, await imports.list_of_import(session, own))


# The seat is kept until the stream has ended.
# Plain streaming, not FastAPI's own generators: those describe themselves in OpenAPI 3.2, and our document is 3.1.
@router.get(
    "/v1/imports/{import_id}/events",
    response_class=StreamingResponse,
    responses=_STREAM,
    dependencies=[Depends(_seat)],
)
async def import_events(own: Own, db: DatabaseDep, last_event_id: Annotated[str, Header()] = "") -> StreamingResponse:
    """The same (without errors) whenever it changes, as events `progress`; the last one is called `end`."""
    seen = int(last_event_id) if last_event_id.isdigit() and len(last_event_id) < 19 else 0
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(_events(own, db, seen), headers=headers, media_type=_EVENTS)


async def _events(own: Import, db: Database, seen: int) -> AsyncIterator[bytes]:
    now, clock = own, asyncio.get_running_loop().time
    async with db.transaction() as session:
        full = await imports.list_of_import(session, own)
    ends = clock() + _LONGEST_S
    heard = clock()
    while True:
        if now.version > seen or now.is_over:
            yield _event(now, full)
            seen, heard = now.version, clock()
        elif clock() > heard + _HEARTBEAT_S:
            yield KEEPALIVE_COMMENT
            heard = clock()
        if now.is_over or clock() > ends:
            return
        await asyncio.sleep(_LOOK_EVERY_S)
        async with db.transaction() as session:
            now = await uploads.an_import(session, own.import_id, own.agency)
            full = await imports.list_of_import(session, now)


def _event(now: Import, full: Snapshot | None) -> bytes:
    name = "end" if now.is_over else "progress"
    return format_sse_event(data_str=import_out(now, [], full).model_dump_json(), event=name, id=str(now.version))


def import_out(of: Import, errors: list[Error], full: Snapshot | None) -> ImportOut:
    """The import as the contract has it. `full`: the list that it is a part of, or all of."""
    has_receipt = of.state in ("done", "refused")
    return ImportOut(
        **of.model_dump(
            include={
                *("import_id", "dataset", "state", "length", "arrived", "rows_read", "received", "accepted"),
                *("rejected", "unmatched", "problem", "created_at", "reported_at", "finished_at", "corrects"),
            }
        ),
        unchanged=of.unchanged,
        errors=[RowError.model_validate(error) for error in errors],
        sha256=of.sha256.hex() if of.sha256 else None,
        expires_at=of.expires_at if of.state == "receiving" else None,
        receipt=f"/v1/receipts/{of.import_id}" if has_receipt else None,
        snapshot_id=of.list_id,
        snapshot_state=full.state if full else None,
    )
