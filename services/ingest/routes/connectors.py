"""How the platforms that are asked for records are getting on."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.ingest.connectors.definitions import Connector, shipped
from services.ingest.connectors.paging import REASONS
from services.ingest.routes.desk import DeskDep
from services.ingest.schemas import LabelOut
from services.ingest.store import pulls
from shared.auth import Caller, require
from shared.db import SessionDep

router = APIRouter(tags=["connectors"])


class PulledFeed(BaseModel):
    """A dataset of a platform. `reason`: why its last round failed; `unknown_fields`: sent, but not agreed on."""

    dataset: str
    cursor: str | None = None
    pages: int = 0
    last_receipt: UUID | None = None
    moved_at: datetime | None = None
    unknown_fields: list[str] = []
    fault: str | None = None
    detail: str | None = None
    reason: LabelOut | None = None


class ConnectorOut(BaseModel):
    """A platform. `running`: this deployment knows where it is; `failures`: rounds that failed since a good one."""

    connector: str
    label: LabelOut
    running: bool
    last_run: datetime | None = None
    next_run: datetime | None = None
    failures: int = 0
    feeds: list[PulledFeed]


class ConnectorList(BaseModel):
    """Every connector that is shipped."""

    connectors: list[ConnectorOut]


@router.get("/v1/connectors")
async def connectors(
    _: Annotated[Caller, Depends(require("quality:read"))], desk: DeskDep, session: SessionDep
) -> ConnectorList:
    """Last and next round, cursor, failures and their reason, platform by platform."""
    states, cursors = await pulls.states(session)
    return ConnectorList(
        connectors=[
            _out(name, each, name in desk.settings.connectors, states.get(name), cursors)
            for name, each in shipped().items()
        ]
    )


def _out(name: str, told: Connector, running: bool, state, cursors) -> ConnectorOut:  # type: ignore[no-untyped-def]
    return ConnectorOut(
        connector=name,
        label=LabelOut(zh=told.label.zh, en=told.label.en),
        running=running,
        last_run=state and (state.ended_at or state.started_at),
        next_run=state.next_at if state and running else None,
        failures=state.failures if state else 0,
        feeds=[_feed(feed.dataset, cursors.get((name, feed.dataset))) for feed in told.feeds],
    )


def _feed(dataset: str, row) -> PulledFeed:  # type: ignore[no-untyped-def]
    if row is None:
        return PulledFeed(dataset=dataset)
    reason = REASONS.get(row.fault or "")
    return PulledFeed(
        dataset=dataset,
        cursor=row.cursor,
        pages=row.pages,
        last_receipt=row.receipt_id,
        moved_at=row.moved_at,
        unknown_fields=row.unknown_fields,
        fault=row.fault,
        detail=row.detail or None,
        reason=LabelOut(zh=reason[0], en=reason[1]) if reason else None,
    )
