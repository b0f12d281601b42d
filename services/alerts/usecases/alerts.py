"""People work on an alert: one step at a time, as the table allows, with what each step changes and announces."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from services.alerts import parameters, store
from services.alerts.models import Alert
from services.alerts.rules.signals import higher, quiet_until
from services.alerts.usecases import payments
from services.alerts.usecases.steps import PLATFORM, Request, check_dates, keep_step, step_of
from shared.db import Session
from shared.events import AlertFound
from shared.outbox import announce

Finding = Literal["confirmed", "no_arrears", "false", "unverifiable"]
FINDINGS: dict[str, Finding] = {
    "confirm": "confirmed",
    "no_arrears": "no_arrears",
    "approve_false": "false",
    "unverifiable": "unverifiable",
}


async def take_step(session: Session, alert_id: UUID, request: Request) -> Alert:
    """Do what the request asks with an alert, if the table, the roles and the guards allow it."""
    alert = await store.alert_for_update(session, alert_id)
    step = step_of(alert, request, {"ordered_unpaid": await payments.open_balance(session, alert_id)})
    check_dates(alert, request)
    _EFFECTS.get(request.event, _nothing)(alert, request)
    await keep_step(session, alert, step, request)
    if request.event in FINDINGS:
        announce(session, _found(alert, FINDINGS[request.event]))
    if request.event == "confirm":
        await _supervise_many_workers(session, alert, request)
    return alert


async def _supervise_many_workers(session: Session, alert: Alert, confirmed: Request) -> None:
    """Ten workers or more are a group: escalated at once (ZJ Inspection Reg. art. 33; number R16)."""
    limit = parameters.value("alert.mass_workers", confirmed.today, alert.division)
    if alert.state == "ESCALATED" or confirmed.inputs["workers"] < limit:
        return
    reason = f"涉及{confirmed.inputs['workers']}人，达到{limit}人 / {limit} workers or more"
    request = Request("escalate", PLATFORM, confirmed.at, {"reason": reason})
    step = step_of(alert, request)
    alert.is_supervised = True
    await keep_step(session, alert, step, request)


def _nothing(_alert: Alert, _request: Request) -> None:
    return


def _triage(alert: Alert, request: Request) -> None:
    alert.level = higher(alert.level, request.inputs.get("level") or alert.level)


def _dispatch(alert: Alert, request: Request) -> None:
    alert.town = alert.division = request.inputs["town"]


def _return(alert: Alert, _request: Request) -> None:
    alert.returns += 1


def _verify(alert: Alert, request: Request) -> None:
    alert.inspectors = request.inputs.get("inspectors") or alert.inspectors


def _confirm(alert: Alert, request: Request) -> None:
    _verify(alert, request)
    alert.unpaid = request.inputs["amount"]
    details = {
        name: request.recorded.get(name) for name in ("workers", "migrant_workers", "months", "amount", "started_on")
    }
    alert.finding = {**_finding("confirmed", request), **details}
    alert.proposal = None


def _no_arrears(alert: Alert, request: Request) -> None:
    days = parameters.value("alert.watch_d", request.today, alert.division)
    watched_until = request.today + timedelta(days=days)
    alert.finding = {**_finding("no_arrears", request), "watched_until": watched_until.isoformat()}
    alert.proposal = None


def _propose_false(alert: Alert, request: Request) -> None:
    alert.proposal = {"actor": request.actor.login, "reason": request.inputs["reason"], **request.recorded}


def _approve_false(alert: Alert, request: Request) -> None:
    proposal = alert.proposal or {}
    alert.finding = {
        **_finding("false", request),
        "by": proposal["actor"],
        "approved_by": request.actor.login,
        "cause": proposal["cause"],
        "found_on": proposal["found_on"],
    }
    days = parameters.value("alert.false_quiet_d", request.today, alert.division)
    alert.quiet_until = quiet_until(request.at, days)
    alert.proposal = None


def _reject_false(alert: Alert, _request: Request) -> None:
    alert.proposal = None


def _unverifiable(alert: Alert, request: Request) -> None:
    _verify(alert, request)
    alert.level = "red"  # the boss is lost: red at once (domain rules 9.1)
    alert.finding = _finding("unverifiable", request)
    alert.proposal = None


def _dispose(alert: Alert, request: Request) -> None:
    taken = {"measure": request.inputs["measure"], "at": request.at.isoformat(), "by": request.actor.login}
    alert.measures = [*alert.measures, taken]


def _link(alert: Alert, request: Request) -> None:
    alert.link = request.inputs["link"]


def _resolve(alert: Alert, request: Request) -> None:
    alert.paid = request.inputs["paid_amount"]
    alert.unpaid = max(_owed(alert) - alert.paid, Decimal(0))


def _review(alert: Alert, request: Request) -> None:
    # What the workers say when they are called counts; it never makes a known debt smaller.
    alert.unpaid = max(alert.unpaid, request.inputs["unpaid_amount"])


def _reopen(alert: Alert, request: Request) -> None:
    alert.quiet_until = None
    alert.last_signal_at = request.at
    if (alert.finding or {}).get("outcome") in ("false", "no_arrears"):
        alert.finding = None


def _escalate(alert: Alert, _request: Request) -> None:
    alert.is_supervised = True


def _suspend(alert: Alert, request: Request) -> None:
    alert.suspended_until = request.inputs["until"]
    document = request.documents[0]["reference"] if request.documents else None
    alert.pauses = [*alert.pauses, {"start": request.at.isoformat(), "end": None, "document": document}]


def _resume(alert: Alert, request: Request) -> None:
    alert.suspended_until = None
    alert.pauses = [{**pause, "end": pause["end"] or request.at.isoformat()} for pause in alert.pauses]


def _finding(outcome: Finding, request: Request) -> dict[str, Any]:
    found_on = request.inputs.get("found_on") or request.today
    return {
        "outcome": outcome,
        "by": request.actor.login,
        "found_on": found_on.isoformat(),
        "decided_at": request.at.isoformat(),
    }


def _owed(alert: Alert) -> Decimal:
    return Decimal((alert.finding or {}).get("amount") or 0)


def _found(alert: Alert, finding: Finding) -> AlertFound:
    known = alert.finding or {}
    return AlertFound(
        alert_id=alert.id,
        subject_kind="employer" if alert.subject_kind == "employer" else "project",
        subject_id=alert.subject_id,
        uscc=alert.uscc,
        finding=finding,
        found_on=date.fromisoformat(known["found_on"]),
        score_id=alert.score_id,
        workers=known.get("workers"),
        months=known.get("months"),
        amount=Decimal(known["amount"]) if known.get("amount") else None,
        cause=known.get("cause"),
        started_on=date.fromisoformat(known["started_on"]) if known.get("started_on") else None,
        decided_at=datetime.fromisoformat(known["decided_at"]) if known.get("decided_at") else None,
    )


_EFFECTS: dict[str, Callable[[Alert, Request], None]] = {
    "triage": _triage,
    "dispatch": _dispatch,
    "return": _return,
    "verify": _verify,
    "confirm": _confirm,
    "no_arrears": _no_arrears,
    "propose_false": _propose_false,
    "approve_false": _approve_false,
    "reject_false": _reject_false,
    "unverifiable": _unverifiable,
    "dispose": _dispose,
    "link_case": _link,
    "resolve": _resolve,
    "review": _review,
    "reopen": _reopen,
    "escalate": _escalate,
    "suspend": _suspend,
    "resume": _resume,
}
