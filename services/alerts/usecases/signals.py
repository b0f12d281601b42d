"""A score arrives: it is merged, watched, suppressed, or becomes an alert, which the analyst or its colour sends on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts import parameters, store
from services.alerts.lifecycle import ALERT
from services.alerts.models import Alert, Signal
from services.alerts.rules import signals as rules
from services.alerts.usecases.steps import PLATFORM, Request, home, keep_step, step_of, towns_on
from shared import divisions
from shared.clock import local_date
from shared.db import Session
from shared.events import AlertRaised, EmployerScored, ProjectScored
from shared.ids import new_id
from shared.outbox import announce

_OPEN = [name for name, state in ALERT.states.items() if state.open]
_QUIET = ["FALSE", "NO_ARREARS"]


@dataclass(frozen=True)
class Subject:
    """Whom a score is about. `uscc`: the employer, or a project's general contractor."""

    kind: Literal["employer", "project"]
    id: str
    uscc: str | None


def subject_of(event: EmployerScored | ProjectScored) -> Subject:
    """The subject of a score."""
    if isinstance(event, EmployerScored):
        return Subject("employer", event.uscc, event.uscc)
    return Subject("project", event.project_code, event.gc_uscc)


async def consider(session: Session, event: EmployerScored | ProjectScored, at: datetime) -> None:
    """Take a score into account, once: a second delivery of the same score changes nothing."""
    subject = subject_of(event)
    await store.lock_subject(session, subject.kind, subject.id)
    if await store.signal_known(session, event.score_id):
        return
    open_alert = await _open_alert(session, subject, at)
    last = await store.newest_of_subject(session, subject.kind, subject.id, _QUIET)
    is_quiet = rules.is_quiet(_found(last), event.level, _indicators(event), event.scored_at, at)
    raise_from = parameters.value("alert.raise_from", local_date(at), home())
    outcome = rules.outcome_of(event.level, raise_from, open_alert is not None, is_quiet)
    alert_id = await _take(session, event, outcome, open_alert, at)
    session.add(_signal(event, subject, outcome, alert_id, at))


async def _take(
    session: Session,
    event: EmployerScored | ProjectScored,
    outcome: rules.Outcome,
    open_alert: Alert | None,
    at: datetime,
) -> UUID | None:
    if outcome == "watched":
        return None
    if open_alert:
        await _merge(session, open_alert, event, at)
        return open_alert.id
    if outcome == "suppressed":
        return await _suppress(session, event, subject_of(event), at)
    return await _raise(session, event, subject_of(event), at)


async def _open_alert(session: Session, subject: Subject, at: datetime) -> Alert | None:
    found = await store.newest_of_subject(session, subject.kind, subject.id, _OPEN)
    window = parameters.value("alert.merge_window_d", local_date(at), home())
    return found if found and rules.is_recent(found.last_signal_at, window, at) else None


def _found(alert: Alert | None) -> rules.Found | None:
    if alert is None or alert.closed_at is None or alert.quiet_until is None:
        return None
    return rules.Found(alert.level, frozenset(alert.indicators), alert.closed_at, alert.quiet_until)


async def _raise(session: Session, event: EmployerScored | ProjectScored, subject: Subject, at: datetime) -> UUID:
    alert = _new_alert(event, subject, at)
    previous = await store.newest_of_subject(session, subject.kind, subject.id, list(ALERT.states))
    alert.previous_alert_id = previous.id if previous else None
    inputs = {"reason": _sentence(event), "level": alert.level}
    await keep_step(session, alert, None, Request("raise", PLATFORM, at, inputs))
    announce(session, _raised(alert))
    await dispatch_if_known(session, alert, at)
    return alert.id


async def _merge(session: Session, alert: Alert, event: EmployerScored | ProjectScored, at: datetime) -> None:
    # While nothing is verified a colour only rises; after that it stays what people made of it, or rises.
    alert.level = rules.higher(alert.level, event.level)
    alert.points = max(alert.points, event.points)
    alert.indicators = sorted({*alert.indicators, *_indicators(event)})
    alert.workplace = event.division or alert.workplace
    alert.name = alert.name or event.name
    alert.last_signal_at = max(alert.last_signal_at, at)
    if event.reasons and event.scored_at >= alert.scored_at:
        alert.reasons, alert.scored_at = _reasons(event), event.scored_at
        alert.rules_version = event.rules_version
    inputs = {"reason": _sentence(event), "level": event.level, "score_id": str(event.score_id)}
    await keep_step(session, alert, None, Request("merge", PLATFORM, at, inputs))
    await dispatch_if_known(session, alert, at)


async def _suppress(session: Session, event: EmployerScored | ProjectScored, subject: Subject, at: datetime) -> UUID:
    quiet = await store.newest_of_subject(session, subject.kind, subject.id, ["SUPPRESSED"])
    window = parameters.value("alert.merge_window_d", local_date(at), home())
    if quiet and rules.is_recent(quiet.last_signal_at, window, at):
        quiet.last_signal_at = at
        return quiet.id
    alert = _new_alert(event, subject, at)
    await keep_step(session, alert, None, Request("raise", PLATFORM, at, {"reason": _sentence(event)}))
    request = Request("suppress", PLATFORM, at, {"reason": "同一信号已核查，无新情况 / found before, nothing new"})
    await keep_step(session, alert, step_of(alert, request, {"is_quiet": True}), request)
    return alert.id


async def dispatch_if_known(session: Session, alert: Alert, at: datetime) -> None:
    """Send a yellow or blue alert to the town of the workplace, if that is ours; any other waits for the analyst."""
    today = local_date(at)
    town = divisions.town_on(alert.workplace, today, home())
    automatic = alert.level in parameters.value("alert.auto_dispatch", today, home())
    if alert.state != "GENERATED" or town is None or not automatic:
        return
    request = Request("auto_dispatch", PLATFORM, at, {"town": town})
    step = step_of(alert, request, {"towns": towns_on(today)})
    alert.town = alert.division = town
    await keep_step(session, alert, step, request)


def _new_alert(event: EmployerScored | ProjectScored, subject: Subject, at: datetime) -> Alert:
    return Alert(
        id=new_id(),
        subject_kind=subject.kind,
        subject_id=subject.id,
        uscc=subject.uscc,
        name=event.name,
        division=home(),
        workplace=event.division,
        level=event.level,
        state=ALERT.initial,
        stage=ALERT.initial,
        points=event.points,
        indicators=_indicators(event),
        reasons=_reasons(event),
        rules_version=event.rules_version,
        score_id=event.score_id,
        raised_at=at,
        scored_at=event.scored_at,
        last_signal_at=at,
        changed_at=at,
    )


def _signal(
    event: EmployerScored | ProjectScored, subject: Subject, outcome: str, alert_id: UUID | None, at: datetime
) -> Signal:
    return Signal(
        score_id=event.score_id,
        subject_kind=subject.kind,
        subject_id=subject.id,
        level=event.level,
        points=event.points,
        indicators=_indicators(event),
        reasons=_reasons(event),
        scored_at=event.scored_at,
        received_at=at,
        outcome=outcome,
        alert_id=alert_id,
    )


def _raised(alert: Alert) -> AlertRaised:
    return AlertRaised(
        alert_id=alert.id,
        subject_kind="employer" if alert.subject_kind == "employer" else "project",
        subject_id=alert.subject_id,
        uscc=alert.uscc,
        name=alert.name,
        division=alert.workplace,
        level=msgspec.convert(alert.level, rules.Level),
        score_id=alert.score_id,
        raised_at=alert.raised_at,
    )


def quiet_until(state: str, at: datetime) -> datetime | None:
    """Until when the finding answers the same signals: after FALSE and after NO_ARREARS; else None."""
    code = {"FALSE": "alert.false_quiet_d", "NO_ARREARS": "alert.watch_d"}.get(state)
    return at + timedelta(days=parameters.value(code, local_date(at), home())) if code else None


def _indicators(event: EmployerScored | ProjectScored) -> list[str]:
    return sorted({reason.indicator for reason in event.reasons})


def _reasons(event: EmployerScored | ProjectScored) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = msgspec.to_builtins(event.reasons)
    return reasons


def _sentence(event: EmployerScored | ProjectScored) -> str:
    return "；".join(reason.text_zh for reason in event.reasons[:5]) or f"{event.level} {event.points}"
