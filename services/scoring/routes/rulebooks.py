"""HTTP in, HTTP out: versions of the rules, who stands behind them, and what they would change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.scoring import books
from services.scoring.schemas.risk import RulebookOut
from services.scoring.schemas.rulebooks import (
    ActivationIn,
    DeedIn,
    DraftIn,
    DryRunOut,
    DryRunsOut,
    PagesOut,
    RulebookDiffOut,
    RulebooksOut,
    RulebookVersionOut,
)
from services.scoring.usecases import dry_runs, rulebooks
from services.scoring.usecases.rulebooks import Deed
from services.scoring.views import risk as risk_views
from services.scoring.views import rulebooks as views
from shared.auth import Caller, require
from shared.clock import now, today
from shared.db import Session, SessionDep
from shared.errors import Forbidden
from shared.ids import new_id

router = APIRouter(prefix="/v1/rulebooks", tags=["rulebooks"])

Reader = Annotated[Caller, Depends(require("rules:read"))]
Author = Annotated[Caller, Depends(require("rules:draft"))]
Approver = Annotated[Caller, Depends(require("rules:approve"))]
Activator = Annotated[Caller, Depends(require("rules:activate"))]
Version = Annotated[str, Path(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z.-]+$")]


@router.get("")
async def list_rulebooks(
    _: Reader, session: SessionDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> RulebooksOut:
    """Versions of the rules, the newest first, each with who did what; and which one counts today."""
    found = await rulebooks.listed(session, today(), limit)
    active = await books.book_in_force(session, today())
    return RulebooksOut(active=active.version, rulebooks=[views.version_view(each) for each in found])


@router.post("", status_code=201)
async def draft_rulebook(draft: DraftIn, author: Author, session: SessionDep) -> RulebookVersionOut:
    """Draft a version. One that is wrong anywhere answers 422 with every item and reason, and nothing is kept."""
    pages = draft.pages.model_dump(exclude_none=True)
    version = await rulebooks.draft(session, pages, _deed(author, draft.reason), draft.based_on, draft.effective_from)
    return await _version(session, version)


@router.get("/{version}")
async def read_rulebook(version: Version, _: Reader, session: SessionDep) -> RulebookVersionOut:
    """A version: its state, its author, who approved it, when it counts."""
    return await _version(session, version)


@router.get("/{version}/pages")
async def read_pages(version: Version, _: Reader, session: SessionDep) -> PagesOut:
    """The four pages of a version, as they were drafted."""
    pages = await rulebooks.pages_of(session, version)
    return PagesOut(**{name: page.decode() for name, page in pages._asdict().items()})


@router.get("/{version}/indicators")
async def read_indicators(version: Version, _: Reader, session: SessionDep) -> RulebookOut:
    """The rules of a version: thresholds, points, floors, sentences, legal anchors, sources, dates."""
    return risk_views.rulebook_view(await rulebooks.book(session, version))


@router.get("/{version}/diff")
async def diff_rulebook(
    version: Version, _: Reader, session: SessionDep, against: Annotated[str | None, Query(max_length=40)] = None
) -> RulebookDiffOut:
    """What differs from another version (default: the one in force), entry by entry and field by field."""
    other = against or (await books.book_in_force(session, today())).version
    return views.diff_view(await rulebooks.book(session, version), await rulebooks.book(session, other))


@router.post("/{version}/submit")
async def submit_rulebook(version: Version, deed: DeedIn, author: Author, session: SessionDep) -> RulebookVersionOut:
    """Bring a draft before a second person."""
    await rulebooks.submit(session, version, _deed(author, deed.reason))
    return await _version(session, version)


@router.post("/{version}/return")
async def return_rulebook(
    version: Version, deed: DeedIn, approver: Approver, session: SessionDep
) -> RulebookVersionOut:
    """Give a submitted version back."""
    await rulebooks.send_back(session, version, _deed(approver, deed.reason))
    return await _version(session, version)


@router.post("/{version}/approve")
async def approve_rulebook(
    version: Version, deed: DeedIn, approver: Approver, session: SessionDep
) -> RulebookVersionOut:
    """Stand for a version that somebody else wrote and submitted; one's own answers 403."""
    await rulebooks.approve(session, version, _deed(approver, deed.reason))
    return await _version(session, version)


@router.post("/{version}/activate")
async def activate_rulebook(
    version: Version, ask: ActivationIn, activator: Activator, session: SessionDep
) -> RulebookVersionOut:
    """Let an approved version count, without a restart. 409 without a finished dry run that is young enough."""
    await rulebooks.activate(session, version, _deed(activator, ask.reason), ask.effective_from)
    return await _version(session, version)


@router.post("/{version}/rollback")
async def roll_back_rulebook(
    version: Version, deed: DeedIn, activator: Activator, session: SessionDep
) -> RulebookVersionOut:
    """Let a version that counted before count again, at once."""
    await rulebooks.roll_back(session, version, _deed(activator, deed.reason))
    return await _version(session, version)


@router.post("/{version}/dry-runs", status_code=202)
async def ask_dry_run(version: Version, deed: DeedIn, author: Author, session: SessionDep) -> DryRunOut:
    """Try a version over everyone, in the background; no score is written. One that is at work is the answer."""
    run = await dry_runs.ask(session, version, _deed(author, deed.reason), new_id())
    return views.dry_run_view(run, {}, None)


@router.get("/{version}/dry-runs")
async def list_dry_runs(version: Version, _: Reader, session: SessionDep) -> DryRunsOut:
    """The dry runs of a version, the newest first, with their counts so far."""
    runs = await dry_runs.listed(session, version, today())
    return DryRunsOut(dry_runs=[views.dry_run_view(run, dry_runs.tallies(run), None) for run in runs])


@router.get("/{version}/dry-runs/{dry_run_id}")
async def read_dry_run(version: Version, dry_run_id: UUID, reader: Reader, session: SessionDep) -> DryRunOut:
    """A dry run: progress, levels now and then, who moves, how many meet each step, and examples with their reasons."""
    run = await dry_runs.looked_at(session, version, dry_run_id, reader.id)
    return views.dry_run_view(run, dry_runs.tallies(run), reader.jurisdiction)


def _deed(caller: Caller, reason: str) -> Deed:
    if caller.kind != "person":
        raise Forbidden("Rules are changed by people.", detail_zh="规则只能由人员修改。", check="person")
    return Deed(caller.id, reason, now())


async def _version(session: Session, version: str) -> RulebookVersionOut:
    return views.version_view(await rulebooks.known(session, version, today()))
