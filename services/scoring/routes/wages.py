"""HTTP in, HTTP out: a project's wages by month, and one month worker by worker."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from services.scoring import books, wage_reads
from services.scoring.routes.risk import ProjectCode
from services.scoring.schemas.wages import ProjectMonthOut, ProjectWagesOut
from services.scoring.views import wages as views
from services.scoring.wage_reads import ProjectWages
from shared.auth import Caller, require
from shared.clock import now, today
from shared.db import SessionDep
from shared.http import refused

router = APIRouter(prefix="/v1/projects", tags=["wages"])

Reader = Annotated[Caller, Depends(require("wages:read"))]
Month = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="yyyy-MM")]

_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}, "description": "JSON, or CSV."}}


@router.get("/{code}/wages", response_model=ProjectWagesOut)
async def project_wages(
    code: ProjectCode, reader: Reader, session: SessionDep, request: Request
) -> ProjectWagesOut | Response:
    """Up to 24 months: how many were paid in full and on time, late, short or not, and what the account shows."""
    book = await books.book_in_force(session, today())
    known = await wage_reads.months_read(session, code, reader, now(), book)
    return views.project_wages_view(known, book) if isinstance(known, ProjectWages) else await refused(request, known)


@router.get("/{code}/wages/{month}", response_model=ProjectMonthOut, responses=_CSV)
async def project_month(
    request: Request,
    *,
    code: ProjectCode,
    month: Month,
    reader: Reader,
    session: SessionDep,
    accept: Annotated[str, Header()] = "",
) -> ProjectMonthOut | Response:
    """One month, worker by worker; with `Accept: text/csv` the sheet for the check on site (scope `wages:export`)."""
    is_export = "text/csv" in accept
    if is_export:
        reader.must_have("wages:export")
    book = await books.book_in_force(session, today())
    count = int(month[:4]) * 12 + int(month[5:]) - 1
    known = await wage_reads.month_read(session, code, count, reader, at=now(), book=book, is_export=is_export)
    if not isinstance(known, ProjectWages):
        return await refused(request, known)
    return _csv(known, f"{code}-{month}") if is_export else views.project_month_view(known, book)


def _csv(known: ProjectWages, name: str) -> Response:
    # A project's code is an agency's text: only plain characters of it may stand in a header.
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    disposition = {"Content-Disposition": f'attachment; filename="wages-{plain}.csv"'}
    return Response(views.month_csv(known), media_type="text/csv; charset=utf-8", headers=disposition)
