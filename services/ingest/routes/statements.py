"""What a sender says of a file: that it is a full list or a part of one, or that it corrects a receipt."""

import re
from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import AwareDatetime

from services.ingest import usecases
from services.ingest.full_lists import SaidUnclear
from services.ingest.models import Snapshot
from services.ingest.usecases import SAID_NOTHING, Said, Stated
from shared.db import Session

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
FULL = "full"

ListName = Annotated[str | None, Query(description="`full`: the file is all of a full list; or the id of an open list")]
AsOf = Annotated[AwareDatetime | None, Query(description="with `snapshot=full`: the moment that the list speaks of")]
Month = Annotated[str | None, Query(description="with `snapshot=full`: which month, where the key holds one: 2026-10")]
Corrects = Annotated[UUID | None, Query(description="these rows take the place of what was sent up to that receipt")]


async def said(snapshot: ListName = None, as_of: AsOf = None, month: Month = None, corrects: Corrects = None) -> Said:
    """What the sender says. Raises SaidUnclear when it does not go together."""
    if snapshot is None:
        if as_of or month:
            raise SaidUnclear("as_of and month are said of a full list.", detail_zh="as_of 与 month 仅用于全量清单。")
        return Said(corrects=corrects) if corrects else SAID_NOTHING
    if corrects:
        raise SaidUnclear(
            "A full list says how everything is; it corrects no receipt.",
            detail_zh="全量清单说明全部现状，不用于更正某张回执。",
        )
    if snapshot == FULL:
        if as_of is None:
            raise SaidUnclear(
                "Of a full list it must be said as of when (as_of).", detail_zh="全量清单须以 as_of 写明截至时间。"
            )
        return Said(stated=stated(as_of, month))
    try:
        return Said(part_of=UUID(snapshot))
    except ValueError:
        raise SaidUnclear(
            "snapshot is `full` or the id of an open list.", detail_zh="snapshot 须为 `full` 或未完成清单的编号。"
        ) from None


def stated(as_of: AwareDatetime, month: str | None) -> Stated:
    """As of when, and of which month. Raises SaidUnclear."""
    if month is not None and not _MONTH.fullmatch(month):
        raise SaidUnclear("A month looks like 2026-10.", detail_zh="年月应如 2026-10。")
    try:
        return Stated(as_of.astimezone(UTC), month)
    except OverflowError:
        raise SaidUnclear("as_of lies outside the calendar.", detail_zh="as_of 超出公历范围。") from None


async def tell_list(session: Session, receipt_id: UUID, said_: Said, response: Response) -> None:
    """Name the list that a receipt is part of, and its state, in the answer's `Anxin-Snapshot`."""
    if said_.part_of or said_.stated:
        full: Snapshot | None = await usecases.list_of(session, receipt_id)
        if full:
            response.headers["Anxin-Snapshot"] = f"{full.snapshot_id}; state={full.state}"


WhatIsSaid = Annotated[Said, Depends(said)]
