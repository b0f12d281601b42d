"""The table of the exchange, as JSON or CSV."""

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from services.ingest.reports.exchange import ExchangeOut, exchange_out
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.routes.quality import Span, may_see
from services.ingest.usecases.exchange import Table, statistics
from shared.db import SessionDep

router = APIRouter(tags=["exchange"])

_COUNTS = ("submissions", "received", "accepted", "unchanged", "superseded", "rejected", "unmatched", "bytes")
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}}}}


@router.get("/v1/exchange/statistics", response_model=ExchangeOut, responses=_CSV)
async def exchange_statistics(
    caller: AnyCaller, desk: DeskDep, session: SessionDep, between: Span, accept: Annotated[str, Header()] = ""
) -> ExchangeOut | Response:
    """Who gave how much between `from` and `to`: departments, agencies, datasets, items, records and bytes.

    `catalogue` says of how many departments, datasets and items. CSV with `Accept: text/csv`.
    """
    table = await statistics(session, desk.catalogue, *between, agency=may_see(caller))
    if "text/csv" not in accept:
        return exchange_out(table, desk.catalogue)
    name = {"Content-Disposition": f'attachment; filename="exchange-{table.since}-{table.until}.csv"'}
    return Response(as_csv(table), media_type="text/csv; charset=utf-8", headers=name)


def as_csv(table: Table) -> bytes:
    """A line a feed, and the sums of all at the end; with a BOM so that spreadsheets keep Chinese."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(("department", "department_zh", "agency", "dataset", "dataset_zh", "items", *_COUNTS, "last_at"))
    for line in table.lines:
        who = (line.department.department, line.department.label.zh, line.agency)
        lines.writerow((*who, line.dataset, line.label.zh, line.items, *_numbers(line.counts)))
    total = table.total
    lines.writerow(("TOTAL", "合计", total.agencies, total.datasets, "", total.items, *_numbers(total.counts)))
    return ("\ufeff" + text.getvalue()).encode()


def _numbers(counts: object) -> list[object]:
    last = getattr(counts, "last_at", None)
    return [*(getattr(counts, name) for name in _COUNTS), last.isoformat() if last else ""]
