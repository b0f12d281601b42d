"""How the feeds are getting on: an agency sees its own; whoever may read quality sees all."""

from collections import Counter
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.ingest.feeds.judging import State
from services.ingest.reports.quality import DatasetQuality, FeedList, feed_out, history_out
from services.ingest.routes.desk import AnyCaller, DeskDep
from services.ingest.schemas import LabelOut
from services.ingest.store import exchange as exchange_store
from services.ingest.usecases import quality as usecases
from services.ingest.usecases.quality import Wanted
from shared.auth import Caller
from shared.clock import now, today
from shared.db import SessionDep
from shared.errors import NotFound, Unprocessable

router = APIRouter(tags=["quality"])

# What no name has (a NUL byte, say) is refused here: the database would not take it.
_NAME = r"^[\x21-\x7e]{1,100}$"
Agency = Annotated[str | None, Query(pattern=_NAME, description="only this agency's")]

MOST_DAYS = 400
_USUAL = timedelta(days=30)


class SpanTooLong(Unprocessable):
    """The span of days is turned round or longer than what is answered at once."""

    slug = "span-too-long"
    title = f"The span must have 1 to {MOST_DAYS} days"
    title_zh = f"时间范围须为 1 至 {MOST_DAYS} 天"


def may_see(caller: Caller) -> str | None:
    """The agency whose feeds the caller sees; None for all. Forbidden for a person without the scope."""
    if caller.kind == "agency":
        return caller.id
    caller.must_have("quality:read")
    return None


async def _wanted(
    caller: AnyCaller,
    agency: Agency = None,
    dataset: Annotated[str | None, Query(pattern=_NAME)] = None,
    department: Annotated[str | None, Query(description="e.g. TAX")] = None,
    state: State | None = None,
) -> Wanted:
    own = may_see(caller)
    sends = {scope.removeprefix("ingest:") for scope in caller.scopes if scope.startswith("ingest:")}
    return Wanted(
        agency=own or agency, dataset=dataset, department=department, state=state, may_send=sends if own else None
    )


async def span(
    since: Annotated[date | None, Query(alias="from", description="first day of China, included")] = None,
    until: Annotated[date | None, Query(alias="to", description="last day of China, included; today")] = None,
) -> tuple[date, date]:
    """Two days, both included; the newest 31 without any. Raises SpanTooLong."""
    try:
        end = until or (since + _USUAL if since else today())
        begin = since or end - _USUAL
    except OverflowError as error:  # the first and the last days there are have no month before or after them
        raise SpanTooLong from error
    if not 0 <= (end - begin).days < MOST_DAYS:
        raise SpanTooLong
    return begin, end


Span = Annotated[tuple[date, date], Depends(span)]


@router.get("/v1/quality")
async def feeds(wanted: Annotated[Wanted, Depends(_wanted)], desk: DeskDep, session: SessionDep) -> FeedList:
    """Every feed: on time or not, since when, what is wrong with it and whom to call."""
    at = now()
    found = await usecases.standings(session, desk.catalogue, wanted, at)
    return FeedList(
        at=at,
        counted_at=await exchange_store.counted_at(session),
        states=Counter(each.state for each in found),
        feeds=[feed_out(each) for each in found],
    )


@router.get("/v1/quality/{dataset}")
async def feed_history(
    dataset: str,
    *,
    caller: AnyCaller,
    desk: DeskDep,
    session: SessionDep,
    between: Span,
    agency: Agency = None,
) -> DatasetQuality:
    """A dataset's feeds day by day: counts, rates, how full each item was, what its values looked like."""
    own = may_see(caller)
    known = desk.catalogue.datasets.get(dataset)
    if known is None:
        raise NotFound(f"There is no dataset {dataset[:64]!r}.", detail_zh=f"没有数据集 {dataset[:64]!r}。")
    wanted = Wanted(agency=own or agency, dataset=dataset)
    found = await usecases.standings(session, desk.catalogue, wanted, now())
    return DatasetQuality(
        dataset=dataset,
        label=LabelOut(zh=known.label.zh, en=known.label.en),
        since=between[0],
        until=between[1],
        feeds=[history_out(each, await usecases.history(session, each, *between)) for each in found],
    )
