"""/v1/alerts: the list, one alert, and one POST a step. An illegal step answers 409 with the state the alert is in."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from services.alerts import store
from services.alerts.routes.common import Limit, Reader, asked, permitted
from services.alerts.schemas import alerts as bodies
from services.alerts.schemas.alerts import AlertDetail, AlertOut, AlertPage, State
from services.alerts.schemas.common import Level, Step, Town
from services.alerts.schemas.views import alert_detail, alert_out
from services.alerts.usecases import alerts, reading
from services.alerts.usecases.steps import Actor
from shared.clock import now, today
from shared.db import Session, SessionDep

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Triager = Annotated[Actor, Depends(permitted("triage"))]
Sender = Annotated[Actor, Depends(permitted("dispatch"))]
Returner = Annotated[Actor, Depends(permitted("return"))]
Acceptor = Annotated[Actor, Depends(permitted("accept"))]
Visitor = Annotated[Actor, Depends(permitted("verify", "look"))]
Finder = Annotated[Actor, Depends(permitted("confirm"))]
Answerer = Annotated[Actor, Depends(permitted("no_arrears"))]
SecondPerson = Annotated[Actor, Depends(permitted("approve_false"))]
Disposer = Annotated[Actor, Depends(permitted("dispose"))]
CaseFiler = Annotated[Actor, Depends(permitted("link_case"))]
Resolver = Annotated[Actor, Depends(permitted("resolve"))]
Reviewer = Annotated[Actor, Depends(permitted("review"))]
Supervisor = Annotated[Actor, Depends(permitted("escalate"))]
Suspender = Annotated[Actor, Depends(permitted("suspend"))]


@router.get("")
async def alert_list(
    *,
    reader: Reader,
    session: SessionDep,
    state: State | None = None,
    level: Level | None = None,
    town: Town | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> AlertPage:
    """The alerts of your jurisdiction, newest first. `after` is the `next` of the page before."""
    filters: dict[str, Any] = {"state": state, "level": level, "town": town, "after": after}
    rows = await store.alerts_page(session, **filters, limit=limit + 1)
    await reading.note_list_read(session, reader.id, "alert", {**filters, "limit": limit})
    due = await store.next_due(session, [row.id for row in rows])
    items = [alert_out(row, due.get(row.id)) for row in rows[:limit]]
    return AlertPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get("/{alert_id}")
async def alert(alert_id: UUID, reader: Reader, session: SessionDep) -> AlertDetail:
    """One alert with its reasons, deadlines and history."""
    return alert_detail(await reading.alert_file(session, alert_id, reader.id, now()))


@router.post("/{alert_id}/triage")
async def triage(alert_id: UUID, body: bodies.Triage, actor: Triager, session: SessionDep) -> AlertOut:
    """Assess subject, colour and owner. A colour only rises."""
    return await _step(session, alert_id, "triage", actor, body)


@router.post("/{alert_id}/dispatch")
async def dispatch(alert_id: UUID, body: bodies.Dispatch, actor: Sender, session: SessionDep) -> AlertOut:
    """Send to the town of the workplace. After a second return the bureau head decides."""
    return await _step(session, alert_id, "dispatch", actor, body)


@router.post("/{alert_id}/return")
async def return_alert(alert_id: UUID, body: bodies.Return, actor: Returner, session: SessionDep) -> AlertOut:
    """Give back what is not ours, with the reason."""
    return await _step(session, alert_id, "return", actor, body)


@router.post("/{alert_id}/accept")
async def accept(alert_id: UUID, body: Step, actor: Acceptor, session: SessionDep) -> AlertOut:
    """Sign for the task."""
    return await _step(session, alert_id, "accept", actor, body)


@router.post("/{alert_id}/verify")
async def verify(alert_id: UUID, body: bodies.Verify, actor: Visitor, session: SessionDep) -> AlertOut:
    """Go and see: two inspectors with certificates (423 art. 16), or a grid worker for the facts."""
    is_grid = not {"inspector", "squad_leader"} & set(actor.roles)
    return await _step(session, alert_id, "look" if is_grid else "verify", actor, body)


@router.post("/{alert_id}/confirm")
async def confirm(alert_id: UUID, body: bodies.Confirm, actor: Finder, session: SessionDep) -> AlertOut:
    """Record that arrears were found: people, months, amount, by two inspectors."""
    return await _finding(session, alert_id, "confirm", actor, body)


@router.post("/{alert_id}/no-arrears")
async def no_arrears(alert_id: UUID, body: bodies.NoArrears, actor: Answerer, session: SessionDep) -> AlertOut:
    """The danger is there, the wages are paid: on the watch list from now."""
    return await _finding(session, alert_id, "no_arrears", actor, body)


@router.post("/{alert_id}/false")
async def propose_false(alert_id: UUID, body: bodies.ProposeFalse, actor: Answerer, session: SessionDep) -> AlertOut:
    """Propose that the signal was false; a second person approves."""
    return await _finding(session, alert_id, "propose_false", actor, body)


@router.post("/{alert_id}/false/approve")
async def approve_false(alert_id: UUID, body: bodies.Approve, actor: SecondPerson, session: SessionDep) -> AlertOut:
    """The second person agrees that the signal was false."""
    return await _step(session, alert_id, "approve_false", actor, body)


@router.post("/{alert_id}/false/reject")
async def reject_false(alert_id: UUID, body: bodies.Reason, actor: SecondPerson, session: SessionDep) -> AlertOut:
    """The second person does not agree: the verification goes on."""
    return await _step(session, alert_id, "reject_false", actor, body)


@router.post("/{alert_id}/unverifiable")
async def unverifiable(alert_id: UUID, body: bodies.Unverifiable, actor: Finder, session: SessionDep) -> AlertOut:
    """The boss is lost or the place closed: red at once (724 art. 41, 63)."""
    return await _finding(session, alert_id, "unverifiable", actor, body)


@router.post("/{alert_id}/dispose")
async def dispose(alert_id: UUID, body: bodies.Dispose, actor: Disposer, session: SessionDep) -> AlertOut:
    """Record a measure."""
    return await _step(session, alert_id, "dispose", actor, body)


@router.post("/{alert_id}/link-case")
async def link_case(alert_id: UUID, body: bodies.LinkCase, actor: CaseFiler, session: SessionDep) -> AlertOut:
    """A case was filed: the alert stays open and follows it."""
    return await _step(session, alert_id, "link_case", actor, body)


@router.post("/{alert_id}/resolve")
async def resolve(alert_id: UUID, body: bodies.Resolve, actor: Resolver, session: SessionDep) -> AlertOut:
    """All wages are paid, with proof."""
    return await _step(session, alert_id, "resolve", actor, body)


@router.post("/{alert_id}/review")
async def review(alert_id: UUID, body: bodies.Review, actor: Reviewer, session: SessionDep) -> AlertOut:
    """Workers were called back: what do they say is unpaid?"""
    return await _step(session, alert_id, "review", actor, body)


@router.post("/{alert_id}/close")
async def close(alert_id: UUID, body: Step, actor: Reviewer, session: SessionDep) -> AlertOut:
    """Cross it off. Forbidden with an unpaid balance, unless a case, court or bankruptcy goes on with it."""
    return await _step(session, alert_id, "close", actor, body)


@router.post("/{alert_id}/reopen")
async def reopen(alert_id: UUID, body: bodies.Reason, actor: Reviewer, session: SessionDep) -> AlertOut:
    """Something unpaid was found after all."""
    return await _step(session, alert_id, "reopen", actor, body)


@router.post("/{alert_id}/escalate")
async def escalate(alert_id: UUID, body: bodies.Reason, actor: Supervisor, session: SessionDep) -> AlertOut:
    """Put it under supervision; the work goes on where it stands."""
    return await _step(session, alert_id, "escalate", actor, body)


@router.post("/{alert_id}/suspend")
async def suspend(alert_id: UUID, body: bodies.Suspend, actor: Suspender, session: SessionDep) -> AlertOut:
    """Wait for a court or the police; the clocks stand still."""
    return await _step(session, alert_id, "suspend", actor, body)


@router.post("/{alert_id}/resume")
async def resume(alert_id: UUID, body: bodies.Reason, actor: Suspender, session: SessionDep) -> AlertOut:
    """Go on; the clocks go on, too."""
    return await _step(session, alert_id, "resume", actor, body)


async def _finding(session: Session, alert_id: UUID, event: str, actor: Actor, body: bodies.Found) -> AlertOut:
    request = asked(event, actor, body, found_on=body.found_on or today())
    return alert_out(await alerts.take_step(session, alert_id, request))


async def _step(session: Session, alert_id: UUID, event: str, actor: Actor, body: Step) -> AlertOut:
    taken = await alerts.take_step(session, alert_id, asked(event, actor, body))
    return alert_out(taken, (await store.next_due(session, [alert_id])).get(alert_id))
