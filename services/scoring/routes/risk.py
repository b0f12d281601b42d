"""HTTP in, HTTP out: the risk of an employer or project, and the rules it comes from."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.scoring import books, usecases
from services.scoring.model.policy import shipped as policy
from services.scoring.models import Subject
from services.scoring.rulebook import Scored
from services.scoring.schemas.risk import RiskOut, RulebookOut
from services.scoring.store import disputes as dispute_store
from services.scoring.store import feeds as feed_store
from services.scoring.store import overrides, scores
from services.scoring.store.scores import Span
from services.scoring.views import risk as views
from shared.auth import Caller, require
from shared.clock import SHANGHAI, now, today
from shared.db import Session, SessionDep
from shared.http import refused

router = APIRouter(prefix="/v1", tags=["risk"])

Reader = Annotated[Caller, Depends(require("scores:read"))]
Uscc = Annotated[
    str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="统一社会信用代码 / unified social credit code")
]
ProjectCode = Annotated[str, Path(min_length=1, max_length=32, pattern=r"^[^\x00-\x1f\x7f]+$")]


async def _span(
    since: Annotated[datetime | None, Query(alias="from", description="History from this moment (inclusive)")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="History before this moment")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most lines of history")] = 50,
) -> Span:
    return Span(_aware(since), _aware(until), limit)


def _aware(moment: datetime | None) -> datetime | None:
    # A time without a zone is China's.
    return moment.replace(tzinfo=SHANGHAI) if moment and moment.tzinfo is None else moment


Spanned = Annotated[Span, Depends(_span)]


@router.get("/employers/{uscc}/risk", response_model=RiskOut)
async def employer_risk(
    uscc: Uscc, reader: Reader, session: SessionDep, span: Spanned, request: Request
) -> RiskOut | Response:
    """An employer's level, its reasons with the receipts behind them, how fresh its feeds are, and its history."""
    subject = await usecases.risk_of(session, "employer", uscc, reader)
    return await _risk(session, subject, span) if isinstance(subject, Subject) else await refused(request, subject)


@router.get("/projects/{code}/risk", response_model=RiskOut)
async def project_risk(
    code: ProjectCode, reader: Reader, session: SessionDep, span: Spanned, request: Request
) -> RiskOut | Response:
    """A construction project's level, its reasons, its feeds, and its history."""
    subject = await usecases.risk_of(session, "project", code, reader)
    return await _risk(session, subject, span) if isinstance(subject, Subject) else await refused(request, subject)


@router.get("/indicators", dependencies=[Depends(require("scores:read"))])
async def indicators(session: SessionDep) -> RulebookOut:
    """The rules that count today: thresholds, points, floors, sentences, legal anchors, sources, dates."""
    return views.rulebook_view(await books.book_in_force(session, today()))


async def _risk(session: Session, subject: Subject, span: Span) -> RiskOut:
    score = await scores.latest_score(session, subject)
    history = await scores.history(session, subject, span)
    feeds = await scores.feed_times(session, subject)
    book, at = await books.book_in_force(session, today()), now()
    stopped = await feed_store.stopped(session, list(book.of_subject(_kind(subject))), at)
    behind = {row["dataset"] for reason in (score.reasons if score else ()) for row in reason["receipts"]}
    disputes = await dispute_store.open_disputes(session, subject.subject_id, behind)
    acts = await overrides.acts(session, subject, most=1)
    told = views.risk_view(subject, score, history, feeds, stopped, disputes=disputes, acts=acts, book=book, at=at)
    if said := await usecases.model_says(session, subject):
        told.model = views.model_view(*said, horizon_days=policy().horizon_days)
    return told


def _kind(subject: Subject) -> Scored:
    return "employer" if subject.subject_kind == "employer" else "project"
