"""Full lists: what an agency's register holds at a moment. What one does not name any more has ended."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.ingest import usecases
from services.ingest.full_lists import shipped_guard
from services.ingest.models import Snapshot
from services.ingest.routes.desk import AnyCaller, DeskDep, Submitter
from services.ingest.routes.statements import stated
from services.ingest.schemas import CompleteIn, ConfirmIn, FullListIn, FullListOut
from services.ingest.usecases import Sender
from shared.clock import now
from shared.db import SessionDep
from shared.errors import Forbidden
from shared.ids import new_id

router = APIRouter(tags=["full lists"])


async def _own(snapshot_id: UUID, caller: AnyCaller, session: SessionDep) -> Snapshot:
    """The list, if it is the caller's and he may still send its dataset."""
    if caller.kind != "agency":
        raise Forbidden("Only an agency hands in full lists.", detail_zh="仅部门可报送全量清单。", check="role")
    full = await usecases.full_list(session, snapshot_id, caller.id)
    caller.must_have(f"ingest:{full.dataset}")
    return full


Own = Annotated[Snapshot, Depends(_own, scope="function")]


def _sender(full: Snapshot) -> Sender:
    return Sender(full.snapshot_id, full.agency, now())


@router.post("/v1/datasets/{dataset}/snapshots", status_code=201)
async def begin_full_list(
    dataset: str, told: FullListIn, agency: Submitter, desk: DeskDep, session: SessionDep
) -> FullListOut:
    """Begin a full list in several requests. Its parts are records sent with `?snapshot=` and its id.

    Another list of the same register that was not completed is given up for it.
    """
    sender = Sender(new_id(), agency.id, now())
    wanted = desk.checker(dataset).dataset
    return _out(await usecases.open_list(session, wanted, stated(told.as_of, told.month), sender))


@router.get("/v1/snapshots/{snapshot_id}")
async def full_list(full: Own) -> FullListOut:
    """How a full list of one's own stands."""
    return _out(full)


@router.post("/v1/snapshots/{snapshot_id}/complete")
async def complete_full_list(full: Own, session: SessionDep, told: CompleteIn | None = None) -> FullListOut:
    """Say that every part is there. Records that the list does not name end, unless they are too many: then it is held.

    May be repeated. 409 when `rows` is another number than what has come.
    """
    rows = told.rows if told else None
    return _out(await usecases.complete(session, _sender(full), rows, shipped_guard()))


@router.post("/v1/snapshots/{snapshot_id}/confirm")
async def confirm_full_list(full: Own, session: SessionDep, told: ConfirmIn) -> FullListOut:
    """Apply a list that was held, knowing how many records end by it. 409 when it would be another number."""
    return _out(await usecases.confirm(session, _sender(full), told.missing))


@router.delete("/v1/snapshots/{snapshot_id}")
async def withdraw_full_list(
    full: Own, session: SessionDep, reason: Annotated[str, Query(min_length=1, max_length=500)]
) -> FullListOut:
    """Give up a list. If it was applied, the records that it ended stand again; its own rows stay where they are."""
    return _out(await usecases.take_back_list(session, _sender(full), reason, new_id()))


def _out(full: Snapshot) -> FullListOut:
    ended = full.missing if full.state == "applied" else 0
    return FullListOut.model_validate(full.model_dump() | {"month": full.month or None, "ended": ended})
