"""What every step shares: who acts, what is known, the history entry, the audit line, and the clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.alerts import deadlines, parameters, store
from services.alerts.lifecycle import ALERT, SYSTEM, Move, Standing, Step, apply
from services.alerts.models import Alert, AlertHistory, DeadlineRow, Order, OrderHistory
from services.alerts.rules.guards import GUARDS, WrongDate
from shared import audit, divisions
from shared.clock import local_date
from shared.db import Session


@dataclass(frozen=True)
class Actor:
    """Who acts: login, name, roles."""

    login: str
    name: str | None
    roles: tuple[str, ...]


PLATFORM = Actor(SYSTEM, "平台", (SYSTEM,))


@dataclass(frozen=True)
class Request:
    """What an actor asks for: the event, its inputs (plain values), documents (JSON), at an aware moment."""

    event: str
    actor: Actor
    at: datetime
    inputs: Mapping[str, Any]
    documents: tuple[dict[str, Any], ...] = ()

    @property
    def move(self) -> Move:
        """The request as the engine sees it."""
        kinds = tuple(document["kind"] for document in self.documents)
        return Move(self.event, self.actor.login, self.actor.roles, self.at, self.inputs, kinds)

    @property
    def today(self) -> date:
        """The date in China."""
        return local_date(self.at)

    @property
    def recorded(self) -> dict[str, Any]:
        """The inputs as the history keeps them: JSON, without the reason (it has its own column)."""
        return {name: _plain(value) for name, value in self.inputs.items() if name != "reason" and value is not None}


def home() -> str:
    """The district this platform serves."""
    return str(parameters.value("home.district", date.max))


def towns_on(day: date) -> frozenset[str]:
    """The towns of the district on that day."""
    known = divisions.table().values()
    return frozenset(one.code for one in known if one.is_town and one.code.startswith(home()) and one.is_valid_on(day))


def check_dates(alert: Alert, request: Request) -> None:
    """Nobody visits or finds before the alert was raised, or in the future."""
    first = local_date(alert.raised_at)
    for name in ("visited_on", "found_on"):
        day = request.inputs.get(name)
        if day and not first <= day <= request.today:
            raise WrongDate(
                f"{name} lies between {first}, when the alert was raised, and today, {request.today}.",
                detail_zh=f"{name} 须在预警发出日 {first} 与今天 {request.today} 之间。",
            )
    started, found = request.inputs.get("started_on"), request.inputs.get("found_on") or request.today
    if started and started > found:
        raise WrongDate(
            f"started_on is not later than the day on which it was found, {found}.",
            detail_zh=f"欠薪起始日（started_on）不得晚于认定日 {found}。",
        )


def step_of(alert: Alert, request: Request, more: Mapping[str, Any] | None = None) -> Step:
    """The step of an alert that a request makes, or the refusal."""
    return apply(ALERT, Standing(alert.state, alert.stage), request.move, facts_of(alert, request.today, more), GUARDS)


def facts_of(alert: Alert, today: date, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the guards may ask about an alert."""
    return {
        "level": alert.level,
        "returns": alert.returns,
        "inspectors": alert.inspectors,
        "proposal": alert.proposal,
        "finding": alert.finding,
        "unpaid": alert.unpaid,
        "link": alert.link,
        "today": today,
        "towns": towns_on(today),
        "suspend_max_d": parameters.value("alert.suspend_max_d", today, alert.division),
        **(more or {}),
    }


async def keep_step(session: Session, alert: Alert, step: Step | None, request: Request) -> None:
    """Set the alert where the step leads, write its history, its audit line, and run its clocks."""
    before = step.before.state if step else None
    if step:
        alert.state, alert.stage = step.after.state, step.after.stage
        alert.closed_at = None if ALERT.states[alert.state].open else request.at
    alert.changed_at = request.at
    session.add(alert)
    await session.flush()
    await store.append_history(session, AlertHistory(alert_id=alert.id, **_entry(request, before, alert)))
    await _audit(session, alert, request, before)
    await run_clocks(session, alert, request.at)


async def keep_order_step(session: Session, order: Order, before: str | None, request: Request) -> None:
    """Write the order's history and its audit line."""
    order.changed_at = request.at
    session.add(order)
    await session.flush()
    await store.append_history(session, OrderHistory(order_id=order.id, **_entry(request, before, order)))
    await _audit(session, order, request, before)


async def run_clocks(session: Session, alert: Alert, at: datetime) -> None:
    """Stop the clocks that the stage has left, start those it has entered, and set the others by level and pauses."""
    wanted = {name for name, clock in ALERT.clocks.items() if alert.stage in clock.runs_in}
    running = {row.clock: row for row in await store.running_deadlines(session, alert.id)}
    for name, row in running.items():
        if name not in wanted:
            row.stopped_at = at
    for name in wanted:
        row = running.get(name) or DeadlineRow(alert_id=alert.id, clock=name, length="", tag="", starts_at=at)
        _set_clock(row, alert)
        session.add(row)


def _set_clock(row: DeadlineRow, alert: Alert) -> None:
    clock = ALERT.clocks[row.clock]
    found = deadlines.deadline(clock, alert.level, row.starts_at, _pauses(alert), _rules(local_date(row.starts_at)))
    row.length, row.tag, row.article = str(found.limit), clock.tag, clock.article
    row.due_at, row.internal_at, row.provisional = found.due_at, found.internal_at, found.provisional
    row.warnings = [{"percent": percent, "at": at.isoformat()} for percent, at in found.warnings]


def _pauses(alert: Alert) -> list[deadlines.Pause]:
    return [
        deadlines.Pause(
            datetime.fromisoformat(pause["start"]),
            datetime.fromisoformat(pause["end"]) if pause["end"] else None,
            pause.get("document"),
        )
        for pause in alert.pauses
    ]


def _rules(day: date) -> deadlines.Rules:
    month, first = parameters.value("alert.season_start", day).split("-")
    return deadlines.Rules(
        internal_percent=parameters.value("deadline.internal_percent", day),
        warn_percents=tuple(parameters.value("deadline.warn_percents", day)),
        season_start=(int(month), int(first)),
        season_divisor=parameters.value("alert.season_divisor", day),
    )


def _entry(request: Request, before: str | None, thing: Alert | Order) -> dict[str, Any]:
    return {
        "seq": 0,
        "event": request.event,
        "before": before,
        "after": thing.state,
        "stage": thing.stage if isinstance(thing, Alert) else thing.state,
        "actor": request.actor.login,
        "actor_name": request.actor.name,
        "at": request.at,
        "reason": request.inputs.get("reason"),
        "inputs": request.recorded,
        "documents": list(request.documents),
        "previous_hash": "",
    }


async def _audit(session: Session, thing: Alert | Order, request: Request, before: str | None) -> None:
    kind = "alert" if isinstance(thing, Alert) else "order"
    details = {"from": before, "to": thing.state, "roles": list(request.actor.roles)}
    await audit.record(session, request.actor.login, f"{kind}.{request.event}", f"{kind}:{thing.id}", details)


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | bool | list | dict):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
