"""What others ask: is this firm restricted, who is on the list, what happened since."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from opentelemetry import trace

from services.credit.listing.law import Parameter
from services.credit.models import Case, FeedRow, Listing, Query, Step
from services.credit.rules import check_credit_code
from services.credit.store import cases, lists
from services.credit.usecases.steps import By
from shared import audit
from shared.db import Session


async def check(session: Session, code: str, by: By, caller_kind: str) -> tuple[str, Listing | None]:
    """The credit code and its current listing, if any. Who asked is kept (ZJ Public Credit Reg. art. 20)."""
    uscc = check_credit_code(code)
    listing = await lists.current_listing(session, uscc, by.today)
    span = trace.get_current_span().get_span_context()
    asked = Query(
        at=by.now,
        caller_kind=caller_kind,
        caller=by.name,
        uscc=uscc,
        listed=listing is not None,
        trace_id=f"{span.trace_id:032x}" if span.is_valid else None,
    )
    await lists.log_query(session, asked)
    return uscc, listing


async def public_list(session: Session, today: date, after: int, limit: int) -> Sequence[Listing]:
    """Who is on the list today."""
    return await lists.current_list(session, today, after, limit)


async def events(session: Session, after: int, limit: int) -> Sequence[FeedRow]:
    """List events after a sequence, in order, without gaps."""
    return await lists.feed_after(session, after, limit)


async def find_cases(session: Session, state: str | None, before: int | None, limit: int, by: By) -> Sequence[Case]:
    """Cases of the jurisdiction, newest first. Who read the list, and by which filter, is recorded."""
    filters = {name: value for name, value in (("state", state), ("before", before)) if value is not None}
    await audit.record(session, by.name, "credit.list_cases", "cases", {**filters, "limit": limit})
    return await cases.newest_cases(session, state, before, limit)


async def open_file(session: Session, case_id: UUID, by: By) -> tuple[Case, Sequence[Step]]:
    """A case with its history. Opening a file with sums and names is itself recorded."""
    case = await cases.case_by_id(session, case_id)
    await audit.record(session, by.name, "credit.read_case", str(case_id), {})
    return case, await cases.steps(session, case_id)


async def parameters(session: Session) -> list[Parameter]:
    """Every number of law on record."""
    return await cases.parameters(session)


async def record_parameter(session: Session, parameter: Parameter, by: By) -> None:
    """Add a number of law; cases use it from then on if it is valid on their day."""
    await cases.add_parameter(session, parameter, by.name)
    details = {"value": str(parameter.value), "region": parameter.region, "verified": parameter.verified}
    await audit.record(session, by.name, "credit.record_parameter", parameter.code, details)
