"""A score arrives: it is merged, watched, suppressed, reopens an alert or becomes one.

A yellow alert goes to the town of the workplace by itself; the analyst sends on the others.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.alerts import parameters, store
from services.alerts.lifecycle import ALERT, Standing
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
# Only what was closed as false answers later signals: where there was no debt but danger, they are what we wait for.
_QUIET = ["FALSE"]


@dataclass(frozen=True)
class Subject:
    """Whom a score is about. `uscc`, `employer_name`: the employer, or a project's general contractor."""

    kind: Literal["employer", "project"]
    id: str
    uscc: str | None
    employer_name: str | None


def subject_of(event: EmployerScored | ProjectScored) -> Subject:
    """The subject of a score."""
    if isinstance(event, EmployerScored):
        return Subject("employer", event.uscc, event.uscc, event.name)
    return Subject("project", event.project_code, event.gc_uscc, event.gc_name)


async def consider(session: Session, event: EmployerScored | ProjectScored, at: datetime) -> None:
    """Take a score into account, once: a second delivery of the same score changes nothing."""
    event = _as_worked_out(event)
    subject = subject_of(event)
    await store.lock_subject(session, subject.kind, subject.id)
    if await store.signal_known(session, event.score_id):
        return
    alerts = await store.of_subject(session, subject.kind, subject.id)
    open_alert = _open_alert(alerts, at)
    settled = _settled_alert(alerts, open_alert)
    outcome = rules.outcome_of(
        event.level,
        parameters.value("alert.raise_from", local_date(at), home()),
        open_alert is not None,
        rules.is_quiet(await _found(session, subject, alerts), event.level, _indicators(event), event.scored_at, at),
        rules.is_again(_settled(settled), _indicators(event), event.scored_at, at, _reopen_days(at)),
    )
    known = settled if outcome == "reopened" else open_alert
    alert_id = await _take(session, event, outcome, known=known, alerts=alerts, at=at)
    session.add(_signal(event, subject, outcome, alert_id, at))


async def _take(
    session: Session,
    event: EmployerScored | ProjectScored,
    outcome: rules.Outcome,
    *,
    known: Alert | None,
    alerts: Sequence[Alert],
    at: datetime,
) -> UUID | None:
    if outcome == "watched":
        return None
    if known:
        await (_reopen if outcome == "reopened" else _merge)(session, known, event, at)
        return known.id
    if outcome == "suppressed":
        return await _suppress(session, event, _newest(alerts, ("SUPPRESSED",)), at)
    return await _raise(session, event, next(iter(alerts), None), at)


def _as_worked_out(event: EmployerScored | ProjectScored) -> EmployerScored | ProjectScored:
    """The score without what is only held after a fall: that raises no alert and no colour."""
    if event.level_source != "cool_down" or event.computed_level is None:
        return event
    return msgspec.structs.replace(event, level=event.computed_level)


def _newest(alerts: Sequence[Alert], states: Collection[str]) -> Alert | None:
    return next((alert for alert in alerts if alert.state in states), None)


def _open_alert(alerts: Sequence[Alert], at: datetime) -> Alert | None:
    found = _newest(alerts, _OPEN)
    window = parameters.value("alert.merge_window_d", local_date(at), home())
    return found if found and rules.is_recent(found.last_signal_at, window, at) else None


async def _found(session: Session, subject: Subject, alerts: Sequence[Alert]) -> rules.Found | None:
    alert = _newest(alerts, _QUIET)
    if alert is None or alert.closed_at is None or alert.quiet_until is None:
        return None
    # Arrears that were confirmed after it outweigh an old finding of false.
    if await store.confirmed_since(session, subject.kind, subject.id, alert.closed_at):
        return None
    return rules.Found(alert.level, frozenset(alert.indicators), alert.closed_at, alert.quiet_until)


def _settled_alert(alerts: Sequence[Alert], open_alert: Alert | None) -> Alert | None:
    if open_alert:
        may_reopen = "reopen" in ALERT.allowed(Standing(open_alert.state, open_alert.stage))
        return open_alert if may_reopen else None
    return _newest(alerts, ("CLOSED",))


def _settled(alert: Alert | None) -> rules.Settled | None:
    return rules.Settled(frozenset(alert.indicators), alert.closed_at or alert.changed_at) if alert else None


def _reopen_days(at: datetime) -> int:
    days: int = parameters.value("alert.reopen_d", local_date(at), home())
    return days


async def _raise(session: Session, event: EmployerScored | ProjectScored, previous: Alert | None, at: datetime) -> UUID:
    alert = _new_alert(event, subject_of(event), at)
    alert.previous_alert_id = previous.id if previous else None
    inputs = {"reason": _sentence(event), "level": alert.level}
    await keep_step(session, alert, None, Request("raise", PLATFORM, at, inputs))
    announce(session, _raised(alert))
    await dispatch_if_known(session, alert, at)
    return alert.id


async def _merge(session: Session, alert: Alert, event: EmployerScored | ProjectScored, at: datetime) -> None:
    _attach(alert, event, at)
    await keep_step(session, alert, None, _signal_request("merge", event, at))
    await dispatch_if_known(session, alert, at)


async def _reopen(session: Session, alert: Alert, event: EmployerScored | ProjectScored, at: datetime) -> None:
    request = _signal_request("reopen", event, at)
    step = step_of(alert, request)
    _attach(alert, event, at)
    await keep_step(session, alert, step, request)


def _signal_request(name: str, event: EmployerScored | ProjectScored, at: datetime) -> Request:
    inputs = {"reason": _sentence(event), "level": event.level, "score_id": str(event.score_id)}
    return Request(name, PLATFORM, at, inputs)


def _attach(alert: Alert, event: EmployerScored | ProjectScored, at: datetime) -> None:
    # While nothing is verified a colour only rises; after that it stays what people made of it, or rises.
    alert.level = rules.higher(alert.level, event.level)
    alert.points = max(alert.points, event.points)
    alert.indicators = sorted({*alert.indicators, *_indicators(event)})
    alert.workplace = event.division or alert.workplace
    alert.name = alert.name or event.name
    _name_employer(alert, subject_of(event))
    alert.last_signal_at = max(alert.last_signal_at, at)
    if event.reasons and event.scored_at >= alert.scored_at:
        alert.reasons, alert.scored_at = _reasons(event), event.scored_at
        alert.rules_version = event.rules_version


def _name_employer(alert: Alert, subject: Subject) -> None:
    # Code and name are of the same unit, or an order would name one under the other's code.
    if alert.uscc in (None, subject.uscc):
        alert.uscc, alert.employer_name = subject.uscc, alert.employer_name or subject.employer_name


async def _suppress(session: Session, event: EmployerScored | ProjectScored, quiet: Alert | None, at: datetime) -> UUID:
    window = parameters.value("alert.merge_window_d", local_date(at), home())
    if quiet and rules.is_recent(quiet.last_signal_at, window, at):
        quiet.last_signal_at = at
        return quiet.id
    alert = _new_alert(event, subject_of(event), at)
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
        employer_name=subject.employer_name,
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


def _indicators(event: EmployerScored | ProjectScored) -> list[str]:
    return sorted({reason.indicator for reason in event.reasons})


def _reasons(event: EmployerScored | ProjectScored) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = msgspec.to_builtins(event.reasons)
    return reasons


def _sentence(event: EmployerScored | ProjectScored) -> str:
    return "；".join(reason.text_zh for reason in event.reasons[:5]) or f"{event.level} {event.points}"
